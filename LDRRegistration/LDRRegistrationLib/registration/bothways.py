"""Registered both ways: the mean of the way there and of the inverse of the way back.

A network and an optimiser that start from the fixed image err in other places than from the moving one. The mean of
both is nearer to the truth, smoother, and hardly depends on which image is called fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..numerics.displacement import inverted
from .passes import runPasses
from .refinement import Refinement, refine
from .selfcheck import CheckedFlow, SelfCheck

if TYPE_CHECKING:
    from .models import RegistrationNetwork

# The mean is smoother than each way alone, which may cost similarity; if more than this share, it is not kept.
MAXIMUM_MEAN_LOSS_SHARE = 0.15


def meanOfBothWays(
    network: RegistrationNetwork,
    selfCheck: SelfCheck,
    aligned: CheckedFlow,
    there: CheckedFlow,
    extraPasses: int,
    refinement: Refinement,
    check: Callable[[], None] = lambda: None,
) -> CheckedFlow:
    """``there`` and the inverse of the way back, half each; ``there`` where that is of no use.

    :param aligned: the moving image before any deformation, judged by ``selfCheck``, on the grid of the fixed one.
    :param extraPasses, refinement: what the way back is found by, as the way there was.
    """
    if there.flow is None:
        return there
    turned, still = selfCheck.turned(aligned.warped)
    back = runPasses(network, turned, still, check, extraPasses)
    weights = still.warped[:, 1:] if still.warped.shape[1] > 1 else None
    images = turned.fixed[0, 0], still.warped[0, 0]
    flow = refine(*images, back.flow, lambda share: check(), refinement, turned.mask, weights, across=turned.across)
    back = turned.better(still.warped, flow, back)
    if back.flow is None:
        return there
    mean = selfCheck.checked(aligned.warped, 0.5 * (there.flow + inverted(back.flow)))
    return mean if mean.similarity > (1.0 - MAXIMUM_MEAN_LOSS_SHARE) * there.similarity else there
