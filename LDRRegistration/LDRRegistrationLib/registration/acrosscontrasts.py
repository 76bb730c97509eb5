"""The deformation between unlike contrasts: smooth for one person, finer for two.

Borders lie where one contrast has them and the other has none, so a close fit of one person's two contrasts is a wrong
one: it makes them a little more alike, and takes the landmarks apart. Two people differ in every fold, and a finer
deformation makes them much more alike. So it is tried, and kept where it gains what one person's never does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pair import PairOnGrid
from .selfcheck import CheckedFlow

if TYPE_CHECKING:
    from ..space.grid import Grid
    from .recipes import Recipe
    from .refinement import StepCallback

# Similarity that the finer deformation must add, at least, and as a share of what the smooth one added. Two people have
# .06 to .17, and .6 to 1.6 of it (OASIS brains, training pairs, one recoloured); two contrasts of one person have
# up to .028 (patient07), and where they had moved, at most .36 of it.
MINIMUM_FINER_GAIN = 0.043
MINIMUM_FINER_SHARE = 0.48


def refinedAcrossContrasts(
    pair: PairOnGrid, recipe: Recipe, fixed: Grid, spacingMm: float, aligned: CheckedFlow, advance: StepCallback
) -> CheckedFlow:
    """The smooth deformation of ``aligned``, and finer where that gains enough; ``aligned`` where neither does.

    :param aligned: the moving image under the pre-alignment, on the grid of ``pair``, of ``spacingMm``.
    """
    found = [aligned]
    for isFiner in (False, True):
        how = recipe.acrossContrasts(fixed, spacingMm, isFiner)
        refined = pair.refine(aligned.warped, found[-1].flow, how, advance)
        found.append(pair.selfCheck.better(aligned.warped, refined, found[-1]))
    smooth, finer = found[1:]
    return finer if areTwoPeople(*(one.similarity for one in found)) else smooth


def areTwoPeople(aligned: float, smooth: float, finer: float) -> bool:
    """Whether the finer deformation brought what it does not bring between two contrasts of one person.

    :param aligned, smooth, finer: the similarities under the pre-alignment, and after each of the two.
    """
    gain = finer - smooth
    return gain >= MINIMUM_FINER_GAIN and gain >= MINIMUM_FINER_SHARE * (smooth - aligned)
