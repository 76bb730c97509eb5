"""What was not measured is found, and weighs nothing from there on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from LDRRegistrationLib.numerics.filling import fillUnknown
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image, Modality
from LDRRegistrationLib.space.intensity import guessModality, normalise, normalised
from LDRRegistrationLib.space.masks import Masks
from LDRRegistrationLib.space.resample import reduceToSpacing
from LDRRegistrationLib.space.transform import Transform
from LDRRegistrationLib.space.validity import checkedImage, filled, withValidity
from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image
from support.known import about, crop, deformed, errorMm, moved
from support.phantom import head

RIM = (slice(0, 5), slice(None), slice(None))


def ct(padding=None):
    """A body of soft tissue and bone in noisy air, in Hounsfield units; ``padding`` outside a scanner's circle."""
    rng = np.random.default_rng(0)
    k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in (24, 64, 64)), indexing="ij")
    body = (j / 0.7) ** 2 + (i / 0.85) ** 2 < 1
    bone = (j - 0.4) ** 2 + i**2 < 0.02
    values = np.where(bone, 800.0, np.where(body, 40.0, -1000.0)) + rng.normal(0, 12, k.shape)
    outside = j**2 + i**2 > 1
    if padding is not None:
        values[outside] = padding
    return Image(values.astype(np.float32), np.diag([3.0, 3.0, 5.0, 1.0]), "ct"), outside


def with_rim(image, value):
    array = image.array.astype(np.float32)
    array[RIM] = value
    return replace(image, array=array)


@pytest.mark.parametrize("value", [-1000.0, -9999.0, -32768.0, -1.0e7, 65535.0, 1.0e6, np.nan, np.inf, -3.4e38])
@pytest.mark.parametrize("source", [head, crop])
def test_padding_is_unknown_and_nothing_else_is(source, value):
    image = source()
    found = withValidity(with_rim(image, value))
    assert found.known is not None
    expected = np.ones(image.array.shape, dtype=bool)
    expected[RIM] = False
    np.testing.assert_array_equal(found.known, expected)


@pytest.mark.parametrize("padding", [-1024.0 - 500.0, -2000.0, -2048.0, -3024.0, -32768.0])
def test_the_corners_outside_a_scanners_circle_are_unknown(padding):
    image, outside = ct(padding)
    np.testing.assert_array_equal(withValidity(image).known, ~outside)


def test_metal_is_unknown():
    image, _ = ct()
    image.array[10:12, 30:33, 30:33] = 8000.0
    known = withValidity(image).known
    assert known is not None and not known[10:12, 30:33, 30:33].any() and known.sum() == known.size - 18


@pytest.mark.parametrize("path", [CURRENT_FLAIR, PRIOR_FLAIR])
def test_ordinary_images_are_known_everywhere(path):
    image = read_image(path)
    assert withValidity(image) is image


def test_black_backgrounds_and_values_below_zero_are_known():
    stripped = head()
    assert withValidity(stripped) is stripped
    normalised = replace(stripped, array=(stripped.array - 300.0) / 200.0)
    assert withValidity(normalised) is normalised
    image, _ = ct()
    assert withValidity(image) is image
    clipped = replace(image, array=np.clip(image.array, -1024, 3071).astype(np.int16))
    assert withValidity(clipped) is clipped
    brain_of_ct = replace(image, array=np.where(image.array < -200, -1024, image.array - 40).astype(np.int16))
    assert withValidity(brain_of_ct) is brain_of_ct


def test_an_image_of_two_values_is_known():
    """A mask is no padded image."""
    mask = replace(head(), array=np.where(head().array > 0, 300.0, 0.0).astype(np.float32))
    assert withValidity(mask) is mask


def test_interpolated_padding_has_a_rim_that_is_unknown_too():
    """Who resamples a padded volume mixes its padding with what is beside it."""
    array = with_rim(head(), -32768.0).array
    array[5] = 0.5 * (array[4] + array[6])
    known = withValidity(replace(head(), array=array)).known
    assert known is not None and not known[:6].any() and known[6:].all()


