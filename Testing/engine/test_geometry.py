"""Grids: canonical axes, boxes, overlap."""

import numpy as np
import pytest
from hypothesis import given, settings
from LDRRegistrationLib.geometry import Grid, canonicalAxes, canonicalGrid, overlapFraction, transformPoints
from support.grids import random_grid, seeds


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
