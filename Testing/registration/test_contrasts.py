"""Volumes of unlike contrasts: recognised, and registered smoothly without the network."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.numerics.filters import gaussianMean
from LDRRegistrationLib.numerics.losses import nonlinearity
from LDRRegistrationLib.registration import acrosscontrasts
from LDRRegistrationLib.registration import register as engine_module
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.refinement import Refinement, refine
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.selfcheck import UNLIKE_CONTRASTS, SelfCheck
from LDRRegistrationLib.registration.settings import Prealignment, Preset, Settings
from LDRRegistrationLib.runtime.pytorch import importTorch
from LDRRegistrationLib.space.grid import Grid, canonicalGrid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support.grids import points_inside, random_grid, seeds, smooth_flow, smooth_image
from support.models import write_model

torch = importTorch()
FAST = Settings(Preset.FAST, prealignment=Prealignment.NONE)
SAID = "different contrasts"


def folded(values):
    """Another contrast of tissue of 0 to 1000: the middle is dark, both ends are bright."""
    return np.abs(values - 500.0) + 100.0


@given(
    seed=seeds,
    gain=st.floats(0.2, 1.0),
    offset=st.floats(0.0, 0.5),
    noise=st.floats(0.0, 0.03),
    bend=st.floats(0.85, 1.15),
)
@settings(max_examples=30, deadline=None)
def test_gain_offset_noise_and_a_slight_bend_are_no_other_contrast(seed, gain, offset, noise, bend):
    torch.manual_seed(seed)
    first = torch.rand(5000)
    second = gain * first**bend + offset + noise * torch.randn(5000)
    assert abs(nonlinearity(first, second)) < UNLIKE_CONTRASTS


def test_a_curve_that_folds_or_falls_is_another_contrast():
    torch.manual_seed(0)
    first = torch.rand(5000)
    assert nonlinearity(first, (first - 0.5).abs()) > 0.5
    assert nonlinearity(first, 1.0 - first) == pytest.approx(2.0, abs=0.01)
    # Known from one side only: many values of the first have one value of the second.
    assert nonlinearity(first, (first - 0.5).abs()) == nonlinearity((first - 0.5).abs(), first)


def test_images_that_say_nothing_are_of_no_other_contrast():
    flat, image = torch.full((5000,), 0.5), torch.rand(5000)
    assert nonlinearity(flat, image) == nonlinearity(image, flat) == 0.0
    few = torch.zeros(1, 1, 24, 24, 24)
    few[..., :9, :9, :9] = torch.rand(9, 9, 9) + 0.1
    assert not SelfCheck(few).showsAnotherContrast((few - 0.5).abs() + 0.1)


@pytest.mark.parametrize("sigma", [0.0, 4.0])
def test_what_is_added_is_as_smooth_as_asked(sigma):
    """Noise that nothing aligns: the flow follows it only where nothing holds it back."""
    torch.manual_seed(1)
    fixed, moving = (gaussianMean(torch.rand(1, 1, 48, 48, 48), [1.0] * 3)[0, 0] for _ in range(2))
    flow = refine(fixed, moving, None, how=Refinement(steps=10, sigma=sigma, updateSmoothness=0.0, settled=0.0))
    rough = float((flow - gaussianMean(flow, [2.0] * 3)).std() / flow.std())
    assert rough < 0.1 if sigma else rough > 0.3, rough


def moved_pair(rng: np.random.Generator, other, detail: float = 0.0) -> tuple[Image, Image, Transform]:
    """(fixed, moving, the motion from fixed to moving), up to about 6 mm; ``other`` maps the moving intensities.

    :param detail: mm of motion that changes every 10 mm, as between two people.
    """
    grid = random_grid(rng, (56, 60, 58), extent_mm=120.0)
    moving = smooth_image(rng, grid, sigma=2.0)
    coarse = canonicalGrid(grid, 4.0)
    flow = toTensor(smooth_flow(rng, coarse.shape, 1.5))
    if detail:
        fine = gaussianMean(torch.randn(flow.shape, generator=torch.Generator().manual_seed(1)), [2.0] * 3)
        flow = flow.to(fine.dtype) + fine * (detail / 4.0 / float(fine.norm(dim=1).mean()))
    motion = Transform(np.eye(4), DisplacementField.fromFlow(flow, coarse))
    fixed = Image(motion.warp(moving, grid), grid.ijkToRas)
    return fixed, Image(other(moving.array).astype(np.float32), grid.ijkToRas), motion


def error(result, motion: Transform, grid: Grid, rng: np.random.Generator) -> tuple[float, float]:
    """Mean errors in mm before and after, in the middle of the volume."""
    points = points_inside(rng, grid, 2000)
    points = grid.centerRas + 0.7 * (points - grid.centerRas)
    truth = motion.points(points)
    return tuple(float(np.linalg.norm(p - truth, axis=1).mean()) for p in (points, result.transform.points(points)))


@pytest.mark.parametrize("preset", list(Preset))
def test_another_contrast_is_said_and_registered_without_the_network(preset, tmp_path, monkeypatch):
    monkeypatch.setattr(engine_module, "runPasses", mock.Mock(side_effect=AssertionError("the network was asked")))
    rng = np.random.default_rng(5)
    fixed, moving, motion = moved_pair(rng, folded)
    models = ModelStore(write_model(tmp_path / "models", (0.0, 1.0, 0.0)))
    result = register(fixed, moving, replace(FAST, preset=preset), models)
    assert any(SAID in note for note in result.notes)
    before, after = error(result, motion, fixed.grid, rng)
    assert before > 2.0 and after < 0.4 * before
    assert result.sdLogJacobian < 0.15


@pytest.mark.parametrize(("detail", "is_finer"), [(0.0, False), (4.0, True)])
def test_two_people_get_a_finer_deformation(detail, is_finer, tmp_path, monkeypatch):
    answers, judge = [], acrosscontrasts.areTwoPeople
    monkeypatch.setattr(acrosscontrasts, "areTwoPeople", lambda *said: answers.append(judge(*said)) or answers[-1])
    rng = np.random.default_rng(5)
    fixed, moving, motion = moved_pair(rng, lambda values: 1000.0 - values, detail)
    models = ModelStore(write_model(tmp_path / "models", (0.0, 1.0, 0.0)))
    result = register(fixed, moving, FAST, models)
    assert answers == [is_finer]
    before, after = error(result, motion, fixed.grid, rng)
    assert after < 0.3 * before


def test_what_tells_two_people_from_two_contrasts_of_one():
    judge = acrosscontrasts.areTwoPeople
    # Brains of two people of OASIS, one of them recoloured, in *Fast*.
    assert judge(0.406, 0.506, 0.566) and judge(0.360, 0.482, 0.562)
    # T1 and FLAIR, T2 and T1 of one person who moved, and FLAIR and T2 of one who did not.
    assert not judge(0.449, 0.534, 0.549) and not judge(0.451, 0.525, 0.551) and not judge(0.440, 0.464, 0.490)


def test_one_contrast_is_none(tmp_path):
    rng = np.random.default_rng(5)
    fixed, moving, _ = moved_pair(rng, lambda values: 0.5 * values + 20.0)
    result = register(fixed, moving, FAST, ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0))))
    assert not any(SAID in note for note in result.notes)


@pytest.mark.parametrize("how", [{"refinementSteps": 0}, {"followUp": True}])
def test_who_wants_the_network_alone_gets_it(how, tmp_path):
    rng = np.random.default_rng(5)
    fixed, moving, _ = moved_pair(rng, folded)
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    result = register(fixed, moving, replace(FAST, **how), models)
    assert not any(SAID in note for note in result.notes)


@pytest.mark.parametrize(
    ("extents", "sigma_mm"), [((160, 200, 180), 16.0), ((35, 50, 36), 3.6), ((30, 240, 240), 16.0)]
)
def test_small_volumes_bend_more_sharply_than_large_ones(extents, sigma_mm):
    how = FAST.recipe.acrossContrasts(Grid(extents, np.eye(4)), spacingMm=2.0)
    assert how.sigma * how.reduction * 2.0 == pytest.approx(sigma_mm)
    assert replace(FAST, refinementSteps=3).recipe.acrossContrasts(Grid(extents, np.eye(4)), 2.0).steps == 3
