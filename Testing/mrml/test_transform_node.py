"""The transform node says what the engine computed: fresh, saved, reloaded, and read by SimpleITK."""

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from hypothesis import given, settings
from LDRRegistrationLib.mrml.files import writeTransform
from LDRRegistrationLib.mrml.matrices import matrixFromArray
from LDRRegistrationLib.mrml.reading import readTransform
from LDRRegistrationLib.mrml.transforms import notedSides, noteSides, pointsThrough, updateTransformNode, vtkTransform
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.transform import Transform
from support import itk
from support.grids import grid_over, points_inside, random_affine, random_grid, random_transform, seeds, smooth_image
from support.scene import add_linear_transform, add_volume, from_parent_points, newScene


def _node(scene, transform, fixed, moving):
    fixed_node, moving_node = add_volume(scene, fixed, "fixed"), add_volume(scene, moving, "moving")
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    updateTransformNode(node, vtkTransform(transform), fixed_node, moving_node)
    return node, fixed_node, moving_node


@given(seed=seeds)
@settings(max_examples=12, deadline=None)
def test_engine_node_file_and_itk_agree(seed, tmp_path_factory):
    rng = np.random.default_rng(seed)
    fixed_grid = random_grid(rng, (30, 34, 26))
    fixed, moving = smooth_image(rng, fixed_grid), smooth_image(rng, grid_over(rng, fixed_grid, (40, 36, 44)))
    transform = random_transform(rng, fixed_grid)
    scene = newScene()
    node, _, moving_node = _node(scene, transform, fixed, moving)
    points = points_inside(rng, fixed_grid)
    expected = transform.points(points)
    np.testing.assert_allclose(from_parent_points(node, points), expected, atol=1e-4)

    path = tmp_path_factory.mktemp("transform") / "transform.h5"
    writeTransform(node, path)
    reloaded = readTransform(scene, path)
    far = np.concatenate([points, points + 300.0])
    np.testing.assert_allclose(from_parent_points(reloaded, far), from_parent_points(node, far), atol=1e-4)
    by_itk = sitk.ReadTransform(str(path))
    np.testing.assert_allclose(itk.transform_points(by_itk, points), expected, atol=0.01)
    np.testing.assert_allclose(itk.transform_points(by_itk, far), from_parent_points(node, far), atol=0.01)

    warped = transform.warp(moving, fixed_grid, fill=0.0)
    judge = sitk.Resample(itk.from_image(moving), itk.empty(fixed_grid), by_itk, sitk.sitkLinear, 0.0)
    by_sitk = sitk.GetArrayFromImage(judge)
    by_mrml = _resampled_by_vtk(moving_node, node, fixed_grid)
    clear = (warped != 0) & (by_sitk != 0) & (by_mrml != 0)
    assert clear.mean() > 0.2
    np.testing.assert_allclose(warped[clear], by_sitk[clear], atol=1.0)  # 0.1 % of the range of 0 to 1000
    np.testing.assert_allclose(warped[clear], by_mrml[clear], atol=1.0)


def _resampled_by_vtk(moving_node, transform_node, grid):
    """The moving node under the transform node, on a grid, by vtkImageReslice in voxel coordinates."""
    to_moving_ijk = vtk.vtkMatrix4x4()
    moving_node.GetRASToIJKMatrix(to_moving_ijk)
    chain = vtk.vtkGeneralTransform()
    chain.PostMultiply()
    chain.Concatenate(matrixFromArray(grid.ijkToRas))
    chain.Concatenate(transform_node.GetTransformFromParent())
    chain.Concatenate(to_moving_ijk)
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(moving_node.GetImageData())
    reslice.SetResliceTransform(chain)
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetOutputSpacing(1, 1, 1)
    k, j, i = grid.shape
    reslice.SetOutputExtent(0, i - 1, 0, j - 1, 0, k - 1)
    reslice.SetBackgroundLevel(0.0)
    reslice.Update()
    scalars = reslice.GetOutput().GetPointData().GetScalars()
    from vtk.util import numpy_support

    return numpy_support.vtk_to_numpy(scalars).reshape(grid.shape)


def test_node_on_the_moving_volume_carries_markups_onto_the_fixed_one():
    rng = np.random.default_rng(7)
    grid = random_grid(rng, (24, 24, 24))
    transform = random_transform(rng, grid)
    scene = newScene()
    markups_logic = slicer.vtkSlicerMarkupsLogic()
    markups_logic.SetMRMLScene(scene)
    node, _, _ = _node(scene, transform, smooth_image(rng, grid), smooth_image(rng, grid))
    points = points_inside(rng, grid, 20)
    markups = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    for point in transform.points(points):
        markups.AddControlPoint(vtk.vtkVector3d(point))
    markups.SetAndObserveTransformNodeID(node.GetID())
    found = np.zeros(3)
    for index, point in enumerate(points):
        markups.GetNthControlPointPositionWorld(index, found)
        np.testing.assert_allclose(found, point, atol=0.02)


