"""Refining in an ROI on a real scene: parents, the transform node and its file, the inverse, what is refused."""

import numpy as np
import pytest
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.matrices import matrixFromArray
from LDRRegistrationLib.mrml.reading import readTransform
from LDRRegistrationLib.mrml.roi import addRoi, boxOfRoi
from LDRRegistrationLib.mrml.starts import engineTransform
from LDRRegistrationLib.mrml.transforms import vtkTransform
from LDRRegistrationLib.registration.settings import Prealignment
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import Grid, transformPoints
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.spatial.transform import Rotation
from support.grids import random_affine, smooth_flow, smooth_image
from support.models import write_model
from support.scene import add_linear_transform, add_volume, array_of, from_parent_points, newScene, snapshot

TURN = Rotation.from_euler("zy", (20.0, 10.0), degrees=True).as_matrix()


class Scene:
    """A moving volume under a parent, a transform that a registration made and that is 1 to 2 mm off, and an ROI."""

    def __init__(self, tmp_path, turn=TURN):
        from LDRRegistrationLib.numerics.dlpack import toTensor
        from LDRRegistrationLib.space.image import Image

        rng = np.random.default_rng(4)
        matrix = np.eye(4)
        matrix[:3, 3] = (-25.0, 10.0, 30.0)
        self.grid = Grid((48, 52, 50), matrix)
        content = smooth_image(rng, self.grid.padded((6, 6, 6)), sigma=2.5)
        coarse = Grid((13, 14, 13), matrix @ np.diag([4.0, 4.0, 4.0, 1.0]))
        found, missed = smooth_flow(rng, coarse.shape, 0.3), smooth_flow(rng, coarse.shape, 0.4)
        self.right = Transform(np.eye(4), DisplacementField.fromFlow(toTensor(found + missed), coarse))
        self.start = Transform(np.eye(4), DisplacementField.fromFlow(toTensor(found), coarse))
        self.scene = newScene()
        self.parent = random_affine(rng, self.grid.centerRas)
        self.fixed = add_volume(self.scene, Image(self.right.warp(content, self.grid), matrix), "Current")
        moving = Image(content.array, np.linalg.inv(self.parent) @ content.ijkToRas)
        self.moving = add_volume(self.scene, moving, "Prior")
        self.moving.SetAndObserveTransformNodeID(add_linear_transform(self.scene, self.parent).GetID())
        self.transform = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
        local = Transform(np.linalg.inv(self.parent), self.start.field)
        self.transform.SetAndObserveTransformFromParent(vtkTransform(local))
        self.output = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "out")
        self.roi = self.scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "R")
        place = np.eye(4)
        place[:3, :3], place[:3, 3] = turn, self.grid.centerRas
        # Under a parent that halves it, and drawn twice as large.
        half = np.diag([0.5, 0.5, 0.5, 1.0])
        self.roi.SetAndObserveObjectToNodeMatrix(matrixFromArray(np.linalg.inv(half) @ place @ half))
        self.roi.SetSize(60.0, 56.0, 58.0)
        self.roi.SetAndObserveTransformNodeID(add_linear_transform(self.scene, half, "half").GetID())
        self.logic = RegistrationLogic(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))

    def refine(self, **changes):
        arguments = {
            "fixedVolumeNode": self.fixed,
            "movingVolumeNode": self.moving,
            "outputTransformNode": self.transform,
            "outputVolumeNode": self.output,
            "roiNode": self.roi,
            "startTransformNode": self.transform,
            **changes,
        }
        job = self.logic.prepare(**arguments)
        self.said = []
        result = self.logic.compute(job, progress=lambda share, stage: self.said.append(share))
        self.logic.publish(job, result)
        return result

    def world(self, points):
        return transformPoints(self.parent, from_parent_points(self.transform, points))


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_the_node_is_closer_inside_the_roi_and_the_same_bits_outside(scene, tmp_path):
    points = scene.grid.pointsRas()[::3, ::3, ::3].reshape(-1, 3)
    before = from_parent_points(scene.transform, points)
    result = scene.refine()
    away = np.abs((points - scene.grid.centerRas) @ TURN) - np.array((15.0, 14.0, 14.5))
    outside, core = (away > 1e-9).any(axis=1), (away < -8.0).all(axis=1)
    np.testing.assert_array_equal(from_parent_points(scene.transform, points)[outside], before[outside])
    truth = scene.right.points(points)
    errors = [np.linalg.norm(transformPoints(scene.parent, p) - truth, axis=1)[core].mean() for p in (before,)]
    errors.append(float(np.linalg.norm(scene.world(points) - truth, axis=1)[core].mean()))
    assert errors[0] > 0.8 and errors[1] < 0.5 * errors[0]
    assert result.box.similarityAfter > result.box.similarityBefore
    assert 0.0 < result.similarityPrealigned < 1.0 and result.sdLogJacobian > 0.0
    # What is warped is what the node does.
    np.testing.assert_allclose(scene.world(points), result.transform.points(points), atol=1e-3)
    np.testing.assert_array_equal(array_of(scene.output), result.warped)
    # It can be gone on with, exactly, from a file too.
    again = engineTransform(scene.transform.GetTransformFromParent(), scene.grid, "T")
    assert len(again.boxes) == 1
    scene.logic.saveTransform(transformNode=scene.transform, path=tmp_path / "t.h5")
    read = readTransform(scene.scene, tmp_path / "t.h5")
    np.testing.assert_allclose(from_parent_points(read, points), from_parent_points(scene.transform, points), atol=1e-5)
    import SimpleITK

    itk = SimpleITK.ReadTransform(str(tmp_path / "t.h5"))
    flip = np.array((-1.0, -1.0, 1.0))
    led = np.array([itk.TransformPoint((p * flip).tolist()) for p in points[core]]) * flip
    np.testing.assert_allclose(led, from_parent_points(scene.transform, points)[core], atol=0.1)


