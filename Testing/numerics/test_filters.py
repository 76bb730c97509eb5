"""Gaussian means: what they are worked out by must not show."""

import numpy as np
import pytest
import torch
from LDRRegistrationLib.numerics.filters import gaussianMean


def _by_definition(image: np.ndarray, sigmas: tuple[float, ...]) -> np.ndarray:
    """Weights of sum 1 over the voxels that exist, one axis after the other, in double precision."""
    for axis, sigma in enumerate(sigmas):
        index = np.arange(image.shape[axis])
        weights = np.exp(-0.5 * ((index[:, None] - index) / sigma) ** 2)
        weights /= weights.sum(axis=1, keepdims=True)
        image = np.moveaxis(np.tensordot(weights, image, (1, axis)), 0, axis)
    return image


@pytest.mark.parametrize("sigmas", [(0.4, 1.1, 2.0), (3.0, 0.7, 0.7), (30.0, 6.0, 4.0)])
def test_gaussian_mean_is_its_definition_along_long_and_short_axes(sigmas: tuple[float, ...]) -> None:
    """Long axes are worked out in bands of 24 rows, which neither begin nor end within 100 or 73 voxels."""
    rng = np.random.default_rng(3)
    image = (1000.0 * rng.random((2, 100, 30, 73))).astype(np.float32)
    found = gaussianMean(torch.from_numpy(image)[None], sigmas)[0].numpy()
    assert found.shape == image.shape
    for channel, values in zip(found, image, strict=True):
        np.testing.assert_allclose(channel, _by_definition(values.astype(float), sigmas), rtol=2e-5)


def test_gaussian_mean_has_the_same_values_with_and_without_gradients() -> None:
    image = torch.rand(1, 1, 80, 40, 90)
    followed = image.clone().requires_grad_()
    mean = gaussianMean(followed, (1.0, 1.5, 0.6))
    assert torch.allclose(mean, gaussianMean(image, (1.0, 1.5, 0.6)), atol=1e-6)
    mean.sum().backward()
    # Each voxel gives away all that it has, but for what the border keeps.
    assert followed.grad is not None
    assert abs(float(followed.grad[0, 0, 15:-15, 15:-15, 15:-15].mean()) - 1.0) < 1e-4
