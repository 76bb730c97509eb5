"""The map of trust: on transforms whose errors are known."""

from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.registration import trustmap
from LDRRegistrationLib.registration.trustmap import between
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.grids import smooth_image

GRID = Grid((48, 48, 48), np.diag([2.0, 2.0, 2.0, 1.0]))


def shift(mm):
    matrix = np.eye(4)
    matrix[0, 3] = mm
    return matrix


@pytest.fixture(scope="module")
def image():
    return smooth_image(np.random.default_rng(4), GRID, sigma=1.5)


def half(error_mm):
    """Identity for low i, and ``error_mm`` along R for high i, smoothly."""
    vectors = np.zeros((*GRID.shape, 3), np.float32)
    vectors[..., 0] = error_mm / (1.0 + np.exp(-(np.arange(48) - 24.0)))
    return Transform(np.eye(4), DisplacementField(vectors, GRID))


def sides(array):
    """The middle of what is known in the low and in the high half along i."""
    return float(np.nanmedian(array[..., 3:11])), float(np.nanmedian(array[..., 20:28]))


def test_a_way_back_that_misses_is_less_trusted_where_it_does(image):
    trust = between(image, image, Transform(np.eye(4)), half(4.0))
    low, high = sides(trust.inconsistencyMm)
    assert low < 0.3 and high == pytest.approx(4.0, rel=0.1)
    low, high = sides(trust.expectedErrorMm)
    assert high > 2.0 * low


def test_a_way_there_and_back_that_agree_are_trusted_unless_the_images_do_not(image):
    there = Transform(shift(5.0))
    moving = replace(image, ijkToRas=shift(5.0) @ image.ijkToRas)
    right = between(image, moving, there, Transform(shift(-5.0)))
    assert sides(right.inconsistencyMm)[0] < 0.05 and sides(right.similarity)[0] > 0.9
    other = smooth_image(np.random.default_rng(5), GRID, sigma=1.5)
    wrong = between(image, replace(other, ijkToRas=moving.ijkToRas), there, Transform(shift(-5.0)))
    assert sides(wrong.similarity)[0] < 0.3
    assert sides(wrong.expectedErrorMm)[0] > 1.5 * sides(right.expectedErrorMm)[0]


def test_images_of_which_not_all_is_known_have_a_map(image):
    array = image.array.copy()
    array[:, :, :6] = -2000.0
    padded = replace(image, array=array)
    trust = between(padded, padded, Transform(np.eye(4)), Transform(np.eye(4)))
    assert np.isfinite(trust.expectedErrorMm[..., 20:28]).any()


@pytest.mark.parametrize("lacks", ["field of view", "padding"])
def test_where_the_moving_image_has_no_data_nothing_is_vouched_for(image, lacks):
    """Two smooth deformations agree there, whatever they are."""
    same = Transform(np.eye(4))
    array = image.array[:, :, :24].copy()
    if lacks == "padding":
        array = np.full_like(image.array, -2000.0)
        array[:, :, :24] = image.array[:, :, :24]
    trust, whole = (between(image, moving, same, same) for moving in (replace(image, array=array), image))
    assert np.isnan(trust.expectedErrorMm[..., 18:]).all() and not trust.unseen[..., :15].any()
    np.testing.assert_allclose(trust.expectedErrorMm[..., :8], whole.expectedErrorMm[..., :8], rtol=0.01)
    seen, similarity = trust.on(GRID), trust.similarityOn(GRID)
    assert (seen[8:40, 8:40, 28:40] == trustmap.UNSEEN_MM).mean() > 0.9 and seen[..., :20].max() < 5.0
    assert (similarity[8:40, 8:40, 28:40] == 0.0).mean() > 0.9
    assert 40.0 < trust.summary["unseenPercent"] < 60.0 and whole.summary["unseenPercent"] == 0.0
    assert trust.summary["worstTenthMm"] < 5.0


def test_where_the_fixed_image_shows_nothing_nothing_is_said(image):
    array = image.array.copy()
    array[:, :, :24] = array.min()
    trust = between(replace(image, array=array), image, Transform(np.eye(4)), Transform(np.eye(4)))
    assert np.isnan(trust.expectedErrorMm[..., 3:10]).all() and np.isfinite(trust.expectedErrorMm[..., 20:28]).any()
    onFixed = trust.on(GRID)
    assert onFixed.shape == GRID.shape and onFixed.dtype == np.float32
    assert (onFixed[..., :20] == 0).all() and (onFixed[8:40, 8:40, 30:40] > 0).mean() > 0.9
    assert 0 < trust.summary["medianMm"] <= trust.summary["worstTenthMm"]


def test_the_expected_error_rises_with_each_sign_of_it():
    one = np.ones(1)
    base = trustmap.expectedError(0.5 * one, 0.2 * one)
    assert trustmap.expectedError(2.0 * one, 0.2 * one) > 1.2 * base
    assert trustmap.expectedError(0.5 * one, 0.8 * one) > base
    assert trustmap.NINTH_DECILE_FACTOR > 1.0
