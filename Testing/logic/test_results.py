"""What is done with a registration's transform: copies carried along, its inverse, landmarks, local volume change."""

import numpy as np
import pytest
import slicer
import vtk
from hypothesis import given, settings
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.files import writeTransform
from LDRRegistrationLib.mrml.reading import readTransform
from LDRRegistrationLib.mrml.transforms import noteSides, updateTransformNode, vtkTransform
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import canonicalGrid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.ndimage import map_coordinates
from support.grids import grid_over, points_inside, random_grid, random_transform, seeds, smooth_image
from support.scene import add_linear_transform, add_volume, array_of, from_parent_points, newScene, snapshot


class Case:
    """A scene with a registration of two volumes anywhere in space, as ``publish`` leaves it."""

    def __init__(self, seed, moving_parent=None):
        rng = self.rng = np.random.default_rng(seed)
        self.grid = random_grid(rng, (30, 34, 26))
        self.scene = newScene()
        self.moving = smooth_image(rng, grid_over(rng, self.grid, (40, 36, 44)))
        self.transform = random_transform(rng, self.grid)
        self.fixed_node = add_volume(self.scene, smooth_image(rng, self.grid), "fixed")
        self.moving_node = add_volume(self.scene, self.moving, "moving")
        to_local = np.eye(4)
        if moving_parent is not None:
            parent = add_linear_transform(self.scene, moving_parent)
            self.moving_node.SetAndObserveTransformNodeID(parent.GetID())
            to_local = np.linalg.inv(moving_parent)
        node = self.node = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
        local = Transform(to_local @ self.transform.affine, self.transform.field)
        updateTransformNode(node, vtkTransform(local), self.fixed_node, self.moving_node)
        noteSides(node, sourceToWorld=moving_parent)
        self.logic = RegistrationLogic()

    def landmarks(self, points, name="points"):
        node = self.scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
        for point in points:
            node.AddControlPoint(vtk.vtkVector3d(*point))
        return node


def positions(node):
    return np.array([node.GetNthControlPointPosition(n) for n in range(node.GetNumberOfControlPoints())])


PARENT = np.array([[0.8, -0.6, 0, 20.0], [0.6, 0.8, 0, -5.0], [0, 0, 1, 12.0], [0, 0, 0, 1]])


@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_landmarks_of_the_moving_image_land_where_they_belong(seed):
    """T maps fixed to moving points: what lies at T(x) comes to lie at x."""
    case = Case(seed)
    points = points_inside(case.rng, case.grid, 30)
    markups = case.landmarks(case.transform.points(points))
    (copy,) = case.logic.applyTransform(transformNode=case.node, nodes=[markups])
    np.testing.assert_allclose(positions(copy), points, atol=0.02)
    np.testing.assert_allclose(positions(markups), case.transform.points(points), atol=1e-9)
    assert copy.GetParentTransformNode() is None and copy.GetName() == "points, T"


def test_a_moving_volume_with_a_parent_takes_what_belongs_to_it_along():
    case = Case(5, PARENT)
    points = points_inside(case.rng, case.grid, 20)
    in_world = case.transform.points(points)
    without_parent = case.landmarks(in_world, "in the world")
    local = (in_world - PARENT[:3, 3]) @ PARENT[:3, :3]
    with_parent = case.landmarks(local, "beside the volume")
    with_parent.SetAndObserveTransformNodeID(case.moving_node.GetTransformNodeID())
    for copy in case.logic.applyTransform(transformNode=case.node, nodes=[without_parent, with_parent]):
        np.testing.assert_allclose(positions(copy), points, atol=0.02)


def test_a_node_under_the_transform_is_carried_once():
    case = Case(6)
    points = points_inside(case.rng, case.grid, 20)
    markups = case.landmarks(case.transform.points(points))
    markups.SetAndObserveTransformNodeID(case.node.GetID())
    (copy,) = case.logic.applyTransform(transformNode=case.node, nodes=[markups])
    np.testing.assert_allclose(positions(copy), points, atol=0.02)


@given(seed=seeds)
@settings(max_examples=4, deadline=None)
def test_a_volume_is_resampled_as_the_engine_does(seed):
    case = Case(seed)
    (copy,) = case.logic.applyTransform(
        transformNode=case.node, nodes=[case.moving_node], referenceVolumeNode=case.fixed_node
    )
    image = imageFromVolumeNode(copy)
    np.testing.assert_allclose(image.ijkToRas, case.grid.ijkToRas, atol=1e-9)
    expected = case.transform.warp(case.moving, case.grid)
    clear = (expected > expected.min() + 1) & (image.array > image.array.min() + 1)
    assert clear.mean() > 0.2
    np.testing.assert_allclose(image.array[clear], expected[clear], atol=1.0)  # of 0 to 1000


