"""Similarity measures and regularisers against slow or exact answers."""

import itertools

import numpy as np
import pytest
import torch
from aldk.data.draws import Draws, smooth_noise
from aldk.losses import correlation_loss, dice_loss
from LDRRegistrationLib.numerics.filters import boxMean
from LDRRegistrationLib.numerics.lnccgradient import lnccSlope
from LDRRegistrationLib.numerics.losses import foldingLoss, gradientLoss, lncc, lnccLoss, mindLoss, mindSsc

SHAPE = (7, 9, 8)


def images(seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(1, 1, *SHAPE, generator=generator, dtype=dtype) for _ in range(2)]


@pytest.mark.parametrize("window", [3, 5, 9])
def test_lncc_is_the_squared_correlation_of_every_window(window):
    first, second = images()
    result = lncc(first, second, window, epsilon=0.0)[0, 0]
    a, b, r = first[0, 0].numpy(), second[0, 0].numpy(), window // 2
    for voxel in itertools.product(*(range(n) for n in SHAPE)):
        box = tuple(slice(max(0, v - r), v + r + 1) for v in voxel)
        expected = np.corrcoef(a[box].ravel(), b[box].ravel())[0, 1] ** 2
        assert float(result[voxel]) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_slope_in_closed_form_is_that_of_automatic_derivatives(weighted):
    """Away from the border, where windows are whole."""
    torch.manual_seed(3)
    fixed = torch.rand(1, 1, 13, 14, 15, dtype=torch.float64)
    warped = (0.5 * fixed + 0.5 * torch.rand_like(fixed)).requires_grad_(True)
    weights = torch.rand_like(fixed) if weighted else None
    values = lncc(fixed, warped, 5)
    (values if weights is None else values * weights).sum().backward()
    slope, curvature, squared = lnccSlope(fixed, warped.detach(), 5, weights=weights)
    inner = (0, 0, *[slice(4, -4)] * 3)
    torch.testing.assert_close(slope[inner], warped.grad[inner])
    torch.testing.assert_close(squared, values.detach())
    assert float(curvature.min()) >= 0.0


def test_box_mean_of_two_channels_keeps_them_apart():
    image = torch.zeros(1, 2, 5, 5, 5)
    image[0, 1, 2, 2, 2] = 27.0
    mean = boxMean(image, 3)
    assert mean[0, 0].abs().max() == 0
    assert float(mean[0, 1, 2, 2, 2]) == pytest.approx(1.0)
    assert float(mean[0, 1, 0, 2, 2]) == 0.0


def test_correlation_is_blind_to_scale_and_offset_but_not_to_sign():
    first, second = images()
    assert float(correlation_loss(first, 3.0 * first + 2.0)) == pytest.approx(0.0, abs=1e-6)
    assert float(correlation_loss(first, -first)) == pytest.approx(2.0, abs=1e-6)
    expected = 1.0 - np.corrcoef(first.ravel(), second.ravel())[0, 1]
    assert float(correlation_loss(first, second)) == pytest.approx(expected, abs=1e-6)


def test_weights_of_zero_hide_a_region_from_the_losses():
    first, _ = images()
    spoiled, weights = first.clone(), torch.ones_like(first)
    spoiled[..., 5:] = 0.3
    weights[..., 4:] = 0.0
    assert float(correlation_loss(first, spoiled)) > 0.1
    assert float(correlation_loss(first, spoiled, weights)) == pytest.approx(0.0, abs=1e-6)
    weights[..., 3:] = 0.0
    assert float(lnccLoss(first, spoiled, 3, weights)) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("loss", [lnccLoss, correlation_loss, mindLoss, dice_loss])
def test_gradients_are_those_of_finite_differences(loss):
    first, second = (image[..., :4, :5, :4].clone() for image in images())
    second.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda moving: loss(first, moving), second, eps=1e-6, atol=1e-4, rtol=1e-3)


def test_mind_hardly_changes_when_the_contrast_is_inverted():
    image = smooth_noise(Draws(1), 1, (20, 20, 20), 3.0)[None]
    other = smooth_noise(Draws(2), 1, (20, 20, 20), 3.0)[None]
    assert mindSsc(image).shape == (1, 12, 20, 20, 20)
    assert float(mindLoss(image, 1.0 - image)) < 1e-6
    assert float(mindLoss(image, other)) > 0.01


def test_dice_of_halves_that_overlap_by_half_and_of_an_absent_structure():
    fixed, moving = torch.zeros(1, 2, 4, 4, 4), torch.zeros(1, 2, 4, 4, 4)
    fixed[0, 0, :2] = 1.0
    moving[0, 0, 1:3] = 1.0
    moving[0, 1] = 1.0
    assert float(dice_loss(fixed, moving)) == pytest.approx(0.5)


def test_smoothness_and_folding_of_a_stretch():
    ramp = torch.arange(6.0).view(1, 1, 6, 1, 1).expand(1, 1, 6, 5, 4)
    flow = torch.cat([ramp, torch.zeros(1, 2, 6, 5, 4)], dim=1)
    assert float(gradientLoss(0.5 * flow)) == pytest.approx(0.25 / 9)
    assert float(foldingLoss(0.5 * flow)) == 0.0
    # x - 3 x turns the axis around: the determinant is -2 everywhere.
    assert float(foldingLoss(-3.0 * flow)) == pytest.approx(2.0)


@pytest.mark.parametrize(("determinant", "expected"), [(0.3, 0.0), (0.15, 0.0125), (0.0, 0.15), (-1.0, 1.15)])
def test_a_soft_penalty_for_folding_begins_as_a_parabola(determinant, expected):
    """Below .2: half of the excess squared over a softness of .1, then the excess less half the softness."""
    ramp = torch.arange(6.0).view(1, 1, 6, 1, 1).expand(1, 1, 6, 5, 4)
    flow = torch.cat([(determinant - 1.0) * ramp, torch.zeros(1, 2, 6, 5, 4)], dim=1)
    assert float(foldingLoss(flow, 0.2, 0.1)) == pytest.approx(expected, abs=1e-5)
