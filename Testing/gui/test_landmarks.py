"""Checking by landmarks in the panel: what is wrong with them is a sentence beside them, not a dialog."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import vtk
from harness.panel import Computation, is_idle, node_names
from harness.user import choose, click, wait_for

# Inside the volumes of 10 x 9 x 8 voxels of 1 mm; the shift of the stand-in carries them out of none.
INSIDE = ((1.0, 3.0, 1.0), (3.0, 5.0, 4.0))


def add_points(name: str, positions: Any, labels: Any = None) -> Any:
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
    for number, position in enumerate(positions):
        node.AddControlPoint(position)
        node.SetNthControlPointLabel(number, labels[number] if labels else "")
    return node


@pytest.fixture
def ui(panel: Any, pair: tuple[Any, Any]) -> Any:
    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(panel.ui.resultCollapsibleButton)
    assert hint(panel.ui) == ""
    return panel.ui


def hint(ui: Any) -> str:
    return str(ui.landmarksHintLabel.text)


def choose_lists(ui: Any, fixed: str = "Fixed points", moving: str = "Moving points") -> None:
    choose(ui.fixedLandmarksSelector, fixed)
    choose(ui.movingLandmarksSelector, moving)


def test_lists_that_fit_say_nothing(panel: Any, ui: Any) -> None:
    add_points("Fixed points", INSIDE)
    add_points("Moving points", INSIDE)
    choose_lists(ui)
    assert hint(ui) == ""
    click(ui.landmarksButton)
    assert "2 landmarks: mean error" in ui.logTextEdit.toPlainText() and panel.errors == []


def test_lists_of_unequal_length_are_a_sentence_until_they_are_equal(panel: Any, ui: Any) -> None:
    add_points("Fixed points", INSIDE)
    moving = add_points("Moving points", INSIDE[:1])
    click(ui.landmarksButton)
    assert hint(ui).startswith("Choose a markups node"), "nothing chosen, and the button pressed"
    choose_lists(ui)
    said = "Fixed points has 2 and Moving points 1 landmarks"
    assert hint(ui).startswith(said)
    click(ui.landmarksButton)
    assert hint(ui).startswith(said) and panel.errors == []
    assert node_names("vtkMRMLTableNode") == [] and "mean error" not in ui.logTextEdit.toPlainText()
    moving.AddControlPoint(INSIDE[1])
    moving.SetNthControlPointLabel(1, "")
    wait_for(lambda: hint(ui) == "", "the sentence to go with its reason")
    moving.RemoveNthControlPoint(0)
    wait_for(lambda: hint(ui).startswith(said), "the sentence to come back")
    choose(ui.movingLandmarksSelector, "Fixed points")
    assert "the same list" in hint(ui)


def test_points_without_partner_are_said(panel: Any, ui: Any) -> None:
    add_points("Fixed points", INSIDE, ["left", "right"])
    add_points("Moving points", INSIDE[:1], ["right"])
    choose_lists(ui)
    assert hint(ui) == "Fixed points: 1 of 2 points have no partner and are left out."
    click(ui.landmarksButton)
    assert "1 landmarks: mean error" in ui.logTextEdit.toPlainText() and panel.errors == []


def test_points_outside_the_volumes_are_said(panel: Any, ui: Any, pair: tuple[Any, Any]) -> None:
    fixed = add_points("Fixed points", [INSIDE[0], (200.0, 0.0, 0.0)])
    add_points("Moving points", [(3.0, 3.0, -40.0), INSIDE[1]])
    choose_lists(ui)
    assert hint(ui) == (
        "Fixed points: 1 of 2 points are outside Current. Moving points: 1 of 2 points are outside Prior."
    )
    fixed.SetNthControlPointPosition(1, *INSIDE[1])
    wait_for(lambda: "Current" not in hint(ui), "the sentence to follow the point")
    # Shown under its result, the volume has not moved for its landmarks.
    pair[1].SetAndObserveTransformNodeID(ui.outputTransformSelector.currentNode().GetID())
    click(ui.landmarksButton)
    assert hint(ui) == "Moving points: 1 of 2 points are outside Prior." and panel.errors == []


def test_points_are_said_to_be_outside_once_what_they_lie_under_moves(panel: Any, ui: Any) -> None:
    from support.scene import add_linear_transform

    fixed = add_points("Fixed points", INSIDE)
    add_points("Moving points", INSIDE)
    choose_lists(ui)
    above = add_linear_transform(fixed.GetScene(), np.eye(4), "above")
    fixed.SetAndObserveTransformNodeID(above.GetID())
    assert hint(ui) == ""
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, 200.0)
    above.SetMatrixTransformToParent(matrix)
    wait_for(lambda: hint(ui) == "Fixed points: 2 of 2 points are outside Current.", "the sentence on points outside")


@pytest.mark.parametrize("which", [0, 1], ids=["fixed", "moving"])
def test_a_volume_that_is_deleted_while_its_landmarks_exist(
    panel: Any, ui: Any, pair: tuple[Any, Any], which: int
) -> None:
    import slicer

    add_points("Fixed points", INSIDE)
    add_points("Moving points", INSIDE)
    choose_lists(ui)
    slicer.mrmlScene.RemoveNode(pair[which])
    assert hint(ui).startswith("A volume of these landmarks is not there any more")
    click(ui.landmarksButton)
    assert panel.errors == [] and node_names("vtkMRMLTableNode") == []


def test_landmarks_that_are_deleted(panel: Any, ui: Any) -> None:
    import slicer

    nodes = [add_points("Fixed points", INSIDE), add_points("Moving points", INSIDE)]
    choose_lists(ui)
    slicer.mrmlScene.RemoveNode(nodes[1])
    assert hint(ui).startswith("Choose a markups node")
    slicer.mrmlScene.RemoveNode(nodes[0])
    assert hint(ui) == "" and panel.errors == []


def test_nothing_is_followed_once_the_panel_is_left(panel: Any, ui: Any) -> None:
    nodes = [add_points("Fixed points", INSIDE), add_points("Moving points", INSIDE)]
    before = observers(nodes[0])
    choose_lists(ui)
    assert observers(nodes[0]) > before
    panel.exit()
    assert observers(nodes[0]) == before
    panel.enter()
    nodes[1].RemoveAllControlPoints()
    wait_for(lambda: "no landmarks" in hint(ui), "the sentence on an empty list")


def observers(node: Any) -> int:
    """How many of the events that the panel may follow have an observer."""
    return sum(node.HasObserver(event) for event in (node.PointAddedEvent, node.PointModifiedEvent))
