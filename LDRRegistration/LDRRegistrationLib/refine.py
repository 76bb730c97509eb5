"""Instance optimisation: the flow itself is improved on the pair at hand.

The differentiable optimiser of On-the-Fly Guidance (Xin et al., arXiv 2308.15216, section 3.3): Adam on the flow,
similarity plus smoothness. One implementation for the accurate preset and for training (aldk/strategies/guidance.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .flow import resize, unfold, warp
from .masks import jointMask
from .similarity import foldingLoss, gradientLoss, lnccLoss, weightedMean

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Refinement:
    """How a flow is optimised; the defaults are those of the accurate preset.

    ``stepVoxels`` is Adam's step at the start, in voxels of the grid optimised on, which is ``reduction`` times coarser
    than the images': at half resolution four to eight times cheaper, and smoother. With ``decay`` the steps shrink as
    (1 - n / steps)^0.9. ``energy`` is "lncc" or "mse"; ``folding`` weighs cells of a volume below ``foldingMargin``.
    """

    steps: int = 30
    stepVoxels: float = 0.2
    decay: bool = True
    reduction: int = 2
    energy: str = "lncc"
    smoothness: float = 1.5
    folding: float = 3.0
    foldingMargin: float = 0.2
    amsgrad: bool = False


def optimise(
    fixed: Tensor,
    moving: Tensor,
    flow: Tensor | None,
    how: Refinement,
    weights: Tensor | None = None,
    check: Callable[[], None] = lambda: None,
    fixedMask: Tensor | None = None,
    movingMask: Tensor | None = None,
) -> Tensor:
    """Flows (N, 3, k, j, i), in voxels, that align ``moving`` to ``fixed`` better, each (N, 1, k, j, i) in [0, 1].

    :param flow: where to start; None is no displacement. It gets no gradient.
    :param weights: (N, 1, k, j, i), where the similarity counts; None is everywhere alike.
    :param check: called before every step; raises to stop (see stages.py).
    :param fixedMask, movingMask: (N, 1, k, j, i) in [0, 1]: what lies outside has no influence. The moving mask moves
        along, and its own motion has no gradient: the flow cannot gain by carrying it away.
    """
    import torch

    shape = (fixed.shape[2], fixed.shape[3], fixed.shape[4])
    less = how.reduction
    coarse = (-(-shape[0] // less), -(-shape[1] // less), -(-shape[2] // less))
    with torch.enable_grad():
        start = fixed.new_zeros(fixed.shape[0], 3, *coarse) if flow is None else resize(flow.detach(), coarse)
        parameters = start.clone().requires_grad_(True)
        optimizer = torch.optim.Adam([parameters], lr=how.stepVoxels, amsgrad=how.amsgrad)
        for step in range(how.steps):
            check()
            if how.decay:
                optimizer.param_groups[0]["lr"] = how.stepVoxels * (1 - step / how.steps) ** 0.9
            optimizer.zero_grad()
            current = resize(parameters, shape) if less > 1 else parameters
            warped = warp(moving, current)
            mask = fixedMask
            if movingMask is not None:
                mask = jointMask(fixedMask, warp(movingMask, current.detach()))
            counted = weights if mask is None else mask if weights is None else weights * mask
            if how.energy == "mse":
                loss = weightedMean((fixed - warped).square(), counted)
            else:
                loss = lnccLoss(fixed, warped, weights=counted, mask=mask)
            loss = loss + how.smoothness * gradientLoss(parameters)
            if how.folding:
                loss = loss + how.folding * foldingLoss(parameters, how.foldingMargin)
            # Of the flow alone: what else the images depend on, such as a network being trained, stays as it is.
            # Times N: Adam's epsilon must weigh the mean over a batch as it weighs each pair alone.
            (parameters.grad,) = torch.autograd.grad(loss * fixed.shape[0], [parameters])
            optimizer.step()
        return resize(parameters.detach(), shape) if less > 1 else parameters.detach()


def refine(
    fixed: Tensor,
    moving: Tensor,
    flow: Tensor | None,
    check: Callable[[], None] = lambda: None,
    how: Refinement | None = None,
    fixedMask: Tensor | None = None,
    movingMask: Tensor | None = None,
) -> Tensor:
    """The refinement of the accurate preset: ``optimise`` where there is content, then ``unfold``.

    ``fixed`` and ``moving`` are (k, j, i), the flow (1, 3, k, j, i), masks (1, 1, k, j, i).
    """
    weights = (fixed > 0.02).to(fixed.dtype)[None, None]
    images = fixed[None, None], moving[None, None]
    return unfold(optimise(*images, flow, how or Refinement(), weights, check, fixedMask, movingMask))
