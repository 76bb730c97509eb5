"""The classical U-Net in 3D, the large one among the single networks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import initialise, start_near_identity


class UNet(nn.Module):
    """Two 3^3 convolutions with ReLU a level, max pooling, 2^3 transposed convolutions, skips (5,646,627 parameters).

    Ronneberger et al., MICCAI 2015, and Cicek et al., MICCAI 2016, with two differences: sides stay as they are
    (padding), and there is no batch normalisation, since batches are of one pair. The last layer is a flow. Maps fixed
    and moving, each (N, 1, k, j, i) in [0, 1], sides multiples of ``stride``, to a flow (N, 3, k, j, i) in voxels.
    """

    stride = 16
    widths = (16, 32, 64, 128, 256)

    def __init__(self) -> None:
        super().__init__()
        widths = self.widths
        self.encoders = nn.ModuleList(_double(a, b) for a, b in zip((2, *widths), widths, strict=False))
        falling = list(zip(reversed(widths), list(reversed(widths))[1:], strict=False))
        self.rises = nn.ModuleList(nn.ConvTranspose3d(a, b, 2, stride=2) for a, b in falling)
        self.decoders = nn.ModuleList(_double(a, b) for a, b in falling)
        self.flow = nn.Conv3d(widths[0], 3, 3, padding=1)
        initialise(self)
        start_near_identity(self.flow)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        skips = [self.encoders[0](torch.cat([fixed, moving], dim=1))]
        for encoder in self.encoders[1:]:
            skips.append(encoder(F.max_pool3d(skips[-1], 2)))
        x = skips.pop()
        for rise, decoder in zip(self.rises, self.decoders, strict=True):
            x = decoder(torch.cat([rise(x), skips.pop()], dim=1))
        return self.flow(x)


def _double(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(before, after, 3, padding=1), nn.ReLU(), nn.Conv3d(after, after, 3, padding=1), nn.ReLU()
    )
