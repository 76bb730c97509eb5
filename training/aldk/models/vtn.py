"""Volume Tweening Network (Zhao et al., IEEE JBHI 2020): the subnetwork of the heavy teachers, VTN and RCN.

RCN is recursive cascades of it behind an affine stem (Zhao et al., ICCV 2019). The layers are those of the public
recursive-cascade code, as a list; nothing of the code itself is used.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import initialise, start_near_identity

SLOPE = 0.1
WIDTHS = (16, 32, 64, 128, 256, 512)
# The last layer is this much more sensitive than those of the other networks, so it starts that much smaller.
FLOW_FACTOR = 20.0


class VTNEncoder(nn.Module):
    """Six levels of strided 3^3 convolutions, from the third on with a second one: (N, 2, k, j, i) to six features."""

    stride = 64

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        for level, (before, width) in enumerate(zip((2, *WIDTHS), WIDTHS, strict=False)):
            layers: list[nn.Module] = [nn.Conv3d(before, width, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
            if level >= 2:
                layers += [nn.Conv3d(width, width, 3, padding=1), nn.LeakyReLU(SLOPE)]
            self.levels.append(nn.Sequential(*layers))
        initialise(self, SLOPE)

    def forward(self, images: Tensor) -> list[Tensor]:
        features = [images]
        for level in self.levels:
            features.append(level(features[-1]))
        return features[1:]


class VTN(nn.Module):
    """The subnetwork (28,252,203 parameters): a decoder in FlowNet's manner that refines a prediction level by level.

    Maps fixed and moving, each (N, 1, k, j, i) in [0, 1], sides multiples of ``stride``, to a flow (N, 3, k, j, i) in
    voxels. The predictions of the coarser levels are features like others: only the last one is a flow.
    """

    stride = VTNEncoder.stride

    def __init__(self) -> None:
        super().__init__()
        self.encoder = VTNEncoder()
        self.predictions = nn.ModuleList()
        self.rises = nn.ModuleList()
        self.deconvolutions = nn.ModuleList()
        channels = WIDTHS[-1]
        for width in reversed(WIDTHS[:-1]):
            self.predictions.append(nn.Conv3d(channels, 3, 3, padding=1))
            self.rises.append(nn.ConvTranspose3d(3, 3, 4, stride=2, padding=1, bias=False))
            self.deconvolutions.append(nn.ConvTranspose3d(channels, width, 4, stride=2, padding=1, bias=False))
            channels = 2 * width + 3
        self.flow = nn.ConvTranspose3d(channels, 3, 4, stride=2, padding=1, bias=False)
        for layers in (self.predictions, self.rises, self.deconvolutions):
            initialise(layers, SLOPE)
        start_near_identity(self.flow, 1e-3 / FLOW_FACTOR)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        skips = self.encoder(torch.cat([fixed, moving], dim=1))
        x = skips.pop()
        for predict, rise, deconvolve in zip(self.predictions, self.rises, self.deconvolutions, strict=True):
            x = torch.cat([skips.pop(), F.leaky_relu(deconvolve(x), SLOPE), rise(predict(x))], dim=1)
        return FLOW_FACTOR * self.flow(x)
