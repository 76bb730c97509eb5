"""The labels of the engine's choices, in the words of the panel.

Scenes store the names of the members: do not rename them. Each has ``label``, the text in a combo box, which
parameterNodeWrapper's connector calls by name.
"""

from enum import Enum

from slicer.i18n import tr as _

from ..registration.settings import Prealignment, Preset
from ..runtime.device import Device


class PresetChoice(Enum):
    """How much time to spend."""

    FAST = Preset.FAST
    ACCURATE = Preset.ACCURATE
    BEST = Preset.BEST

    def label(self) -> str:
        if self is PresetChoice.FAST:
            return _("Fast: a few seconds")
        if self is PresetChoice.ACCURATE:
            return _("Accurate: several times longer, a closer fit")
        return _("Best: a minute or more, finer and smoother")


class PrealignmentChoice(Enum):
    """What happens before the deformation; the first is the default."""

    AFFINE = Prealignment.AFFINE
    RIGID = Prealignment.RIGID
    NONE = Prealignment.NONE

    def label(self) -> str:
        if self is PrealignmentChoice.AFFINE:
            return _("Affine: shift, turn, scale and shear")
        if self is PrealignmentChoice.RIGID:
            return _("Rigid: shift and turn")
        return _("None: as they are placed")


class DeviceChoice(Enum):
    """Where it is computed; the first is the default."""

    CPU = Device.CPU
    CPU_BFLOAT16 = Device.CPU_BFLOAT16
    AUTO = Device.AUTO
    CUDA = Device.CUDA

    def label(self) -> str:
        if self is DeviceChoice.CPU:
            return _("Processor")
        if self is DeviceChoice.CPU_BFLOAT16:
            return _("Processor, network in bfloat16")
        if self is DeviceChoice.AUTO:
            return _("Graphics card, if there is one")
        return _("Graphics card (CUDA)")
