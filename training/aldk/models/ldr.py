"""Light-weight Deformable Registration network (Tran et al., IEEE TMI 2022), as its text describes it."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import double_resolution, initialise, start_near_identity


class LDR(nn.Module):
    """The network as the paper's text describes it: 4^3 kernels, strides of 2, ReLU, skips by concatenation.

    The text counts three transposed convolutions after four strided ones, which end at half resolution. Maps fixed and
    moving, each (N, 1, k, j, i) in [0, 1], sides multiples of ``stride``, to a flow (N, 3, k, j, i) in voxels.

    Parameters
    ----------
    reading
        "half": the third transposed convolution gives the flow at half resolution, which is upsampled trilinearly
        (1,489,235 parameters). "full": a fourth one brings it to full resolution (1,548,643 parameters).
    """

    stride = 16

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
        initialise(self)
        start_near_identity(self.flow)

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
        return double_resolution(self.flow(torch.cat([d2, e2], dim=1)))
