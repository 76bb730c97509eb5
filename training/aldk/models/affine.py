"""Affine stems: networks that look at both images and give one affine map, before the deformable cascades.

The published heads are convolutions whose kernel is as large as what the encoder leaves, so they are bound to one size
of image. Given a ``grid`` the stems are built like that; without one, pooling to what is left of 128^3 voxels comes
before the same heads: as many parameters, any size. Layers as lists from the public code, which is not used itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aldk.errors import TrainingError

from .layers import initialise, start_near_identity
from .vtn import WIDTHS, VTNEncoder

SLOPE = 0.1


class _Heads(nn.Module):
    """Two full-kernel convolutions without bias: (N, channels, *kernel) to a matrix (N, 3, 3) and a shift (N, 3)."""

    def __init__(self, channels: int, kernel: tuple[int, ...]) -> None:
        super().__init__()
        self.matrix = nn.Conv3d(channels, 9, kernel, bias=False)
        self.shift = nn.Conv3d(channels, 3, kernel, bias=False)
        for head in (self.matrix, self.shift):
            # The matrix is multiplied by up to half the image's size in voxels.
            start_near_identity(head, 1e-5)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        # Eight bits of a shift of twenty voxels leave steps of an eighth of a voxel.
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            return self.matrix(features).flatten(1).unflatten(1, (3, 3)), self.shift(features).flatten(1)


class LightStem(nn.Module):
    """The stem of the public LDR's brain model (332,880 parameters at 128^3, and without a grid).

    Four strided 3^3 convolutions with 16-32-64-128 channels, average pooling (3, stride 2), full-kernel heads. Which
    activation it has is not in the sources that we have; LeakyReLU 0.1 is the one of all networks around it.

    Maps fixed and moving, each (N, 1, k, j, i) in [0, 1], sides multiples of ``stride``, to W (N, 3, 3) and b (N, 3):
    the fixed voxel x, relative to the grid's middle, corresponds to the moving one x + W x + b, axes k, j, i.

    Parameters
    ----------
    grid
        (k, j, i) voxels that the heads are made for, or None for any size; TrainingError if a side is no multiple of 16
        or less than 48, which leaves nothing to pool.
    """

    stride = 16
    widths = (16, 32, 64, 128)

    def __init__(self, grid: Sequence[int] | None = None) -> None:
        super().__init__()
        left = _left(grid, self.stride, 3, "light")
        layers: list[nn.Module] = []
        for before, after in zip((2, *self.widths), self.widths, strict=False):
            layers += [nn.Conv3d(before, after, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
        self.encoder = nn.Sequential(*layers)
        initialise(self.encoder, SLOPE)
        kernel = (3, 3, 3) if left is None else tuple((n - 3) // 2 + 1 for n in left)
        self.pool = nn.AdaptiveAvgPool3d(3) if left is None else nn.AvgPool3d(3, stride=2)
        self.heads = _Heads(self.widths[-1], kernel)

    def forward(self, fixed: Tensor, moving: Tensor) -> tuple[Tensor, Tensor]:
        return self.heads(self.pool(self.encoder(torch.cat([fixed, moving], dim=1))))


class VTNStem(nn.Module):
    """The stem of RCN: VTN's encoder and full-kernel heads (14,166,288 parameters at 128^3, and without a grid).

    Input, output and ``grid`` as those of ``LightStem``; TrainingError if a side of the grid is no multiple of 64.
    """

    stride = VTNEncoder.stride

    def __init__(self, grid: Sequence[int] | None = None) -> None:
        super().__init__()
        left = _left(grid, self.stride, 1, "vtn")
        self.encoder = VTNEncoder()
        self.pooled = left is None
        self.heads = _Heads(WIDTHS[-1], left or (2, 2, 2))

    def forward(self, fixed: Tensor, moving: Tensor) -> tuple[Tensor, Tensor]:
        features = self.encoder(torch.cat([fixed, moving], dim=1))[-1]
        return self.heads(F.adaptive_avg_pool3d(features, 2) if self.pooled else features)


def _left(grid: Sequence[int] | None, stride: int, least: int, name: str) -> tuple[int, ...] | None:
    """What an encoder leaves of ``grid``; TrainingError if it is not what the stem called ``name`` can take."""
    if grid is None:
        return None
    if len(grid) != 3 or any(n % stride or n < least * stride for n in grid):
        raise TrainingError(
            f'The grid of the affine stem "{name}" must have three sides, multiples of {stride} and at least '
            f"{least * stride} voxels, not {' x '.join(map(str, grid))}."
        )
    return tuple(n // stride for n in grid)


STEMS = {"light": LightStem, "vtn": VTNStem}