def test_label_maps_and_segmentations_keep_their_labels():
    case = Case(8)
    labels = Image((case.moving.array > 500).astype(np.int16) * 7, case.moving.ijkToRas)
    label_node = add_volume(case.scene, labels, "labels", "vtkMRMLLabelMapVolumeNode")
    (copy,) = case.logic.applyTransform(
        transformNode=case.node, nodes=[label_node], referenceVolumeNode=case.fixed_node
    )
    carried = array_of(copy)
    assert set(np.unique(carried)) == {0, 7}
    expected = case.transform.warp(labels, case.grid, nearest=True)
    # Nearest neighbors of positions that differ by a rounding error may differ.
    assert (carried != expected).mean() < 2e-3

    (grown,) = case.logic.applyTransform(transformNode=case.node, nodes=[label_node])
    moved = imageFromVolumeNode(grown)
    assert np.allclose(moved.grid.spacing, labels.grid.spacing)
    volumes = [np.count_nonzero(i.array) * abs(np.linalg.det(i.ijkToRas[:3, :3])) for i in (labels, moved)]
    assert volumes[1] / volumes[0] == pytest.approx(1 / np.linalg.det(case.transform.affine[:3, :3]), rel=0.15)


def test_a_model_is_carried_point_by_point():
    case = Case(9)
    points = points_inside(case.rng, case.grid, 50)
    vtk_points = vtk.vtkPoints()
    for point in case.transform.points(points):
        vtk_points.InsertNextPoint(point)
    mesh = vtk.vtkPolyData()
    mesh.SetPoints(vtk_points)
    model = case.scene.AddNewNodeByClass("vtkMRMLModelNode", "model")
    model.SetAndObservePolyData(mesh)
    (copy,) = case.logic.applyTransform(transformNode=case.node, nodes=[model])
    np.testing.assert_allclose(slicer.util.arrayFromModelPoints(copy), points, atol=0.02)
    assert model.GetPolyData() is not copy.GetPolyData()


def test_nothing_is_left_of_a_failure():
    case = Case(10)
    markups = case.landmarks(np.zeros((1, 3)))
    camera = case.scene.AddNewNodeByClass("vtkMRMLTableNode", "a table")
    before = snapshot(case.scene)
    for wrong in ([markups, camera], []):
        with pytest.raises(RegistrationError):
            case.logic.applyTransform(transformNode=case.node, nodes=wrong)
    with pytest.raises(RegistrationError, match="Choose the transform"):
        case.logic.applyTransform(transformNode=markups, nodes=[markups])
    assert snapshot(case.scene) == before


@given(seed=seeds)
@settings(max_examples=4, deadline=None)
def test_the_inverse_is_an_inverse_and_is_read_by_others(seed, tmp_path_factory):
    case = Case(seed)
    points = points_inside(case.rng, case.grid, 100)
    inverse = case.logic.inverseTransform(transformNode=case.node)
    back = from_parent_points(inverse.transformNode, case.transform.points(points))
    np.testing.assert_allclose(back, points, atol=0.05)
    # The largest is that of the one voxel where the field bends most.
    assert inverse.meanErrorMm < 0.02 and inverse.meanErrorMm <= inverse.largestErrorMm < 0.25
    path = tmp_path_factory.mktemp("inverse") / "inverse.h5"
    writeTransform(inverse.transformNode, path)
    reloaded = from_parent_points(readTransform(case.scene, path), case.transform.points(points))
    np.testing.assert_allclose(reloaded, back, atol=1e-3)


def test_the_inverse_carries_the_fixed_images_points_to_the_moving_image():
    case = Case(12, PARENT)
    points = points_inside(case.rng, case.grid, 20)
    inverse = case.logic.inverseTransform(transformNode=case.node)
    (copy,) = case.logic.applyTransform(transformNode=inverse.transformNode, nodes=[case.landmarks(points)])
    np.testing.assert_allclose(positions(copy), case.transform.points(points), atol=0.05)


def test_the_inverse_of_a_linear_transform_is_exact():
    case = Case(13)
    linear = add_linear_transform(case.scene, PARENT, "linear")
    inverse = case.logic.inverseTransform(transformNode=linear)
    assert inverse.largestErrorMm == 0.0 and inverse.transformNode.IsLinear()
    point = np.array([[1.0, 2.0, 3.0]])
    forward = from_parent_points(linear, point)
    np.testing.assert_allclose(from_parent_points(inverse.transformNode, forward), point, atol=1e-9)
    with pytest.raises(RegistrationError, match="would be lost"):
        case.logic.inverseTransform(transformNode=linear, outputTransformNode=linear)


