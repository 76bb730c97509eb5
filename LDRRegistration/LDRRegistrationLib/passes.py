"""The student's passes: one network, with shared weights, looks again and again, from coarse grids to the finest.

Tran et al. (TMI 2022) call such repetition a cascade. On a grid four times coarser a pass costs a sixtieth, and what is
a large motion on the finest grid is a small one there.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

from .comparison import Comparison, Judged, reducedByWeight
from .flow import compose, resize

if TYPE_CHECKING:
    from torch import Tensor

    from .student import Student

# Scans that are aligned to a fraction of a voxel already need less than the network tends to give.
SHARES = (1.0, 0.5)
CLEAR_GAIN = 0.02


def runPasses(
    student: Student, comparison: Comparison, still: Judged, check: Callable[[], None] = lambda: None, more: int = 0
) -> Judged:
    """What all passes of the student's card, and ``more`` on the finest grid, come to; ``still`` if none was of use.

    Every pass is checked on its own grid: it counts in full, by half, or not at all, whatever makes the images most
    alike (where all of it is a clear gain, half is not tried). So is, on each finer grid, what the coarser one says.

    :param still: the moving image before all passes, judged by ``comparison``.
    :param check: called before each pass; raises to stop.
    """
    state = still
    levels = [(reduction, len(list(passes))) for reduction, passes in groupby((*student.card.passes, *[1] * more))]
    if levels[-1][0] != 1:
        levels.append((1, 0))
    for reduction, count in levels:
        here = comparison if reduction == 1 else comparison.reduced(reduction)
        coarser, state = state.flow, still if reduction == 1 else here.still(reducedByWeight(still.warped, reduction))
        moving = state.warped
        if coarser is not None:
            k, j, i = moving.shape[2:]
            state = here.better(moving, resize(coarser, (k, j, i)), state, isDraft=reduction == 1)
        for _ in range(count):
            check()
            after = _onePass(student, here, moving, state, isDraft=reduction == 1)
            if after is state:
                break
            state = after
    return comparison.completed(state)


def _onePass(student: Student, here: Comparison, moving: Tensor, before: Judged, isDraft: bool) -> Judged:
    """The state after one more pass; ``before`` itself if the pass is of no use."""
    step = student.predict(*here.seen(before.warped))
    best = before
    for share in SHARES:
        if best.similarity > before.similarity + CLEAR_GAIN:
            break
        flow = share * step if before.flow is None else compose(before.flow, share * step)
        best = here.better(moving, flow, best, isDraft)
    return best
