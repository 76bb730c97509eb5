"""The presets in the words of the panel."""

from enum import Enum

from slicer.i18n import tr as _

from ..engine import Preset


class PresetChoice(Enum):
    """What the user can choose; ``value`` is the engine's preset. Scenes store the names: do not rename them."""

    FAST = Preset.FAST
    ACCURATE = Preset.ACCURATE

    def label(self) -> str:
        """The text in the combo box; parameterNodeWrapper's connector calls this by name."""
        if self is PresetChoice.FAST:
            return _("Fast: about a second")
        return _("Accurate: some seconds more, a closer fit")
