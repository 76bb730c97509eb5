"""A result in the slice views of a real scene: shown on request, and put back."""

import re

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.mrml.checkerboard import computeDifference, prepareCheckerboard, publishDifference
from LDRRegistrationLib.mrml.display import GRID, MAGNITUDE, ResultDisplay
from LDRRegistrationLib.mrml.matrices import matrixFromArray
from LDRRegistrationLib.mrml.transforms import updateTransformNode, vtkTransform
from LDRRegistrationLib.mrml.volumechange import localVolumeChange
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import Grid, canonicalGrid
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.grids import random_grid, random_transform, smooth_image
from support.phantom import head
from support.scene import add_linear_transform, add_volume, array_of, newScene
from vtk.util import numpy_support


class Shown:
    def __init__(self):
        rng = np.random.default_rng(4)
        grid = random_grid(rng, (24, 26, 22))
        self.scene = newScene()
        # As the Colors module does in the Slicer application.
        self.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
        self.fixed = add_volume(self.scene, smooth_image(rng, grid), "fixed")
        larger = Grid((34, 36, 32), grid.padded((5, 5, 5)).ijkToRas)
        self.moving = add_volume(self.scene, smooth_image(rng, larger), "moving")
        for node in (self.fixed, self.moving):
            node.CreateDefaultDisplayNodes()
        self.parent = add_linear_transform(self.scene, np.eye(4))
        self.moving.SetAndObserveTransformNodeID(self.parent.GetID())
        self.transform = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
        updateTransformNode(self.transform, vtkTransform(random_transform(rng, grid)), self.fixed, self.moving)
        self.views = [self.scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode") for _ in range(3)]
        for view in self.views:
            view.SetBackgroundVolumeID(self.moving.GetID())
        self.count = self.scene.GetNumberOfNodes()
        self.display = ResultDisplay(self.fixed, self.moving, self.transform)


def test_blend_and_before_and_after():
    s = Shown()
    s.display.blend(0.25)
    for view in s.views:
        assert view.GetBackgroundVolumeID() == s.fixed.GetID() and view.GetForegroundVolumeID() == s.moving.GetID()
        assert view.GetForegroundOpacity() == 0.25
    assert not s.display.isAfter
    s.display.showAfter(True)
    assert s.moving.GetParentTransformNode() is s.transform and s.display.isAfter
    s.display.showAfter(False)
    assert s.moving.GetParentTransformNode() is s.parent


def test_deformation_in_the_slices():
    s = Shown()
    modes = slicer.vtkMRMLTransformDisplayNode
    for mode, kind in ((GRID, modes.VIS_MODE_GRID), (MAGNITUDE, modes.VIS_MODE_CONTOUR)):
        s.display.showDeformation(mode)
        display = s.transform.GetDisplayNode()
        assert display.GetVisualizationMode() == kind and display.GetVisibility2D() and display.GetVisibility()
    s.display.showDeformation(None)
    assert not s.transform.GetDisplayNode().GetVisibility2D()


def test_volume_change_lies_over_the_fixed_volume():
    s = Shown()
    node = s.display.showVolumeChange()
    assert s.display.showVolumeChange() is node, "made once"
    assert all(view.GetForegroundVolumeID() == node.GetID() for view in s.views)
    assert all(view.GetBackgroundVolumeID() == s.fixed.GetID() for view in s.views)
    assert np.isfinite(array_of(node)).all() and array_of(node).std() > 0
    legend = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    assert legend.GetTitleText() == "Volume change (%)"


def test_volume_change_is_shown_in_the_body_and_above_the_noise_of_the_pair():
    """Air has none, and where the whole map is restless the colors begin later."""
    scene, image = newScene(), head()
    fixed = add_volume(scene, image, "fixed")
    grid = canonicalGrid(image.grid, 4.0)
    rng = np.random.default_rng(1)
    tops = {}
    for size in (0.0, 1.5):
        node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
        field = DisplacementField(rng.normal(0, size, (*grid.shape, 3)).astype(np.float32) + 0.2, grid)
        updateTransformNode(node, vtkTransform(Transform(np.eye(4), field)), fixed, fixed)
        shown = localVolumeChange(node, fixed, onlyInBody=True)
        array = array_of(shown)
        assert not array[:, 0, :].any() and not array[:, :, -1].any(), "air"
        middle = tuple(n // 2 for n in array.shape)
        whole = array_of(localVolumeChange(node, fixed))
        assert array[middle] == whole[middle]
        tops[size] = shown.GetDisplayNode().GetWindowLevelMax()
    assert tops[0.0] == 50 and tops[1.5] > 100


def test_the_difference_is_of_both_in_one_brightness():
    s = Shown()
    job = prepareCheckerboard(s.fixed, s.moving, s.transform)
    percent = computeDifference(job)
    assert percent.shape == array_of(s.fixed).shape and np.abs(percent).max() <= 100.0 < 200.0 * percent.std()
    node = publishDifference(job, percent)
    s.display.showDifference(node)
    assert all(view.GetForegroundVolumeID() == node.GetID() for view in s.views)
    assert all(view.GetBackgroundVolumeID() == s.fixed.GetID() for view in s.views)
    # The same image in another brightness differs nowhere.
    job.carried.compute = lambda check: None
    values = job.carried.imageData.GetPointData().GetScalars()
    job.fixedVoxels = 3.0 * numpy_support.vtk_to_numpy(values).reshape(job.fixedVoxels.shape).astype(float) + 50.0
    assert np.abs(computeDifference(job)).max() < 1e-3
    s.display.restore()
    assert not s.scene.IsNodePresent(node)


def test_checkerboard_has_tiles_of_both():
    s = Shown()
    board = array_of(s.display.showCheckerboard())
    fixed = array_of(s.fixed)
    assert board.shape == fixed.shape
    same = np.isclose(board, fixed)
    assert 0.35 < same.mean() < 0.75
    assert same[0, 0, 0] and not same[0, 0, fixed.shape[2] // 6 + 1]


def test_everything_goes_back():
    s = Shown()
    s.display.showAfter(True)
    s.display.showDeformation(GRID)
    s.display.showVolumeChange()
    s.display.showCheckerboard()
    s.display.restore()
    assert s.moving.GetParentTransformNode() is s.parent
    assert all(view.GetBackgroundVolumeID() == s.moving.GetID() for view in s.views)
    assert not s.transform.GetDisplayNode().GetVisibility2D()
    # The transform keeps its display node; color nodes belong to the scene.
    names = [s.scene.GetNthNode(n).GetName() or "" for n in range(s.scene.GetNumberOfNodes())]
    assert not any("Checkerboard" in name or "Volume change" in name for name in names)


def test_nodes_that_are_gone_do_not_matter():
    s = Shown()
    board = s.display.showCheckerboard()
    s.scene.RemoveNode(board)
    s.scene.RemoveNode(s.views[0])
    s.scene.RemoveNode(s.transform)
    s.display.restore()
    assert s.views[1].GetBackgroundVolumeID() == s.moving.GetID()


@pytest.mark.parametrize(
    ("sizeMm", "spacing"), [((180, 220, 180), 15.0), ((35, 50, 35), 3.0), ((230, 230, 25), 15.0), ((4, 4, 4), 0.5)]
)
def test_the_grid_suits_the_volume(sizeMm, spacing):
    s = Shown()
    s.fixed.SetIJKToRASMatrix(matrixFromArray(np.diag([*np.divide(sizeMm, array_of(s.fixed).shape[::-1]), 1.0])))
    s.display.showDeformation(GRID)
    display = s.transform.GetDisplayNode()
    assert display.GetGridSpacingMm() == spacing
    assert display.GetGridResolutionMm() == display.GetContourResolutionMm() == pytest.approx(spacing / 3)
    s.fixed.SetSpacing(10.0, 10.0, 10.0)
    s.display.showDeformation(GRID)
    assert display.GetGridSpacingMm() == 15.0
    display.SetGridSpacingMm(4.0)
    s.display.showDeformation(GRID)
    assert display.GetGridSpacingMm() == 4.0, "the user's own choice"


def test_what_is_made_to_look_at_is_not_saved(tmp_path):
    s = Shown()
    s.display.showVolumeChange()
    s.display.showCheckerboard()
    s.scene.SetURL(str(tmp_path / "scene.mrml"))
    assert s.scene.Commit()
    text = (tmp_path / "scene.mrml").read_text(encoding="utf-8")
    nodes = re.findall(r"<(\w+)[^>]*? name=\"([^\"]*)\"", text)
    assert ("Volume", "fixed") in nodes and ("Transform", "T") in nodes
    assert not [name for _kind, name in nodes if "Checkerboard" in name or "Volume change" in name]
    assert sum(kind == "VolumeDisplay" for kind, _name in nodes) == 2, "of the two volumes alone"
    assert "<ColorLegendDisplay" not in text
    again = newScene()
    again.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
    again.SetURL(str(tmp_path / "scene.mrml"))
    assert again.Connect()
    names = [again.GetNthNode(n).GetName() or "" for n in range(again.GetNumberOfNodes())]
    assert "fixed" in names and not [name for name in names if "Checkerboard" in name or "Volume change" in name]


def test_without_a_result():
    s = Shown()
    with pytest.raises(RegistrationError, match="no result to show"):
        ResultDisplay(s.fixed, s.moving, None)