def test_landmark_errors_before_and_after():
    case = Case(14, PARENT)
    points = points_inside(case.rng, case.grid, 5)
    error = np.array([3.0, 0.0, 4.0])
    fixed = case.landmarks(points, "fixed landmarks")
    moving = case.landmarks(case.transform.points(points) + error, "moving landmarks")
    comparison = case.logic.compareLandmarks(fixedMarkupsNode=fixed, movingMarkupsNode=moving, transformNode=case.node)
    np.testing.assert_allclose(comparison.afterMm, 5.0, atol=0.01)
    before = np.linalg.norm(case.transform.points(points) + error - points, axis=1)
    np.testing.assert_allclose(comparison.beforeMm, before, atol=1e-4)
    table = comparison.tableNode.GetTable()
    assert table.GetNumberOfRows() == 5 + 3 and "5 landmarks" in comparison.summary
    moving.RemoveNthControlPoint(0)
    for node in (fixed, moving):
        for number in range(node.GetNumberOfControlPoints()):
            node.SetNthControlPointLabel(number, "")
    with pytest.raises(RegistrationError, match="5 and moving landmarks 4"):
        case.logic.compareLandmarks(fixedMarkupsNode=fixed, movingMarkupsNode=moving, transformNode=case.node)


def test_local_volume_change_says_which_way_and_how_much():
    """The fixed image shows twice the moving one's content: det J = 1 / 2, that is + 100 %."""
    scene = newScene()
    rng = np.random.default_rng(3)
    grid = random_grid(rng, (40, 44, 36), 90.0)
    fixed = add_volume(scene, smooth_image(rng, grid), "fixed")
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    scale = np.diag([0.5 ** (1 / 3)] * 3 + [1.0])
    updateTransformNode(node, vtkTransform(Transform(scale)), fixed, fixed)
    logic = RegistrationLogic()
    percent = imageFromVolumeNode(logic.localVolumeChange(transformNode=node, referenceVolumeNode=fixed)).array
    np.testing.assert_allclose(percent, 100.0, atol=1e-3)

    field_grid = canonicalGrid(grid, 2.0)
    away = field_grid.pointsRas() - grid.centerRas
    field = DisplacementField((0.1 * away).astype(np.float32), field_grid)
    updateTransformNode(node, vtkTransform(Transform(np.eye(4), field)), fixed, fixed)
    change = logic.localVolumeChange(transformNode=node, referenceVolumeNode=fixed)
    image = imageFromVolumeNode(change)
    inside = (slice(3, -3),) * 3
    np.testing.assert_allclose(image.array[inside], 100 * (1 / 1.1**3 - 1), atol=0.1)
    np.testing.assert_allclose(image.grid.centerRas, grid.centerRas, atol=np.max(image.grid.spacing))
    assert change.GetDisplayNode().GetWindowLevelMin() == -50 and change.GetDisplayNode().GetWindowLevelMax() == 50


def test_a_volume_under_a_curved_transform_is_hardened_into_a_copy():
    """As for a tilted gantry: the copy has no parent, and shows at each place of the world what the volume showed."""
    case = Case(15)
    parent = case.scene.AddNewNodeByClass("vtkMRMLTransformNode", "curved")
    updateTransformNode(parent, vtkTransform(case.transform), case.fixed_node, case.fixed_node)
    case.moving_node.SetAndObserveTransformNodeID(parent.GetID())
    copy = case.logic.hardenedCopy(volumeNode=case.moving_node)
    assert copy.GetParentTransformNode() is None and case.moving_node.GetParentTransformNode() is parent
    image = imageFromVolumeNode(copy)
    points = points_inside(case.rng, case.grid, 300)

    def at(image, points):
        ijk = np.linalg.inv(image.ijkToRas)
        inside = points @ ijk[:3, :3].T + ijk[:3, 3]
        return map_coordinates(image.array, inside[:, ::-1].T, order=1, cval=np.nan)

    shown, expected = at(image, points), at(case.moving, case.transform.points(points))
    known = np.isfinite(shown) & np.isfinite(expected)
    assert known.mean() > 0.5
    # Interpolated twice: images are smooth, but not linear between voxels.
    assert np.abs(shown - expected)[known].mean() < 10.0
