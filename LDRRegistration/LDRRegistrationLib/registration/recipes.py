"""The presets: what each of them does, a row each. A new preset is a new member, its row, and its label.

Labels are in gui/choicelabels.py. How the numbers were found is in docs/thresholds.md and training/RESULTS.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from ..space.grid import Grid
from .energy import Energy
from .finishing import Finish
from .models import MAXIMUM_GRID_VOXELS, RegistrationNetwork, resolutionMm
from .refinement import Refinement

# Between unlike contrasts a close fit is a wrong one: borders lie where one image has them and the other has none. So
# the deformation is as smooth as this, or as a share of the volume's extent, whichever is less.
ACROSS_CONTRASTS_SIGMA_MM = 16.0
ACROSS_CONTRASTS_SHARE = 0.1
ACROSS_CONTRASTS = Refinement(
    stepVoxels=0.15,
    reduction=4,
    energy=Energy(smoothness=0.5, window=3, stride=2),
    updateSmoothness=0.0,
    epsilon=0.0,
    bySlopes=True,
)


class Preset(Enum):
    FAST = "fast"
    ACCURATE = "accurate"
    BEST = "best"


@dataclass(frozen=True)
class Recipe:
    """What a registration does after the pre-alignment.

    ``coarsening``: how many times coarser than the model's card says the grid is that all happens on. It is at most
    ``finerByMm`` finer than what the coarser image resolves, and has at most ``mostVoxels``.
    ``extraPasses``: passes of the network on the finest grid after those of its card.
    ``refinement``: what follows the network; of 0 steps: nothing. It is left out where the images are alike by more
    than ``skipRefinementAboveLncc`` after the network.
    ``bothWays``: whether the mean with the inverse of the way back is taken; and ``finish``: what follows after that,
    on grids of their own. Neither is done where the contrasts differ.
    ``stepsAcrossContrasts``: steps of what is done in the network's place where the contrasts differ.
    """

    coarsening: float
    extraPasses: int
    refinement: Refinement
    skipRefinementAboveLncc: float | None
    stepsAcrossContrasts: int
    finerByMm: float = math.inf
    mostVoxels: int = MAXIMUM_GRID_VOXELS
    bothWays: bool = False
    finish: tuple[Finish, ...] = ()

    def grid(self, network: RegistrationNetwork, fixed: Grid, moving: Grid) -> Grid:
        """The grid that all happens on."""
        return network.grid(fixed, self.coarsening, resolutionMm(fixed, moving) - self.finerByMm, self.mostVoxels)

    def withSteps(self, steps: int) -> Recipe:
        """The same with so many steps of the accurate refinement, wherever it would have stopped or been left out."""
        how = Refinement(steps=steps)
        return replace(
            self,
            refinement=how,
            skipRefinementAboveLncc=None,
            stepsAcrossContrasts=steps,
            bothWays=self.bothWays and steps > 0,
            finish=self.finish if steps else (),
        )

    def skipsRefinement(self, similarity: float) -> bool:
        """Whether nothing is refined where the images are that alike after the network."""
        limit = self.skipRefinementAboveLncc
        return self.refinement.steps == 0 or (limit is not None and similarity > limit)

    def acrossContrasts(self, fixed: Grid, spacingMm: float) -> Refinement:
        """What is done in the network's place, on a grid of ``spacingMm``, where contrasts differ."""
        sigma = min(ACROSS_CONTRASTS_SIGMA_MM, ACROSS_CONTRASTS_SHARE * float(np.median(fixed.extentMm)))
        sigmaVoxels = sigma / (ACROSS_CONTRASTS.reduction * spacingMm)
        return replace(ACROSS_CONTRASTS, steps=self.stepsAcrossContrasts, sigma=sigmaVoxels)


RECIPES = {
    # Half the voxels, and the few steps that bring most of what many would. Two scans of one person are so alike after
    # the network that a closer fit would follow their noise and their lesions.
    Preset.FAST: Recipe(
        coarsening=1.25,
        extraPasses=0,
        refinement=Refinement(
            steps=6,
            stepVoxels=0.3,
            energy=Energy(smoothness=0.0, window=5, stride=2),
            updateSmoothness=1.5,
            bySlopes=True,
            settled=0.0,
        ),
        skipRefinementAboveLncc=0.8,
        stepsAcrossContrasts=15,
        finerByMm=0.0,
        mostVoxels=1_500_000,
    ),
    # Twenty-five steps at 1.5 mm reach more than eighty at 2 mm.
    Preset.ACCURATE: Recipe(
        coarsening=0.75,
        extraPasses=1,
        refinement=Refinement(steps=25),
        skipRefinementAboveLncc=None,
        stepsAcrossContrasts=25,
        finerByMm=0.5,
    ),
}
# What *Accurate* finds both ways, and then a finish at 1 mm: smoother than *Accurate*, and as close.
RECIPES[Preset.BEST] = replace(RECIPES[Preset.ACCURATE], finerByMm=0.0, bothWays=True, finish=(Finish(),))
# Two visits of one person, to see what changed: so smooth that it undoes the scanner's distortions and leaves a lesion
# the size it is.
FOLLOW_UP = Recipe(
    coarsening=1.0,
    extraPasses=0,
    refinement=Refinement(steps=0),
    skipRefinementAboveLncc=None,
    stepsAcrossContrasts=0,
)
