"""Coarse to fine with warped features: the pyramid of Gunnarsson et al. (Learn2Reg 2020) without its cost volume."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import warp
from torch import Tensor, nn

from .layers import Conv3d, channels_last, double_resolution, initialise, start_near_identity

SLOPE = 0.1


class CoarseToFine(nn.Module):
    """One encoder for each image; at each of four levels the flow so far is corrected (609,420 parameters).

    What a level sees is the fixed features, the difference of the moving ones warped by the flow so far, that flow and
    the hidden features of the coarser level. The finest level is at half resolution. Slower than LDR for its size, but
    it learns faster, since what is left to explain is always small. Maps fixed and moving, each (N, 1, k, j, i) in
    [0, 1], sides multiples of ``stride``, to a flow (N, 3, k, j, i) in voxels.

    Parameters
    ----------
    widths
        Channels of both the features and the hidden features, from the finest level to the coarsest.
    """

    stride = 16

    def __init__(self, widths: tuple[int, ...] = (16, 32, 32, 32)) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            nn.Sequential(
                nn.Conv3d(before, width, 4, stride=2, padding=1),
                nn.LeakyReLU(SLOPE, inplace=True),
                nn.Conv3d(width, width, 3, padding=1),
                nn.LeakyReLU(SLOPE, inplace=True),
            )
            for before, width in zip((1, *widths), widths, strict=False)
        )
        coarse_first = widths[::-1]
        # The coarsest level has neither a flow nor hidden features before it.
        seen = [2 * widths[-1], *(2 * w + 3 + b for w, b in zip(coarse_first[1:], coarse_first, strict=False))]
        self.decoders = nn.ModuleList(
            _Decoder(
                Conv3d(channels, width),
                nn.LeakyReLU(SLOPE, inplace=True),
                Conv3d(width, width),
                nn.LeakyReLU(SLOPE, inplace=True),
            )
            for channels, width in zip(seen, coarse_first, strict=True)
        )
        self.flows = nn.ModuleList(Conv3d(width, 3) for width in coarse_first)
        initialise(self, SLOPE)
        for layer in self.flows:
            # What the coarsest level says is doubled with each finer one.
            start_near_identity(layer, 1e-4)
        self.to(memory_format=torch.channels_last_3d)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        features = [torch.cat([fixed, moving], dim=0)]
        for encoder in self.encoders:
            features.append(channels_last(encoder(features[-1])))
        flow: Tensor | None = None
        hidden: Tensor | None = None
        for decoder, layer in zip(self.decoders, self.flows, strict=True):
            of_fixed, of_moving = features.pop().chunk(2)
            if flow is None:
                hidden = decoder(channels_last(torch.cat([of_fixed, of_moving - of_fixed], dim=1)))
                flow = layer(hidden).float()
                continue
            flow = double_resolution(flow)
            seen = [of_fixed, warp(of_moving, flow) - of_fixed, flow]
            if decoder is self.decoders[1]:
                # Of the smallest images oneDNN's transposed convolutions depend on the number of threads.
                seen, hidden = [*seen, F.interpolate(hidden, scale_factor=2.0, mode="nearest")], None
            hidden = decoder(channels_last(torch.cat(seen, dim=1)), hidden)
            flow = flow + layer(hidden)
        return double_resolution(flow)


class _Decoder(nn.Sequential):
    """The layers one after the other; the first also sees the coarser level's hidden features, at twice their size."""

    def forward(self, seen: Tensor, coarser: Tensor | None = None) -> Tensor:
        first, *others = self
        hidden = first(seen, coarser)
        for layer in others:
            hidden = layer(hidden)
        return hidden
