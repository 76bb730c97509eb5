"""Instance optimisation: the flow itself is improved on the pair at hand.

The differentiable optimiser of On-the-Fly Guidance (Xin et al., arXiv 2308.15216): Adam on the flow, local correlation
plus smoothness. The flow is optimised at half resolution, which is four to eight times cheaper and smoother.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .flow import resize, unfold, warp
from .similarity import foldingLoss, gradientLoss, lnccLoss

if TYPE_CHECKING:
    from torch import Tensor

STEPS = 30
STEP_VOXELS = 0.2
SMOOTHNESS = 1.5
FOLDING = 3.0
FOLDING_MARGIN = 0.2


def refine(
    fixed: Tensor,
    moving: Tensor,
    flow: Tensor | None,
    check: Callable[[], None] = lambda: None,
    steps: int = STEPS,
    smoothness: float = SMOOTHNESS,
) -> Tensor:
    """A flow (1, 3, k, j, i), in voxels, that aligns ``moving`` to ``fixed``, both (k, j, i) in [0, 1], even better.

    :param flow: where to start; None is no displacement.
    :param check: called before every step; raises to stop (see stages.py).
    """
    import torch

    shape = (fixed.shape[0], fixed.shape[1], fixed.shape[2])
    half = ((shape[0] + 1) // 2, (shape[1] + 1) // 2, (shape[2] + 1) // 2)
    with torch.enable_grad():
        start = torch.zeros(1, 3, *half) if flow is None else resize(flow, half)
        parameters = start.detach().clone().requires_grad_(True)
        optimizer = torch.optim.Adam([parameters], lr=STEP_VOXELS)
        weights = (fixed > 0.02).float()[None, None]
        for step in range(steps):
            check()
            optimizer.param_groups[0]["lr"] = STEP_VOXELS * (1 - step / steps) ** 0.9
            optimizer.zero_grad()
            warped = warp(moving[None, None], resize(parameters, shape))
            loss = lnccLoss(fixed[None, None], warped, weights=weights)
            loss = loss + smoothness * gradientLoss(parameters) + FOLDING * foldingLoss(parameters, FOLDING_MARGIN)
            loss.backward()
            optimizer.step()
        return unfold(resize(parameters.detach(), shape))
