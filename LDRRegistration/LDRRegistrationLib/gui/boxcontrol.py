"""Refining a result in a box: an ROI around what matters, a button, and beside it what stands in the way."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from ..mrml.carrying import volumeGrid
from ..mrml.roi import addRoi, boxOfRoi
from ..mrml.worldposition import toWorldRas
from ..runtime.errors import RegistrationError
from .chosenmarkups import ChosenMarkups
from .correcting import Correction
from .hints import say
from .refusals import Refusals


class BoxControl(Correction):
    """Refines the present result inside the chosen ROI; the button is enabled where that can be done."""

    def __init__(self, ui: Any, logic: Any, refusals: Refusals, *common: Any) -> None:
        """For the parameters see ``Correction``."""
        super().__init__(ui, logic, refusals, *common, place=refusals.beside(ui.roiHintLabel))
        self._chosen = ChosenMarkups([ui.roiSelector], self.update, self.update)
        self._connect(ui.newRoiButton, self._onNew)
        self._connect(ui.refineButton, self.refine)

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        super().setChoices(choices)
        if choices is None:
            self._chosen.stop()
        else:
            self._chosen.follow()
        self.update()

    def update(self) -> None:
        """Say what stands in the way of a refinement, and enable it where nothing does."""
        problem = self._problem()
        say(self._ui.roiHintLabel, "" if self._ui.roiSelector.currentNode() is None else problem)
        self._ui.refineButton.enabled = not problem
        self._ui.refineButton.toolTip = problem or _(
            "Fits the images again inside the box, at their own resolution; outside it the result stays as it is."
        )

    def refine(self) -> None:
        """Start to refine the present result in the box."""
        roi = self._ui.roiSelector.currentNode()
        self._correct(_("Refining in the box"), roiNode=roi, startFrom=self._held())

    def _held(self) -> Any:
        """All that is known of the present result; None after somebody else has written it, or moved the volume."""
        held, choices = self._history.held, self._choices
        try:
            place = toWorldRas(choices.movingVolume, choices.outputTransform)
        except RegistrationError:
            return None
        return held.result if held is not None and (held.movingToWorld == place).all() else None

    def _problem(self) -> str:
        """What stands in the way, in a sentence; empty if nothing does."""
        if self._choices is None or self._choices.fixedVolume is None:
            return _("Choose both volumes above.")
        try:
            box = boxOfRoi(self._ui.roiSelector.currentNode())
            if box is None:
                return _("Draw a box around what matters first.")
            box.within(volumeGrid(self._choices.fixedVolume), self._choices.fixedVolume.GetName())
        except RegistrationError as error:
            return str(error)
        return ""

    def _onNew(self) -> None:
        self._ui.roiSelector.setCurrentNode(addRoi(self._choices.fixedVolume))
