"""The two volumes: what DICOM says of them, what fits them, and exchanging them."""

from __future__ import annotations

import re
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..mrml.studies import MAXIMUM_COMPARED, Partner, areOfDifferentPatients, partnersOf, proposedPartner, studyOf
from .choices import scans

LONGEST_WORD, LONGEST_NAME = 12, 60
INFO = {"fixedVolume": "fixedInfoLabel", "movingVolume": "movingInfoLabel"}
FITS = {"fixedVolume": "fixedFitsButton", "movingVolume": "movingFitsButton"}
OTHER = {"fixedVolume": "movingVolume", "movingVolume": "fixedVolume"}


class PairSection:
    """Shows date, series and patient under each selector, and has the button that swaps both.

    Beside each selector a menu has the volumes that fit the other one, the best first. Once the user has chosen one
    volume, the best partner is chosen for it, where that is plain and nothing is chosen there.

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
            selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node, name=name: self._onNode(name, node))
        self._menus = {name: self._menuOf(name) for name in FITS}
        # Qt owns what is in a menu, Python the wrappers.
        self._actions: list[Any] = []

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

    def _onNode(self, name: str, node: Any) -> None:
        choices = self._choices
        # The binding writes what the choices say already; another node is the user's choice. It is kept together with
        # its partner: kept alone, the choices would put the selector back to what they say still.
        isChosen = choices is not None and node is not None and getattr(choices, name) is not node
        if isChosen and getattr(choices, OTHER[name]) is None:
            with slicer.util.NodeModify(choices):
                setattr(choices, name, node)
                setattr(choices, OTHER[name], proposedPartner(node, scans()))
        self.update()

    def _menuOf(self, name: str) -> Any:
        button = getattr(self._ui, FITS[name])
        menu = qt.QMenu(button)
        menu.connect("aboutToShow()", lambda: self._fill(menu, name))
        button.setMenu(menu)
        return menu

    def _fill(self, menu: Any, name: str) -> None:
        """What fits the other volume; below a line what is not known to, and what is of other patients."""
        menu.clear()
        self._actions = []
        other = None if self._choices is None else getattr(self._choices, OTHER[name])
        partners = partnersOf(other, scans())[:MAXIMUM_COMPARED]
        for number, partner in enumerate(partners):
            if number and partners[number - 1].fits and not partner.fits:
                menu.addSeparator()
            action = menu.addAction(_line(partner))
            action.connect("triggered()", lambda node=partner.node: self._choose(name, node))
            self._actions.append(action)
        if not partners:
            action = menu.addAction(_("There is no other volume."))
            action.enabled = False
            self._actions.append(action)

    def _choose(self, name: str, node: Any) -> None:
        if self._choices is not None and slicer.mrmlScene.IsNodePresent(node):
            getattr(self._ui, f"{name}Selector").setCurrentNode(node)

    def _onSwap(self, checked: bool = False) -> None:
        choices = self._choices
        if choices is not None:
            with slicer.util.NodeModify(choices):
                choices.fixedVolume, choices.movingVolume = choices.movingVolume, choices.fixedVolume


def _line(partner: Partner) -> str:
    """Of a menu: date, name, which is that of the series, and patient. An ampersand is one, and no mark of a key."""
    study = partner.study
    parts = [study.date, partner.node.GetName(), study.patient or study.patientId]
    return " · ".join(_elided(part) for part in parts if part).replace("&", "&&")


def _elided(text: str) -> str:
    half = LONGEST_NAME // 2
    return text if len(text) <= LONGEST_NAME else f"{text[:half]}…{text[-half:]}"


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
