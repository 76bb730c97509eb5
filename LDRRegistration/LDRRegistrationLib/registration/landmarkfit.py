"""Landmarks as constraints: a flow is bent so that it leads each fixed landmark to its moving one, and never folds.

The bending is greedy landmark matching by diffeomorphisms (Joshi and Miller, Landmark matching via large deformation
diffeomorphisms, IEEE TIP 2000, with steps as in Christensen et al.'s greedy solution): each step is a smooth
displacement by radial kernels, too small for its slope to fold, and steps are composed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.displacement import compose, jacobianDeterminant, resize
from ..numerics.gridsample import sampleAtVoxels

if TYPE_CHECKING:
    from torch import Tensor

# Standard deviations of the two Gaussians whose mean is the kernel: the wide one carries what a landmark says of its
# neighbourhood, the narrow one what it says of what is close by.
WIDE_SIGMA_MM, NARROW_SIGMA_MM = 20.0, 8.0
# What a landmark changes counts by a Gaussian of this standard deviation times the factor, cut off at 1, so that all of
# it counts in the middle. A landmark that asks for less than the third changes less of its neighbourhood.
INFLUENCE_SIGMA_MM, INFLUENCE_PLATEAU_FACTOR, FULL_INFLUENCE_MM = 25.0, 3.0, 1.0
# Kernels are summed up on a grid so many times coarser, on which the narrow one is still smooth.
KERNEL_REDUCTION = 3
# Of the kernel's value at 0: landmarks that contradict each other are not followed at any price.
NUGGET = 0.02
# The same where landmarks are compared with each other.
NOISE_OF_OTHERS = 0.2
# The determinant of no single step is below this; a step that would be is halved, so many times at most.
MINIMUM_STEP_DETERMINANT = 0.35
MAXIMUM_HALVINGS = 6
MAXIMUM_STEPS = 12
# As near as a landmark is led.
TOLERANCE_MM = 0.25


def bend(
    flow: Tensor,
    points: Tensor,
    targets: Tensor,
    weights: Tensor,
    spacingMm: float,
    check: Callable[[], object] = lambda: None,
) -> Tensor:
    """The flow (1, 3, k, j, i) in voxels, bent so that ``points`` (n, 3) are led to ``targets`` (n, 3).

    All in voxels (k, j, i) of the flow's grid, which is isotropic, ``spacingMm`` apart. ``weights`` (n,) are above 0: 1
    is as near as possible, less leaves as much more of the distance as others and smoothness want.
    :param check: called before each step; raises to stop.
    """
    far, near = WIDE_SIGMA_MM / spacingMm, NARROW_SIGMA_MM / spacingMm
    asked = _agreed(points, targets, at(flow, points), weights, far, near)
    for _ in range(MAXIMUM_STEPS):
        check()
        led = at(flow, points)
        left = asked - led
        if float(left.norm(dim=1).max()) * spacingMm < TOLERANCE_MM:
            break
        here = points + led
        kernels = _kernels(here, far, near)
        kernels.diagonal().add_(NUGGET)
        step = _summed(here, _solved(kernels, left), flow, far, near)
        flow = compose(_withoutFolds(step, flow), flow)
    return flow


def _agreed(points: Tensor, targets: Tensor, led: Tensor, weights: Tensor, far: float, near: float) -> Tensor:
    """(n, 3): the displacements that landmarks are led to: what is asked of each, smoothed as far as weights allow."""
    asked = targets - points
    kernels = _kernels(points + led, far, near)
    noisy = kernels.clone()
    noisy.diagonal().add_(NUGGET + 1.0 / weights.double() - 1.0)
    return led + (kernels @ _solved(noisy, asked - led).double()).to(led.dtype)


def at(flow: Tensor, points: Tensor) -> Tensor:
    """The flow (1, 3, k, j, i) at ``points`` (n, 3), trilinear: (n, 3)."""
    positions = points.T.reshape(1, 3, -1, 1, 1).to(flow.dtype)
    return sampleAtVoxels(flow, positions, "bilinear", "border")[0, :, :, 0, 0].T


def influence(flow: Tensor, points: Tensor, targets: Tensor, spacingMm: float) -> Tensor:
    """(1, 1, k, j, i) in [0, 1]: how much of a new flow counts around landmarks, as far as they ask for one.

    Beyond their reach the flow is what it was, so that a landmark more does not move what was right elsewhere.
    """
    import torch

    width = INFLUENCE_SIGMA_MM / spacingMm
    shares = ((targets - points - at(flow, points)).norm(dim=1) * spacingMm / FULL_INFLUENCE_MM).clamp(max=1.0)
    rest = flow.new_ones(flow.shape[2:])
    for point, share in zip(points, shares, strict=True):
        lines = [
            (-0.5 * ((torch.arange(n, dtype=flow.dtype, device=flow.device) - place) / width) ** 2).exp()
            for n, place in zip(flow.shape[2:], point, strict=True)
        ]
        nearby = lines[0][:, None, None] * lines[1][:, None] * lines[2]
        rest = rest * (1.0 - share * (INFLUENCE_PLATEAU_FACTOR * nearby).clamp(max=1.0))
    return (1.0 - rest)[None, None]


def withoutFaces(flow: Tensor, margin: int) -> Tensor:
    """The flow (1, 3, k, j, i), falling to nothing over ``margin`` voxels before each face of the grid."""
    import torch

    if margin == 0:
        return flow
    for axis in (2, 3, 4):
        index = torch.arange(flow.shape[axis], dtype=flow.dtype, device=flow.device)
        depth = torch.minimum(index, index.flip(0)) / margin
        ramp = 0.5 - 0.5 * (math.pi * depth.clamp(max=1.0)).cos()
        flow = flow * ramp.view([-1 if a == axis else 1 for a in range(5)])
    return flow


def predicted(flow: Tensor, points: Tensor, targets: Tensor, spacingMm: float) -> np.ndarray:
    """(n,) in mm: how far each target lies from where ``flow`` and what the other landmarks make of it would have it.

    The one that lies farthest leaves the others alone: they are asked without it.
    """
    import torch

    led = at(flow, points)
    left = (targets - points - led).double()
    kernels = _kernels(points + led, WIDE_SIGMA_MM / spacingMm, NARROW_SIGMA_MM / spacingMm)
    count = len(points)
    kept = list(range(count))
    found = torch.zeros(count, dtype=torch.float64)
    for _ in range(max(count // 3, 1)):
        distances = {n: float(_unexpected(kernels, left, n, [m for m in kept if m != n])) for n in kept}
        worst = max(distances, key=lambda n: distances[n])
        for n, distance in distances.items():
            found[n] = distance
        if len(kept) < 2 or distances[worst] * spacingMm < TOLERANCE_MM:
            break
        kept.remove(worst)
    else:
        for n in kept:
            found[n] = _unexpected(kernels, left, n, [m for m in kept if m != n])
    return np.asarray(found.tolist()) * spacingMm


def _unexpected(kernels: Tensor, left: Tensor, one: int, others: list[int]) -> Tensor:
    """How far, in voxels, what is asked of ``one`` is from the smooth mean of what is asked of the others."""
    if not others:
        return left[one].norm()
    noisy = kernels[others][:, others].clone()
    noisy.diagonal().add_(NOISE_OF_OTHERS)
    return (left[one] - kernels[one, others] @ _solved(noisy, left[others]).double()).norm()


def _kernels(places: Tensor, far: float, near: float) -> Tensor:
    """(n, n), in double precision."""
    squares = (places[:, None] - places[None]).double().square().sum(-1)
    return 0.5 * (squares / (-2.0 * far**2)).exp() + 0.5 * (squares / (-2.0 * near**2)).exp()


def _solved(kernels: Tensor, values: Tensor) -> Tensor:
    import torch

    return torch.linalg.solve(kernels, values.double()).to(values.dtype)


def _summed(centers: Tensor, amplitudes: Tensor, flow: Tensor, far: float, near: float) -> Tensor:
    """(1, 3, k, j, i) on the coarse grid, in voxels of the fine one: the kernels around ``centers``, times (n, 3)."""
    import torch

    shape = [-(-n // KERNEL_REDUCTION) for n in flow.shape[2:]]
    total = flow.new_zeros(3, *shape)
    for width in (far, near):
        lines = []
        for axis, size in enumerate(shape):
            scale = flow.shape[2 + axis] / size
            places = (torch.arange(size, dtype=flow.dtype, device=flow.device) + 0.5) * scale - 0.5
            lines.append((-0.5 * ((places[None] - centers[:, axis, None]) / width) ** 2).exp())
        along = amplitudes.T[:, :, None] * lines[0][None]
        planes = (lines[1][:, :, None] * lines[2][:, None]).flatten(1)
        total = total + 0.5 * torch.matmul(along.transpose(1, 2), planes).view(3, *shape)
    return total[None]


def _withoutFolds(coarse: Tensor, flow: Tensor) -> Tensor:
    """The step on the flow's grid, shortened until it is far from folding."""
    scale = [n / m for n, m in zip(flow.shape[2:], coarse.shape[2:], strict=True)]
    inOwnVoxels = coarse / coarse.new_tensor(scale).view(1, 3, 1, 1, 1)
    for _ in range(MAXIMUM_HALVINGS):
        if float(jacobianDeterminant(inOwnVoxels).min()) >= MINIMUM_STEP_DETERMINANT:
            break
        inOwnVoxels = 0.5 * inOwnVoxels
    k, j, i = flow.shape[2:]
    return resize(inOwnVoxels, (k, j, i))
