"""MobileNet (Howard et al., arXiv 1704.04861, 2017) in 3D as encoder of a registration network.

The LDR paper names it as a student but gives no layers: everything here beyond the encoder is our reading.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import double_resolution, initialise, start_near_identity

# (channels, stride) of the separable blocks: Table 1 of the paper at its width multiplier of 1/2.
BLOCKS = ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), *((256, 1),) * 5, (512, 2), (512, 1))


class MobileNet(nn.Module):
    """MobileNet at half width as encoder, separable convolutions with skips as decoder (1,170,099 parameters).

    The decoder ends at half resolution, from where the flow is upsampled trilinearly. Group normalisation stands where
    the paper has batch normalisation: batches are of one pair, and it has no state. Maps fixed and moving, each
    (N, 1, k, j, i) in [0, 1], sides multiples of ``stride``, to a flow (N, 3, k, j, i) in voxels.
    """

    stride = 32

    def __init__(self) -> None:
        super().__init__()
        levels: list[list[nn.Module]] = [
            [nn.Conv3d(2, 16, 3, stride=2, padding=1, bias=False), _GroupNorm(16), nn.ReLU()]
        ]
        channels, widths = 16, [16]
        for width, stride in BLOCKS:
            if stride == 2:
                levels.append([])
                widths.append(width)
            widths[-1] = width
            levels[-1].append(_separable(channels, width, stride))
            channels = width
        self.encoders = nn.ModuleList(nn.Sequential(*level) for level in levels)
        self.decoders = nn.ModuleList()
        for width in reversed(widths[:-1]):
            self.decoders.append(_separable(channels + width, width))
            channels = width
        self.flow = nn.Conv3d(channels, 3, 3, padding=1)
        initialise(self)
        # Normalised features are larger than those of the other networks.
        start_near_identity(self.flow, 3e-4)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        skips = [torch.cat([fixed, moving], dim=1)]
        for encoder in self.encoders:
            skips.append(encoder(skips[-1]))
        x = skips.pop()
        for decoder in self.decoders:
            x = decoder(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skips.pop()], dim=1))
        return double_resolution(self.flow(x))


class _GroupNorm(nn.GroupNorm):
    """Groups of eight channels."""

    def __init__(self, channels: int) -> None:
        super().__init__(max(channels // 8, 1), channels)

    def forward(self, x: Tensor) -> Tensor:
        # Not torch.nn.functional's: it looks at the size in Python, which a trace warns about.
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


def _separable(before: int, after: int, stride: int = 1) -> nn.Sequential:
    """A convolution of each channel by itself, then one of each voxel by itself."""
    return nn.Sequential(
        nn.Conv3d(before, before, 3, stride=stride, padding=1, groups=before, bias=False),
        _GroupNorm(before),
        nn.ReLU(),
        nn.Conv3d(before, after, 1, bias=False),
        _GroupNorm(after),
        nn.ReLU(),
    )