def test_the_inverse_knows_the_box(scene):
    scene.refine()
    inverse = scene.logic.inverseTransform(transformNode=scene.transform)
    assert inverse.largestErrorMm < 0.1
    points = scene.grid.pointsRas()[4:-4:3, 4:-4:3, 4:-4:3].reshape(-1, 3)
    there = from_parent_points(scene.transform, points)
    np.testing.assert_allclose(from_parent_points(inverse.transformNode, there), points, atol=0.1)


def test_it_ends_a_registration_from_the_beginning_too(scene):
    keep = {"startTransformNode": None, "prealignment": Prealignment.NONE, "refinementSteps": 0}
    plain = scene.refine(roiNode=None, **keep)
    result = scene.refine(**keep)
    assert plain.box is None and result.box.similarityAfter > result.box.similarityBefore
    assert result.similarity == plain.similarity
    # Two computations, of which the second does not begin at nothing again.
    assert scene.said == sorted(scene.said) and (scene.said[0], scene.said[-1]) == (0.0, 1.0)


def test_bad_rois_are_refused_and_change_nothing(scene):
    before = snapshot(scene.scene)

    def refused(words, **changes):
        with pytest.raises(RegistrationError, match=words):
            scene.refine(**changes)

    refused("is no ROI", roiNode=scene.fixed)
    with pytest.raises(RegistrationError, match="nothing to go on with"):
        scene.refine(roiNode=None)
    assert snapshot(scene.scene) == before
    scene.roi.SetSize(60.0, 0.0, 60.0)
    refused("no size yet")
    scene.roi.SetSize(60.0, 4.0, 60.0)
    refused("at least 10 mm")
    scene.roi.SetSize(60.0, 60.0, 60.0)
    far = np.eye(4)
    far[:3, 3] = 900.0
    scene.roi.SetAndObserveObjectToNodeMatrix(matrixFromArray(far))
    refused("lies outside Current")
    sheared = np.eye(4)
    sheared[0, 1] = 0.5
    scene.roi.SetAndObserveTransformNodeID(add_linear_transform(scene.scene, sheared, "sheared").GetID())
    refused("shears it")


def test_a_new_roi_is_half_of_a_small_volume_and_lies_within_it(scene):
    box = boxOfRoi(addRoi(scene.fixed))
    np.testing.assert_allclose(box.center, scene.grid.centerRas)
    np.testing.assert_allclose(sorted(box.sizeMm), [24.0, 25.0, 26.0])