def test_an_image_of_nothing_is_refused():
    image = crop()
    with pytest.raises(RegistrationError, match="empty"):
        checkedImage(replace(image, array=np.full(image.array.shape, np.nan, np.float32)))
    array = np.full(image.array.shape, np.nan, np.float32)
    array[10:20, 10:20, 10:20] = 7.0
    with pytest.raises(RegistrationError, match="constant"):
        checkedImage(replace(image, array=array))


def test_blocks_are_means_of_what_is_known():
    known = np.ones((8, 8, 8), dtype=bool)
    known[0], known[3, :, 2] = False, False
    image = Image(np.where(known, 5.0, np.nan).astype(np.float32), np.eye(4), known=known)
    reduced = reduceToSpacing(image, 2.0)
    np.testing.assert_allclose(reduced.known, known.reshape(4, 2, 4, 2, 4, 2).mean(axis=(1, 3, 5)), atol=1e-6)
    np.testing.assert_allclose(reduced.array, 5.0, atol=1e-5)
    np.testing.assert_allclose(filled(replace(image, known=known.astype(np.float32))).array, 5.0, atol=1e-5)


def test_what_is_filled_continues_what_is_around_and_fades_out_of_reach():
    ramp = torch.arange(40.0).view(1, 1, 1, 1, 40).expand(1, 1, 40, 40, 40).clone()
    weights = torch.ones_like(ramp)
    weights[:, :, 15:25, 15:25, 15:25] = 0
    found = fillUnknown(ramp.where(weights > 0, -500.0), weights)
    assert torch.equal(found[weights > 0], ramp[weights > 0])
    assert float((found - ramp).abs().max()) < 4.0
    half = torch.zeros_like(ramp)
    half[..., :5] = 1
    near = fillUnknown(torch.full_like(ramp, 3.0), half, reach=8.0)
    assert float(near[..., 6].min()) > 2.0 and float(near[..., 35].max()) < 0.5


@pytest.mark.parametrize("share", [0.002, 0.006])
@pytest.mark.parametrize("value", [1e4, 1e7])
def test_a_few_outliers_do_not_decide_the_range(share, value):
    array = head().array
    wrong = np.random.default_rng(1).random(array.shape) < share
    expected = normalise(array)[~wrong]
    found = normalise(np.where(wrong, value, array))[~wrong]
    # Far-away values may cost a little contrast, not all of it.
    assert 0.5 < found.std() / expected.std() < 1.5


@pytest.mark.parametrize("value", [-32768.0, np.nan])
def test_padding_stays_padding_when_it_is_warped(value):
    image = withValidity(with_rim(head(), value))
    shift = np.eye(4)
    shift[2, 3] = 0.4 * image.grid.spacing[2]
    warped = Transform(shift).warp(image, image.grid)
    lost = np.isnan(warped) if np.isnan(value) else warped == value
    assert lost[:4].all() and lost[-1].all() is not None and not lost[6:-1].any()
    assert np.nanmin(np.where(lost, np.nan, warped)) >= -1e-3, "no value was mixed with the padding"


@pytest.mark.parametrize("preset", list(Preset))
def test_a_padded_scan_is_registered_as_well_as_a_whole_one(preset):
    fixed = crop()
    moving, u = deformed(fixed)
    motion = about(fixed, np.eye(3), (4.0, -3.0, 2.0))
    models, settings = ModelStore(), Settings(preset, warp=False)
    errors = []
    for value in (None, -32768.0, np.nan):
        given = moved(moving if value is None else with_rim(moving, value), motion)
        result = register(fixed, given, settings, models)
        errors.append(errorMm(result.transform, fixed, given, u, motion))
    assert max(errors) < 1.3 and max(errors) < errors[0] + 0.2


@pytest.mark.parametrize("preset", list(Preset))
def test_a_thin_slab_lies_where_it_belongs(preset):
    """What is beyond the slab is unknown; as black tissue it would draw the rest to itself."""
    fixed = crop()
    moving, u = deformed(fixed, mm=1.0)
    motion = about(fixed, np.eye(3), (3.0, 2.0, -4.0))
    box = (slice(12, 24), slice(0, moving.array.shape[1]), slice(0, moving.array.shape[2]))
    slab = moved(moving.part(box), motion)
    slab = replace(slab, array=np.ascontiguousarray(slab.array))
    result = register(fixed, slab, Settings(preset, warp=False), ModelStore())
    assert errorMm(result.transform, fixed, slab, u, motion) < 1.2


