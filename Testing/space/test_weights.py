"""Masks as weights: in their place, of their size, and what of the image they leave. SciPy, SimpleITK as judges."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from LDRRegistrationLib.numerics.dlpack import toArray, toTensor
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.masks import (
    Masks,
    checkCovers,
    foreground,
    jointMask,
    minimumAround,
    sampleMask,
    weightsOf,
)
from LDRRegistrationLib.space.transform import Transform
from scipy.ndimage import minimum_filter
from support import itk
from support.grids import grid_over, random_affine, random_grid


def mask_on(grid, dtype=np.uint8, value=1):
    """All but a margin, wider on one side than on the other."""
    array = np.zeros(grid.shape, dtype)
    array[tuple(slice(1, n - 3) for n in grid.shape)] = value
    return Image(array, grid.ijkToRas, "mask")


def test_a_mask_is_sampled_where_itk_has_it():
    rng = np.random.default_rng(1)
    # Finer than the mask, so that nothing is averaged.
    grid = random_grid(rng, (20, 18, 22), 90.0)
    mask = mask_on(grid_over(rng, grid, (10, 9, 11)))
    affine = random_affine(rng, grid.centerRas)
    for matrix in (None, affine):
        found = toArray(sampleMask(mask, grid, matrix))
        floats = Image(mask.array.astype(np.float32), mask.ijkToRas)
        transform = itk.from_transform(Transform(np.eye(4) if matrix is None else matrix))
        judge = sitk.Resample(itk.from_image(floats), itk.empty(grid), transform, sitk.sitkLinear, 0.0)
        np.testing.assert_allclose(found, sitk.GetArrayFromImage(judge), atol=1e-3)
        assert 0.01 < found.mean() < 0.95


@pytest.mark.parametrize("spacing", [1.0, 3.0, 7.0])
def test_reduced_masks_keep_their_volume_and_their_place(spacing):
    """Also of masks cropped to their content, whose last voxels fill no block."""
    rng = np.random.default_rng(2)
    grid = random_grid(rng, (21, 13, 17), 50.0)
    mask = Image(np.ones(grid.shape, np.uint8), grid.ijkToRas, "mask")
    reduced = Masks(mask, None).reduced(spacing)
    assert reduced.moving is None and Masks(None, mask).reduced(spacing).fixed is None
    shares = reduced.fixed.array
    assert shares.dtype == np.float32 and 0.0 <= shares.min() and shares.max() == pytest.approx(1.0)
    volume = shares.sum() * np.prod(reduced.fixed.grid.spacing)
    assert volume == pytest.approx(np.prod(grid.extentMm), rel=1e-4)
    points = reduced.fixed.grid.pointsRas()
    np.testing.assert_allclose((points * shares[..., None]).sum((0, 1, 2)) / shares.sum(), grid.centerRas, atol=0.3)
    # What is compared near the mask's border has neighbours on the other side of it.
    for axis in range(3):
        assert not shares.take([0, -1], axis).any()


def test_flat_voxels_get_margins_of_whole_blocks_along_their_own_axes():
    matrix = np.diag([1.0, 2.0, 8.0, 1.0])
    mask = Image(np.ones((13, 13, 39), np.uint8), matrix, "mask")
    reduced = Masks(mask).reduced(7.0).fixed
    assert reduced.array.sum() * np.prod(reduced.grid.spacing) == pytest.approx(np.prod(mask.grid.extentMm), rel=1e-5)


def test_what_counts_as_inside():
    grid = random_grid(np.random.default_rng(3), (16, 16, 16))
    for dtype, value, weight in (
        (np.uint8, 1, 1.0),
        (np.int16, 7, 1.0),
        (np.float32, 0.25, 0.25),
        (np.float64, 1.0, 1.0),
        (np.float32, 3.0, 1.0),
        (np.float32, 1.5, 1.0),
    ):
        shares = Masks(mask_on(grid, dtype, value)).reduced(1.0).fixed.array
        assert set(np.unique(shares)) == {np.float32(0.0), np.float32(weight)}
    signed = mask_on(grid, np.float32, 0.5)
    signed.array[0, 0, 0] = -1.0
    assert Masks(signed).reduced(1.0).fixed.array.max() == 1.0
    negative = mask_on(grid, np.int16, -1)
    for empty in (negative, mask_on(grid, np.float32, 0.0)):
        with pytest.raises(RegistrationError, match="mask is empty"):
            Masks(empty).reduced(1.0)


def test_weights_are_what_is_known_times_what_is_inside():
    rng = np.random.default_rng(4)
    grid = random_grid(rng, (12, 14, 16))
    known = rng.uniform(0, 1, grid.shape).astype(np.float32)
    image, mask = Image(rng.normal(size=grid.shape).astype(np.float32), grid.ijkToRas, "image"), mask_on(grid)
    partly = Image(image.array, grid.ijkToRas, "image", known=known)
    assert weightsOf(image, None) is None
    np.testing.assert_allclose(toArray(weightsOf(image, mask)), mask.array, atol=1e-4)
    np.testing.assert_array_equal(toArray(weightsOf(partly, None)), known)
    np.testing.assert_allclose(toArray(weightsOf(partly, mask)), known * mask.array, atol=1e-4)
    np.testing.assert_array_equal(foreground(image, None, 0.3), image.array > 0.3)
    inside = (image.array > 0.3) & (mask.array > 0)
    np.testing.assert_array_equal(foreground(image, mask, 0.3), inside)
    np.testing.assert_array_equal(foreground(partly, mask, 0.3), inside & (known * mask.array > 0.5))
    whole = Image(np.arange(64).reshape(4, 4, 4), np.eye(4))
    assert foreground(whole, None, 10).sum() == 53
    half = Image(image.array, grid.ijkToRas, known=np.full(grid.shape, 0.5, np.float32))
    assert not foreground(half, None, -100.0).any()


def test_the_least_around_a_voxel():
    weights = np.random.default_rng(5).uniform(0, 1, (9, 8, 7)).astype(np.float32)
    found = toArray(minimumAround(toTensor(weights)[None, None]))[0, 0]
    np.testing.assert_array_equal(found, minimum_filter(weights, 3, mode="nearest"))


def test_a_place_counts_where_both_masks_show_it():
    torch.manual_seed(6)
    fixed, moved = torch.rand(1, 1, 4, 5, 6), torch.rand(1, 1, 4, 5, 6)
    nothing = moved[:, :0]
    assert jointMask(None, nothing) is None
    assert jointMask(fixed, nothing) is fixed and jointMask(None, moved) is moved
    assert torch.equal(jointMask(fixed, moved), fixed * moved)


@pytest.mark.parametrize(("inside", "skipsRefinement"), [(63, False), (64, True)])
def test_next_to_nothing_is_less_than_64_voxels(inside, skipsRefinement):
    grid = Grid((8, 8, 8), np.eye(4))
    array = np.zeros(grid.shape, np.uint8)
    array.reshape(-1)[:inside] = 1
    image, mask = Image(np.ones(grid.shape, np.float32), np.eye(4), "image"), Image(array, np.eye(4), "mask")
    partly = Image(image.array, np.eye(4), "image", known=array.astype(np.float32))
    checkCovers(image, Image(np.ones_like(array), np.eye(4)))
    for one, other in ((image, mask), (partly, Image(np.ones_like(array), np.eye(4), "mask"))):
        if skipsRefinement:
            checkCovers(one, other)
        else:
            with pytest.raises(RegistrationError, match="The mask mask leaves next to nothing of image"):
                checkCovers(one, other)
