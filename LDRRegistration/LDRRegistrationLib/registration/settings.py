"""What the user may choose about a registration, and what the presets mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from ..runtime.device import Device
from ..space.grid import Grid
from .energy import Energy
from .refinement import Adaptation, Refinement

# Half the voxels, and the few steps that bring most of what many would.
FAST_COARSENING = 1.25
FAST_REFINEMENT = Refinement(
    steps=6,
    stepVoxels=0.3,
    energy=Energy(smoothness=0.0, window=5, stride=2),
    updateSmoothness=1.5,
    bySlopes=True,
    settled=0.0,
)
# Twenty-five steps at 1.5 mm reach more than eighty at 2 mm.
ACCURATE_COARSENING = 0.75
# Two scans of one person are this alike after the network; a closer fit would follow their noise and their lesions.
SKIP_REFINEMENT_ABOVE_LNCC = 0.8
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
ACROSS_CONTRASTS_STEPS = {"fast": 15, "accurate": 25}


class Preset(Enum):
    FAST = "fast"
    ACCURATE = "accurate"


class Prealignment(Enum):
    NONE = "none"
    RIGID = "rigid"
    AFFINE = "affine"


@dataclass(frozen=True)
class Settings:
    """What the user may choose. ``model`` is the name of a model, or "auto" for the default one, which is free for
    any use.

    ``adaptation``: the student's last layers learn from the pair, for images of a kind that it never saw.
    ``refinementSteps`` stands above the preset: None is what the preset does, 0 is no refinement. ``threads`` None is
    what torch uses anyway. A CUDA ``device`` runs the network and the refinement; all else stays on the CPU.
    ``followUp`` is for two visits of one person, to see what changed: the deformation is so smooth that it undoes the
    scanner's distortions and leaves a lesion the size it is. Such a pair wants a rigid pre-alignment and no refinement.
    """

    preset: Preset = Preset.FAST
    model: str = "auto"
    prealignment: Prealignment = Prealignment.AFFINE
    warp: bool = True
    adaptation: Adaptation | None = None
    refinementSteps: int | None = None
    device: Device = Device.CPU
    threads: int | None = None
    followUp: bool = False

    @property
    def refinement(self) -> Refinement:
        """What follows the network."""
        if self.refinementSteps is not None:
            return Refinement(steps=self.refinementSteps)
        return FAST_REFINEMENT if self.preset is Preset.FAST else Refinement()

    def refinementAcrossContrasts(self, fixed: Grid, spacingMm: float) -> Refinement:
        """What is done in the network's place, on a grid of ``spacingMm``, where contrasts differ."""
        sigma = min(ACROSS_CONTRASTS_SIGMA_MM, ACROSS_CONTRASTS_SHARE * float(np.median(fixed.extentMm)))
        steps = ACROSS_CONTRASTS_STEPS[self.preset.value] if self.refinementSteps is None else self.refinementSteps
        return replace(ACROSS_CONTRASTS, steps=steps, sigma=sigma / (ACROSS_CONTRASTS.reduction * spacingMm))

    @property
    def steps(self) -> int:
        """Steps of refinement after the network."""
        return 0 if self.followUp else self.refinement.steps

    @property
    def morePasses(self) -> int:
        """Passes of the network on the finest grid after those that its card says."""
        return 1 if self.preset is Preset.ACCURATE and not self.followUp else 0

    def skipsRefinement(self, similarity: float) -> bool:
        """Whether the images are so alike after the network that the preset refines no more."""
        return self.preset is Preset.FAST and self.refinementSteps is None and similarity > SKIP_REFINEMENT_ABOVE_LNCC

    @property
    def coarsening(self) -> float:
        """How many times coarser than the model's card says the grid is that all happens on."""
        if self.followUp:
            return 1.0
        return FAST_COARSENING if self.preset is Preset.FAST else ACCURATE_COARSENING