@pytest.mark.parametrize("preset", list(Preset))
@pytest.mark.parametrize("which", ["moving", "fixed"])
def test_a_masked_cavity_keeps_its_size(preset, which):
    """It neither drives the deformation nor is bent by it: it goes along with the tissue around it.

    Within a fifth, since the made-up deformation is as coarse as the cavity; unmasked it closes or doubles.
    """
    image = crop()
    other, u = deformed(image, mm=1.2, seed=3)
    pair = {"fixed": image, "moving": other}
    k, j, i = np.indices(image.array.shape)
    cavity = (k - 17) ** 2 + (j - 25) ** 2 + (i - 17) ** 2 < 7**2
    cut = replace(pair[which], array=np.where(cavity, 0, pair[which].array).astype(np.float32))
    pair[which] = cut
    outside = Image((~cavity).astype(np.uint8), image.ijkToRas, "mask")
    masks = Masks(**{which: outside})
    result = register(pair["fixed"], pair["moving"], Settings(preset, warp=False), ModelStore(), masks=masks)
    before, after = np.indices(image.array.shape)[:, cavity].T, None
    if which == "fixed":
        after = result.transform.points(before[:, ::-1] @ image.ijkToRas[:3, :3].T + image.ijkToRas[:3, 3])
        volume = np.prod(after.std(axis=0)) / np.prod((before * image.grid.spacing[::-1]).std(axis=0))
    else:
        carried = result.transform.warp(Image(cavity.astype(np.uint8), image.ijkToRas), image.grid, nearest=True)
        truth = np.linalg.det(np.eye(3) + np.stack(np.gradient(u, axis=(0, 1, 2)), axis=-1))[cavity].mean()
        volume = carried.sum() / cavity.sum() / truth
    assert 0.8 < volume < 1.2


def test_a_soft_mask_weighs_by_its_value():
    from LDRRegistrationLib.space.masks import weightsOf

    image = crop()
    half = Image(np.full(image.array.shape, 0.5, np.float32), image.ijkToRas, "half")
    weights = weightsOf(image, Masks(half, None).reduced(1.0).fixed)
    assert float(weights[10:-10, 10:-10, 10:-10].min()) == pytest.approx(0.5)
    labels = Image(np.full(image.array.shape, 3, np.int16), image.ijkToRas, "labels")
    assert float(weightsOf(image, Masks(labels, None).reduced(1.0).fixed)[10, 10, 10]) == 1.0


def test_the_modality_is_decided_once_on_all_voxels():
    """On a coarse copy air and the body around it mix: by its values alone that is no CT any more."""
    array = np.full((60, 60, 60), 40, np.int16)
    array[:, :, ::2] = -1000
    image = checkedImage(Image(array, np.eye(4), "CT"))
    coarse = reduceToSpacing(image, 4.0)
    assert guessModality(replace(coarse, modality=None)) is Modality.MR
    assert image.modality is guessModality(coarse) is Modality.CT
    assert normalised(coarse).modality is None, "what is in [0, 1] is in no units"


def test_only_values_with_air_and_soft_tissue_are_hounsfield_units():
    """An MR image whose file subtracts 1024 is no CT; a lung in which vessels are a twentieth of all voxels is one."""
    rng = np.random.default_rng(0)
    shape = (32, 32, 32)
    mr = Image(rng.normal(500.0, 150.0, shape).clip(0.0).astype(np.float32), np.eye(4))
    assert guessModality(mr) is Modality.MR
    assert guessModality(replace(mr, array=mr.array - 1024.0)) is Modality.MR
    lung = np.where(rng.random(shape) < 0.05, 40.0, -850.0) + rng.normal(0.0, 20.0, shape)
    assert guessModality(replace(mr, array=lung.astype(np.float32))) is Modality.CT
