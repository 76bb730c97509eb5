"""Volumes of one to three slices: registered within their slices, and nothing moves across them."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from LDRRegistrationLib.imagefiles.frames import readFrames
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import linearAbout, transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.masks import Masks
from LDRRegistrationLib.space.transform import Transform
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation
from support.data import ROOT

DATA = Path(os.environ.get("LDR_DATA") or ROOT.parent / "shared" / "data")
KIDNEYS = DATA / "kidney_molli" / "MOLLI_xyzt.nii.gz"
PIXEL, THICKNESS = 2.0, 8.0
MODELS = ModelStore()


def slices(rng, count, axis=0, size=72):
    """``count`` slices of blobs across one array axis, anywhere in space; and the unit vector across them."""
    direction = Rotation.random(random_state=rng).as_matrix()
    spacing = np.full(3, PIXEL)
    spacing[2 - axis] = THICKNESS
    shape = [size, size - 6, size - 6]
    shape[axis] = count
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = direction * spacing, rng.uniform(-80, 80, 3)
    sigma = [3.0] * 3
    sigma[axis] = 1.0
    noise = gaussian_filter(rng.normal(size=(max(shape),) * 3), sigma)[tuple(slice(n) for n in shape)]
    noise = (noise - noise.min()) / (noise.max() - noise.min()) * 1000.0
    fade = [np.hanning(n + 2)[1:-1] ** 0.25 if a != axis else np.ones(n) for a, n in enumerate(shape)]
    array = noise * fade[0][:, None, None] * fade[1][:, None] * fade[2]
    return Image(array.astype(np.float32), matrix, f"{count} slices"), direction[:, 2 - axis]


def turned(image, across, degrees=6.0, shift=5.0):
    """4x4: turned about ``across`` in the middle of the image, and shifted within the slices."""
    side = np.linalg.svd(across[None])[2][1]
    center = image.grid.centerRas
    turn = Rotation.from_rotvec(np.deg2rad(degrees) * across).as_matrix()
    return linearAbout(turn, center, center + shift * side)


def points_of(image):
    """Every 7th voxel's centre, of the middle."""
    ijk = np.stack(np.meshgrid(*(np.arange(n // 4, max(n - n // 4, 1), 7) for n in image.grid.sizeIjk)), -1)
    return transformPoints(image.ijkToRas, ijk.reshape(-1, 3).astype(float))


def misses(result, image, truth):
    points = points_of(image)
    return np.linalg.norm(result.transform.points(points) - transformPoints(truth, points), axis=1)


def across_moved(result, image, across):
    """How far points within the slices, between and far beyond them go across."""
    rng = np.random.default_rng(0)
    points = image.grid.centerRas + rng.uniform(-150, 150, (500, 3))
    points = np.concatenate([points, points_of(image)])
    return np.abs((result.transform.points(points) - points) @ across)


@pytest.mark.parametrize(("count", "axis"), [(1, 0), (2, 1), (3, 2)])
def test_a_motion_within_the_slices_is_found_and_none_across(count, axis):
    moving, across = slices(np.random.default_rng(count), count, axis)
    truth = turned(moving, across)
    fixed = Image(Transform(truth).warp(moving, moving.grid), moving.ijkToRas, "fixed")
    result = register(fixed, moving, Settings(), MODELS)
    assert misses(result, fixed, truth).mean() < 0.5 * PIXEL
    assert across_moved(result, fixed, across).max() < 1e-6
    assert result.warped.shape == fixed.array.shape and result.fixedGrid.shape == fixed.grid.shape
    assert np.corrcoef(result.warped.ravel(), fixed.array.ravel())[0, 1] > 0.98
    assert result.verdict.grade == "good" and any("nothing moves across" in note for note in result.notes)


def test_a_start_across_the_slices_is_kept_as_it_is():
    moving, across = slices(np.random.default_rng(5), 2)
    truth, away = turned(moving, across), np.eye(4)
    away[:3, 3] = 50.0 * across
    fixed = Image(Transform(truth).warp(moving, moving.grid), moving.ijkToRas, "fixed")
    elsewhere = replace(moving, ijkToRas=away @ moving.ijkToRas, name="moving")
    with pytest.raises(RegistrationError, match="do not overlap"):
        register(fixed, elsewhere, Settings(), MODELS)
    result = register(fixed, elsewhere, Settings(), MODELS, away)
    assert misses(result, fixed, away @ truth).mean() < 0.5 * PIXEL
    np.testing.assert_allclose(across_moved(result, fixed, across), 50.0, atol=1e-6)


@pytest.mark.parametrize("few", ["fixed", "moving"])
def test_where_one_is_whole_it_is_seen_in_the_others_slices(few):
    whole, across = slices(np.random.default_rng(8), 12)
    truth = turned(whole, across)
    part = whole.part((slice(5, 7), slice(0, 66), slice(0, 66)))
    if few == "moving":
        fixed, moving = Image(Transform(truth).warp(whole, whole.grid), whole.ijkToRas, "fixed"), part
    else:
        fixed, moving = Image(Transform(truth).warp(whole, part.grid), part.ijkToRas, "fixed"), whole
    result = register(fixed, moving, Settings(prealignment=Prealignment.RIGID), MODELS)
    assert misses(result, part, truth).mean() < 0.5 * PIXEL
    assert across_moved(result, part, across).max() < 1e-6
    assert result.warped.shape == fixed.array.shape
    # At which height of the whole one they lie nobody looked.
    assert result.verdict.grade == "check" and "show the same place" in result.verdict.sentence
    far = np.eye(4)
    far[:3, 3] = 200.0 * across
    with pytest.raises(RegistrationError, match="does not reach into them"):
        register(fixed, moving, Settings(), MODELS, far)


def test_masks_of_as_few_slices_count():
    moving, across = slices(np.random.default_rng(3), 2)
    truth = turned(moving, across)
    fixed = Image(Transform(truth).warp(moving, moving.grid), moving.ijkToRas, "fixed")
    inside = np.zeros(fixed.array.shape, np.uint8)
    inside[:, 8:-8, 8:-8] = 1
    spoilt = fixed.array.copy()
    spoilt[:, :8] = 1000.0 * np.random.default_rng(1).random((2, 8, spoilt.shape[2]))
    mask = Image(inside, fixed.ijkToRas, "mask")
    result = register(Image(spoilt, fixed.ijkToRas), moving, Settings(), MODELS, masks=Masks(mask))
    assert misses(result, fixed, truth).mean() < 0.5 * PIXEL
    assert across_moved(result, fixed, across).max() < 1e-6


def test_what_cannot_be_registered_is_refused():
    image, across = slices(np.random.default_rng(6), 2)
    side = np.linalg.svd(across[None])[2][1]
    center = image.grid.centerRas
    upright = linearAbout(Rotation.from_rotvec(np.deg2rad(60.0) * side).as_matrix(), center, center)
    other = replace(image, ijkToRas=upright @ image.ijkToRas, name="other")
    with pytest.raises(RegistrationError, match="lie across each other"):
        register(image, other, Settings(), MODELS)
    # An initial transform that turns them is what the sentence asks for.
    result = register(image, other, Settings(), MODELS, upright)
    assert misses(result, image, upright).mean() < 0.5 * PIXEL
    needle = Image(image.array[:, :3], image.ijkToRas, "needle")
    with pytest.raises(RegistrationError, match="slices need at least 4 voxels along both axes"):
        register(needle, needle, Settings(), MODELS)


def test_images_of_different_things_are_not_good():
    one = slices(np.random.default_rng(11), 2)[0]
    other = slices(np.random.default_rng(12), 2)[0]
    other = Image(other.array, one.ijkToRas, "other")
    assert register(one, other, Settings(), MODELS).verdict.grade != "good"


@pytest.mark.skipif(not KIDNEYS.is_file(), reason="kidney_molli is not bundled")
def test_the_breathing_kidney_of_two_slices():
    """The two frames that breathing took furthest apart, of contrasts that differ a little."""
    frames = readFrames(KIDNEYS).images
    result = register(frames[7], frames[5], Settings(), MODELS)
    assert result.verdict.grade == "good" and result.foldedPercent == 0.0
    assert result.similarity > result.similarityStart + 0.1
    u = result.displacementField()
    assert np.abs(u[..., 2]).max() == 0.0
    # What lies around the kidney at low i moved most, by 17 mm in the first slice.
    box = (slice(None), slice(81, 171), slice(55, 115))
    assert np.linalg.norm(u[box], axis=-1).max() > 8.0
    before, after = (
        np.corrcoef(frames[7].array[box].ravel(), one[box].ravel())[0, 1] for one in (frames[5].array, result.warped)
    )
    assert after > before + 0.1, (before, after)
