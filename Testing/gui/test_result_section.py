"""The Result section: seeing and using a registration, and volumes that are bent by their parents."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from harness.panel import Computation, is_idle, node_names, picture
from harness.user import choose, click, wait_for


def test_the_result_is_shown_on_request_and_put_back(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    ui, (_fixed, moving) = panel.ui, pair
    view = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    assert not ui.resultCollapsibleButton.enabled
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert ui.resultCollapsibleButton.enabled and view.GetBackgroundVolumeID() is None, "views change only when asked"
    click(ui.resultCollapsibleButton)
    transform = ui.outputTransformSelector.currentNode()
    click(ui.afterButton)
    assert moving.GetParentTransformNode() is transform and ui.afterButton.text == "Show before"
    assert view.GetForegroundVolumeID() == moving.GetID() and view.GetForegroundOpacity() == 0.5
    ui.fadeSlider.value = 80
    assert view.GetForegroundOpacity() == pytest.approx(0.8)
    for button in (ui.checkerboardButton, ui.gridButton, ui.magnitudeButton, ui.volumeChangeButton):
        click(button)
        wait_for(lambda: is_idle(panel), "what is to be shown")
    picture(panel, "result")
    assert "Volume change" in slicer.mrmlScene.GetNodeByID(view.GetForegroundVolumeID()).GetName()
    panel.exit()
    assert view.GetForegroundVolumeID() is not None, "another module may be opened meanwhile"
    panel.enter()
    click(ui.restoreButton)
    assert moving.GetParentTransformNode() is None and view.GetBackgroundVolumeID() is None
    assert ui.afterButton.text == "Show after"

    click(ui.afterButton)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the second run")
    assert panel.errors == []
    assert moving.GetParentTransformNode() is transform, "what shows the result goes on to show it"


def test_a_volume_that_lies_under_its_result_already(panel: Any, pair: tuple[Any, Any]) -> None:
    """As in a scene that was saved so, or where the user set the transform: before and after, and Apply again."""
    import slicer

    ui, (_fixed, moving) = panel.ui, pair
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Where it was")
    moving.SetAndObserveTransformNodeID(parent.GetID())
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    transform = ui.outputTransformSelector.currentNode()
    moving.SetAndObserveTransformNodeID(transform.GetID())
    panel.exit()
    panel.enter()
    click(ui.resultCollapsibleButton)
    assert ui.afterButton.text == "Show before"
    click(ui.afterButton)
    assert moving.GetParentTransformNode() is parent and ui.afterButton.text == "Show after"
    click(ui.afterButton)
    assert moving.GetParentTransformNode() is transform and ui.afterButton.text == "Show before"
    for _ in range(2):
        click(ui.applyButton)
        wait_for(lambda: is_idle(panel), "the end of the next run")
    assert panel.errors == [] and node_names("vtkMRMLTransformNode") == ["Where it was", transform.GetName()]
    assert moving.GetParentTransformNode() is transform
    assert transform.GetTransformFromParent().TransformPoint(1.0, 1.0, 1.0) == pytest.approx((5.0, -1.0, 2.0))


def test_the_result_is_used_on_other_nodes(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    ui = panel.ui
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(ui.resultCollapsibleButton)
    click(ui.carryButton)
    assert ui.carryHintLabel.text == "Choose a node that belongs to the moving volume." and ui.carryHintLabel.visible
    points = {}
    for name, position in (("Fixed points", (0.0, 0.0, 0.0)), ("Moving points", (4.0, -2.0, 1.0))):
        points[name] = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
        points[name].AddControlPoint(position)
    choose(ui.carrySelector, "Moving points")
    click(ui.carryButton)
    copy = slicer.mrmlScene.GetFirstNodeByName("Moving points, Prior to Current (LDR)")
    assert copy.GetNthControlPointPosition(0) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    choose(ui.fixedLandmarksSelector, "Fixed points")
    choose(ui.movingLandmarksSelector, "Moving points")
    click(ui.landmarksButton)
    click(ui.inverseButton)
    log = ui.logTextEdit.toPlainText()
    assert "4.58 -> 0.00 mm" in log and 'Made "Inverse of Prior to Current (LDR)"' in log
    assert panel.errors == []


@pytest.mark.parametrize("agrees", [True, False])
def test_a_tilted_gantry_gets_a_hardened_copy(
    panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, agrees: bool
) -> None:
    import slicer
    import vtk

    ui, (_fixed, moving) = panel.ui, pair
    bending = vtk.vtkThinPlateSplineTransform()
    points = vtk.vtkPoints()
    for corner in ((0, 0, 0), (20, 0, 0), (0, 20, 0), (0, 0, 20), (20, 20, 20)):
        points.InsertNextPoint(corner)
    bent = vtk.vtkPoints()
    bent.DeepCopy(points)
    bent.SetPoint(4, 20.0, 22.0, 20.0)
    bending.SetSourceLandmarks(points)
    bending.SetTargetLandmarks(bent)
    bending.SetBasisToR()
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Gantry")
    parent.SetAndObserveTransformToParent(bending)
    moving.SetAndObserveTransformNodeID(parent.GetID())
    asked = []
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text, **unused: asked.append(text) or agrees)
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert len(asked) == 1 and '"Prior"' in asked[0] and panel.errors == []
    assert moving.GetParentTransformNode() is parent
    if agrees:
        assert ui.movingVolumeSelector.currentNode().GetName() == "Prior hardened"
        assert ui.outputTransformSelector.currentNode().GetName() == "Prior hardened to Current (LDR)"
    else:
        assert node_names("vtkMRMLTransformNode") == ["Gantry"]


BUTTONS = ("checkerboardButton", "differenceButton", "volumeChangeButton", "inverseButton", "carryButton")


class SlowVtk:
    """Lets VTK's resampling and carrying of points wait until it is released, and notes the threads that ask for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from LDRRegistrationLib.mrml import carrying, inverse, volumechange

        self.threads: list[str] = []
        self.released = threading.Event()
        for module, name in ((carrying, "resample"), (inverse, "pointsThrough"), (volumechange, "pointsThrough")):
            monkeypatch.setattr(module, name, self._slow(getattr(module, name)))

    def _slow(self, genuine: Any) -> Any:
        def slow(*arguments: Any, **more: Any) -> Any:
            self.threads.append(threading.current_thread().name)
            assert self.released.wait(20)
            return genuine(*arguments, **more)

        return slow


