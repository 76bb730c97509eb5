"""Putting a result right by landmarks: a button, and after each point that is dropped if the user wants it so."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from .correcting import Correction
from .hints import say
from .landmarks import LandmarkControl
from .refusals import Refusals


class FollowControl(Correction):
    """Bends the present result so that it follows the chosen landmarks; each time from what there was without any."""

    def __init__(self, ui: Any, logic: Any, refusals: Refusals, *common: Any, landmarks: LandmarkControl) -> None:
        """For the parameters see ``Correction``."""
        super().__init__(ui, logic, refusals, *common, place=refusals.beside(ui.landmarksHintLabel))
        self._landmarks = landmarks
        # What the landmarks said when they were followed last.
        self._followed: Any = None
        self._connect(ui.followButton, self.follow)
        self._connect(ui.newLandmarksButton, self._onNewLists)

    def forget(self) -> None:
        """What was said of the last landmarks is no longer about what there is."""
        self._followed = None
        say(self._ui.followedLabel, "")

    def onPoints(self, isRunning: bool) -> None:
        """Points were dropped, moved or removed, and rest: follow them if that is wanted and they are complete."""
        self._takeTurns()
        wanted = self._ui.followAtOnceCheckBox.checked and self._ui.resultCollapsibleButton.enabled
        if wanted and not isRunning and self._landmarks.isComplete and self._landmarks.state != self._followed:
            self._ask(self.follow)

    def follow(self) -> None:
        """Start to compute the result again with the landmarks as constraints."""
        if not self._landmarks.isComplete:
            self._landmarks.sayWhatIsWrong(isAsked=True)
            return
        fixed, moving = self._landmarks.lists
        held = self._history.held
        self._followed = self._landmarks.state
        self._correct(
            _("Following the landmarks"),
            fixedMarkupsNode=fixed,
            movingMarkupsNode=moving,
            startFrom=None if held is None else held.base,
        )

    def _end(self, job: Any, result: Any) -> None:
        fit = result.landmarks
        say(self._ui.followedLabel, " ".join([fit.summary + ".", *fit.notes]))
        super()._end(job, result)

    def _onNewLists(self) -> None:
        choices = self._choices
        scene, nodes = slicer.mrmlScene, []
        for volume in (choices.fixedVolume, choices.movingVolume):
            name = scene.GenerateUniqueName(_("{name} points").format(name=volume.GetName()))
            nodes.append(scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name))
        # Where the moving volume is shown carried, points that are dropped on it lie in it.
        nodes[1].SetAndObserveTransformNodeID(choices.movingVolume.GetTransformNodeID())
        self._ui.fixedLandmarksSelector.setCurrentNode(nodes[0])
        self._ui.movingLandmarksSelector.setCurrentNode(nodes[1])
        selection, interaction = _placing()
        if selection is not None and interaction is not None:
            selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsFiducialNode")
            selection.SetActivePlaceNodeID(nodes[0].GetID())
            interaction.SetPlaceModePersistence(1)
            interaction.SetCurrentInteractionMode(interaction.Place)

    def _takeTurns(self) -> None:
        """While points are placed by the mouse: after a fixed one comes its moving one, and then the next fixed one."""
        selection, interaction = _placing()
        fixed, moving = self._landmarks.lists
        if None in (selection, interaction, fixed, moving):
            return
        if interaction.GetCurrentInteractionMode() != interaction.Place:
            return
        counts = [node.GetNumberOfDefinedControlPoints() for node in (fixed, moving)]
        turns = {fixed.GetID(): moving if counts[0] > counts[1] else fixed}
        turns[moving.GetID()] = fixed if counts[1] >= counts[0] else moving
        here = selection.GetActivePlaceNodeID()
        if here in turns and turns[here].GetID() != here:
            selection.SetActivePlaceNodeID(turns[here].GetID())


def _placing() -> tuple[Any, Any]:
    """What says into which node the mouse puts points, and whether it does; None where the application has none."""
    logic = slicer.app.applicationLogic()
    return logic.GetSelectionNode(), logic.GetInteractionNode()
