"""Light-weight Deformable Registration network (Tran et al., IEEE TMI 2022), in the readings its sources allow.

All map fixed and moving, each (N, 1, k, j, i) in [0, 1] with sides that are multiples of ``SIZE_MULTIPLE``, to a flow
(N, 3, k, j, i) in voxels along k, j, i: fixed voxel x corresponds to moving voxel x + flow(x).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZE_MULTIPLE = 16


class LDR(nn.Module):
    """The network as the paper's text describes it: 4^3 kernels, strides of 2, ReLU, skips by concatenation.

    The text counts three transposed convolutions after four strided ones, which end at half resolution.

    Parameters
    ----------
    reading
        "half": the third transposed convolution gives the flow at half resolution, which is upsampled trilinearly
        (1,489,235 parameters). "full": a fourth one brings it to full resolution (1,548,643 parameters).
    """

    def __init__(self, reading: Literal["half", "full"] = "half") -> None:
        super().__init__()
        self.reading = reading
        self.encoder1 = nn.Conv3d(2, 16, 4, stride=2, padding=1)
        self.encoder2 = nn.Conv3d(16, 32, 4, stride=2, padding=1)
        self.encoder3 = nn.Conv3d(32, 64, 4, stride=2, padding=1)
        self.encoder4 = nn.Conv3d(64, 128, 4, stride=2, padding=1)
        self.decoder3 = nn.ConvTranspose3d(128, 64, 4, stride=2, padding=1)
        self.decoder2 = nn.ConvTranspose3d(128, 32, 4, stride=2, padding=1)
        if reading == "full":
            self.decoder1 = nn.ConvTranspose3d(64, 16, 4, stride=2, padding=1)
            self.flow = nn.ConvTranspose3d(32, 3, 4, stride=2, padding=1)
        else:
            self.flow = nn.ConvTranspose3d(64, 3, 4, stride=2, padding=1)
        _start_near_identity(self.flow)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        e1 = F.relu(self.encoder1(torch.cat([fixed, moving], dim=1)))
        e2 = F.relu(self.encoder2(e1))
        e3 = F.relu(self.encoder3(e2))
        e4 = F.relu(self.encoder4(e3))
        d3 = F.relu(self.decoder3(e4))
        d2 = F.relu(self.decoder2(torch.cat([d3, e3], dim=1)))
        if self.reading == "full":
            d1 = F.relu(self.decoder1(torch.cat([d2, e2], dim=1)))
            return self.flow(torch.cat([d1, e1], dim=1))
        # Plain layout: interpolation is twice as slow on channels-last.
        half = self.flow(torch.cat([d2, e2], dim=1)).float().contiguous()
        # Twice the resolution is twice as many voxels for the same way.
        return 2.0 * F.interpolate(half, scale_factor=2.0, mode="trilinear", align_corners=False)


class PublicLDR(nn.Module):
    """The network of the authors' public code: 3^3 kernels, LeakyReLU 0.1, nearest upsampling (280,659 parameters).

    The list of its layers only; nothing of the code itself is used.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            nn.Conv3d(before, after, 3, stride=2, padding=1)
            for before, after in ((2, 32), (32, 32), (32, 32), (32, 16))
        )
        sizes = {
            "4": (16, 32),
            "3": (64, 32),
            "2": (64, 32),
            "1": (64, 32),
            "1_1": (32, 16),
            "0": (18, 16),
            "0_1": (16, 16),
        }
        self.decoders = nn.ModuleDict({name: nn.Conv3d(*size, 3, padding=1) for name, size in sizes.items()})
        self.flow = nn.Conv3d(16, 3, 3, padding=1)
        _start_near_identity(self.flow)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        skips = [torch.cat([fixed, moving], dim=1)]
        for encoder in self.encoders:
            skips.append(F.leaky_relu(encoder(skips[-1]), 0.1))
        x = skips.pop()
        for name, decoder in self.decoders.items():
            if name in ("3", "2", "1", "0"):
                x = torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skips.pop()], dim=1)
            x = F.leaky_relu(decoder(x), 0.1)
        return self.flow(x)


def _start_near_identity(layer: nn.Module) -> None:
    nn.init.normal_(layer.weight, std=1e-3)
    nn.init.zeros_(layer.bias)


def at_any_size(model: Callable[[Tensor, Tensor], Tensor], fixed: Tensor, moving: Tensor) -> Tensor:
    """The flow for images of any one size: padded with zeros to multiples of ``SIZE_MULTIPLE``, and cropped back."""
    shape = fixed.shape[2:]
    missing = [-size % SIZE_MULTIPLE for size in shape]
    padding = [side for gap in reversed(missing) for side in (gap // 2, gap - gap // 2)]
    flow = model(F.pad(fixed, padding), F.pad(moving, padding))
    k, j, i = (gap // 2 for gap in missing)
    return flow[:, :, k : k + shape[0], j : j + shape[1], i : i + shape[2]]
