"""Putting a result right in the panel: landmarks that are followed, attempts to go back to, and what is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle, picture
from harness.user import choose, click, wait_for
from harness.views import SliceViews

POINTS = ((-8.0, 0.0, 4.0), (10.0, 6.0, -5.0), (0.0, -9.0, 2.0))
# What the stand-in for a registration finds, and what is right.
FOUND, RIGHT = np.array((4.0, -2.0, 1.0)), np.array((2.0, 0.0, 1.0))


class Engine(Computation):
    """Registers by a shift; what follows landmarks is real."""

    def result(self, job: Any) -> Any:
        from LDRRegistrationLib.logic import RegistrationLogic

        return super().result(job) if job.landmarks is None else RegistrationLogic().compute(job)


@pytest.fixture
def pair(panel: Any) -> tuple[Any, Any]:
    """Two volumes with something in them, chosen in the panel; the second is the first, moved by RIGHT."""
    import slicer
    from LDRRegistrationLib.space.image import Image
    from support.grids import smooth_image
    from support.scene import add_volume

    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = (-39.0, -37.0, -35.0)
    image = smooth_image(np.random.default_rng(1), Image(np.zeros((36, 38, 40)), matrix).grid, sigma=2.0)
    moved = matrix.copy()
    moved[:3, 3] += RIGHT
    volumes = []
    for name, ijkToRas in (("Current", matrix), ("Prior", moved)):
        volumes.append(add_volume(slicer.mrmlScene, Image(image.array, ijkToRas), name))
        volumes[-1].CreateDefaultDisplayNodes()
        choose(panel.ui.fixedVolumeSelector if name == "Current" else panel.ui.movingVolumeSelector, name)
    return volumes[0], volumes[1]


@pytest.fixture
def ui(panel: Any, pair: tuple[Any, Any]) -> Any:
    """The panel after a registration, the Result section open."""
    Engine(panel)
    apply(panel)
    click(panel.ui.resultCollapsibleButton)
    return panel.ui


def apply(panel: Any) -> None:
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")


def led(ui: Any) -> np.ndarray:
    """Where the transform leads the points."""
    transform = ui.outputTransformSelector.currentNode().GetTransformFromParent()
    return np.array([transform.TransformPoint(p) for p in POINTS])


def drop(ui: Any, count: int = len(POINTS)) -> list[Any]:
    click(ui.newLandmarksButton)
    nodes = [ui.fixedLandmarksSelector.currentNode(), ui.movingLandmarksSelector.currentNode()]
    for node, shift in zip(nodes, (np.zeros(3), RIGHT), strict=True):
        for point in POINTS[:count]:
            node.AddControlPoint((np.array(point) + shift).tolist())
    return nodes


def test_points_are_followed_removed_and_undone(panel: Any, ui: Any) -> None:
    np.testing.assert_allclose(led(ui), np.array(POINTS) + FOUND, atol=1e-4)
    assert not ui.historyList.visible and not ui.undoButton.visible
    nodes = drop(ui)
    assert [node.GetName() for node in nodes] == ["Current points", "Prior points"]
    click(ui.followButton)
    wait_for(lambda: is_idle(panel), "the landmarks to be followed", seconds=60.0)
    np.testing.assert_allclose(led(ui), np.array(POINTS) + RIGHT, atol=1.0)
    assert ui.followedLabel.text.startswith("3 landmarks followed: mean error 2.83 -> 0.")
    assert "3 landmarks followed" in ui.statusLabel.text
    assert ui.historyList.visible and ui.historyList.count == 2 and ui.historyList.currentRow == 1
    assert "fast, affine" in ui.historyList.item(1).text() and ", 3 points 0." in ui.historyList.item(1).text()
    picture(panel, "following")
    followed = led(ui)

    # From what there was without any: what one of them had asked for is forgotten with it.
    for node in nodes:
        node.RemoveNthControlPoint(2)
        node.RemoveNthControlPoint(1)
    click(ui.followButton)
    wait_for(lambda: is_idle(panel), "the one landmark to be followed", seconds=60.0)
    assert ui.followedLabel.text.startswith("1 landmarks followed: mean error 2.83 -> 0.")
    assert np.linalg.norm(led(ui) - followed, axis=1)[1:].max() > 0.2

    click(ui.undoButton)
    np.testing.assert_array_equal(led(ui), followed)
    assert ui.historyList.currentRow == 1
    ui.historyList.setCurrentRow(0)
    np.testing.assert_allclose(led(ui), np.array(POINTS) + FOUND, atol=1e-4)
    assert not ui.undoButton.enabled and "3 landmarks" not in ui.statusLabel.text
    ui.historyList.setCurrentRow(2)
    assert panel.errors == [] and ui.undoButton.enabled


def test_each_point_is_followed_at_once_if_wanted(panel: Any, ui: Any) -> None:
    click(ui.followAtOnceCheckBox)
    click(ui.newLandmarksButton)
    fixed, moving = ui.fixedLandmarksSelector.currentNode(), ui.movingLandmarksSelector.currentNode()
    fixed.AddControlPoint(POINTS[0])
    wait_for(lambda: "no landmarks" in ui.landmarksHintLabel.text, "the sentence on a point without partner")
    assert ui.historyList.count == 1
    moving.AddControlPoint((np.array(POINTS[0]) + RIGHT).tolist())
    wait_for(lambda: ui.historyList.count == 2 and is_idle(panel), "the point to be followed", seconds=60.0)
    np.testing.assert_allclose(led(ui)[0], np.array(POINTS[0]) + RIGHT, atol=1.0)
    assert panel.errors == []


def test_the_mouse_places_points_in_turn(panel: Any, ui: Any) -> None:
    import slicer

    logic = slicer.app.applicationLogic()
    selection, interaction = logic.GetSelectionNode(), logic.GetInteractionNode()
    click(ui.newLandmarksButton)
    assert interaction.GetCurrentInteractionMode() == interaction.Place
    fixed, moving = ui.fixedLandmarksSelector.currentNode(), ui.movingLandmarksSelector.currentNode()
    for node, other in ((fixed, moving), (moving, fixed), (fixed, moving)):
        assert selection.GetActivePlaceNodeID() == node.GetID()
        node.AddControlPoint(POINTS[0])
        wait_for(lambda other=other: selection.GetActivePlaceNodeID() == other.GetID(), "the other list's turn")
    # Whoever has stopped placing is left alone.
    interaction.SetCurrentInteractionMode(interaction.ViewTransform)
    moving.AddControlPoint(POINTS[0])
    wait_for(lambda: ui.landmarksHintLabel.text == "", "the lists to fit each other")
    assert selection.GetActivePlaceNodeID() == moving.GetID() and panel.errors == []


def test_what_stands_in_the_way_is_said_beside_the_lists(panel: Any, ui: Any) -> None:
    click(ui.followButton)
    assert ui.landmarksHintLabel.text.startswith("Choose a markups node")
    nodes = drop(ui, 2)
    nodes[1].RemoveNthControlPoint(0)
    click(ui.followButton)
    assert "has 2 and Prior points 1 landmarks" in ui.landmarksHintLabel.text
    assert panel.errors == [] and ui.historyList.count == 1 and is_idle(panel)


def test_a_landmark_that_is_wrong_is_named(panel: Any, ui: Any) -> None:
    nodes = drop(ui)
    nodes[0].SetNthControlPointLabel(1, "carina")
    nodes[1].SetNthControlPointLabel(1, "carina")
    for index in (0, 2):
        for node in nodes:
            node.SetNthControlPointLabel(index, str(index))
    nodes[1].SetNthControlPointPosition(1, *(np.array(POINTS[1]) + np.array((-4.0, 14.0, 14.0))))
    click(ui.followButton)
    wait_for(lambda: is_idle(panel), "the landmarks to be followed", seconds=60.0)
    assert "Landmark carina is doubtful" in ui.followedLabel.text
    assert "Check: Landmark carina is doubtful" in ui.statusLabel.text


def test_a_scene_that_is_closed_takes_the_attempts_along(panel: Any, ui: Any) -> None:
    import slicer

    drop(ui)
    click(ui.followButton)
    wait_for(lambda: is_idle(panel), "the landmarks to be followed", seconds=60.0)
    slicer.mrmlScene.Clear()
    assert ui.historyList.count == 0 and not ui.undoButton.visible and ui.followedLabel.text == ""
    click(ui.undoButton)
    click(ui.followButton)
    assert panel.errors == []


def test_attempts_belong_to_their_pair(panel: Any, ui: Any, add_volume: Any) -> None:
    apply(panel)
    assert ui.historyList.count == 2
    add_volume("Another")
    choose(ui.movingVolumeSelector, "Another")
    assert ui.historyList.count == 0
    choose(ui.movingVolumeSelector, "Prior")
    assert ui.historyList.count == 2


def test_the_first_result_is_shown_and_later_ones_change_no_view(
    panel: Any, views: SliceViews, pair: tuple[Any, Any]
) -> None:
    ui, (fixed, moving) = panel.ui, pair
    panel.ui.showWhenDoneCheckBox.checked = True
    composite = views.logics[0].GetSliceCompositeNode()
    Engine(panel)
    apply(panel)
    assert not ui.resultCollapsibleButton.collapsed and ui.afterButton.text == "Show before"
    shown = (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID())
    assert shown == (fixed.GetID(), moving.GetID()) and composite.GetForegroundOpacity() == 0.5
    assert moving.GetParentTransformNode() is ui.outputTransformSelector.currentNode()
    # What the user arranges now stays.
    views.zoom(0.4)
    composite.SetForegroundOpacity(0.1)
    places = views.places()
    apply(panel)
    np.testing.assert_allclose(views.places(), places)
    assert composite.GetForegroundOpacity() == pytest.approx(0.1)
    assert moving.GetParentTransformNode() is ui.outputTransformSelector.currentNode()
    # So do views that were put back.
    click(ui.restoreButton)
    apply(panel)
    assert moving.GetParentTransformNode() is None and panel.errors == []


def test_nothing_is_shown_unless_wanted(panel: Any, views: SliceViews, pair: tuple[Any, Any]) -> None:
    Engine(panel)
    apply(panel)
    assert views.logics[0].GetSliceCompositeNode().GetForegroundVolumeID() is None
    assert "To see it, open Result below." in panel.ui.logTextEdit.toPlainText()
