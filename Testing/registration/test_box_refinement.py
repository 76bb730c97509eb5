"""Refining in a box: closer inside, the same to the last bit outside, no folds; what cannot be refined is refused."""

from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.registration.box import RefinementBox
from LDRRegistrationLib.registration.boxrefinement import refineInBox
from LDRRegistrationLib.registration.guided import Start, guide
from LDRRegistrationLib.registration.landmarks import Landmarks
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.device import Device
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.spatial.transform import Rotation
from support.grids import smooth_flow, smooth_image

GOOD = Verdict("good", "")
TURNED = Rotation.from_euler("zyx", (25.0, -15.0, 10.0), degrees=True).as_matrix()


@pytest.fixture(scope="module")
def models():
    return ModelStore()


@pytest.fixture(scope="module")
def pair():
    """(fixed, moving, a start that is 1 to 3 mm off, what is right): texture of 3 mm on voxels of 1 mm."""
    rng = np.random.default_rng(5)
    matrix = np.eye(4)
    matrix[:3, 3] = (-30.0, 12.0, 40.0)
    grid = Grid((60, 64, 68), matrix)
    moving = smooth_image(rng, grid.padded((8, 8, 8)), sigma=2.5)
    affine = np.eye(4)
    affine[:3, 3] = (1.0, -2.0, 0.5)
    coarse = Grid((17, 18, 19), grid.ijkToRas @ np.diag([4.0, 4.0, 4.0, 1.0]))
    found = smooth_flow(rng, coarse.shape, 0.4)
    field = DisplacementField.fromFlow(toTensor(found), coarse)
    missed = smooth_flow(rng, coarse.shape, 0.6)
    right = Transform(affine, DisplacementField.fromFlow(toTensor(found + missed), coarse))
    fixed = Image(right.warp(moving, grid), grid.ijkToRas, "fixed")
    return fixed, replace(moving, name="moving"), Start(Transform(affine, field), GOOD), right


def refined(pair, models, box, **settings):
    return refineInBox(pair[0], pair[1], Settings(**settings), models, pair[2], box)


def inside(points, box, margin=0.0):
    return (np.abs((points - box.center) @ box.axes) < box.sizeMm / 2.0 - margin).all(axis=-1)


@pytest.mark.parametrize("axes", [np.eye(3), TURNED], ids=["straight", "turned"])
def test_it_is_closer_inside_and_the_same_to_the_last_bit_outside(pair, models, axes):
    fixed, moving, start, right = pair
    box = RefinementBox(fixed.grid.centerRas + np.array((2.0, -1.0, 3.0)), axes, np.array((34.0, 30.0, 32.0)))
    result = refined(pair, models, box, device=Device.AUTO)
    # What was computed on, not what was asked for.
    assert result.device in ("cpu", "cuda")
    points = fixed.grid.pointsRas()
    truth, before, after = (t.points(points) for t in (right, start.transform, result.transform))
    core, outside = inside(points, box, 8.0), ~inside(points, box)
    errors = [np.linalg.norm(found - truth, axis=-1)[core].mean() for found in (before, after)]
    assert errors[0] > 1.0 and errors[1] < 0.4 * errors[0]
    np.testing.assert_array_equal(after[outside], before[outside])
    # On the voxels, too, and in what is warped.
    grids = [t.displacement(fixed.grid) for t in (start.transform, result.transform)]
    np.testing.assert_array_equal(grids[1][outside], grids[0][outside])
    np.testing.assert_allclose(points + grids[1], after, atol=1e-3)
    warped = start.transform.warp(moving, fixed.grid)
    np.testing.assert_array_equal(result.warped[outside], warped[outside])
    assert np.abs(result.warped - fixed.array)[core].mean() < 0.5 * np.abs(warped - fixed.array)[core].mean()
    assert result.box.similarityAfter > result.box.similarityBefore + 0.05
    # No folds, at the faces neither: of both together on a finer grid than either.
    fine = Grid(tuple(2 * n for n in fixed.grid.shape), fixed.ijkToRas @ np.diag([0.5, 0.5, 0.5, 1.0]))
    bent = replace(result.transform, affine=np.eye(4)).displacement(fine)
    assert DisplacementField(bent, fine).jacobianDeterminant().min() > 0.05
    back = result.transform.inversePoints(after[::5, ::5, ::5])
    np.testing.assert_allclose(back, points[::5, ::5, ::5], atol=0.02)