def bent(node: Any, volume: Any) -> None:
    """Let ``node`` bend as a deformable registration's does."""
    import numpy as np
    from LDRRegistrationLib.mrml.transforms import vtkTransform
    from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
    from LDRRegistrationLib.space.transform import DisplacementField, Transform

    grid = imageFromVolumeNode(volume).grid.padded((4, 4, 4))
    vectors = np.zeros((*grid.shape, 3), np.float32)
    vectors[6:-6, 6:-6, 6:-6] = 0.3
    node.SetAndObserveTransformFromParent(None)
    node.SetAndObserveTransformFromParent(vtkTransform(Transform(np.eye(4), DisplacementField(vectors, grid))))


@pytest.mark.parametrize("name", BUTTONS)
def test_what_takes_long_leaves_the_window_alive(
    panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is computed in the worker's thread, can be cancelled, and the last outcome goes on to be told of."""
    import slicer

    ui = panel.ui
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    outcome = ui.statusLabel.text
    bent(ui.outputTransformSelector.currentNode(), pair[0])
    vtk = SlowVtk(monkeypatch)
    click(ui.resultCollapsibleButton)
    choose(ui.carrySelector, "Prior")
    before = slicer.mrmlScene.GetNumberOfNodes()
    click(getattr(ui, name))
    assert ui.applyButton.text == "Cancel" and not ui.resultCollapsibleButton.enabled
    vtk.released.set()
    wait_for(lambda: is_idle(panel), "the end of the computation")
    assert panel.errors == [] and ui.statusLabel.text == outcome and ui.resultCollapsibleButton.enabled
    assert slicer.mrmlScene.GetNumberOfNodes() > before
    assert set(vtk.threads) == {"LDRRegistration"}
    click(ui.restoreButton)

    count = slicer.mrmlScene.GetNumberOfNodes()
    vtk.released.clear()
    click(getattr(ui, name))
    click(ui.applyButton)
    vtk.released.set()
    wait_for(lambda: is_idle(panel), "the end of the cancelled computation")
    assert slicer.mrmlScene.GetNumberOfNodes() == count and "Cancelled" in ui.statusLabel.text
