"""The two volumes: what DICOM says of them, and exchanging them."""

from __future__ import annotations

import re
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..mrml.studies import areOfDifferentPatients, studyOf

LONGEST_WORD = 12
INFO = {"fixedVolume": "fixedInfoLabel", "movingVolume": "movingInfoLabel"}


class PairSection:
    """Shows date, series and patient under each selector, and has the button that swaps both.

    :param ui: the widgets of LDRRegistration.ui, by name.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._choices: Any = None
        ui.swapButton.connect("clicked(bool)", self._onSwap)
        # A section that opens shows all that is in it.
        ui.inputsCollapsibleButton.connect("contentsCollapsed(bool)", lambda collapsed: self.update())
        # The parameter node says that a choice was taken back before it has forgotten it; the selectors say it after.
        for name in INFO:
            selector = getattr(ui, f"{name}Selector")
            selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node: self.update())

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices
        self.update()

    def update(self) -> None:
        """Show what the selectors say."""
        if self._choices is None:
            return
        for name, labelName in INFO.items():
            node = getattr(self._ui, f"{name}Selector").currentNode()
            label, words = getattr(self._ui, labelName), studyOf(node).words
            label.text, label.visible = breakable(words), bool(words)
        nodes = (self._choices.fixedVolume, self._choices.movingVolume)
        self._ui.swapButton.enabled = nodes != (None, None)

    def _onSwap(self, checked: bool = False) -> None:
        choices = self._choices
        if choices is not None:
            with slicer.util.NodeModify(choices):
                choices.fixedVolume, choices.movingVolume = choices.movingVolume, choices.fixedVolume


def breakable(text: str) -> str:
    """``text`` that a narrow label can break within long words, too: names of patients have no end."""
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", "\\1\u200b", text)


def confirmSamePatient(choices: Any) -> bool:
    """Whether the volumes may belong to one patient; where DICOM says that they do not, the user decides."""
    fixed, moving = choices.fixedVolume, choices.movingVolume
    if not areOfDifferentPatients(fixed, moving):
        return True
    question = _(
        'DICOM says that "{fixed}" and "{moving}" are of different patients ({first} and {second}). Go on all the same?'
    ).format(
        fixed=fixed.GetName(),
        moving=moving.GetName(),
        first=_patient(fixed),
        second=_patient(moving),
    )
    return bool(slicer.util.confirmYesNoDisplay(question, windowTitle=_("Different patients")))


def _patient(node: Any) -> str:
    study = studyOf(node)
    return study.patientId or study.patient or ""
