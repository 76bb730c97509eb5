"""registerVolumes led by landmarks, on a real scene: the right way round, under parents, and on from a result."""

import numpy as np
import pytest
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.registration.settings import Prealignment
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import transformPoints
from LDRRegistrationLib.space.image import Image
from support.grids import random_affine, smooth_image
from support.models import write_model
from support.scene import add_linear_transform, add_volume, from_parent_points, newScene, snapshot

SHIFT = np.array([3.0, -4.0, 2.0])


@pytest.fixture
def logic(tmp_path):
    # It finds nothing by itself.
    return RegistrationLogic(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))


class Scene:
    """Two volumes, the moving one 5 mm elsewhere and under a parent; landmarks that say so."""

    def __init__(self, seed: int = 3):
        rng = np.random.default_rng(seed)
        matrix = np.diag([2.0, 2.0, 2.0, 1.0])
        matrix[:3, 3] = (-50.0, -55.0, -48.0)
        content = smooth_image(rng, Image(np.zeros((48, 55, 50)), matrix).grid, sigma=2.0, dtype=np.int16)
        moved = matrix.copy()
        moved[:3, 3] += SHIFT
        self.scene = newScene()
        self.parent = random_affine(rng, content.grid.centerRas)
        self.fixed = add_volume(self.scene, content, "Current")
        # Stored somewhere else, and brought to its place by its parent.
        self.moving = add_volume(self.scene, Image(content.array, np.linalg.inv(self.parent) @ moved), "Prior")
        self.parentNode = add_linear_transform(self.scene, self.parent)
        self.moving.SetAndObserveTransformNodeID(self.parentNode.GetID())
        self.points = np.array([[0.0, 0, 0], [20.0, 10, 5], [-20.0, 5, -10], [5.0, -25, 15], [-5.0, 20, 20.0]])
        self.fixedPoints = self.add("Fixed points", self.points)
        self.movingPoints = self.add("Moving points", transformPoints(np.linalg.inv(self.parent), self.points + SHIFT))
        self.movingPoints.SetAndObserveTransformNodeID(self.parentNode.GetID())
        self.transform = self.scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")

    def add(self, name, points):
        node = self.scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
        for point in points:
            node.AddControlPoint(point.tolist())
        for index in range(len(points)):
            node.SetNthControlPointLabel(index, str(index))
        return node

    def arguments(self, **changes):
        return {
            "fixedVolumeNode": self.fixed,
            "movingVolumeNode": self.moving,
            "outputTransformNode": self.transform,
            "prealignment": Prealignment.NONE,
            "refinementSteps": 0,
            **changes,
        }

    def markups(self):
        return {"fixedMarkupsNode": self.fixedPoints, "movingMarkupsNode": self.movingPoints}

    def world(self):
        """Where the transform node leads the fixed landmarks, in the world."""
        return transformPoints(self.parent, from_parent_points(self.transform, self.points))


def test_the_registration_follows_landmarks_under_parents(logic):
    s = Scene()
    plain = logic.registerVolumes(**s.arguments())
    assert np.linalg.norm(s.world() - s.points - SHIFT, axis=1).min() > 3.0 and plain.landmarks is None
    led = logic.registerVolumes(**s.arguments(**s.markups()))
    np.testing.assert_allclose(s.world(), s.points + SHIFT, atol=1.0)
    assert led.landmarks.afterMm.max() < 1.0 and led.landmarks.beforeMm.min() > 3.0
    comparison = logic.compareLandmarks(**s.markups(), transformNode=s.transform)
    np.testing.assert_allclose(comparison.afterMm, led.landmarks.afterMm, atol=0.01)
    assert led.similarity > plain.similarity


def test_it_goes_on_from_a_result_without_registering_again(logic, monkeypatch):
    s = Scene()
    logic.registerVolumes(**s.arguments())
    monkeypatch.setattr("LDRRegistrationLib.logic.registration.register", None)
    for under in (s.parentNode, s.transform):
        # Shown under its result, the volume has not moved for its landmarks; points that lie there go with it.
        s.moving.SetAndObserveTransformNodeID(under.GetID())
        job = logic.prepare(**s.arguments(**s.markups(), startTransformNode=s.transform))
        logic.publish(job, logic.compute(job))
        np.testing.assert_allclose(s.world(), s.points + SHIFT, atol=1.0)


def test_points_that_were_dropped_on_the_carried_volume(logic):
    s = Scene()
    logic.registerVolumes(**s.arguments())
    s.moving.SetAndObserveTransformNodeID(s.transform.GetID())
    # What is stored are places in the moving volume's own coordinates, as these lie under the result.
    s.movingPoints.SetAndObserveTransformNodeID(s.transform.GetID())
    job = logic.prepare(**s.arguments(**s.markups(), startTransformNode=s.transform))
    logic.publish(job, logic.compute(job))
    np.testing.assert_allclose(s.world(), s.points + SHIFT, atol=1.0)
    # Now they lie on their partners.
    world = [0.0] * 3
    for index, point in enumerate(s.points):
        s.movingPoints.GetNthControlPointPositionWorld(index, world)
        np.testing.assert_allclose(world, point, atol=1.0)


def test_refusals_leave_the_scene_as_it_was(logic):
    s = Scene()
    before = snapshot(s.scene)
    for changes, words in (
        ({"fixedMarkupsNode": s.fixedPoints}, "Choose a markups node"),
        ({"fixedMarkupsNode": s.fixedPoints, "movingMarkupsNode": s.fixedPoints}, "the same list"),
        ({"startTransformNode": s.transform}, "nothing to go on with"),
    ):
        with pytest.raises(RegistrationError, match=words):
            logic.prepare(**s.arguments(**changes))
    assert snapshot(s.scene) == before
    s.movingPoints.SetNthControlPointPosition(2, 900.0, 0.0, 0.0)
    with pytest.raises(RegistrationError, match="Landmarks outside Prior: 2"):
        logic.registerVolumes(**s.arguments(**s.markups()))
