"""Grids: canonical axes, boxes, overlap."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from LDRRegistrationLib.space.grid import Grid, canonicalAxes, canonicalGrid, overlapFraction, transformPoints
from nibabel.affines import apply_affine
from nibabel.orientations import io_orientation
from scipy.spatial.transform import Rotation
from support.grids import grid_over, random_affine, random_grid, seeds


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_canonical_grid_covers_the_box_and_is_right_side_up(seed):
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, (12, 20, 16))
    canonical = canonicalGrid(grid, 2.5)
    np.testing.assert_allclose(canonical.spacing, 2.5)
    np.testing.assert_allclose(canonical.centerRas, grid.centerRas, atol=1e-9)
    inside = transformPoints(canonical.rasToIjk, grid.cornersRas)
    assert np.all(inside >= -0.5 - 1e-6) and np.all(inside <= canonical.sizeIjk - 0.5 + 1e-6)
    # Parallel to the volume: each axis is one of its axes, up to sign.
    cosines = np.abs(canonical.direction.T @ grid.direction)
    np.testing.assert_allclose(np.sort(cosines, axis=1), [[0, 0, 1]] * 3, atol=1e-9)
    axes, signs = canonicalAxes(canonical)
    assert list(axes) == [0, 1, 2] and list(signs) == [1, 1, 1]


def test_canonical_axes_of_a_sagittal_left_handed_volume():
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0, 0, -4.0], [1.3, 0, 0], [0, -1.3, 0]])  # i to A, j to I, k to L
    axes, signs = canonicalAxes(Grid((25, 166, 195), matrix))
    assert list(axes) == [2, 0, 1] and list(signs) == [-1, 1, -1]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("tilt", [5.0, 25.0, 43.0])
def test_canonical_axes_are_those_of_nibabel(order, tilt):
    for number, signs in enumerate(itertools.product((1, -1), repeat=3)):
        matrix = np.eye(4)
        turn = Rotation.from_rotvec(np.eye(3)[number % 3] * tilt, degrees=True).as_matrix()
        matrix[:3, :3] = (turn @ np.diag(signs))[:, order] * [0.8, 1.3, 4.0]
        axes, found = canonicalAxes(Grid((5, 6, 7), matrix))
        # Row n: the world's axis, and the way, of index axis n.
        for axis, (world, sign) in enumerate(io_orientation(matrix)):
            assert axes[int(world)] == axis and found[int(world)] == sign


def test_of_axes_that_are_as_close_the_first_are_taken():
    """Half a right angle: rounding must not decide that two visits of one person are a quarter turn apart."""
    for axis in np.eye(3):
        for off in (-1e-12, 0.0, 1e-12):
            matrix = np.eye(4)
            matrix[:3, :3] = Rotation.from_rotvec(axis * (np.pi / 4 + off)).as_matrix()
            assert list(canonicalAxes(Grid((5, 6, 7), matrix))[0]) == [0, 1, 2]


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_overlap_is_the_share_of_points_from_face_to_face(seed):
    rng = np.random.default_rng(seed)
    fixed = random_grid(rng, (12, 20, 16))
    moving, affine = grid_over(rng, fixed, (10, 12, 14)), random_affine(rng, fixed.centerRas, 0.3)
    moving.ijkToRas[:3, 3] += rng.uniform(-30, 30, 3)
    ijk = np.array(list(itertools.product(*(np.linspace(-0.5, n - 0.5, 12) for n in (16, 20, 12)))))
    there = apply_affine(np.linalg.inv(moving.ijkToRas), apply_affine(affine, apply_affine(fixed.ijkToRas, ijk)))
    expected = ((there >= -0.5) & (there <= np.array([14, 12, 10]) - 0.5)).all(axis=1).mean()
    assert overlapFraction(fixed, moving, affine) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("shift", [-0.4, 0.4])
def test_overlap_ends_at_the_faces(axis, shift):
    grid, moved = Grid((40, 40, 40), np.eye(4)), np.eye(4)
    moved[axis, 3] = shift
    assert overlapFraction(grid, grid, moved) == pytest.approx(11 / 12)


def test_overlap_of_boxes_half_shifted():
    grid = Grid((40, 40, 40), np.eye(4))
    shift = np.eye(4)
    shift[0, 3] = 20
    assert overlapFraction(grid, grid) == 1.0
    assert overlapFraction(grid, grid, shift) == pytest.approx(0.5, abs=0.05)
    shift[0, 3] = 100
    assert overlapFraction(grid, grid, shift) == 0.0


def test_padding_keeps_the_lattice():
    grid = random_grid(np.random.default_rng(1), (5, 6, 7))
    padded = grid.padded((2, 3, 4))
    assert padded.shape == (9, 12, 15)
    np.testing.assert_allclose(padded.pointsRas()[2:7, 3:9, 4:11], grid.pointsRas(), atol=1e-9)
