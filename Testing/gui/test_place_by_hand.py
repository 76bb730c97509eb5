"""Dragging the moving volume by hand: handles, what is said of each place, and that all of it can be taken back."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle, picture
from harness.user import choose, click, wait_for

# What the moving volume has to be shifted by to lie on the fixed one.
RIGHT = np.array((-20.0, 12.0, 8.0))


@pytest.fixture
def ui(panel: Any, views: Any) -> Any:
    import slicer
    from LDRRegistrationLib.space.grid import Grid
    from LDRRegistrationLib.space.image import Image
    from support.grids import smooth_image
    from support.scene import add_volume

    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = (-48.0, -50.0, -46.0)
    image = smooth_image(np.random.default_rng(1), Grid((46, 50, 48), matrix), sigma=3.0)
    for name, shift in (("Current", np.zeros(3)), ("Prior", -RIGHT)):
        ijkToRas = matrix.copy()
        ijkToRas[:3, 3] += shift
        add_volume(slicer.mrmlScene, Image(image.array, ijkToRas), name).CreateDefaultDisplayNodes()
    choose(panel.ui.fixedVolumeSelector, "Current")
    choose(panel.ui.movingVolumeSelector, "Prior")
    click(panel.ui.advancedCollapsibleButton)
    return panel.ui


def figures(ui: Any) -> list[float]:
    """The similarity now, as it lay, and that the pre-alignment would come to."""
    return [float(number) for number in re.findall(r"\d\.\d{3}", ui.placeHintLabel.text)]


def by_hand(ui: Any) -> Any:
    return ui.initialTransformSelector.currentNode()


def drag(ui: Any, shift: Any) -> None:
    """As the handles do: the transform to its parent."""
    from LDRRegistrationLib.mrml.matrices import matrixFromArray

    matrix = np.eye(4)
    matrix[:3, 3] = shift
    by_hand(ui).SetMatrixTransformToParent(matrixFromArray(matrix))


def begin(ui: Any) -> None:
    click(ui.placeButton)
    wait_for(lambda: len(figures(ui)) == 3, "the first figures", seconds=60.0)


def test_each_place_is_judged_while_it_is_dragged(panel: Any, ui: Any) -> None:
    begin(ui)
    moving = ui.movingVolumeSelector.currentNode()
    display = by_hand(ui).GetDisplayNode()
    assert ui.placeButton.checked and moving.GetParentTransformNode() is by_hand(ui)
    assert display.GetEditorVisibility() and display.GetEditorSliceIntersectionVisibility()
    assert not display.GetEditorScalingEnabled() and not display.GetEditorScalingSliceEnabled()
    # The handles are in the middle of the volume.
    assert np.allclose(by_hand(ui).GetCenterOfTransformation(), (-1.0, -1.0, -1.0) - RIGHT)
    now, before, _there = figures(ui)
    assert now == before < 0.3
    said = ui.placeHintLabel.text
    for share in np.linspace(0.0, 1.0, 30):
        drag(ui, share * RIGHT)
        click(ui.logTextEdit)
    wait_for(lambda: ui.placeHintLabel.text != said and figures(ui)[0] > 0.9, "the last place to be judged", 60.0)
    assert figures(ui)[1] == before and figures(ui)[2] >= figures(ui)[0]
    picture(panel, "place-by-hand")
    assert panel.errors == [] and is_idle(panel)


def test_the_prealignment_is_foretold(panel: Any, ui: Any) -> None:
    """From near the right place it comes to it; the figure says so before anything is registered."""
    begin(ui)
    drag(ui, 0.8 * RIGHT)
    wait_for(lambda: figures(ui)[2] > 0.9 > figures(ui)[0], "the figures of a place that is nearly right", 60.0)


def test_a_place_without_overlap_is_a_figure(panel: Any, ui: Any) -> None:
    begin(ui)
    drag(ui, (900.0, 0.0, 0.0))
    wait_for(lambda: figures(ui)[0] == 0.0, "the figures of nothing", 60.0)
    drag(ui, RIGHT)
    wait_for(lambda: figures(ui)[0] > 0.9, "the figures of the right place", 60.0)


def test_many_moves_are_few_computations(panel: Any, ui: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from LDRRegistrationLib.registration.placementpreview import PlacementPreview

    begin(ui)
    matrices: list[np.ndarray] = []
    genuine = PlacementPreview.at
    monkeypatch.setattr(PlacementPreview, "at", lambda self, m: matrices.append(m) or genuine(self, m))
    for step in range(200):
        drag(ui, (step * 0.1, 0.0, 0.0))
    wait_for(lambda: bool(matrices) and np.isclose(matrices[-1][0, 3], -19.9), "the last move", 60.0)
    assert len(matrices) <= 3
    # Nothing moves: nothing is computed.
    wait_for(lambda: panel._place._task is None and not panel._place._rest.active, "the end", 60.0)
    count = len(matrices)
    end = time.monotonic() + 0.3
    wait_for(lambda: time.monotonic() > end, "a while")
    assert len(matrices) == count


def test_apply_starts_from_there(panel: Any, ui: Any) -> None:
    jobs: list[Any] = []

    class Engine(Computation):
        def result(self, job: Any) -> Any:
            jobs.append(job)
            return super().result(job)

    begin(ui)
    drag(ui, RIGHT)
    Engine(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert panel.errors == [] and not ui.placeButton.checked
    np.testing.assert_allclose(jobs[0].initialRas[:3, 3], -RIGHT)
    np.testing.assert_allclose(jobs[0].movingToWorld, np.eye(4))


def test_it_begins_where_the_volume_lies(panel: Any, ui: Any) -> None:
    """Under the transform of a report, say, that placed it: the first look moves nothing."""
    import slicer
    from LDRRegistrationLib.mrml.matrices import localToWorld, matrixFromArray

    moving = ui.movingVolumeSelector.currentNode()
    there = np.array([[0.0, -1.0, 0.0, 5.0], [1.0, 0.0, 0.0, -7.0], [0.0, 0.0, 1.0, 9.0], [0.0, 0.0, 0.0, 1.0]])
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Where it was")
    parent.SetMatrixTransformToParent(matrixFromArray(there))
    moving.SetAndObserveTransformNodeID(parent.GetID())
    begin(ui)
    assert moving.GetParentTransformNode() is by_hand(ui)
    np.testing.assert_allclose(localToWorld(moving), there)
    now, before, _there = figures(ui)
    assert now == before


@pytest.mark.parametrize("how", ["button", "other pair", "other start", "deleted", "close", "reload", "result", "run"])
def test_all_of_it_is_taken_back(panel: Any, ui: Any, views: Any, add_volume: Any, how: str) -> None:
    import slicer

    scene, moving = slicer.mrmlScene, ui.movingVolumeSelector.currentNode()
    parent = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Where it was")
    moving.SetAndObserveTransformNodeID(parent.GetID())
    if how in ("result", "run"):
        Computation(panel)
        click(ui.applyButton)
        wait_for(lambda: is_idle(panel), "the end of the run")
        click(ui.resultCollapsibleButton)
    add_volume("Another")
    other = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Another start")
    views.look_at(moving)
    seen = [(logic.GetSliceCompositeNode().GetForegroundVolumeID()) for logic in views.logics], views.places()
    begin(ui)
    node = by_hand(ui)
    assert seen[0] != [logic.GetSliceCompositeNode().GetForegroundVolumeID() for logic in views.logics]
    drag(ui, RIGHT)
    if how == "button":
        click(ui.placeButton)
    elif how == "other pair":
        choose(ui.movingVolumeSelector, "Another")
    elif how == "other start":
        choose(ui.initialTransformSelector, "Another start")
        assert panel.logic.getParameterNode().initialTransform is other
    elif how == "deleted":
        scene.RemoveNode(node)
    elif how == "close":
        scene.Clear()
    elif how == "reload":
        panel.cleanup()
    elif how == "run":
        click(ui.inverseButton)
        wait_for(lambda: is_idle(panel), "the end of the next run")
    else:
        click(ui.afterButton)
        click(ui.restoreButton)
    slicer.app.processEvents()
    node.Modified()
    node.InvokeEvent(slicer.vtkMRMLTransformableNode.TransformModifiedEvent)
    control = panel._place
    assert not (control._isDue or control._task or control._rest.active or control._poll.active)
    if how == "close":
        return
    assert moving.GetParentTransformNode() is parent
    assert seen[0] == [logic.GetSliceCompositeNode().GetForegroundVolumeID() for logic in views.logics]
    np.testing.assert_allclose(views.places(), seen[1])
    assert node.GetDisplayNode() is None and node.GetCenterOfTransformation() == (0.0, 0.0, 0.0)
    assert how == "reload" or (not ui.placeButton.checked and figures(ui) == [])


def test_handles_that_were_there_stay_as_they_were(panel: Any, ui: Any) -> None:
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Mine")
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetEditorVisibility(True)
    display.SetEditorScalingEnabled(True)
    choose(ui.initialTransformSelector, "Mine")
    begin(ui)
    assert by_hand(ui) is node
    click(ui.placeButton)
    assert node.GetDisplayNode() is display and display.GetEditorVisibility() and display.GetEditorScalingEnabled()


def test_refusals_are_beside_the_button(panel: Any, ui: Any) -> None:
    import slicer
    from test_result_section import bent

    label, moving = ui.placeHintLabel, ui.movingVolumeSelector.currentNode()
    count = slicer.mrmlScene.GetNumberOfNodes()
    choose(ui.movingVolumeSelector, "Current")
    click(ui.placeButton)
    assert "the same node" in label.text and label.visible and not ui.placeButton.checked
    choose(ui.movingVolumeSelector, "Select a volume")
    assert label.text == "", "another choice"
    click(ui.placeButton)
    assert label.text == "Choose both volumes above."
    assert slicer.mrmlScene.GetNumberOfNodes() == count, "no transform is made for nothing"
    choose(ui.movingVolumeSelector, "Prior")
    curved = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Bent")
    bent(curved, moving)
    choose(ui.initialTransformSelector, "Bent")
    click(ui.placeButton)
    assert "is not linear" in label.text
    moving.SetAndObserveTransformNodeID(curved.GetID())
    click(ui.placeButton)
    assert "lies under Bent already" in label.text and panel.errors == []


def test_an_update_takes_a_tenth_of_a_second(ui: Any) -> None:
    """Of the processor, one thread, for two volumes that have as many voxels at 4 mm as two heads at 1 mm."""
    import torch
    from LDRRegistrationLib.registration.placementpreview import PlacementPreview
    from LDRRegistrationLib.space.grid import Grid
    from LDRRegistrationLib.space.image import Image

    matrix = np.diag([4.0, 4.0, 4.0, 1.0])
    array = np.random.default_rng(0).random((45, 60, 60), dtype=np.float32)
    preview = PlacementPreview(Image(array, Grid(array.shape, matrix).ijkToRas), Image(array, matrix))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seconds = []
        for shift in range(4):
            matrix = np.eye(4)
            matrix[0, 3] = shift
            start = time.thread_time()
            preview.at(matrix)
            seconds.append(time.thread_time() - start)
    finally:
        torch.set_num_threads(threads)
    assert min(seconds) < 0.25, "0.1 s where nothing else runs"
