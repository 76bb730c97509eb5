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
from .finishing import Finish, isFiner
from .modelcards import ModelCard
from .models import MAXIMUM_GRID_VOXELS, modelGrid, resolutionMm
from .refinement import Refinement

# Between unlike contrasts a close fit is a wrong one: borders lie where one image has them and the other has none. So
# the deformation is as smooth as this, or as a share of the volume's extent, whichever is less.
ACROSS_CONTRASTS_SIGMA_MM = 16.0
ACROSS_CONTRASTS_SHARE = 0.1
# How smooth is what two people get on top of that, in voxels of the grid of ACROSS_CONTRASTS, see acrosscontrasts.py.
FINER_ACROSS_CONTRASTS_SIGMA = 0.5
ACROSS_CONTRASTS = Refinement(
    stepVoxels=0.15,
    reduction=4,
    energy=Energy(smoothness=0.5, window=3, stride=2),
    updateSmoothness=0.0,
    epsilon=0.0,
    bySlopes=True,
)
# Both ways are taken where the finish has at most this share of the spacing before it. The mean with the way back costs
# hippocampus crops .02 of Dice, where no finer grid brings it back (1.0 to 1.15 mm, then 1.0).
BOTH_WAYS_SHARE = 0.75


class Preset(Enum):
    FAST = "fast"
    ACCURATE = "accurate"
    BEST = "best"


@dataclass(frozen=True)
class Recipe:
    """What a registration does after the pre-alignment.

    ``coarsening``: how many times coarser than the model's card says the network's grid is. It is at most ``finerByMm``
    finer than what the coarser image resolves, and has at most ``mostVoxels``.
    ``extraPasses``: passes of the network on the finest grid after those of its card.
    ``refinement``: what follows the network; of 0 steps: nothing. It is left out, and all after it, where the images
    are alike by more than ``skipRefinementAboveLncc`` after the network.
    ``bothWays``: whether the mean with the inverse of the way back is taken, where a finish on a much finer grid
    follows: the mean is smoother than each way, and the finer grid finds again what that costs.
    ``finish``: what follows after that, where the contrasts do not differ.
    ``stepsAcrossContrasts``: steps of what is done in place of all this where they do.
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

    def grid(self, card: ModelCard, fixed: Grid, moving: Grid) -> Grid:
        """The grid of the network, and of the refinement."""
        spacing = max(self.coarsening * card.spacingMm, resolutionMm(fixed, moving) - self.finerByMm)
        return modelGrid(fixed, spacing, card.sizeMultiple, self.mostVoxels)

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

    def hasFinish(self, grid: Grid, fixed: Grid, moving: Grid) -> bool:
        """Whether anything is finished after what happens on ``grid``."""
        return any(how.isDone(fixed, moving, grid, number) for number, how in enumerate(self.finish))

    def takesBothWays(self, grid: Grid, fixed: Grid, moving: Grid) -> bool:
        """Whether the finish is so much finer than ``grid`` that it finds again what the mean of both ways costs."""
        return self.bothWays and any(isFiner(how.grid(fixed, moving), grid, BOTH_WAYS_SHARE) for how in self.finish)

    def acrossContrasts(self, fixed: Grid, spacingMm: float, isFiner: bool = False) -> Refinement:
        """What is done in the network's place, on a grid of ``spacingMm``, where contrasts differ.

        :param isFiner: what is added to it where two people differ.
        """
        sigma = min(ACROSS_CONTRASTS_SIGMA_MM, ACROSS_CONTRASTS_SHARE * float(np.median(fixed.extentMm)))
        sigmaVoxels = sigma / (ACROSS_CONTRASTS.reduction * spacingMm)
        if isFiner:
            sigmaVoxels = min(sigmaVoxels, FINER_ACROSS_CONTRASTS_SIGMA)
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
        finish=(Finish(2.5, steps=3, window=5, stepSigma=0.8, warpSigma=0.35, mostVoxels=1_500_000),),
    ),
    # Twelve steps of Adam and six smooth ones reach what twenty-five of Adam do, and are smoother.
    Preset.ACCURATE: Recipe(
        coarsening=0.75,
        extraPasses=1,
        refinement=Refinement(),
        skipRefinementAboveLncc=None,
        stepsAcrossContrasts=25,
        finerByMm=0.5,
        finish=(Finish(1.5, steps=6, stepSigma=1.1, warpSigma=0.45, mostVoxels=MAXIMUM_GRID_VOXELS),),
    ),
}
# What *Accurate* does, where it can be both ways, and then finer still.
RECIPES[Preset.BEST] = replace(
    RECIPES[Preset.ACCURATE],
    bothWays=True,
    finish=(*RECIPES[Preset.ACCURATE].finish, Finish(1.0, steps=6, stepSigma=1.4, warpSigma=0.6)),
)
# Two visits of one person, to see what changed: so smooth that it undoes the scanner's distortions and leaves a lesion
# the size it is.
FOLLOW_UP = Recipe(
    coarsening=1.0,
    extraPasses=0,
    refinement=Refinement(steps=0),
    skipRefinementAboveLncc=None,
    stepsAcrossContrasts=0,
)
