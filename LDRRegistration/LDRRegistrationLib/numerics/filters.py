"""Means over neighbourhoods: boxes and Gaussians, as tensors in voxels.

Images are tensors (N, C, k, j, i). A filter is one small banded matrix an axis: on a CPU the three products cost less
than cumulative sums (no pass is bound by memory) and lose no precision to cancellation.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# A Gaussian weighs so many standard deviations away less than single precision tells (3e-7 of its middle). So rows are
# worked out so many at a time, of the part that they see, where that is less than such a share of all.
GAUSSIAN_REACH, BAND_ROWS, MAXIMUM_BAND_SHARE = 5.5, 24, 0.7


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
    along = [_gaussianBands(size, float(sigma), image) for size, sigma in zip((k, j, i), sigmas, strict=True)]
    if along[2]:
        image = _joined([torch.matmul(image[..., seen], band.T) for seen, band in along[2]], -1)
    if along[1]:
        image = _joined([torch.matmul(band, image[..., seen, :]) for seen, band in along[1]], -2)
    if along[0]:
        flat = image.reshape(*image.shape[:2], k, j * i)
        flat = _joined([torch.matmul(band, flat[..., seen, :]) for seen, band in along[0]], -2)
        image = flat.view(*image.shape[:2], k, j, i)
    return image


def _joined(parts: list[Tensor], axis: int) -> Tensor:
    import torch

    return parts[0] if len(parts) == 1 else torch.cat(parts, axis)


def _gaussianBands(size: int, sigma: float, like: Tensor) -> list[tuple[slice, Tensor]]:
    """Matrices whose rows are Gaussians of sum 1, for some voxels each, and the voxels that they see.

    One for all where bands would not be faster, or would be slow to differentiate; none where nothing would change.
    """
    import torch

    if sigma < 0.05 or size == 1:
        return []
    index = torch.arange(size, dtype=like.dtype, device=like.device)
    weights = torch.exp(-0.5 * ((index[:, None] - index) / sigma) ** 2)
    matrix = weights / weights.sum(dim=1, keepdim=True)
    reach = ceil(GAUSSIAN_REACH * sigma)
    if like.requires_grad or BAND_ROWS + 2 * reach > MAXIMUM_BAND_SHARE * size:
        return [(slice(0, size), matrix)]
    seen = [slice(max(n - reach, 0), min(n + BAND_ROWS + reach, size)) for n in range(0, size, BAND_ROWS)]
    return [(part, matrix[n : n + BAND_ROWS, part]) for n, part in zip(range(0, size, BAND_ROWS), seen, strict=True)]


def weightedMean(values: Tensor, weights: Tensor | None) -> Tensor:
    """Mean of ``values``, weighted by ``weights`` of the same or a broadcastable shape where given."""
    if weights is None:
        return values.mean()
    weights = weights.expand_as(values)
    return (values * weights).sum() / weights.sum().clamp_min(1e-6)
