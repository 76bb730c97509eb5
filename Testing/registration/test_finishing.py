"""The finish on a finer grid, on pairs whose motion is known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from LDRRegistrationLib.numerics.displacement import foldedFraction, integrate, jacobianDeterminant, sdLogJacobian, warp
from LDRRegistrationLib.numerics.filters import gaussianMean
from LDRRegistrationLib.registration import noisesmoothing
from LDRRegistrationLib.registration.finishing import Finish, finish
from LDRRegistrationLib.registration.models import ModelStore, resolutionMm
from LDRRegistrationLib.registration.recipes import RECIPES, Preset
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.selfcheck import SelfCheck
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.reports.registrationjson import reportContent
from LDRRegistrationLib.runtime.errors import RegistrationCancelled
from LDRRegistrationLib.runtime.pytorch import importTorch
from LDRRegistrationLib.space.grid import Grid
from support.grids import random_grid, smooth_image
from support.models import write_model

torch = importTorch()
SHAPE = (40, 44, 36)


def speckle(seed, sigma=1.5):
    torch.manual_seed(seed)
    image = gaussianMean(torch.rand(1, 1, *SHAPE), [sigma] * 3)
    return (image - image.min()) / (image.max() - image.min())


@pytest.fixture(scope="module")
def pair():
    """(fixed, moving, motion): what is at x in the fixed image is at x + motion(x) in the moving one."""
    moving = speckle(1)
    torch.manual_seed(2)
    motion = gaussianMean(torch.randn(1, 3, *SHAPE), [6.0] * 3)
    motion = integrate(motion * (1.0 / motion.norm(dim=1).mean()))
    return warp(moving, motion), moving, motion


def error(flow, motion):
    inner = (slice(None), slice(None), *[slice(6, -6)] * 3)
    return float((flow - motion)[inner].norm(dim=1).mean())


def test_it_finds_most_of_a_known_motion_and_folds_nothing(pair):
    fixed, moving, motion = pair
    found = finish(SelfCheck(fixed), moving, torch.zeros_like(motion), Finish(steps=25))
    assert error(found, motion) < 0.35 * error(torch.zeros_like(motion), motion)
    assert foldedFraction(jacobianDeterminant(found)) == 0.0


def test_a_rough_start_comes_out_smoother(pair):
    fixed, moving, motion = pair
    torch.manual_seed(4)
    rough = motion + 0.35 * gaussianMean(torch.randn_like(motion), [0.7] * 3)
    found = finish(SelfCheck(fixed), moving, rough, Finish(steps=6))
    deviations = [sdLogJacobian(jacobianDeterminant(flow)) for flow in (rough, found)]
    assert deviations[1] < 0.6 * deviations[0]
    assert error(found, motion) < error(rough, motion)


def test_the_contrast_of_the_moving_image_does_not_matter(pair):
    """A damping without unit: an image half as bright moves as far."""
    fixed, moving, motion = pair
    how = Finish(steps=3)
    bright = finish(SelfCheck(fixed), moving, torch.zeros_like(motion), how)
    dim = finish(SelfCheck(fixed), 0.5 + 0.5 * moving, torch.zeros_like(motion), how)
    assert error(dim, bright) < 0.25 * error(bright, torch.zeros_like(bright))


def test_what_is_unknown_drives_nothing(pair):
    fixed, moving, motion = pair
    weights, still, how = torch.ones_like(fixed), torch.zeros_like(motion), Finish(steps=8)
    weights[..., 11:25] = 0.0
    found = {}
    for seed in (9, 10):
        spoilt = fixed.clone()
        spoilt[..., 12:24] = speckle(seed)[..., 12:24]
        for mask in (weights, None):
            found[seed, mask is None] = finish(SelfCheck(spoilt, mask), moving, still, how)
    apart = [float((found[9, bare] - found[10, bare]).norm(dim=1).mean()) for bare in (False, True)]
    assert apart[0] < 0.2 * apart[1]
    # In the moving image as well.
    both = torch.cat([moving, torch.zeros_like(moving)], 1)
    assert float(finish(SelfCheck(fixed), both, still, how).abs().max()) < 1e-3


def test_nothing_moves_far_from_what_the_fixed_image_shows(pair):
    fixed, moving, motion = pair
    shown = torch.zeros_like(fixed)
    shown[..., 14:26, 14:26, 14:26] = 1.0
    start = torch.full_like(motion, 0.25)
    found = finish(SelfCheck(fixed * shown), moving, start, Finish(steps=3))
    assert torch.equal(found[..., :8], start[..., :8]) and not torch.equal(found, start)


def test_the_best_preset_ends_on_its_own_grid_and_can_be_stopped(tmp_path, monkeypatch):
    how = replace(RECIPES[Preset.BEST], finish=(Finish(spacingMm=1.0, steps=4),))
    monkeypatch.setitem(RECIPES, Preset.BEST, how)
    # One scan and the same again: smoothing would be free, and would bring it back to the grid before.
    monkeypatch.setattr(noisesmoothing, "MAXIMUM_LOSS_SHARE", -1.0)
    rng = np.random.default_rng(3)
    # 0.8 mm: not so fine that the finish would be no finer than what comes before.
    image = smooth_image(rng, random_grid(rng, (48, 48, 48), extent_mm=70.0), sigma=2.0)
    noisy = replace(image, array=np.roll(image.array, 1, 2) + rng.normal(0, 20, image.array.shape).astype(np.float32))
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0), spacingMm=4.0))
    settings = Settings(Preset.BEST, prealignment=Prealignment.NONE)
    result = register(image, noisy, settings, models)
    assert "Finish" in result.seconds and result.transform.field is not None
    resolution = resolutionMm(image.grid)
    assert result.transform.field.grid.spacing == pytest.approx(max(1.0, resolution))
    assert result.similarity > result.similarityPrealigned and result.foldedPercentInBody == 0.0
    (stage,) = result.finish
    assert stage.steps == 4 and stage.spacingMm == pytest.approx(max(1.0, resolution))
    report = reportContent(Path("a"), Path("b"), models.card("auto"), result)
    assert report["finish"] == [{"steps": 4, "spacingMm": round(stage.spacingMm, 3)}]
    assert report["bothWays"] is result.tookBothWays
    assert report["noiseSmoothingMm"] == round(result.noiseSmoothingMm, 3)
    said = []
    with pytest.raises(RegistrationCancelled):
        register(
            image,
            noisy,
            settings,
            models,
            progress=lambda fraction, stage: said.append(stage),
            cancelled=lambda: bool(said) and said[-1] == "Finish",
        )


def test_gaussians_are_narrower_on_coarser_grids_but_not_in_millimetres():
    fine, coarse = (Grid((8, 8, 8), np.diag([mm, mm, mm, 1.0])) for mm in (0.7, 2.0))
    how = Finish(stepSigma=1.4, warpSigma=0.6)
    assert how.on(fine) == how
    assert 0.7 < how.on(coarse).stepSigma < 1.4 and 0.3 < how.on(coarse).warpSigma < 0.6


def test_without_refinement_there_is_no_finish(tmp_path):
    recipe = Settings(Preset.BEST, refinementSteps=0).recipe
    assert recipe.finish == () and not recipe.bothWays
    rng = np.random.default_rng(5)
    image = smooth_image(rng, random_grid(rng, (32, 32, 32), extent_mm=64.0))
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0), spacingMm=4.0))
    result = register(image, image, Settings(Preset.BEST, refinementSteps=0), models)
    report = reportContent(Path("a"), Path("b"), models.card("auto"), result)
    assert report["finish"] == [] and report["bothWays"] is False
    assert Settings(Preset.BEST, refinementSteps=9).recipe.finish == RECIPES[Preset.BEST].finish
