"""Masks and an initial transform that cannot be used are refused beside where they are chosen, and at once."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle
from harness.user import choose, click, wait_for
from LDRRegistrationLib.mrml import maskproblems
from LDRRegistrationLib.mrml.matrices import matrixFromArray


@pytest.fixture
def ui(panel: Any, pair: tuple[Any, Any]) -> Any:
    click(panel.ui.advancedCollapsibleButton)
    click(panel.ui.changesCollapsibleButton)
    return panel.ui


def add_labels(name: str, volume: Any, value: int = 0) -> Any:
    import slicer

    voxels = np.zeros((8, 9, 10), np.uint8)
    voxels[4, 4, 4] = value
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name)
    slicer.util.updateVolumeFromArray(labels, voxels)
    labels.CopyOrientation(volume)
    return labels


def shown(label: Any) -> str:
    return label.text if label.visible else ""


def waits(panel: Any, why: str) -> None:
    """Apply waits, and says why."""
    assert not panel.ui.applyButton.enabled and panel.ui.applyButton.toolTip == panel.ui.statusLabel.text == why


@pytest.mark.parametrize("which", ["fixedMask", "movingMask"])
def test_an_empty_mask_is_refused_beside_it(panel: Any, pair: tuple[Any, Any], ui: Any, which: str) -> None:
    import slicer

    label, selector = getattr(ui, f"{which}HintLabel"), getattr(ui, f"{which}Selector")
    labels = add_labels("Painted", pair[0])
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segments")
    assert shown(label) == "" and ui.applyButton.enabled
    for name in ("Painted", "Segments"):
        choose(selector, name)
        why = f"The mask {name} is empty: nothing would be left to compare."
        assert shown(label) == why
        waits(panel, why)
        assert not ui.findChangesButton.enabled and shown(ui.findHintLabel) == why
    # Once something is painted into it, wherever that was, nothing is in the way any more.
    choose(selector, "Painted")
    slicer.util.updateVolumeFromArray(labels, np.ones((8, 9, 10), np.uint8))
    assert shown(label) == "" and ui.applyButton.enabled and ui.findChangesButton.enabled
    choose(selector, "Segments")
    assert shown(label)
    choose(selector, "None")
    assert shown(label) == "" and ui.applyButton.enabled


def test_a_mask_that_lies_elsewhere(panel: Any, pair: tuple[Any, Any], ui: Any) -> None:
    """Another grid is no fault, a box beside the volume is; the parents of both count."""
    import slicer

    labels = add_labels("Brain", pair[0], 1)
    labels.SetSpacing(0.5, 0.7, 0.9)
    choose(ui.fixedMaskSelector, "Brain")
    assert shown(ui.fixedMaskHintLabel) == "" and ui.applyButton.enabled
    away = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Away")
    shift = np.eye(4)
    shift[0, 3] = 100.0
    away.SetMatrixTransformToParent(matrixFromArray(shift))
    labels.SetAndObserveTransformNodeID(away.GetID())
    panel.exit()
    panel.enter()
    assert "leaves next to nothing of Current to compare" in shown(ui.fixedMaskHintLabel)
    waits(panel, ui.fixedMaskHintLabel.text)
    pair[0].SetAndObserveTransformNodeID(away.GetID())
    panel.exit()
    panel.enter()
    assert shown(ui.fixedMaskHintLabel) == "" and ui.applyButton.enabled


def test_where_changes_are_sought_is_asked_by_find_alone(panel: Any, pair: tuple[Any, Any], ui: Any) -> None:
    add_labels("Nothing", pair[0])
    choose(ui.changeMaskSelector, "Nothing")
    assert "Nothing is empty" in shown(ui.changeMaskHintLabel) and not ui.findChangesButton.enabled
    assert ui.applyButton.enabled


def with_matrix(name: str, diagonal: tuple[float, float, float]) -> Any:
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", name)
    node.SetMatrixTransformToParent(matrixFromArray(np.diag([*diagonal, 1.0])))
    return node


def test_an_initial_transform_from_which_nothing_can_start(panel: Any, ui: Any) -> None:
    flat = with_matrix("Flat", (1.0, 1.0, 1e-9))
    with_matrix("Mirror", (-1.0, 1.0, 1.0))
    with_matrix("Turn", (-1.0, -1.0, 1.0))
    choose(ui.initialTransformSelector, "Flat")
    assert "The initial transform Flat" in shown(ui.initialTransformHintLabel)
    waits(panel, ui.initialTransformHintLabel.text)
    choose(ui.initialTransformSelector, "Mirror")
    assert "is a mirror image" in shown(ui.initialTransformHintLabel)
    choose(ui.initialTransformSelector, "Turn")
    assert shown(ui.initialTransformHintLabel) == "" and ui.applyButton.enabled
    choose(ui.initialTransformSelector, "Flat")
    flat.SetMatrixTransformToParent(matrixFromArray(np.eye(4)))
    assert shown(ui.initialTransformHintLabel) == "" and ui.applyButton.enabled


def test_one_that_bends_is_for_registrations_alone(panel: Any, ui: Any) -> None:
    import slicer
    import vtk

    bends = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Bends")
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    points = vtk.vtkPoints()
    for corner in np.ndindex(2, 2, 2):
        points.InsertNextPoint(*(9.0 * n for n in corner))
    moved = vtk.vtkPoints()
    moved.DeepCopy(points)
    moved.SetPoint(0, 1.0, 0.5, 0.0)
    spline.SetSourceLandmarks(points)
    spline.SetTargetLandmarks(moved)
    bends.SetAndObserveTransformFromParent(spline)
    choose(ui.initialTransformSelector, "Bends")
    assert shown(ui.initialTransformHintLabel) == "" and ui.applyButton.enabled
    why = "The initial transform Bends is not linear: two visits need a linear one."
    assert shown(ui.findHintLabel) == why and not ui.findChangesButton.enabled
    # On top of it is a mirror image.
    bends.SetAndObserveTransformNodeID(with_matrix("Mirror", (-1.0, 1.0, 1.0)).GetID())
    panel.exit()
    panel.enter()
    assert "is a mirror image" in shown(ui.initialTransformHintLabel) and not ui.applyButton.enabled


def test_what_needs_all_voxels_is_judged_when_a_run_starts(panel: Any, pair: tuple[Any, Any], ui: Any) -> None:
    """A mask in whose box the volume lies, but nothing that is marked: that is seen only on the way."""
    labels = add_labels("Corner", pair[0], 0)
    import slicer

    voxels = np.zeros((8, 90, 10), np.uint8)
    voxels[:, 60:] = 1
    slicer.util.updateVolumeFromArray(labels, voxels)
    choose(ui.fixedMaskSelector, "Corner")
    assert shown(ui.fixedMaskHintLabel) == "" and ui.applyButton.enabled
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")


def test_a_large_mask_keeps_nobody_waiting() -> None:
    """Of 200 million voxels, of which the first alone is marked, it is not known that they are empty."""
    large = np.zeros((500, 640, 640), np.uint8)
    large[0, 0, 0] = 1
    started = time.perf_counter()
    assert not maskproblems.isSurelyEmpty(large, started + maskproblems.LONGEST_SEARCH_SECONDS)
    used = time.process_time()
    assert not maskproblems.isSurelyEmpty(large, time.perf_counter() + maskproblems.LONGEST_SEARCH_SECONDS)
    assert time.process_time() - used < 0.02
    small = large[:20, :64, :64]
    assert not maskproblems.isSurelyEmpty(small, time.perf_counter() + 60.0)
    assert maskproblems.isSurelyEmpty(small[1:], time.perf_counter() + 60.0)
