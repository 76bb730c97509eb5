"""Reduction and sampling where values are unknown, at faces, and slab by slab. NumPy, SciPy, SimpleITK as judges."""

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.numerics.dlpack import toArray, toTensor
from LDRRegistrationLib.space import resample
from LDRRegistrationLib.space.grid import transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.resample import (
    affineSamplePositions,
    insideFaces,
    nearestAt,
    reduceToSpacing,
    sampleAt,
    sampleOnGrid,
)
from LDRRegistrationLib.space.transform import Transform
from scipy.ndimage import map_coordinates
from support import itk
from support.grids import grid_over, random_affine, random_grid, smooth_image


@pytest.fixture(params=[1, 4_000_000])
def slabs(request, monkeypatch):
    """Row by row, or all at once."""
    monkeypatch.setattr(resample, "SLAB_VOXELS", request.param)


def blocks(array, steps):
    """(k, j, i, voxels of a block), what fills no block left out."""
    nk, nj, ni = (n // step for n, step in zip(array.shape, steps, strict=True))
    sk, sj, si = steps
    whole = array[: nk * sk, : nj * sj, : ni * si].reshape(nk, sk, nj, sj, ni, si)
    return whole.transpose(0, 2, 4, 1, 3, 5).reshape(nk, nj, ni, -1)


@pytest.mark.usefixtures("slabs")
@pytest.mark.parametrize("shares", [None, bool, np.float32])
def test_a_block_is_the_mean_of_what_is_known_of_it(shares):
    rng = np.random.default_rng(1)
    grid = random_grid(rng, (21, 22, 23))
    grid.ijkToRas[:3, :3] *= np.array([1.0, 0.5, 0.7]) / grid.spacing
    grid = Image(np.empty(grid.shape), grid.ijkToRas).grid
    array = rng.normal(size=grid.shape).astype(np.float32)
    known = None if shares is None else (rng.uniform(0, 1, grid.shape) > 0.4).astype(shares)
    if shares is np.float32:
        known *= rng.uniform(0.2, 1, grid.shape).astype(np.float32)
    if shares is not None:
        known[:9, :8, :8] = 0
        array[known == 0] = np.nan
    reduced = reduceToSpacing(Image(array, grid.ijkToRas, known=known), 2.0)
    steps = (2, 4, 2)
    weights = np.ones_like(array) if known is None else known.astype(np.float32)
    weight = blocks(weights, steps)
    total = (blocks(np.nan_to_num(array), steps) * weight).mean(-1)
    mean = total / np.maximum(weight.mean(-1), 1e-3)
    np.testing.assert_allclose(reduced.array, mean, atol=1e-5)
    assert reduced.array.dtype == np.float32 and reduced.array.shape == (10, 5, 11)
    if shares is None:
        assert reduced.known is None
    else:
        np.testing.assert_allclose(reduced.known, weight.mean(-1), atol=1e-6)
    centers = np.stack([blocks(grid.pointsRas()[..., c], steps).mean(-1) for c in range(3)], axis=-1)
    np.testing.assert_allclose(reduced.grid.pointsRas(), centers, atol=1e-9)


def test_the_block_is_the_largest_that_is_not_longer_than_asked():
    array = np.zeros((40, 41, 42), np.float32)
    for spacing, steps in ((0.9, 1), (1.0, 1), (1.99, 1), (2.0, 2), (2.9995, 3), (3.2, 3), (9.0, 9), (100.0, 10)):
        reduced = reduceToSpacing(Image(array, np.eye(4)), spacing)
        np.testing.assert_allclose(reduced.grid.spacing, steps)
    # Never fewer than four blocks an axis, and of a thin one never less than the voxel.
    thin = reduceToSpacing(Image(np.zeros((3, 8, 40), np.float32), np.eye(4)), 100.0)
    assert thin.array.shape == (3, 4, 4)


def test_positions_are_those_of_the_matrices():
    rng = np.random.default_rng(2)
    grid = random_grid(rng, (7, 6, 5))
    matrices = np.stack([random_affine(rng, grid.centerRas) for _ in range(2)])
    found = toArray(affineSamplePositions(grid, matrices, 2, 5))
    assert found.shape == (2, 3, 3, 6, 5)
    for positions, matrix in zip(found, matrices, strict=True):
        expected = transformPoints(matrix, grid.pointsRas()[2:5])[..., ::-1]
        np.testing.assert_allclose(np.moveaxis(positions, 0, -1), expected, atol=1e-4)
    # In single precision a shift of a large volume would be off by a hundredth of a voxel and more.
    far = np.eye(4)
    far[:3, 3] = [1e6 + 0.25, -1e6, 1e6]
    near = np.eye(4)
    near[:3, 3] = [-1e6, 1e6, -1e6]
    there = Image(np.empty((3, 3, 3)), near).grid
    np.testing.assert_allclose(toArray(affineSamplePositions(there, far, 0, 3))[2, 0, 0], [0.25, 1.25, 2.25], atol=1e-6)


@pytest.mark.usefixtures("slabs")
@pytest.mark.parametrize("moved", [False, True])
def test_a_volume_is_sampled_where_itk_has_it(moved):
    rng = np.random.default_rng(3)
    grid = random_grid(rng, (10, 12, 14))
    image = smooth_image(rng, grid_over(rng, grid, (20, 22, 24)))
    affine = random_affine(rng, grid.centerRas) if moved else None
    found = toArray(sampleOnGrid(toTensor(image.array), image.ijkToRas, grid, affine))
    transform = itk.from_transform(Transform(np.eye(4) if affine is None else affine))
    judge = sitk.Resample(itk.from_image(image), itk.empty(grid), transform, sitk.sitkLinear, 0.0)
    expected = sitk.GetArrayFromImage(judge)
    np.testing.assert_array_equal(found == 0, expected == 0)
    np.testing.assert_allclose(found, expected, atol=1.0)


def positions_around(rng, shape):
    """(3, 8, 9, 10): up to two voxels beyond the border."""
    return rng.uniform(-2, np.array(shape).reshape(3, 1, 1, 1) + 1, (3, 8, 9, 10)).astype(np.float32)


def test_beyond_the_faces_is_what_was_asked_for():
    rng = np.random.default_rng(4)
    source = rng.normal(size=(5, 6, 7)).astype(np.float32)
    positions = positions_around(rng, source.shape)
    lower, upper = -0.5, np.array(source.shape).reshape(3, 1, 1, 1) - 0.5
    inside = ((positions >= lower) & (positions <= upper)).all(axis=0)
    assert 0.1 < inside.mean() < 0.9
    np.testing.assert_array_equal(toArray(insideFaces(toTensor(positions), source.shape)), inside)
    trilinear = map_coordinates(source, positions, order=1, mode="nearest")
    nearest = map_coordinates(source, positions, order=0, mode="nearest")
    for fill in (None, -3.0):
        for isNearest, expected in ((False, trilinear), (True, nearest)):
            found = toArray(sampleAt(toTensor(source), toTensor(positions), fill, nearest=isNearest))
            known = expected if fill is None else np.where(inside, expected, fill)
            np.testing.assert_allclose(found, known, atol=1e-5)
    labels = (source * 1e6).astype(np.int64) + 2**50
    found = nearestAt(labels, toTensor(positions), -3)
    assert found.dtype == labels.dtype
    np.testing.assert_array_equal(
        found, np.where(inside, map_coordinates(labels, positions, order=0, mode="nearest"), -3)
    )


def test_faces_belong_to_the_volume():
    """Rounding does not take away the last half voxel of a volume, and a thousandth beyond it is outside."""
    for axis in range(3):
        for beyond, isInside in ((0.0, True), (5e-5, True), (1e-3, False)):
            for place in (-0.5 - beyond, (4, 5, 6)[axis] - 0.5 + beyond):
                positions = np.ones((3, 1, 1, 1), np.float32)
                positions[axis] = place
                assert bool(insideFaces(toTensor(positions), (4, 5, 6)).all()) == isInside
