"""register(): the right way round, honest about failure, the same every time."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from LDRRegistrationLib.numerics.displacement import foldedFraction, jacobianDeterminant
from LDRRegistrationLib.registration import positioning
from LDRRegistrationLib.registration.models import MAXIMUM_GRID_VOXELS, ModelStore, modelGrid, resolutionMm
from LDRRegistrationLib.registration.prealignment import PrealignResult
from LDRRegistrationLib.registration.refinement import Adaptation
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Prealignment, Preset, Settings
from LDRRegistrationLib.runtime.errors import DependencyError, RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.grid import canonicalGrid
from LDRRegistrationLib.space.image import Image
from support.grids import random_grid, seeds, smooth_image
from support.models import write_model

ONLY_STUDENT = Settings(Preset.ACCURATE, prealignment=Prealignment.NONE, refinementSteps=0)


@given(seed=seeds)
@settings(max_examples=6, deadline=None)
def test_a_known_shift_goes_in_the_right_direction_in_any_geometry(seed, tmp_path_factory):
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, (50, 60, 55), extent_mm=110.0)
    moving = smooth_image(rng, grid, sigma=2.5)
    # One voxel along the axis closest to A and two along the one closest to R: what the model claims.
    recipe = ONLY_STUDENT.recipe
    voxel = max(2.0 * recipe.coarsening, resolutionMm(grid) - recipe.finerByMm)
    directions = canonicalGrid(grid, voxel).direction
    shift = voxel * directions[:, 1] + 2.0 * voxel * directions[:, 0]
    matrix = grid.ijkToRas.copy()
    matrix[:3, 3] -= shift
    fixed = Image(moving.array, matrix)  # the same content, found at x in fixed and at x + shift in moving
    models = ModelStore(write_model(tmp_path_factory.mktemp("models"), (0.0, 1.0, 2.0)))
    result = register(fixed, moving, ONLY_STUDENT, models)
    np.testing.assert_allclose(
        result.transform.points(fixed.grid.centerRas[None])[0] - fixed.grid.centerRas, shift, atol=1e-3
    )
    assert result.similarity > result.similarityPrealigned
    inner = (slice(12, -12),) * 3
    np.testing.assert_allclose(result.warped[inner], fixed.array[inner], atol=15.0)
    assert result.warped.shape == fixed.array.shape


def test_a_step_that_makes_it_worse_is_dropped_and_said(tmp_path):
    rng = np.random.default_rng(1)
    image = smooth_image(rng, random_grid(rng, (40, 40, 40), extent_mm=90.0), sigma=2.0)
    models = ModelStore(write_model(tmp_path / "models", (0.0, 3.0, 0.0)))
    result = register(image, image, ONLY_STUDENT, models)
    assert result.transform.field is None
    np.testing.assert_allclose(result.warped, image.array, atol=1e-2)
    assert any("only the pre-alignment is kept" in note for note in result.notes)
    assert result.foldedPercent == 0.0


def test_stages_are_timed_and_reported_in_order(tmp_path):
    rng = np.random.default_rng(2)
    image = smooth_image(rng, random_grid(rng, (30, 30, 30)))
    said = []
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    started = time.perf_counter()
    result = register(image, image, Settings(), models, progress=lambda fraction, stage: said.append((fraction, stage)))
    elapsed = time.perf_counter() - started
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions) and fractions[0] == 0.0 and fractions[-1] == 1.0
    assert set(result.seconds) == {stage for _, stage in said} - {"Done"}
    # Together they are the time that the user waits.
    assert min(result.seconds.values()) > 0 and 0.8 * elapsed < sum(result.seconds.values()) <= elapsed
    assert "%" in result.summary and "mm" in result.summary


STAGES = ["Reading the images", "Pre-alignment", "Deformation", "Adaptation", "Refinement", "Warping"]


def _every_stage(tmp_path, progress, cancelled):
    rng = np.random.default_rng(2)
    grid = random_grid(rng, (30, 30, 30))
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    settings = Settings(Preset.ACCURATE, adaptation=Adaptation(iterations=2))
    image = smooth_image(rng, grid, sigma=2.0)
    noisy = replace(image, array=image.array + rng.normal(0, 20, image.array.shape).astype(np.float32))
    return register(image, noisy, settings, models, progress=progress, cancelled=cancelled)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """How often each stage of a whole run asks whether to stop, the question before the next stage not counted."""
    counts = dict.fromkeys(STAGES, 0)
    present = [None]

    def progress(_fraction, stage):
        if stage != present[0] and present[0] is not None:
            counts[present[0]] -= 1
        present[0] = stage if stage != "Done" else None

    def cancelled():
        if present[0] is not None:
            counts[present[0]] += 1
        return False

    result = _every_stage(tmp_path_factory.mktemp("asked"), progress, cancelled)
    assert list(result.seconds) == STAGES
    return counts


@pytest.mark.parametrize("stage", STAGES)
def test_cancel_at_any_stage(tmp_path, asked, stage):
    """Each stage asks by itself, and the first yes ends it there."""
    assert asked[stage] > 0
    said = []

    def cancelled():
        return bool(said) and said[-1] == stage

    with pytest.raises(RegistrationCancelled):
        _every_stage(tmp_path, lambda _fraction, stage: said.append(stage), cancelled)
    assert said[-1] == stage and said.count(stage) == 1


def _volume(**changes):
    rng = np.random.default_rng(3)
    image = smooth_image(rng, random_grid(rng, (20, 20, 20)))
    array = changes.get("array", image.array)
    return Image(array, changes.get("ijkToRas", image.ijkToRas), "scan")


def _with(value):
    array = _volume().array.copy()
    array[3, 4, 5] = value
    return array


def test_voxels_that_are_no_number_are_unknown_and_the_rest_is_registered(tmp_path):
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    for value in (np.nan, np.inf, 1e35):
        result = register(_volume(), _volume(array=_with(value)), Settings(), models)
        assert result.verdict.grade == "good" and np.isfinite(result.transform.affine).all()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"array": np.zeros((20, 20))}, "2 dimensions"),
        ({"array": np.zeros((1, 40, 40))}, "constant"),
        ({"array": np.zeros((1, 40, 3))}, "3 x 40 x 1 voxels: its slices need at least"),
        ({"array": np.zeros((0, 5, 5))}, "empty"),
        ({"array": np.full((20, 20, 20), 7.0)}, "constant"),
        ({"array": np.full((20, 20, 20), np.nan)}, "nearly every voxel is padding, not a number"),
        ({"array": np.full((20, 20, 20), 1e35)}, "nearly every voxel is padding, not a number"),
        ({"ijkToRas": np.zeros((4, 4))}, "invalid geometry"),
        ({"ijkToRas": np.full((4, 4), np.nan)}, "invalid geometry"),
    ],
)
def test_images_that_cannot_be_registered_are_refused_in_a_sentence(tmp_path, changes, sentence):
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    for pair in ((_volume(), _volume(**changes)), (_volume(**changes), _volume())):
        with pytest.raises(RegistrationError, match=sentence):
            register(*pair, Settings(), models)


def test_a_prealignment_that_makes_it_worse_is_dropped_and_said(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    image = smooth_image(rng, random_grid(rng, (40, 40, 40), extent_mm=90.0), sigma=2.0)
    astray = np.eye(4)
    astray[:3, 3] = 15.0
    monkeypatch.setattr(positioning, "prealign", lambda *_arguments: PrealignResult(astray, 0.0, 1.0))
    result = register(image, image, Settings(), ModelStore(write_model(tmp_path / "models", (0.0, 3.0, 0.0))))
    np.testing.assert_array_equal(result.transform.affine, np.eye(4))
    assert any("stay as they were placed" in note for note in result.notes)


def test_a_small_crop_inside_a_large_scan_is_not_refused(tmp_path):
    rng = np.random.default_rng(6)
    large = smooth_image(rng, Image(np.zeros((80, 80, 80)), np.diag([3.0, 3.0, 3.0, 1.0])).grid)
    start = large.ijkToRas.copy()
    start[:3, 3] = large.ijkToRas[:3, :3] @ [30, 30, 30]
    crop = Image(large.array[30:45, 30:45, 30:45].copy(), start)
    result = register(large, crop, ONLY_STUDENT, ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0))))
    np.testing.assert_allclose(result.transform.affine, np.eye(4), atol=1e-6)


def test_folds_are_counted_on_the_models_grid_alone():
    folded = torch.zeros(1, 3, 16, 16, 16)
    folded[0, 2, :, :, 8] = 3.0
    assert foldedFraction(jacobianDeterminant(folded)) == pytest.approx(1 / 15, rel=0.01)


def test_no_overlap_without_prealignment(tmp_path):
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    far = _volume().ijkToRas.copy()
    far[:3, 3] += 1000.0
    with pytest.raises(RegistrationError, match="do not overlap"):
        register(_volume(), _volume(ijkToRas=far), ONLY_STUDENT, models)


def test_models_are_verified(tmp_path):
    folder = write_model(tmp_path / "models", (0.0, 0.0, 0.0), name="good")
    image = _volume()
    with pytest.raises(DependencyError, match="no model named 'other'; there are: good"):
        register(image, image, Settings(model="other"), ModelStore(folder))
    weights = folder / "good.pt"
    original = weights.read_bytes()
    weights.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
    with pytest.raises(DependencyError, match="wrong SHA-256"):
        register(image, image, Settings(), ModelStore(folder))
    weights.unlink()
    with pytest.raises(DependencyError, match="cannot be read"):
        register(image, image, Settings(), ModelStore(folder))
    (folder / "good.json").write_text("{}")
    with pytest.raises(DependencyError, match=r"good\.json cannot be used: sha256 is missing"):
        register(image, image, Settings(), ModelStore(folder))
    with pytest.raises(DependencyError, match="There is no model"):
        register(image, image, Settings(), ModelStore(tmp_path))


@pytest.mark.parametrize(
    ("shape", "spacing", "expected"),
    [
        ((170, 210, 160), (1.0, 1.0, 1.0), 2.0),
        ((35, 51, 35), (1.0, 1.0, 1.0), 35 / 32),
        ((36, 320, 320), (0.7, 0.7, 4.0), 2.0),
        ((12, 12, 12), (1.0, 1.0, 1.0), 1.0),
    ],
)
def test_model_grid_spacing(shape, spacing, expected):
    grid = modelGrid(Image(np.zeros(shape), np.diag([*spacing, 1.0])).grid, 2.0, 16)
    assert grid.spacing == pytest.approx(expected, rel=0.02)
    assert all(n % 16 == 0 for n in grid.shape)


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((1000, 512, 512), (1.0, 1.0, 1.0)), ((4, 512, 512), (0.2, 0.2, 0.1)), ((10, 1024, 1024), (0.2, 0.2, 0.2))],
)
def test_model_grid_stays_bounded(shape, spacing):
    grid = modelGrid(Image(np.broadcast_to(np.int16(0), shape), np.diag([*spacing, 1.0])).grid, 2.0, 16)
    assert np.prod(grid.shape) <= MAXIMUM_GRID_VOXELS
