"""Refining in a box in the panel: the button, the sentence beside it, the attempt that it is, undo, a closed scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle, picture
from harness.user import choose, click, wait_for

FOUND, RIGHT = np.array((4.0, -2.0, 1.0)), np.array((2.0, -1.5, 1.0))


class Engine(Computation):
    """Registers by a shift; what is refined in a box is real."""

    def result(self, job: Any) -> Any:
        from LDRRegistrationLib.logic import RegistrationLogic

        return super().result(job) if job.box is None else RegistrationLogic().compute(job)


@pytest.fixture
def ui(panel: Any) -> Any:
    """The panel after a registration that is 2.1 mm off."""
    import slicer
    from LDRRegistrationLib.space.grid import Grid
    from LDRRegistrationLib.space.image import Image
    from support.grids import smooth_image
    from support.scene import add_volume

    matrix = np.eye(4)
    matrix[:3, 3] = (-24.0, -25.0, -23.0)
    image = smooth_image(np.random.default_rng(1), Grid((46, 50, 48), matrix), sigma=2.5)
    moved = matrix.copy()
    moved[:3, 3] += RIGHT
    for name, ijkToRas in (("Current", matrix), ("Prior", moved)):
        add_volume(slicer.mrmlScene, Image(image.array, ijkToRas), name).CreateDefaultDisplayNodes()
        choose(panel.ui.fixedVolumeSelector if name == "Current" else panel.ui.movingVolumeSelector, name)
    Engine(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(panel.ui.resultCollapsibleButton)
    return panel.ui


def led(ui: Any, point: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    return np.array(ui.outputTransformSelector.currentNode().GetTransformFromParent().TransformPoint(point))


def test_a_box_is_drawn_refined_in_and_undone(panel: Any, ui: Any) -> None:
    assert not ui.refineButton.enabled and "Draw a box" in ui.refineButton.toolTip and ui.roiHintLabel.text == ""
    click(ui.newRoiButton)
    assert ui.roiSelector.currentNode().GetName() == "Refine here" and ui.refineButton.enabled
    picture(panel, "refine-here")
    far = led(ui, (20.0, 20.0, 20.0))
    click(ui.refineButton)
    wait_for(lambda: is_idle(panel), "the box to be refined", seconds=60.0)
    assert panel.errors == []
    assert np.linalg.norm(led(ui) - RIGHT) < 0.5 < np.linalg.norm(FOUND - RIGHT)
    np.testing.assert_array_equal(led(ui, (20.0, 20.0, 20.0)), far)
    assert "In the box, at 1 mm: local similarity" in ui.statusLabel.text
    assert ui.historyList.count == 2 and ", box 0." in ui.historyList.item(1).text()
    # What is known of the first attempt is known of this one.
    held = panel._result._history.held.result
    assert held.settings.preset.value == "fast" and held.box is not None
    click(ui.undoButton)
    np.testing.assert_allclose(led(ui), FOUND, atol=1e-4)


def test_what_stands_in_the_way_is_said_beside_the_button(panel: Any, ui: Any) -> None:
    import slicer

    click(ui.newRoiButton)
    roi = ui.roiSelector.currentNode()
    roi.SetCenter(500.0, 0.0, 0.0)
    assert "lies outside Current" in ui.roiHintLabel.text and not ui.refineButton.enabled
    assert ui.roiHintLabel.visible
    roi.SetCenter(0.0, 0.0, 0.0)
    assert ui.roiHintLabel.text == "" and ui.refineButton.enabled
    roi.SetSize(3.0, 30.0, 30.0)
    assert "at least 10 mm" in ui.roiHintLabel.text and not ui.refineButton.enabled
    roi.SetSize(4000.0, 4000.0, 4000.0)
    assert ui.refineButton.enabled
    slicer.mrmlScene.RemoveNode(roi)
    assert not ui.refineButton.enabled and ui.roiHintLabel.text == ""


def test_a_closed_scene_leaves_nothing_to_undo_or_refine(panel: Any, ui: Any) -> None:
    import slicer

    click(ui.newRoiButton)
    click(ui.refineButton)
    wait_for(lambda: is_idle(panel), "the box to be refined", seconds=60.0)
    slicer.mrmlScene.Clear()
    slicer.app.processEvents()
    assert not ui.undoButton.visible and not ui.refineButton.enabled
    panel._result._history._onRow(0)
    assert panel.errors == []


def test_another_ones_transform_is_refined_from_what_it_is(panel: Any, ui: Any) -> None:
    click(ui.newRoiButton)
    node = ui.outputTransformSelector.currentNode()
    from LDRRegistrationLib.mrml.transforms import vtkTransform
    from LDRRegistrationLib.space.transform import Transform

    matrix = np.eye(4)
    matrix[:3, 3] = RIGHT + np.array((0.0, 0.0, 1.0))
    node.SetAndObserveTransformFromParent(None)
    node.SetAndObserveTransformFromParent(vtkTransform(Transform(matrix)))
    click(ui.refineButton)
    wait_for(lambda: is_idle(panel), "the box to be refined", seconds=60.0)
    assert panel.errors == [] and np.linalg.norm(led(ui) - RIGHT) < 0.4
