"""What the panel says before Apply: what is missing, and what will be made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from slicer.i18n import tr as _

from ..mrml.names import transformName, volumeName

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLTransformNode


class Choices(Protocol):
    """The part of the parameter node that the hints read."""

    fixedVolume: vtkMRMLScalarVolumeNode | None
    movingVolume: vtkMRMLScalarVolumeNode | None
    outputTransform: vtkMRMLTransformNode | None
    outputVolume: vtkMRMLScalarVolumeNode | None


def say(label: Any, text: str) -> None:
    """Show ``text``; a label that says nothing takes no room."""
    label.text, label.visible = text, bool(text)


def hideEmpty(section: Any, *labels: Any) -> None:
    """Let labels of a section take no room while they say nothing: a section that opens shows all that is in it."""

    def hide(collapsed: bool = False) -> None:
        for label in labels:
            label.visible = bool(label.text)

    section.connect("contentsCollapsed(bool)", hide)
    hide()


class Explained:
    """Widgets that say by their tooltips why they are grey, as long as they are."""

    def __init__(self, widgets: Sequence[Any]) -> None:
        self._usual = [(widget, widget.toolTip) for widget in widgets]

    def explain(self, why: str) -> None:
        """They are grey for that reason, or for none if it is empty."""
        for widget, usual in self._usual:
            widget.toolTip = why or usual


def whatIsMissing(choices: Choices) -> str:
    """One sentence on what stands in the way of Apply; empty if nothing does."""
    if choices.fixedVolume is None and choices.movingVolume is None:
        return _("Choose a fixed and a moving volume.")
    if choices.fixedVolume is None:
        return _("Choose a fixed volume.")
    if choices.movingVolume is None:
        return _("Choose a moving volume.")
    if choices.fixedVolume is choices.movingVolume:
        return _("Choose two different volumes: fixed and moving are the same.")
    if choices.outputVolume in (choices.fixedVolume, choices.movingVolume):
        return _("Choose another output volume: this one is an input.")
    return ""


def whatApplyDoes(choices: Choices) -> str:
    """One sentence on what Apply will make, once nothing is missing."""
    transform, volume = choices.outputTransform, choices.outputVolume
    if transform is not None and volume is not None:
        return _('Apply writes the transform "{transform}" and the volume "{volume}".').format(
            transform=transform.GetName(), volume=volume.GetName()
        )
    if volume is not None:
        return _('Apply writes the volume "{volume}".').format(volume=volume.GetName())
    if transform is not None:
        return _('Apply writes the transform "{transform}".').format(transform=transform.GetName())
    name = transformName(*_names(choices))
    return _('Apply makes the transform "{transform}".').format(transform=name)


def showFind(ui: Any, why: str) -> None:
    """Whether changes can be sought; ``why`` not, or empty."""
    ui.findChangesButton.enabled = not why
    say(ui.findHintLabel, why)
    ui.findChangesButton.toolTip = why or _("Registers the two scans and finds what changed between them.")


def nameOutputs(choices: Choices, ui: Any) -> None:
    """What the selectors of the outputs call a node that they make, once both volumes are chosen."""
    if choices.fixedVolume is not None and choices.movingVolume is not None:
        ui.outputTransformSelector.baseName = transformName(*_names(choices))
        ui.outputVolumeSelector.baseName = volumeName(*_names(choices))


def _names(choices: Choices) -> tuple[str, str]:
    volumes = (choices.movingVolume, choices.fixedVolume)
    moving, fixed = ("" if node is None else node.GetName() for node in volumes)
    return moving, fixed
