"""The inverse of transforms of other programs too, and the error that is told of it. VTK as judge."""

import numpy as np
import pytest
import vtk
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.transforms import vtkTransform
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.ndimage import gaussian_filter
from support.grids import points_inside, random_affine, random_grid
from support.scene import add_linear_transform, from_parent_points, newScene
from vtk.util import numpy_support


def made(seed, largest_mm, affine=True):
    """A scene, a node with a field that does not end in zeros, as other programs make them, and its grid."""
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, (9, 11, 10), 80.0)
    vectors = gaussian_filter(rng.normal(size=(*grid.shape, 3)), (2, 2, 2, 0))
    vectors = (vectors / np.abs(vectors).max() * largest_mm).astype(np.float32)
    scene = newScene()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    matrix = random_affine(rng, grid.centerRas) if affine else np.eye(4)
    node.SetAndObserveTransformFromParent(vtkTransform(Transform(matrix, DisplacementField(vectors, grid))))
    return scene, node, grid, matrix, rng


@pytest.mark.parametrize("seed", range(3))
def test_the_error_that_is_told_is_that_between_the_points_of_the_grid(seed):
    _scene, node, grid, affine, _rng = made(seed, 6.0)
    inverse = RegistrationLogic().inverseTransform(transformNode=node)
    centers = np.stack(np.meshgrid(*(np.arange(-2.5, n + 2) for n in grid.sizeIjk), indexing="ij"), -1).reshape(-1, 3)
    centers = centers @ grid.ijkToRas[:3, :3].T + grid.ijkToRas[:3, 3]
    points = centers @ affine[:3, :3].T + affine[:3, 3]
    again = from_parent_points(node, from_parent_points(inverse.transformNode, points))
    errors = np.linalg.norm(again - points, axis=1)
    assert inverse.meanErrorMm == pytest.approx(errors.mean(), rel=0.01) and errors.mean() > 0.01
    assert inverse.largestErrorMm == pytest.approx(errors.max(), rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_a_field_that_does_not_end_in_zeros_is_inverted_beyond_its_border(seed):
    _scene, node, grid, _affine, rng = made(seed, 6.0)
    inverse = RegistrationLogic().inverseTransform(transformNode=node)
    # Out to two voxels beyond the last ones, where VTK continues the border.
    points = (points_inside(rng, grid, 2000) - grid.centerRas) * 1.4 + grid.centerRas
    back = from_parent_points(inverse.transformNode, from_parent_points(node, points))
    errors = np.linalg.norm(back - points, axis=1)
    assert np.percentile(errors, 99) < 0.17


def test_a_node_that_held_another_transform_takes_the_inverse():
    scene, node, grid, _, rng = made(3, 4.0)
    linear = add_linear_transform(scene, random_affine(rng, grid.centerRas), "linear")
    output = scene.AddNewNodeByClass("vtkMRMLTransformNode", "output")
    output.SetAndObserveTransformNodeID(linear.GetID())
    points = points_inside(rng, grid, 20)
    logic = RegistrationLogic()
    for source, tolerance in ((node, 0.3), (linear, 1e-9), (node, 0.3)):
        assert logic.inverseTransform(transformNode=source, outputTransformNode=output).transformNode is output
        assert output.IsLinear() == source.IsLinear() and output.GetParentTransformNode() is None
        back = from_parent_points(output, from_parent_points(source, points))
        np.testing.assert_allclose(back, points, atol=tolerance)


def test_a_grid_without_directions_is_inverted():
    scene, rng = newScene(), np.random.default_rng(4)
    vectors = gaussian_filter(rng.normal(size=(9, 11, 10, 3)), (2, 2, 2, 0))
    data = vtk.vtkImageData()
    data.SetDimensions(10, 11, 9)
    data.SetSpacing(3.0, 4.0, 5.0)
    data.SetOrigin(-10.0, 20.0, 5.0)
    scalars = numpy_support.numpy_to_vtk((vectors / np.abs(vectors).max() * 3.0).reshape(-1, 3), deep=True)
    data.GetPointData().SetScalars(scalars)
    grid = vtk.vtkGridTransform()
    grid.SetDisplacementGridData(data)
    grid.SetInterpolationModeToCubic()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    node.SetAndObserveTransformFromParent(grid)
    inverse = RegistrationLogic().inverseTransform(transformNode=node)
    points = np.array([-10.0, 20.0, 5.0]) + rng.uniform(0, 1, (50, 3)) * [27.0, 40.0, 40.0]
    forward = from_parent_points(node, points)
    assert np.linalg.norm(forward - points, axis=1).max() > 1.0
    np.testing.assert_allclose(from_parent_points(inverse.transformNode, forward), points, atol=0.3)


def test_what_has_no_grid_is_refused():
    scene = newScene()
    spline = vtk.vtkThinPlateSplineTransform()
    ends = []
    for shift in (0.0, 5.0):
        points = vtk.vtkPoints()
        for place in ((0, 0, 0), (50, 0, 0), (0, 50, 0), (0, 0, 50), (20 + shift, 30, 10)):
            points.InsertNextPoint(place)
        ends.append(points)
    spline.SetSourceLandmarks(ends[0])
    spline.SetTargetLandmarks(ends[1])
    spline.SetBasisToR()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    node.SetAndObserveTransformFromParent(spline)
    before = scene.GetNumberOfNodes()
    for wrong, sentence in ((node, "no displacement grid"), (None, "Choose the transform to invert")):
        with pytest.raises(RegistrationError, match=sentence):
            RegistrationLogic().inverseTransform(transformNode=wrong)
    assert scene.GetNumberOfNodes() == before
