"""The warped volume as a user may choose it: interpolation, padding, scalar type."""

import numpy as np
import pytest
from LDRRegistrationLib.numerics.gridsample import cubicAtVoxels
from LDRRegistrationLib.registration.settings import settingsFrom
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.catmullrom import interpolateAtPoints
from LDRRegistrationLib.space.image import Image, Modality
from LDRRegistrationLib.space.resampling import Interpolation, Resampling, ScalarType
from LDRRegistrationLib.space.transform import Transform
from support.grids import random_grid

CUBIC = Resampling(Interpolation.CUBIC)


def moved_along_i(grid, voxels):
    matrix = np.eye(4)
    matrix[:3, 3] = grid.ijkToRas[:3, 0] * voxels
    return Transform(matrix)


def test_cubic_values_are_those_of_the_kernel_of_transforms():
    import torch

    rng = np.random.default_rng(1)
    volume = rng.normal(size=(9, 11, 10)).astype(np.float32)
    ijk = rng.uniform(2, 6, (50, 3))
    positions = torch.from_numpy(ijk[:, ::-1].T.copy()).float().reshape(3, 1, 1, 50)
    found = cubicAtVoxels(torch.from_numpy(volume), positions).numpy().ravel()
    np.testing.assert_allclose(found, interpolateAtPoints(volume[..., None], ijk)[:, 0], atol=1e-4)


def test_each_interpolation_of_a_wave():
    """Of a wave of five voxels, half a voxel on: cubic is nearest to the truth, then linear, then the nearest voxel."""
    grid = random_grid(np.random.default_rng(2), (12, 13, 40))
    wave = lambda i: 500 + 400 * np.sin(2 * np.pi * i / 5)  # noqa: E731
    image = Image(np.broadcast_to(wave(np.arange(40.0)), grid.shape).astype(np.float32), grid.ijkToRas)
    errors = {}
    for kind in Interpolation:
        found = Resampling(kind).warp(moved_along_i(grid, 0.4), image, grid)[:, :, 3:-3]
        errors[kind.value] = np.abs(found - wave(np.arange(3, 37) + 0.4)).max()
    assert errors["cubic"] < 0.5 * errors["linear"] < 0.5 * errors["nearest"]
    still = CUBIC.warp(Transform(np.eye(4)), image, grid)
    np.testing.assert_allclose(still, image.array, atol=1e-3)


def test_cubic_values_stay_within_the_image_s_own():
    grid = random_grid(np.random.default_rng(3), (8, 8, 20))
    step = np.where(np.arange(20) < 10, -1000, 400).astype(np.int16)
    image = Image(np.broadcast_to(step, grid.shape).copy(), grid.ijkToRas)
    found = CUBIC.warp(moved_along_i(grid, 0.5), image, grid, lambda share: None)
    assert found.dtype == np.int16 and found.min() == -1000 and found.max() == 400


def test_cubic_values_mix_with_nothing_unknown():
    rng = np.random.default_rng(4)
    grid = random_grid(rng, (9, 9, 30))
    array = rng.uniform(10, 20, grid.shape).astype(np.float32)
    known = np.ones(grid.shape, bool)
    known[:, :, 14:17] = False
    array[~known] = -3024.0
    image = Image(array, grid.ijkToRas, known=known, padding=-3024.0)
    found = CUBIC.warp(moved_along_i(grid, 0.3), image, grid)
    assert set(np.unique(found[found < 9.9])) == {-3024.0} and found.max() <= array.max()
    plain = Transform(moved_along_i(grid, 0.3).affine).warp(image, grid)
    np.testing.assert_array_equal(found < 0, plain < 0)


@pytest.mark.parametrize("kind", Interpolation)
def test_where_the_moving_image_ends(kind):
    grid = random_grid(np.random.default_rng(5), (6, 7, 8))
    rng = np.random.default_rng(5)
    image = Image(rng.integers(-900, 900, grid.shape).astype(np.int16), grid.ijkToRas)
    away = moved_along_i(grid, 100)
    for shown, given, expected in (
        (image, None, image.array.min()),
        (Image(image.array, image.ijkToRas, modality=Modality.CT), None, -1000),
        (Image(image.array, image.ijkToRas, modality=Modality.CT, padding=-3024.0), None, -3024),
        (image, -77.0, -77),
    ):
        assert set(np.unique(Resampling(kind, given).warp(away, shown, grid))) == {expected}


def test_a_scalar_type_of_floats_rounds_nothing():
    grid = random_grid(np.random.default_rng(6), (6, 7, 8))
    ramp = np.broadcast_to(np.arange(8, dtype=np.uint8), grid.shape)
    image = Image(ramp.copy(), grid.ijkToRas)
    half = moved_along_i(grid, 0.25)
    own = Resampling().warp(half, image, grid)[:, :, 1:6]
    floats = Resampling(scalarType=ScalarType.FLOAT).warp(half, image, grid)[:, :, 1:6]
    assert own.dtype == np.uint8 and floats.dtype == np.float32
    np.testing.assert_allclose(floats, ramp[:, :, 1:6] + 0.25, atol=1e-3)
    np.testing.assert_array_equal(own, np.rint(floats))


@pytest.mark.parametrize("padding", [-1.0, 256.0, 0.5, float("nan")])
def test_a_padding_that_the_voxels_cannot_hold_is_refused(padding):
    image = Image(np.zeros((6, 6, 6), np.uint8), np.eye(4), "head")
    with pytest.raises(RegistrationError, match="cannot be held by the voxels of head"):
        Resampling(padding=padding).check(image)
    Resampling(padding=padding, scalarType=ScalarType.FLOAT).check(image)


def test_they_are_settings_of_a_registration():
    chosen = settingsFrom(interpolation="cubic", padding=-5.0, scalarType="float").resampling
    assert chosen == Resampling(Interpolation.CUBIC, -5.0, ScalarType.FLOAT)
    assert settingsFrom().resampling == Resampling()
    with pytest.raises(RegistrationError, match="unknown"):
        settingsFrom(interpolation="quintic")
