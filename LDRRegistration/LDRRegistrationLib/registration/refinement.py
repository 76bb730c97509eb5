"""Instance optimisation: a registration is improved on the pair at hand, by its flow or by the network's last layers.

The first is the differentiable optimiser of On-the-Fly Guidance (Xin et al., arXiv 2308.15216, section 3.3): Adam on
the flow, similarity plus smoothness; one implementation for the accurate preset and for training
(aldk/strategies/guidance.py). The second is what SAR-Net (Mahapatra and Ge, ISBI 2019, section 2.3) does with images of
a kind that a network never saw: all but its last layers stay as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..numerics.adam import Adam
from ..numerics.displacement import compose, resize, resizer, warp, warpBySlopes
from ..numerics.filters import gaussianMean
from ..numerics.foldremoval import removeFolds
from ..numerics.losses import gradientLoss
from ..space.masks import jointMask
from .energy import Energy
from .selfcheck import MINIMUM_SHOWN_INTENSITY, withoutAcross

if TYPE_CHECKING:
    from torch import Tensor

    from .models import RegistrationNetwork

SETTLING_STEPS = 5
# Voxels around what the fixed image shows, within which a refinement fades out.
BOX_MARGIN = 4
# Called before every step with the share that is done, 0 to 1; raises to stop (see runtime/progress.py).
StepCallback = Callable[[float], None]


@dataclass(frozen=True)
class Refinement:
    """How a flow is optimised; the defaults are those of the accurate preset.

    ``updateSmoothness`` times Grad-L2 of what is added to the flow joins the energy. The preset has most of its
    smoothness there, not on the whole flow: a network that learnt from labels knows of borders that the images hardly
    show, and smoothing the whole flow takes them back. What is added is smooth by construction with a ``sigma`` above
    0: the Gaussian mean, so many voxels of the optimised grid wide, of what Adam moves.
    ``stepVoxels`` is Adam's step at the start, in voxels of the grid optimised on, which is ``reduction`` times coarser
    than the images': at half resolution four to eight times cheaper, and smoother; ``epsilon`` is Adam's (see adam.py).
    ``bySlopes``: the slopes of the warped image stand for the interpolation's derivative (see ``warpBySlopes``).
    With ``decay`` the steps shrink as (1 - n / steps)^0.9. It ends early once the energy, averaged over five steps, is
    less than ``settled`` below that of the five before; 0: never.
    """

    steps: int = 12
    stepVoxels: float = 0.2
    decay: bool = True
    reduction: int = 2
    energy: Energy = field(default_factory=lambda: Energy(smoothness=0.5, window=5, stride=2))
    updateSmoothness: float = 1.0
    sigma: float = 0.0
    amsgrad: bool = False
    epsilon: float = 0.2
    bySlopes: bool = False
    settled: float = 1e-4


@dataclass(frozen=True)
class Adaptation:
    """How a network's last ``layers`` learn from the pair at hand: at most so many ``iterations`` and ``seconds``.

    It ends earlier as a refinement does.
    """

    iterations: int = 40
    seconds: float = 10.0
    settled: float = 5e-4
    rate: float = 3e-3
    layers: int = 2
    energy: Energy = field(default_factory=Energy)


def optimise(
    fixed: Tensor,
    moving: Tensor,
    flow: Tensor | None,
    how: Refinement,
    weights: Tensor | None = None,
    advance: StepCallback = lambda share: None,
    fixedMask: Tensor | None = None,
    movingMask: Tensor | None = None,
    origin: tuple[int, int, int] = (0, 0, 0),
    fadeRamps: Sequence[Tensor] | None = None,
    across: int | None = None,
) -> Tensor:
    """Flows (N, 3, k, j, i), in voxels, that align ``moving`` to ``fixed`` better, each (N, 1, k, j, i) in [0, 1].

    :param flow: where to start; None is no displacement. It gets no gradient.
    :param weights: (N, 1, k, j, i), where the similarity counts; None is everywhere alike.
    :param fixedMask, movingMask: (N, 1, k, j, i) in [0, 1]: what lies outside has no influence. The moving mask moves
        along, and its own motion has no gradient: the flow cannot gain by carrying it away.
    :param origin: of ``fixed``, its mask and the flow in the grid of ``moving``, where they are a part of it.
    :param fadeRamps: (k,), (j,) and (i,) in [0, 1], by which all that is added to the flow is multiplied; None is by 1.
    :param across: the axis (0: k, 1: j, 2: i) along which nothing is added; None: along all something is.
    """
    import torch

    def onFullGrid(added: Tensor) -> Tensor:
        if how.sigma > 0:
            added = gaussianMean(added, [how.sigma] * 3)
        return added if reduction == 1 and fadeRamps is None else upsampled(added)

    shape = (fixed.shape[2], fixed.shape[3], fixed.shape[4])
    reduction = how.reduction
    coarse = (-(-shape[0] // reduction), -(-shape[1] // reduction), -(-shape[2] // reduction))
    upsampled = resizer(coarse, shape, fixed, fadeRamps)
    energies = _Energies(how.settled)
    fixedWindows = how.energy.windowsOf(fixed)
    warped = warpBySlopes if how.bySlopes else warp
    with torch.enable_grad():
        start = fixed.new_zeros(fixed.shape[0], 3, *shape) if flow is None else flow.detach()
        coarseStart = resize(start, coarse) if reduction > 1 else start
        added = torch.zeros_like(coarseStart).requires_grad_(True)
        adam = Adam([added], how.stepVoxels, how.amsgrad, how.epsilon)
        for step in range(how.steps):
            advance(step / how.steps)
            if how.decay:
                adam.rate = how.stepVoxels * (1 - step / how.steps) ** 0.9
            current = start + onFullGrid(added)
            mask = _maskUnder(current, fixedMask, movingMask, origin)
            now = warped(moving, current, origin=origin)
            loss = how.energy(fixed, now, coarseStart + added, weights, mask, fixedWindows)
            if how.updateSmoothness:
                loss = loss + how.updateSmoothness * gradientLoss(added)
            # Times N: Adam's epsilon must weigh the mean over a batch as it weighs each pair alone.
            loss = loss * fixed.shape[0]
            # Of the flow alone: what else the images depend on, such as a network being trained, stays as it is.
            adam.step([withoutAcross(slope, across) for slope in torch.autograd.grad(loss, [added])])
            if energies.settledWith(loss):
                break
        return start + onFullGrid(added.detach())


def refine(
    fixed: Tensor,
    moving: Tensor,
    flow: Tensor | None,
    advance: StepCallback = lambda share: None,
    how: Refinement | None = None,
    fixedMask: Tensor | None = None,
    movingMask: Tensor | None = None,
    across: int | None = None,
) -> Tensor:
    """The refinement of the accurate preset: ``optimise`` in the box that has content, then ``removeFolds``.

    ``fixed`` and ``moving`` are (k, j, i), the flow (1, 3, k, j, i), masks (1, 1, k, j, i); ``across`` as in
    ``optimise``.
    """
    how = how or Refinement()
    content = contentOf(fixed)
    box, fadeRamps = boxAround(content)
    part = (slice(None), slice(None), *box)
    flow = fixed.new_zeros(1, 3, *fixed.shape) if flow is None else flow.clone()
    flow[part] = optimise(
        fixed[None, None][part],
        moving[None, None],
        flow[part],
        how,
        content[part],
        advance,
        None if fixedMask is None else fixedMask[part],
        movingMask,
        (box[0].start, box[1].start, box[2].start),
        fadeRamps,
        across,
    )
    return removeFolds(flow)[0]


def adapt(
    network: RegistrationNetwork,
    fixed: Tensor,
    moving: Tensor,
    flow: Tensor | None,
    advance: StepCallback = lambda share: None,
    how: Adaptation | None = None,
    fixedMask: Tensor | None = None,
    movingMask: Tensor | None = None,
) -> Tensor:
    """One more pass of the network, behind ``flow``, by a copy whose last layers have learnt from this pair.

    ``fixed`` and ``moving`` are (k, j, i) in [0, 1], flows (1, 3, k, j, i) in voxels. What drives it is the energy of
    the refinement: SAR-Net's cycle and mask losses need images of the kind to be known. The network stays as it is.
    Masks as in ``optimise``.
    """
    import torch

    how = how or Adaptation()
    module, parameters = network.lastLayers(how.layers)
    weights = contentOf(fixed)
    fixed, moving = fixed[None, None], moving[None, None]
    seen = moving if flow is None else warp(moving, flow)
    energies, start = _Energies(how.settled), time.perf_counter()
    best, lowest = moving.new_zeros(1, 3, *fixed.shape[2:]) if flow is None else flow, float("inf")
    with torch.enable_grad():
        adam = Adam(parameters, how.rate)
        for iteration in range(how.iterations):
            advance(iteration / how.iterations)
            step = network.run(module, fixed, seen)
            total = step if flow is None else compose(flow, step)
            mask = _maskUnder(total, fixedMask, movingMask)
            loss = how.energy(fixed, warp(moving, total), total, weights, mask)
            if float(loss.detach()) < lowest:
                best, lowest = total.detach(), float(loss.detach())
            if energies.settledWith(loss) or time.perf_counter() - start > how.seconds:
                break
            adam.step(torch.autograd.grad(loss, parameters))
    return removeFolds(best)[0]


def contentOf(fixed: Tensor) -> Tensor:
    """(1, 1, k, j, i): 1 where the fixed image (k, j, i) shows something."""
    return (fixed > MINIMUM_SHOWN_INTENSITY).to(fixed.dtype)[None, None]


def boxAround(content: Tensor) -> tuple[tuple[slice, slice, slice], list[Tensor]]:
    """The box of what is not 0 in (1, 1, k, j, i), BOX_MARGIN voxels wider, and how free a flow is in it.

    That is one ramp along each axis, which falls to 0 over the margin where the box ends within the grid, so that a
    flow that is changed in the box alone does not tear at its faces.
    """
    import torch

    slices, ramps = [], []
    for axis in (2, 3, 4):
        size = content.shape[axis]
        filled = content.amax([a for a in (2, 3, 4) if a != axis]).flatten().nonzero()
        first, last = (int(filled[0]), int(filled[-1])) if len(filled) else (0, size - 1)
        start, stop = max(first - BOX_MARGIN, 0), min(last + 1 + BOX_MARGIN, size)
        # Whole blocks at half resolution.
        start, stop = start - start % 2, min(stop + stop % 2, size)
        steps = torch.arange(stop - start, dtype=content.dtype, device=content.device)
        ramp = torch.ones_like(steps)
        if start > 0:
            ramp = torch.minimum(ramp, (steps + 1) / (BOX_MARGIN + 1))
        if stop < size:
            ramp = torch.minimum(ramp, steps.flip(0).add(1) / (BOX_MARGIN + 1))
        slices.append(slice(start, stop))
        ramps.append(ramp)
    return (slices[0], slices[1], slices[2]), ramps


def _maskUnder(
    flow: Tensor, fixedMask: Tensor | None, movingMask: Tensor | None, origin: tuple[int, int, int] = (0, 0, 0)
) -> Tensor | None:
    """Both masks on the fixed grid; the moving one moves along without gradient."""
    return fixedMask if movingMask is None else jointMask(fixedMask, warp(movingMask, flow.detach(), origin=origin))


class _Energies:
    """The energies of a run, and whether they have stopped falling."""

    def __init__(self, settled: float) -> None:
        self._settled = settled
        self._values: list[float] = []

    def settledWith(self, energy: Tensor) -> bool:
        """Whether the mean over the last steps, this one included, is hardly below that of the steps before them."""
        self._values.append(float(energy.detach()))
        recent, before = self._values[-SETTLING_STEPS:], self._values[-2 * SETTLING_STEPS : -SETTLING_STEPS]
        if self._settled <= 0 or len(before) < SETTLING_STEPS:
            return False
        return sum(before) - sum(recent) < self._settled * SETTLING_STEPS
