"""The network's passes: one network, with shared weights, looks again and again, from coarse grids to the finest.

Tran et al. (TMI 2022) call such repetition a cascade. On a grid four times coarser a pass costs a sixtieth, and what is
a large motion on the finest grid is a small one there.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

from ..numerics.displacement import compose, resize
from .selfcheck import CheckedFlow, SelfCheck, reducedByWeight, withoutAcross

if TYPE_CHECKING:
    from torch import Tensor

    from .models import RegistrationNetwork

# A pass counts by the share of its flow that makes the images most alike, tried in this order: scans that are aligned
# to a fraction of a voxel already need less than the network tends to give. Where the first gains this much similarity
# (LNCC) the second is not tried.
PASS_SHARES = (1.0, 0.5)
CLEAR_SIMILARITY_GAIN = 0.02


def runPasses(
    network: RegistrationNetwork,
    selfCheck: SelfCheck,
    unmoved: CheckedFlow,
    check: Callable[[], None] = lambda: None,
    extraPasses: int = 0,
) -> CheckedFlow:
    """What all passes of the network's card come to, and ``extraPasses`` on the finest grid; ``unmoved`` if none helps.

    Every pass is checked on its own grid: it counts in full, by half, or not at all, whatever makes the images most
    alike (where all of it is a clear gain, half is not tried). So is, on each finer grid, what the coarser one says.

    :param unmoved: the moving image before all passes, judged by ``selfCheck``.
    :param check: called before each pass; raises to stop.
    """
    state = unmoved
    reductions = (*network.card.passes, *[1] * extraPasses)
    levels = [(reduction, len(list(passes))) for reduction, passes in groupby(reductions)]
    if levels[-1][0] != 1:
        levels.append((1, 0))
    for reduction, count in levels:
        here = selfCheck if reduction == 1 else selfCheck.reduced(reduction)
        coarser = state.flow
        state = unmoved if reduction == 1 else here.unmoved(reducedByWeight(unmoved.warped, reduction))
        moving = state.warped
        if coarser is not None:
            k, j, i = moving.shape[2:]
            state = here.better(moving, resize(coarser, (k, j, i)), state, isDraft=reduction == 1)
        for _ in range(count):
            check()
            after = _onePass(network, here, moving, state, isDraft=reduction == 1)
            if after is state:
                break
            state = after
    return selfCheck.completed(state)


def _onePass(
    network: RegistrationNetwork, here: SelfCheck, moving: Tensor, before: CheckedFlow, isDraft: bool
) -> CheckedFlow:
    """The state after one more pass; ``before`` itself if the pass is of no use."""
    step = withoutAcross(network.predict(*here.seen(before.warped)), here.across)
    best = before
    for share in PASS_SHARES:
        if best.similarity > before.similarity + CLEAR_SIMILARITY_GAIN:
            break
        flow = share * step if before.flow is None else compose(before.flow, share * step)
        best = here.better(moving, flow, best, isDraft)
    return best
