"""Deformable registration pyramid (Gunnarsson, Sjolund and Schon, Learn2Reg 2020).

What the paper and its public code leave open, and where this departs from them, is in training/README.md.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import compose, warp
from torch import Tensor, nn

from .cascade import Level
from .layers import apply_linear, centred_positions, double_resolution, initialise, start_near_identity

SLOPE = 0.2
COST_SLOPE = 0.1
REACH = 2
FEATURES = (16, 32, 32, 32)
DENSE = (64, 64, 32, 18, 8)
HANDED_ON = 32
COARSEST = len(FEATURES)


def block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    """The paper's CNN block: 3^3 convolution, leaky ReLU, batch normalisation."""
    return nn.Sequential(
        nn.Conv3d(before, after, 3, stride=stride, padding=1), nn.LeakyReLU(SLOPE), nn.BatchNorm3d(after)
    )


def cost_volume(fixed: Tensor, moving: Tensor, reach: int = REACH) -> Tensor:
    """(N, (2 reach + 1)^3, k, j, i): mean product of ``fixed`` (N, C, k, j, i) with ``moving`` shifted by up to
    ``reach`` voxels along each axis, k outermost; beyond the border ``moving`` is 0.
    """
    k, j, i = fixed.shape[2:]
    padded = F.pad(moving, [reach] * 6)
    shifts = range(2 * reach + 1)
    costs = [
        (fixed * padded[:, :, a : a + k, b : b + j, c : c + i]).mean(1) for a in shifts for b in shifts for c in shifts
    ]
    return torch.stack(costs, dim=1)


class Affine(nn.Module):
    """Global average pooling and one dense layer to 12 parameters: what an affine map adds to no motion."""

    def __init__(self, channels: int, level: int) -> None:
        super().__init__()
        # Half of a grid of 64 voxels: so turning and shifting weigh alike.
        self.half = 2.0 ** (5 - level)
        self.dense = nn.Linear(channels, 12)
        nn.init.zeros_(self.dense.weight)
        nn.init.zeros_(self.dense.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(N, 3, k, j, i): its displacement in voxels; it is applied to coordinates from the middle of the grid."""
        values = self.dense(features.mean((2, 3, 4))).float().view(-1, 3, 4)
        linear = apply_linear(values[:, :, :3], centred_positions(features.float()))
        return linear + self.half * values[:, :, 3, None, None, None]


class Estimator(nn.Module):
    """DenseNet of five blocks: what they all say, and the correction of the flow that follows from it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        for width in DENSE:
            self.blocks.append(block(channels, width))
            channels += width
        self.channels = channels
        self.flow = nn.Conv3d(channels, 3, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for layer in self.blocks:
            x = torch.cat([x, layer(x)], dim=1)
        return x, self.flow(x).float()


class Pyramid(nn.Module):
    """Four levels of features shared by both images; at each the moving ones are warped and the flow is corrected.

    A level: flow so far doubled, moving features warped by it, an affine map from the pooled features of both, warped
    again, cost volume, and a DenseNet that sees cost volume, both features, flow and 32 channels of the coarser level.
    Level 0 is the images' resolution; its features are those of level 1 upsampled. Maps fixed and moving, each
    (N, 1, k, j, i) in [0, 1], sides multiples of ``stride``, to a flow (N, 3, k, j, i) in voxels.

    Parameters
    ----------
    finest
        Level of the last estimate. 0: the paper's network, 8.6 million parameters. 1: the same up to half resolution,
        then trilinear, at about a seventh of the time.
    """

    stride = 2**COARSEST

    def __init__(self, finest: int = 0) -> None:
        super().__init__()
        self.finest = finest
        self.pyramid = nn.ModuleList(
            nn.Sequential(block(before, after, 2), block(after, after), block(after, after))
            for before, after in zip((1, *FEATURES), FEATURES, strict=False)
        )
        levels = range(COARSEST, finest - 1, -1)
        widths = {level: FEATURES[max(level, 1) - 1] for level in levels}
        costs = (2 * REACH + 1) ** 3
        self.affines = nn.ModuleList(Affine(2 * widths[level], level) for level in levels)
        self.estimators = nn.ModuleList(
            Estimator(costs + 2 * widths[level] + 3 + (0 if level == COARSEST else HANDED_ON)) for level in levels
        )
        finer = list(self.estimators)[:-1]
        self.upsample_flow = nn.ModuleList(nn.Conv3d(3, 3, 3, padding=1) for _ in finer)
        self.upsample_features = nn.ModuleList(
            nn.Conv3d(estimator.channels, HANDED_ON, 3, padding=1) for estimator in finer
        )
        initialise(self, SLOPE)
        for estimator in self.estimators:
            start_near_identity(estimator.flow, 1e-5)
        for layer in self.upsample_flow:
            # The convolution after the upsampling starts as none.
            nn.init.dirac_(layer.weight)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        return self.full(self.estimates(fixed, moving))

    def full(self, levels: tuple[Level, ...]) -> Tensor:
        """The last estimate on the images' grid, in its voxels."""
        flow = levels[-1].flow
        for _ in range(self.finest):
            flow = double_resolution(flow)
        return flow

    def estimates(self, fixed: Tensor, moving: Tensor) -> tuple[Level, ...]:
        """What each level says, coarsest first."""
        features = [torch.cat([fixed, moving], dim=0)]
        for layer in self.pyramid:
            features.append(layer(features[-1]))
        features[0] = F.interpolate(features[1], scale_factor=2.0, mode="nearest")
        levels: list[Level] = []
        handed_on: Tensor | None = None
        for number, (affine_map, estimator) in enumerate(zip(self.affines, self.estimators, strict=True)):
            of_fixed, of_moving = features[COARSEST - number].chunk(2)
            if levels:
                flow = 2.0 * F.interpolate(levels[-1].flow, scale_factor=2.0, mode="nearest")
                flow = self.upsample_flow[number - 1](flow).float()
                warped = warp(of_moving, flow)
            else:
                flow = torch.zeros_like(of_fixed[:, :3])
                warped = of_moving
            affine = affine_map(torch.cat([of_fixed, warped], dim=1))
            # Fixed point x goes to its affine image first, and from there along the flow so far.
            flow = compose(flow, affine)
            warped = warp(of_moving, flow)
            costs = F.leaky_relu(cost_volume(of_fixed, warped), COST_SLOPE)
            seen = [costs, of_fixed, warped, flow]
            if handed_on is not None:
                seen.append(handed_on)
            dense, correction = estimator(torch.cat(seen, dim=1))
            levels.append(Level(flow + correction, affine))
            if number < len(self.upsample_features):
                handed_on = F.interpolate(self.upsample_features[number](dense), scale_factor=2.0, mode="nearest")
        return tuple(levels)
