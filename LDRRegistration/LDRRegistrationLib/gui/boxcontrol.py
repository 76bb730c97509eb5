"""Refining a result in a box: an ROI around what matters, a button, and beside it what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer
import vtk
from slicer import vtkMRMLMarkupsNode
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..mrml.carrying import volumeGrid
from ..mrml.roi import addRoi, boxOfRoi
from ..mrml.worldposition import toWorldRas
from ..runtime.errors import RegistrationError
from .controller import Run
from .history import HistoryControl

EVENTS = (
    vtk.vtkCommand.ModifiedEvent,
    vtkMRMLMarkupsNode.PointModifiedEvent,
    slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
)


class BoxControl(VTKObservationMixin):
    """Refines the present result inside the chosen ROI; the button is enabled where that can be done.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param start: takes a Run, its title, and the parameters of its first step.
    :param finished: called with the job and the result once they are in the scene.
    :param parameters: answers those of ``prepare`` that the panel's other sections say.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        history: HistoryControl,
        start: Callable[..., None],
        finished: Callable[[Any, Any], None],
        parameters: Callable[[], dict[str, Any]],
    ) -> None:
        VTKObservationMixin.__init__(self)
        self._ui, self._logic, self._history = ui, logic, history
        self._start, self._finished, self._parameters = start, finished, parameters
        self._choices: Any = None
        ui.roiSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onChosen)
        ui.newRoiButton.connect("clicked(bool)", lambda checked=False: self._onNew())
        ui.refineButton.connect("clicked(bool)", lambda checked=False: self.refine())

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices
        self._onChosen()

    def update(self) -> None:
        """Say what stands in the way of a refinement, and enable it where nothing does."""
        problem = self._problem()
        self._ui.roiHintLabel.text = "" if self._ui.roiSelector.currentNode() is None else problem
        self._ui.refineButton.enabled = not problem
        self._ui.refineButton.toolTip = problem or _(
            "Fits the images again inside the box, at their own resolution; outside it the result stays as it is."
        )

    def refine(self) -> None:
        """Start to refine the present result in the box."""
        choices = self._choices
        parameters = self._parameters()
        parameters.pop("initialTransformNode", None)
        self._start(
            Run(
                self._logic.prepare,
                self._logic.compute,
                self._logic.publish,
                lambda job, result, published: self._finished(job, result),
            ),
            _("Refining in the box"),
            fixedVolumeNode=choices.fixedVolume,
            movingVolumeNode=choices.movingVolume,
            outputTransformNode=choices.outputTransform,
            outputVolumeNode=choices.outputVolume,
            roiNode=self._ui.roiSelector.currentNode(),
            startTransformNode=choices.outputTransform,
            startFrom=self._held(),
            preset=choices.preset.value,
            **parameters,
        )

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
        try:
            self._ui.roiSelector.setCurrentNode(addRoi(self._choices.fixedVolume))
        except RegistrationError as error:
            self._ui.roiHintLabel.text = str(error)

    def _onChosen(self, node: Any = None) -> None:
        self.removeObservers()
        roi = self._ui.roiSelector.currentNode()
        if roi is not None and self._choices is not None:
            for event in EVENTS:
                self.addObserver(roi, event, self._onChanged)
        self.update()

    def _onChanged(self, caller: Any, event: Any) -> None:
        self.update()
