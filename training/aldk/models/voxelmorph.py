"""VoxelMorph as the cascades' public code has it, and the public code's LDR, which is a variant of it.

Lists of layers only; nothing of the code itself is used.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import initialise, start_near_identity

SLOPE = 0.1


class VoxelMorph(nn.Module):
    """U-shaped network of 3^3 convolutions with LeakyReLU and nearest upsampling (300,547 parameters).

    Balakrishnan et al., IEEE TMI 2019, in the reading of the public recursive-cascade code: four strided encoders, at
    full resolution the images themselves as skip. Maps fixed and moving, each (N, 1, k, j, i) in [0, 1], sides
    multiples of ``stride``, to a flow (N, 3, k, j, i) in voxels.

    Parameters
    ----------
    encoder
        Channels of the four encoders.
    half
        Channels of the last layer at half resolution.
    """

    stride = 16

    def __init__(self, encoder: tuple[int, int, int, int] = (16, 32, 32, 32), half: int = 32) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            nn.Conv3d(before, after, 3, stride=2, padding=1)
            for before, after in zip((2, *encoder), encoder, strict=False)
        )
        sizes = {
            "4": (encoder[3], 32),
            "3": (32 + encoder[2], 32),
            "2": (32 + encoder[1], 32),
            "1": (32 + encoder[0], 32),
            "1_1": (32, half),
            "0": (half + 2, 16),
            "0_1": (16, 16),
        }
        self.decoders = nn.ModuleDict({name: nn.Conv3d(*size, 3, padding=1) for name, size in sizes.items()})
        self.flow = nn.Conv3d(16, 3, 3, padding=1)
        initialise(self, SLOPE)
        start_near_identity(self.flow)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        skips = [torch.cat([fixed, moving], dim=1)]
        for encoder in self.encoders:
            skips.append(F.leaky_relu(encoder(skips[-1]), SLOPE))
        x = skips.pop()
        for name, decoder in self.decoders.items():
            if name in ("3", "2", "1", "0"):
                x = torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skips.pop()], dim=1)
            x = F.leaky_relu(decoder(x), SLOPE)
        return self.flow(x)


class PublicLDR(VoxelMorph):
    """The LDR of its authors' public code: VoxelMorph with its 16 channels last in the encoder (280,659 parameters)."""

    def __init__(self) -> None:
        super().__init__(encoder=(32, 32, 32, 16), half=16)
