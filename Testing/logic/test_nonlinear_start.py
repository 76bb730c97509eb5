"""An initial transform that bends: it is started from, and what is found on top of it is composed with it."""

import numpy as np
import pytest
import torch
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.starts import engineTransform
from LDRRegistrationLib.mrml.transforms import pointsThrough, vtkTransform
from LDRRegistrationLib.registration.recipes import RECIPES, Preset
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import canonicalGrid, transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.grids import points_inside, random_affine, smooth_image
from support.models import write_model
from support.scene import add_linear_transform, add_volume, arguments_for, from_parent_points, newScene

ALONG_A = (0.0, 2.0, 0.0)  # 4 mm towards anterior, whatever the images say


class Scene:
    """A fixed volume, the same as a bending transform shows it under a parent, and that transform."""

    def __init__(self, seed: int = 1):
        rng = np.random.default_rng(seed)
        matrix = np.diag([2.0, 2.0, 2.0, 1.0])
        matrix[:3, 3] = (-50.0, -55.0, -48.0)
        self.fixedImage = smooth_image(rng, Image(np.zeros((48, 55, 50)), matrix).grid, sigma=2.5)
        grid = canonicalGrid(self.fixedImage.grid, 4.0)
        flow = torch.zeros(1, 3, *grid.shape)
        flow[0, 1] = 1.5
        flow[0, 2] = 1.5 * torch.sin(torch.linspace(0.0, 3.1, grid.shape[2]))[None, None]
        self.start = Transform(np.eye(4), DisplacementField.fromFlow(flow, grid))
        self.scene = newScene()
        self.parent = random_affine(rng, self.fixedImage.grid.centerRas)
        self.fixed = add_volume(self.scene, self.fixedImage, "Current")
        moving = Image(self.fixedImage.array, np.linalg.inv(self.parent) @ matrix)
        self.moving = add_volume(self.scene, moving, "Prior")
        self.moving.SetAndObserveTransformNodeID(add_linear_transform(self.scene, self.parent).GetID())
        self.initial = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "Start")
        self.transform = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
        self.warped = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "W")

    def arguments(self):
        start = {"initialTransformNode": self.initial}
        return arguments_for(self.fixed, self.moving, self.transform, self.warped, **start)

    def points(self):
        return points_inside(np.random.default_rng(4), self.fixedImage.grid, 30)


def test_where_nothing_is_found_the_start_is_the_result(tmp_path):
    s = Scene()
    s.initial.SetAndObserveTransformFromParent(vtkTransform(s.start))
    # As if set on the moving volume, in its place.
    s.initial.SetAndObserveTransformNodeID(s.moving.GetTransformNodeID())
    logic = RegistrationLogic(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    logic.registerVolumes(**s.arguments())
    points = s.points()
    there = transformPoints(s.parent, from_parent_points(s.transform, points))
    expected = transformPoints(s.parent, s.start.points(transformPoints(np.linalg.inv(s.parent), points)))
    np.testing.assert_allclose(there, expected, atol=0.05)


def test_what_is_found_is_put_before_the_start(tmp_path):
    s = Scene()
    s.moving.SetAndObserveTransformNodeID(None)
    shifted = s.fixedImage.ijkToRas.copy()
    # Under the start it lies 4 mm anterior of the fixed one, which is what the model claims.
    content = Image(s.fixedImage.array, shifted)
    s.moving = add_volume(s.scene, content, "Moved")
    s.initial.SetAndObserveTransformFromParent(vtkTransform(Transform(_shift(0.0, -4.0, 0.0), _tiny(s.fixedImage))))
    folder = write_model(tmp_path / "models", ALONG_A, spacingMm=2.0 / RECIPES[Preset.ACCURATE].coarsening)
    result = RegistrationLogic(folder).registerVolumes(**s.arguments())
    np.testing.assert_allclose(from_parent_points(s.transform, s.points()), s.points(), atol=0.1)
    np.testing.assert_allclose(result.transform.points(s.points()), s.points(), atol=0.1)
    assert result.foldedPercent == 0.0 and result.similarity > 0.9


def _shift(*mm):
    matrix = np.eye(4)
    matrix[:3, 3] = mm
    return matrix


def _tiny(image):
    grid = canonicalGrid(image.grid, 8.0)
    return DisplacementField.fromFlow(torch.full((1, 3, *grid.shape), 1e-4), grid)


@pytest.mark.parametrize("inverted", [False, True])
def test_what_other_programs_made_is_sampled(inverted):
    import vtk

    image = Scene().fixedImage
    spline = vtk.vtkThinPlateSplineTransform()
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    rng = np.random.default_rng(0)
    for point in points_inside(rng, image.grid, 12):
        source.InsertNextPoint(point)
        target.InsertNextPoint(point + rng.normal(size=3) * 2.0)
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    spline.SetBasisToR()
    if inverted:
        spline.Inverse()
    found = engineTransform(spline, image.grid, "spline")
    points = points_inside(rng, image.grid, 40)
    np.testing.assert_allclose(found.points(points), pointsThrough(spline, points), atol=0.3)


def test_the_extensions_own_is_taken_as_it_is():
    s = Scene()
    affine = random_affine(np.random.default_rng(6), s.fixedImage.grid.centerRas)
    own = Transform(affine, s.start.field)
    found = engineTransform(vtkTransform(own), s.fixedImage.grid, "T")
    np.testing.assert_array_equal(found.field.vectors, own.field.vectors)
    np.testing.assert_allclose(found.points(s.points()), own.points(s.points()), atol=1e-4)


def test_two_visits_refuse_it(tmp_path):
    s = Scene()
    s.initial.SetAndObserveTransformFromParent(vtkTransform(s.start))
    logic = RegistrationLogic(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    with pytest.raises(RegistrationError, match="Start is not linear"):
        logic.prepareChanges(currentVolumeNode=s.fixed, priorVolumeNode=s.moving, initialTransformNode=s.initial)
