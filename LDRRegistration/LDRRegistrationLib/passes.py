"""The student's passes: one network, with shared weights, looks again and again, from coarse grids to the finest.

Tran et al. (TMI 2022) call such repetition a cascade. On a grid four times coarser a pass costs a sixtieth, and what is
a large motion on the finest grid is a small one there.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

from .comparison import LEAST_GAIN, Comparison, reduced
from .flow import compose, resize
from .unfold import unfold

if TYPE_CHECKING:
    from torch import Tensor

    from .student import Student

# Scans that are aligned to a fraction of a voxel already need less than the network tends to give.
SHARES = (1.0, 0.5)
CLEAR_GAIN = 0.02


def runPasses(
    student: Student, comparison: Comparison, moving: Tensor, similarity: float, check: Callable[[], None]
) -> tuple[Tensor | None, float]:
    """The flow after all passes of the student's card, and the similarity it reaches; None if no pass was of use.

    Every pass is checked on its own grid: it counts in full, by half, or not at all, whatever makes the images most
    alike (where all of it is a clear gain, half is not tried). So is, on each finer grid, what the coarser one says.

    :param moving: (1, C, k, j, i), see comparison.py; ``similarity`` is what it has as it is.
    :param check: called before each pass; raises to stop.
    """
    flow = None
    levels = [(reduction, len(list(passes))) for reduction, passes in groupby(student.card.passes)]
    if levels[-1][0] != 1:
        levels.append((1, 0))
    for reduction, count in levels:
        here = comparison if reduction == 1 else comparison.reduced(reduction)
        seen = reduced(moving, reduction)
        reached, warped = similarity if reduction == 1 else here.similarity(seen), seen
        if flow is not None:
            k, j, i = seen.shape[2:]
            carried = unfold(resize(flow, (k, j, i)))
            flow = None
            value, image = here.judge(seen, carried)
            if value > reached + LEAST_GAIN:
                flow, reached, warped = carried, value, image
        for _ in range(count):
            check()
            better = _onePass(student, here, seen, flow, reached, warped)
            if better is None:
                break
            flow, reached, warped = better
    return flow, reached


def _onePass(
    student: Student, here: Comparison, moving: Tensor, flow: Tensor | None, similarity: float, warped: Tensor
) -> tuple[Tensor, float, Tensor] | None:
    """The flow after one more pass, its similarity and the moving image under it; None if the pass is of no use."""
    step = student.predict(here.fixed[0, 0], warped[0, 0])
    best, before = None, similarity
    for share in SHARES:
        if similarity > before + CLEAR_GAIN:
            break
        candidate = unfold(share * step if flow is None else compose(flow, share * step))
        reached, image = here.judge(moving, candidate)
        if reached > similarity + LEAST_GAIN:
            best, similarity = (candidate, reached, image), reached
    return best
