"""Where the images are compared, on what they are computed, and what of it is refused."""

import os

import numpy as np
import pytest
import torch
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.runtime import device
from LDRRegistrationLib.runtime.device import Device
from LDRRegistrationLib.runtime.errors import DependencyError, RegistrationError
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.masks import Masks
from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image
from support.models import write_model

SHIFTS = {"left": np.array([6.0, 0.0, 0.0]), "right": np.array([0.0, -6.0, 0.0])}
CENTERS = {"left": np.array([-50.0, 0.0, 0.0]), "right": np.array([50.0, 0.0, 0.0])}


def scan(rng_seed, moved):
    """Two textured balls side by side, 2 mm voxels; ``moved``: each by a shift of its own. Image and ball masks."""
    axis = (np.arange(96) - 47.5) * 2.0
    s, a, r = np.meshgrid(axis[16:-16], axis[16:-16], axis, indexing="ij")
    points = np.stack([r, a, s], axis=-1)
    ijk_to_ras = np.diag([2.0, 2.0, 2.0, 1.0])
    ijk_to_ras[:3, 3] = points[0, 0, 0]
    waves = np.random.default_rng(rng_seed).uniform(-0.25, 0.25, (6, 3))
    array, masks = np.zeros(points.shape[:3]), {}
    for side, center in CENTERS.items():
        local = points - center - (SHIFTS[side] if moved else 0.0)
        ball = np.linalg.norm(local, axis=-1) < 32
        texture = sum(np.sin(local @ wave * 2 + n) for n, wave in enumerate(waves))
        array += ball * (400 + 60 * texture)
        wide = np.linalg.norm(local, axis=-1) < 40
        masks[side] = Image(wide.astype(np.uint8), ijk_to_ras, f"{side} ball")
    return Image(array.astype(np.float32), ijk_to_ras, "scan"), masks


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return ModelStore(write_model(tmp_path_factory.mktemp("models"), (0.0, 0.0, 0.0)))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("which", ["fixed", "moving", "both"])
def test_only_what_the_masks_show_is_aligned(models, side, which):
    """Each ball went its own way; a rigid pre-alignment can follow only one of them, the one inside the mask."""
    (fixed, of_fixed), (moving, of_moving) = scan(1, False), scan(1, True)
    masks = Masks(
        of_fixed[side] if which != "moving" else None,
        of_moving[side] if which != "fixed" else None,
    )
    settings = Settings(prealignment=Prealignment.RIGID, warp=False)
    result = register(fixed, moving, settings, models, masks=masks)
    found = result.transform.points(CENTERS[side][None])[0] - CENTERS[side]
    np.testing.assert_allclose(found, SHIFTS[side], atol=1.0)


def test_masks_steer_the_refinement(models):
    """Outside the mask nothing pulls: the unmasked ball is not followed."""
    (fixed, of_fixed), (moving, _) = scan(2, False), scan(2, True)
    settings = Settings(prealignment=Prealignment.NONE, refinementSteps=60, warp=False)
    result = register(fixed, moving, settings, models, masks=Masks(fixed=of_fixed["left"]))
    shift = {side: result.transform.points(c[None])[0] - c for side, c in CENTERS.items()}
    assert np.linalg.norm(shift["left"] - SHIFTS["left"]) < 3.0
    assert np.linalg.norm(shift["right"]) < 1.5


def test_masks_that_leave_nothing_are_refused(models):
    (fixed, of_fixed), (moving, _) = scan(3, False), scan(3, True)
    empty = Image(np.zeros_like(of_fixed["left"].array), of_fixed["left"].ijkToRas, "nothing")
    elsewhere = of_fixed["left"].ijkToRas.copy()
    elsewhere[:3, 3] += 1000
    for mask, words in ((empty, "nothing is empty"), (Image(of_fixed["left"].array, elsewhere, "far"), "far leaves")):
        with pytest.raises(RegistrationError, match=words):
            register(fixed, moving, Settings(), models, masks=Masks(fixed=mask))


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a graphics card")
def test_a_card_that_is_not_there_is_said(models):
    fixed, _ = scan(4, False)
    with pytest.raises(DependencyError, match=r"(?i)cuda|graphics"):
        register(fixed, fixed, Settings(device=Device.CUDA), models)
    result = register(fixed, fixed, Settings(device=Device.AUTO, warp=False), models)
    assert result.device == "cpu"


def test_bfloat16_is_refused_where_the_processor_has_none(models, monkeypatch):
    monkeypatch.setattr(device, "computesInBfloat16", lambda: False)
    fixed, _ = scan(4, False)
    with pytest.raises(DependencyError, match="bfloat16"):
        register(fixed, fixed, Settings(device=Device.CPU_BFLOAT16), models)


def test_a_torch_without_onednn_computes_in_no_bfloat16(models, monkeypatch):
    """As some builds for ARM are: the operators' namespace is there, and empty."""
    monkeypatch.setattr(torch.ops, "mkldnn", torch.ops.namespace_without_operators)
    assert not device.computesInBfloat16()
    fixed, _ = scan(4, False)
    with pytest.raises(DependencyError, match="does not compute in bfloat16"):
        register(fixed, fixed, Settings(device=Device.CPU_BFLOAT16), models)


def middle(image):
    """Half of each axis."""
    first = [n // 4 for n in image.array.shape]
    shift = np.eye(4)
    shift[:3, 3] = first[::-1]
    part = tuple(slice(start, start + n // 2) for start, n in zip(first, image.array.shape, strict=True))
    return Image(np.ascontiguousarray(image.array[part]), image.ijkToRas @ shift, image.name)


def test_bfloat16_differs_by_hundredths_of_a_millimetre(monkeypatch):
    """In the middle of the head alone: slow where the processor has none, but the same numbers."""
    monkeypatch.setattr(device, "computesInBfloat16", lambda: True)
    models = ModelStore()
    fixed, moving = middle(read_image(CURRENT_FLAIR)), read_image(PRIOR_FLAIR)
    single, half = (
        register(fixed, moving, Settings(device=where, warp=False), models)
        for where in (Device.CPU, Device.CPU_BFLOAT16)
    )
    assert (single.device, half.device) == ("cpu", "cpu-bfloat16")
    apart = np.linalg.norm(single.displacementField() - half.displacementField(), axis=-1)
    assert 0 < apart.mean() < 0.05
    # The model that others use is as it was.
    again = register(fixed, moving, Settings(warp=False), models)
    assert np.array_equal(again.displacementField(), single.displacementField())


def test_threads_are_given_back(models):
    fixed, _ = scan(5, False)
    before = torch.get_num_threads()
    seen = []
    other = 1 if before > 1 else 2
    settings = Settings(threads=other, warp=False)
    register(fixed, fixed, settings, models, progress=lambda fraction, stage: seen.append(torch.get_num_threads()))
    assert set(seen) == {min(other, os.cpu_count() or 1)} and torch.get_num_threads() == before
