"""A noisy deformation between even images is smoothed; one that anatomy needs stays as it is, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.numerics.displacement import integrate, warp
from LDRRegistrationLib.numerics.filters import gaussianMean
from LDRRegistrationLib.registration.finishing import Finished, FinishStage, onGrid
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.noisesmoothing import NOISE_SIGMA_VOXELS, smoothedWhereFree
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.selfcheck import CheckedFlow, SelfCheck
from LDRRegistrationLib.registration.settings import Prealignment, Preset, Settings
from LDRRegistrationLib.runtime.pytorch import importTorch
from LDRRegistrationLib.space.grid import Grid
from support.grids import random_grid, smooth_image
from support.models import write_model

torch = importTorch()
SHAPE = (48, 56, 40)
SPACING = 3.0
GRID = Grid(SHAPE, np.diag([SPACING, SPACING, SPACING, 1.0]))
INNER = (slice(None), slice(None), *[slice(6, -6)] * 3)


def waves(seed, sigma, voxels):
    """A diffeomorphism (1, 3, k, j, i) of waves as wide as ``sigma`` voxels, about ``voxels`` long."""
    torch.manual_seed(seed)
    motion = gaussianMean(torch.randn(1, 3, *SHAPE), [sigma] * 3)
    return integrate(motion * (voxels / motion.norm(dim=1).mean()))


def organs(sigma):
    """Even areas with edges, as organs are in CT; (1, 1, k, j, i) in [0, 1]."""
    torch.manual_seed(5)
    image = gaussianMean(torch.rand(1, 1, *SHAPE), [sigma] * 3)
    ranks = image.flatten().argsort().argsort().view_as(image).float() / image.numel()
    return gaussianMean((5 * ranks).floor() / 5 + 0.05, [0.7] * 3)


def stages(motion, flow, moving, weights=None):
    """What was found, what judges it on the network's grid, and the moving image before; fixed is moving o motion."""
    selfCheck = SelfCheck(warp(moving, motion))
    image = moving if weights is None else torch.cat([moving, weights], 1)
    aligned = selfCheck.unmoved(image)
    found = CheckedFlow(flow, warp(image, flow), selfCheck.similarity(warp(image, flow)))
    network = Finished(GRID, selfCheck, aligned)
    return Finished(GRID, selfCheck, found, (FinishStage(3, SPACING),)), network, aligned


def error(flow, motion):
    return float((flow - motion)[INNER].norm(dim=1).mean())


@pytest.fixture(scope="module")
def noisy():
    """(motion, the same with noise, moving image)."""
    motion = waves(1, 9.0, 2.0)
    return motion, motion + waves(2, 1.0, 0.4), organs(6.0)


@pytest.mark.parametrize("isPartlyKnown", [False, True])
def test_noise_goes_and_what_is_smooth_stays(noisy, isPartlyKnown):
    motion, flow, moving = noisy
    weights = None
    if isPartlyKnown:
        weights = torch.ones_like(moving)
        weights[:, :, :10] = 0.0
    end, network, aligned = stages(motion, flow, moving, weights)
    smooth, sigmaMm = smoothedWhereFree(end, network, aligned)
    assert sigmaMm == NOISE_SIGMA_VOXELS * SPACING
    assert error(smooth.found.flow, motion) < 0.6 * error(flow, motion)
    assert smooth.stages == end.stages and smooth.found.jacobianDeterminants is not None
    assert smooth.found.similarity == pytest.approx(network.selfCheck.similarity(smooth.found.warped))


def test_detail_that_the_images_need_stays_to_the_last_bit():
    motion = waves(3, 2.0, 1.2)
    end, network, aligned = stages(motion, motion, organs(2.0))
    same, sigmaMm = smoothedWhereFree(end, network, aligned)
    assert same is end and sigmaMm == 0.0


def test_no_deformation_and_one_that_gained_nothing_stay(noisy):
    motion, flow, moving = noisy
    end, network, aligned = stages(motion, flow, moving)
    nothing = Finished(GRID, end.selfCheck, aligned)
    assert smoothedWhereFree(nothing, network, aligned) == (nothing, 0.0)
    worse, network, aligned = stages(0.0 * motion, flow, moving)
    assert smoothedWhereFree(worse, network, aligned) == (worse, 0.0)


def test_what_was_found_on_a_finer_grid_comes_back_on_the_networks(noisy):
    motion, flow, moving = noisy
    _end, network, aligned = stages(motion, flow, moving)
    fine = Grid(tuple(2 * n for n in SHAPE), np.diag([1.5, 1.5, 1.5, 1.0]))
    fine.ijkToRas[:3, 3] = -0.75
    finer = Finished(fine, SelfCheck(torch.rand(1, 1, *fine.shape)), CheckedFlow(onGrid(flow, GRID, fine), moving, 0.9))
    smooth, sigmaMm = smoothedWhereFree(finer, network, aligned)
    assert smooth.grid is GRID and sigmaMm == NOISE_SIGMA_VOXELS * SPACING
    assert error(smooth.found.flow, motion) < 0.6 * error(flow, motion)


def test_a_registration_is_smoothed_and_says_so(tmp_path):
    rng = np.random.default_rng(3)
    image = smooth_image(rng, random_grid(rng, (48, 48, 48), extent_mm=70.0), sigma=2.0)
    noisy = replace(image, array=np.roll(image.array, 1, 2) + rng.normal(0, 20, image.array.shape).astype(np.float32))
    models = ModelStore(write_model(tmp_path / "models", (0.0, 0.0, 0.0), spacingMm=4.0))
    result = register(image, noisy, Settings(Preset.BEST, prealignment=Prealignment.NONE), models)
    assert result.noiseSmoothingMm == NOISE_SIGMA_VOXELS * result.transform.field.grid.spacing.min()
    assert result.similarity > result.similarityPrealigned
