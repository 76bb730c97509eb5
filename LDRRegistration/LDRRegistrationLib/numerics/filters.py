"""Means over neighbourhoods: boxes and Gaussians, as tensors in voxels.

Images are tensors (N, C, k, j, i). A filter is one small banded matrix an axis: on a CPU the three products cost less
than cumulative sums (no pass is bound by memory) and lose no precision to cancellation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def boxMean(image: Tensor, window: int, stride: int = 1) -> Tensor:
    """Mean over cubes of ``window`` voxels (odd) around every voxel; at the border over the part that exists.

    With a ``stride`` around every so many voxels along each axis only, from the first.
    """
    import torch

    k, j, i = image.shape[2:]
    image = torch.matmul(image, _windowMatrix(i, window, image)[::stride].T)
    image = torch.matmul(_windowMatrix(j, window, image)[::stride], image)
    j, i = image.shape[3:]
    image = torch.matmul(_windowMatrix(k, window, image)[::stride], image.reshape(*image.shape[:2], k, j * i))
    return image.view(*image.shape[:3], j, i)


def _windowMatrix(size: int, window: int, like: Tensor) -> Tensor:
    """(size, size): row n averages the samples at most window // 2 away from n that exist."""
    import torch

    index = torch.arange(size, device=like.device)
    inside = ((index[:, None] - index).abs() <= window // 2).to(like.dtype)
    return inside / inside.sum(dim=1, keepdim=True)


def gaussianMean(image: Tensor, sigmas: Sequence[float]) -> Tensor:
    """Gaussian mean of (N, C, k, j, i), ``sigmas`` in voxels along k, j, i; at the border over the part that exists."""
    import torch

    k, j, i = image.shape[2:]
    kernels = [_gaussianMatrix(size, float(sigma), image) for size, sigma in zip((k, j, i), sigmas, strict=True)]
    if kernels[2] is not None:
        image = torch.matmul(image, kernels[2].T)
    if kernels[1] is not None:
        image = torch.matmul(kernels[1], image)
    if kernels[0] is not None:
        image = torch.matmul(kernels[0], image.reshape(*image.shape[:2], k, j * i)).view(*image.shape[:2], k, j, i)
    return image


def _gaussianMatrix(size: int, sigma: float, like: Tensor) -> Tensor | None:
    """(size, size) whose rows are Gaussians of sum 1; None where it would change nothing."""
    import torch

    if sigma < 0.05 or size == 1:
        return None
    index = torch.arange(size, dtype=like.dtype, device=like.device)
    weights = torch.exp(-0.5 * ((index[:, None] - index) / sigma) ** 2)
    return weights / weights.sum(dim=1, keepdim=True)


def weightedMean(values: Tensor, weights: Tensor | None) -> Tensor:
    """Mean of ``values``, weighted by ``weights`` of the same or a broadcastable shape where given."""
    if weights is None:
        return values.mean()
    weights = weights.expand_as(values)
    return (values * weights).sum() / weights.sum().clamp_min(1e-6)
