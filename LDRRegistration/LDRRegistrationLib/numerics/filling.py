"""What is unknown takes on what is around it: smoothly, over any distance, in a few passes over the volume."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Of a voxel's weight: less of it is nothing.
NEGLIGIBLE_WEIGHT = 1e-4
# From here on a voxel is known as a whole.
FULL_WEIGHT = 1.0 - 1e-3
FADING_PER_LEVEL = 0.25


def fillUnknown(values: Tensor, weights: Tensor, reach: float = math.inf) -> Tensor:
    """``values`` (N, C, k, j, i) where ``weights`` (N, 1, k, j, i) in [0, 1] are 1; elsewhere a smooth continuation.

    By pulling weighted means up a pyramid and pushing them down again into the gaps (Gortler et al., SIGGRAPH 1996).
    Where nothing at all is known the values stay as they are. Further than about ``reach`` voxels from what is known
    the continuation fades to 0.
    """
    if bool((weights >= FULL_WEIGHT).all()) or not bool((weights > NEGLIGIBLE_WEIGHT).any()):
        return values
    return _pulledAndPushed(values, weights, reach)


def _pulledAndPushed(values: Tensor, weights: Tensor, reach: float) -> Tensor:
    import torch

    if max(values.shape[2:]) == 1:
        return values

    def halved(image: Tensor) -> Tensor:
        sizes = [min(2, n) for n in image.shape[2:]]
        return torch.nn.functional.avg_pool3d(image, sizes, ceil_mode=True, count_include_pad=False)

    share = halved(weights)
    means = halved(values * weights) / share.clamp_min(NEGLIGIBLE_WEIGHT)
    # A block that is known by half is as good as a whole one.
    coarse = _pulledAndPushed(means, (2.0 * share).clamp_max(1.0), reach / 2)
    if reach <= 1.0:
        # Blocks this large and larger see what is too far away.
        coarse = FADING_PER_LEVEL * coarse
    between = torch.nn.functional.interpolate(coarse, values.shape[2:], mode="trilinear", align_corners=False)
    return between + weights * (values - between)