def test_transform_without_field_stays_linear_and_references_are_set_once():
    rng = np.random.default_rng(9)
    grid = random_grid(rng, (12, 12, 12))
    scene = newScene()
    transform = Transform(random_affine(rng, grid.centerRas))
    node, fixed_node, moving_node = _node(scene, transform, smooth_image(rng, grid), smooth_image(rng, grid))
    updateTransformNode(node, vtkTransform(transform), fixed_node, moving_node)
    assert node.IsLinear()
    points = points_inside(rng, grid, 10)
    np.testing.assert_allclose(from_parent_points(node, points), transform.points(points), atol=1e-9)
    roles = slicer.vtkMRMLTransformNode
    for role, expected in (
        (roles.GetFixedNodeReferenceRole(), fixed_node),
        (roles.GetMovingNodeReferenceRole(), moving_node),
    ):
        assert node.GetNumberOfNodeReferences(role) == 1
        assert node.GetNodeReference(role) is expected


def test_a_node_that_held_another_transform_is_overwritten():
    rng = np.random.default_rng(10)
    grid = random_grid(rng, (20, 20, 20))
    scene = newScene()
    image = smooth_image(rng, grid)
    affine, deformable = Transform(random_affine(rng, grid.centerRas)), random_transform(rng, grid)
    node, fixed_node, moving_node = _node(scene, affine, image, image)
    points = points_inside(rng, grid, 10)
    for transform in (deformable, affine, deformable, random_transform(rng, grid)):
        updateTransformNode(node, vtkTransform(transform), fixed_node, moving_node)
        np.testing.assert_allclose(from_parent_points(node, points), transform.points(points), atol=1e-4)


def test_a_node_under_another_transform_is_taken_out_of_it():
    rng = np.random.default_rng(11)
    grid = random_grid(rng, (12, 12, 12))
    scene = newScene()
    transform = random_transform(rng, grid)
    node, fixed_node, moving_node = _node(scene, transform, smooth_image(rng, grid), smooth_image(rng, grid))
    node.SetAndObserveTransformNodeID(add_linear_transform(scene, np.diag([2.0, 1.0, 1.0, 1.0])).GetID())
    updateTransformNode(node, vtkTransform(transform), fixed_node, moving_node)
    from_world = vtk.vtkGeneralTransform()
    node.GetTransformFromWorld(from_world)
    points = points_inside(rng, grid, 10)
    found = np.array([from_world.TransformPoint(point) for point in points])
    np.testing.assert_allclose(found, transform.points(points), atol=1e-4)


def test_a_node_does_not_follow_the_array_that_it_was_made_of():
    rng = np.random.default_rng(12)
    grid = random_grid(rng, (12, 12, 12))
    transform = random_transform(rng, grid)
    made, points = vtkTransform(transform), points_inside(rng, grid, 10)
    expected = transform.points(points)
    transform.field.vectors[:] = 0.0
    np.testing.assert_allclose(pointsThrough(made, points), expected, atol=1e-4)


def test_sides_are_noted_by_the_names_that_saved_scenes_have():
    node = newScene().AddNewNodeByClass("vtkMRMLTransformNode", "T")
    source, result = np.diag([2.0, 1.0, 1.0, 1.0]), np.diag([1.0, 3.0, 1.0, 1.0])
    noteSides(node, sourceToWorld=source, resultToWorld=result)
    assert node.GetAttribute("LDRRegistration.SourceToWorld").startswith("2.0 0.0")
    assert node.GetAttribute("LDRRegistration.ResultToWorld").startswith("1.0 0.0")
    np.testing.assert_array_equal(notedSides(node), [source, result])
    noteSides(node, sourceToWorld=np.eye(4) + 1e-14)
    assert node.GetAttribute("LDRRegistration.SourceToWorld") is None
    np.testing.assert_array_equal(notedSides(node), [np.eye(4)] * 2)


def test_files_that_are_no_transforms_are_refused(tmp_path):
    scene = newScene()
    with pytest.raises(RegistrationError, match="does not exist"):
        readTransform(scene, tmp_path / "nothing.h5")
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"not a transform")
    with pytest.raises(RegistrationError, match="cannot be read as a transform"):
        readTransform(scene, broken)
    assert scene.GetNumberOfNodesByClass("vtkMRMLTransformNode") == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLStorageNode") == 0
