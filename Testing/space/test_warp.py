"""Warping where nothing is known: beyond the moving volume, and within it."""

import numpy as np
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from support.grids import random_grid


def test_beyond_the_moving_volume_is_what_stands_for_no_measurement():
    grid = random_grid(np.random.default_rng(16), (5, 6, 7))
    array = np.random.default_rng(16).integers(-900, 900, grid.shape).astype(np.int16)
    array[0, 0, 0] = -1000
    known = array > -500
    away = np.eye(4)
    away[:3, 3] = 1e4
    for image, fill in (
        (Image(array, grid.ijkToRas), -1000),
        (Image(array, grid.ijkToRas, known=known), array[known].min()),
        (Image(array, grid.ijkToRas, known=known, padding=-3024.0), -3024),
    ):
        assert set(np.unique(Transform(away).warp(image, grid))) == {fill}
        assert set(np.unique(Transform(away).warp(image, grid, nearest=True))) == {0}


def test_what_is_not_known_mixes_with_nothing_that_was_measured():
    """Half a voxel along i: between two known voxels their mean, beside padding the known one, or the padding."""
    rng = np.random.default_rng(17)
    grid = random_grid(rng, (6, 7, 20))
    array = rng.uniform(10, 20, grid.shape).astype(np.float32)
    known = rng.uniform(0, 1, grid.shape) > 0.3
    array[~known] = -2000.0
    image = Image(array, grid.ijkToRas, known=known, padding=-2000.0)
    for part in (0.3, 0.7):
        moved = np.eye(4)
        moved[:3, 3] = grid.ijkToRas[:3, 0] * part
        found = Transform(moved).warp(image, grid)[:, :, :-1]
        one, other, isOne, isOther = array[:, :, :-1], array[:, :, 1:], known[:, :, :-1], known[:, :, 1:]
        nearest, isNearest = (one, isOne) if part < 0.5 else (other, isOther)
        mixed = np.where(isOne & isOther, one * (1 - part) + other * part, nearest)
        np.testing.assert_allclose(found, mixed, atol=1e-2)
        assert (found[~isNearest] == -2000.0).all()