def test_what_was_warped_before_is_taken_over_outside(pair, models):
    fixed = pair[0]
    first = refined(pair, models, RefinementBox(fixed.grid.centerRas, np.eye(3), np.full(3, 24.0)))
    box = RefinementBox(fixed.grid.centerRas + 10.0, TURNED, np.full(3, 26.0))
    second = refineInBox(fixed, pair[1], Settings(), models, first, box)
    assert len(second.transform.boxes) == 2 and second.similarity == first.similarity
    np.testing.assert_allclose(second.warped, second.transform.warp(pair[1], fixed.grid), atol=0.5)
    points = fixed.grid.pointsRas()
    there = ~inside(points, box)
    np.testing.assert_array_equal(second.warped[there], first.warped[there])
    np.testing.assert_array_equal(second.transform.points(points)[there], first.transform.points(points)[there])


def test_a_box_larger_than_the_image_is_the_whole_image(pair, models):
    fixed = pair[0]
    result = refined(pair, models, RefinementBox(fixed.grid.centerRas, np.eye(3), np.full(3, 900.0)), warp=False)
    (field,) = result.transform.boxes
    assert max(field.grid.shape) < 80
    assert result.box.similarityAfter > result.box.similarityBefore + 0.05


def test_landmarks_are_followed_through_a_refined_box(pair, models):
    fixed, moving, _start, right = pair
    box = RefinementBox(fixed.grid.centerRas, np.eye(3), np.full(3, 30.0))
    first = refined(pair, models, box, warp=False)
    points = fixed.grid.centerRas + np.array([[0.0, 0, 0], [6.0, -5, 4], [-7.0, 3, 2]])
    targets = right.points(points) + np.array((1.5, 1.0, -1.0))
    led = guide(fixed, moving, Settings(warp=False), models, first, Landmarks.of(points, targets))
    assert led.transform.boxes == first.transform.boxes
    assert led.landmarks.afterMm.max() < 1.0 < led.landmarks.beforeMm.min()


@pytest.mark.parametrize(
    ("shift", "size", "words"),
    [
        (400.0, (30.0, 30.0, 30.0), "lies outside fixed"),
        (0.0, (30.0, 3.0, 30.0), "at least 10 mm"),
        # A corner that reaches in by less than can be compared.
        (44.0, (30.0, 30.0, 30.0), "lies outside fixed|at least 10 mm"),
    ],
)
def test_boxes_that_say_nothing_are_refused(pair, models, shift, size, words):
    box = RefinementBox(pair[0].grid.centerRas + shift, np.eye(3), np.array(size))
    with pytest.raises(RegistrationError, match=words):
        refined(pair, models, box)


def test_a_turned_box_beside_a_corner_is_outside(pair):
    grid = pair[0].grid
    axes = Rotation.from_euler("z", 45.0, degrees=True).as_matrix()
    corner = grid.cornersRas.max(axis=0)
    box = RefinementBox(corner + np.array((12.0, 12.0, -20.0)), axes, np.full(3, 20.0))
    with pytest.raises(RegistrationError, match="lies outside"):
        box.within(grid, "fixed")


def test_air_and_other_contrasts_are_refused(pair, models):
    fixed, moving, start, _right = pair
    box = RefinementBox(fixed.grid.centerRas, np.eye(3), np.full(3, 30.0))
    empty = fixed.array.copy()
    empty[10:50, 10:54, 10:58] = 0.0
    with pytest.raises(RegistrationError, match="show nothing"):
        refineInBox(replace(fixed, array=empty), moving, Settings(), models, start, box)
    folded = replace(fixed, array=np.abs(fixed.array - float(np.median(fixed.array))))
    with pytest.raises(RegistrationError, match="different contrasts"):
        refineInBox(folded, moving, Settings(), models, start, box)


def test_what_is_right_already_stays_and_it_can_be_cancelled(pair, models):
    fixed, moving, _start, _right = pair
    box = RefinementBox(fixed.grid.centerRas, np.eye(3), np.full(3, 30.0))
    same = Start(Transform(np.eye(4)), GOOD)
    result = refineInBox(fixed, fixed, Settings(), models, same, box)
    assert result.transform.boxes == () and "stays as it was" in result.notes[-1]
    np.testing.assert_allclose(result.warped, fixed.array, atol=1e-3)
    with pytest.raises(RegistrationCancelled):
        refineInBox(fixed, moving, Settings(), models, same, box, cancelled=lambda: True)
