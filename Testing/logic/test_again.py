"""Registering, and looking, while the moving volume lies under its earlier result: a saved scene, or simply again."""

from types import SimpleNamespace

import numpy as np
import pytest
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.display import ResultDisplay
from LDRRegistrationLib.mrml.transforms import updateTransformNode, vtkTransform
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.mrml.worldposition import resultAbove
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image
from support.grids import random_affine, random_grid, random_transform, smooth_image
from support.results import SHIFT, shift_result
from support.scene import add_linear_transform, add_volume, from_parent_points, newScene


@pytest.fixture(params=["no parent", "parent"])
def s(request):
    """A moving volume under its result, which bends; ``before``: what it lay under."""
    scene = newScene()
    rng = np.random.default_rng(8)
    grid = random_grid(rng, (20, 22, 24))
    fixed, moving = (add_volume(scene, smooth_image(rng, grid), name) for name in ("Current", "Prior"))
    before = None
    if request.param == "parent":
        before = add_linear_transform(scene, random_affine(rng, np.zeros(3), 0.05))
        moving.SetAndObserveTransformNodeID(before.GetID())
    logic = RegistrationLogic()
    job = logic.prepare(fixedVolumeNode=fixed, movingVolumeNode=moving, createTransform=True, createVolume=True)
    result = shift_result(job)
    result.transform = random_transform(rng, grid)
    logic.publish(job, result)
    assert not job.outputTransformNode.IsLinear()
    moving.SetAndObserveTransformNodeID(job.outputTransformNode.GetID())
    return SimpleNamespace(
        scene=scene,
        fixed=fixed,
        moving=moving,
        before=before,
        transform=job.outputTransformNode,
        logic=logic,
        placed=job.moving,
        grid=grid,
    )


def test_the_volume_is_registered_from_where_it_was(s):
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputTransformNode=s.transform)
    np.testing.assert_allclose(job.moving.ijkToRas, s.placed.ijkToRas, atol=1e-9)
    s.logic.publish(job, shift_result(job))
    assert s.moving.GetParentTransformNode() is s.transform
    # Set on the moving volume, in place of its parent, the transform carries it to where the result says.
    carried = np.linalg.inv(s.placed.ijkToRas)
    own = imageFromVolumeNode(s.moving).ijkToRas
    np.testing.assert_allclose(own @ carried @ np.array([*SHIFT, 1.0]), [0.0, 0.0, 0.0, 1.0], atol=1e-6)
    assert ResultDisplay(s.fixed, s.moving, s.transform)._before is s.before, "still known after the second run"


def test_what_lies_between_counts(s):
    between = add_linear_transform(s.scene, random_affine(np.random.default_rng(1), np.zeros(3), 0.05))
    between.SetAndObserveTransformNodeID(s.transform.GetID())
    s.moving.SetAndObserveTransformNodeID(between.GetID())
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputTransformNode=s.transform)
    s.logic.publish(job, shift_result(job))
    carried = imageFromVolumeNode(s.moving).ijkToRas
    expected = job.moving.ijkToRas.copy()
    expected[:3, 3] -= SHIFT
    np.testing.assert_allclose(carried, expected, atol=1e-6)


def test_a_mask_that_lies_under_the_result_too(s):
    ones = Image(np.ones(s.grid.shape, np.int16), s.grid.ijkToRas)
    mask = add_volume(s.scene, ones, "mask", "vtkMRMLLabelMapVolumeNode")
    places = []
    for parent, above in ((s.before, s.before), (s.transform, s.transform)):
        for node, under in ((mask, parent), (s.moving, above)):
            node.SetAndObserveTransformNodeID(under.GetID() if under is not None else None)
        job = s.logic.prepare(
            fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputTransformNode=s.transform, movingMaskNode=mask
        )
        places.append(job.masks.moving.ijkToRas)
    np.testing.assert_allclose(*places, atol=1e-9)


def test_moving_the_volume_under_its_result_meanwhile_changes_nothing(s):
    s.moving.SetAndObserveTransformNodeID(s.before.GetID() if s.before is not None else None)
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputTransformNode=s.transform)
    s.moving.SetAndObserveTransformNodeID(s.transform.GetID())
    s.logic.publish(job, shift_result(job))
    assert s.transform.IsLinear()


def test_the_result_of_another_volume_is_not_left_out(s):
    updateTransformNode(s.transform, vtkTransform(random_transform(np.random.default_rng(2), s.grid)), s.fixed, s.fixed)
    assert resultAbove(s.moving) is None
    with pytest.raises(RegistrationError, match=r"non-linear transform|is a parent transform of"):
        s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputTransformNode=s.transform)


def test_another_output_does_not_leave_it_out(s):
    with pytest.raises(RegistrationError, match="non-linear transform"):
        s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, createTransform=True)


def test_changes_are_found_from_where_the_prior_was(s):
    """Carried by an earlier result, it would hide them."""
    job = s.logic.prepareChanges(currentVolumeNode=s.fixed, priorVolumeNode=s.moving)
    np.testing.assert_allclose(job.registration.moving.ijkToRas, s.placed.ijkToRas, atol=1e-9)


def test_before_and_after(s):
    display = ResultDisplay(s.fixed, s.moving, s.transform)
    assert display.isAfter
    display.showAfter(False)
    assert s.moving.GetParentTransformNode() is s.before and not display.isAfter
    display.showAfter(True)
    assert display.isAfter
    display.showAfter(False)
    display.restore()
    assert s.moving.GetParentTransformNode() is s.transform, "as it was found"


def test_points_go_the_same_way_again(s):
    points = np.array([[0.0, 0.0, 0.0], [5.0, -3.0, 2.0]])
    first = from_parent_points(s.transform, points)
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputTransformNode=s.transform)
    result = shift_result(job)
    result.transform = random_transform(np.random.default_rng(8), s.grid)
    s.logic.publish(job, result)
    second = from_parent_points(s.transform, points)
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputTransformNode=s.transform)
    s.logic.publish(job, result)
    np.testing.assert_allclose(from_parent_points(s.transform, points), second, atol=1e-9)
    assert not np.allclose(first, second, atol=1e-3)
