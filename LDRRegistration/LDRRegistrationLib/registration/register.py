"""register(): from two images to a transform, the whole story in one page.

Everything here is arrays in world RAS millimetres; no MRML, no Qt, any thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..runtime.device import Device, deviceName, limits, refusedThreads, torchDevice
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, Counted, ProgressCallback, Stages
from ..space.grid import Grid, overlapFraction
from ..space.image import Image, Modality
from ..space.masks import Masks, checkCovers
from ..space.resample import reduceToSpacing
from ..space.transform import DisplacementField, Transform
from ..space.validity import checkedImage
from .acrosscontrasts import refinedAcrossContrasts
from .bothways import meanOfBothWays
from .box import BoxFit
from .fewslices import slicePair
from .finishing import Finished, FinishStage, finished
from .landmarks import LandmarkFit
from .models import MINIMUM_GRID_SIZE, ModelStore
from .noisesmoothing import smoothedWhereFree
from .pair import PairOnGrid
from .passes import runPasses
from .placement import PlacementComparison
from .positioning import place
from .regularity import regularity
from .settings import Settings
from .verdict import Verdict, verdictOn

if TYPE_CHECKING:
    import torch

PREALIGN_SPACING_MM = 4.0
MINIMUM_OVERLAP = 0.05


@dataclass
class RegistrationResult:
    """What came out. ``transform`` maps fixed to moving points in world RAS mm; ``warped`` is on the fixed grid."""

    transform: Transform
    fixedGrid: Grid
    model: str
    # The fixed image's.
    modality: Modality
    seconds: dict[str, float]
    similarityStart: float
    similarityPrealigned: float
    similarity: float
    foldedPercent: float
    sdLogJacobian: float
    largestDisplacementMm: float
    verdict: Verdict
    # The same in the cells where the fixed image shows something; around a body a deformation is smooth anyway.
    foldedPercentInBody: float = 0.0
    sdLogJacobianInBody: float = 0.0
    warped: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    device: str = "cpu"
    # What was asked of the engine, and how many of the steps it took.
    settings: Settings = field(default_factory=Settings)
    refinementStepsTaken: int = 0
    adaptationIterationsTaken: int = 0
    # Whether the mean with the way back was taken, and the finishes that were kept.
    tookBothWays: bool = False
    # Sigma of the Gaussian that smoothed the deformation as a whole, because that was nearly free; else 0.
    noiseSmoothingMm: float = 0.0
    finish: tuple[FinishStage, ...] = ()
    # What the verdict stands on: how the placement compares with all others, None if it is beyond doubt; and how much
    # of what the fixed image shows lies on something known of the moving image, 0 to 1.
    placement: PlacementComparison | None = None
    coverage: float = 1.0
    # How it follows landmarks, if it was led by any (see guided.py).
    landmarks: LandmarkFit | None = None
    # What was refined in a box last, if anything was (see boxrefinement.py).
    box: BoxFit | None = None

    def displacementField(self, grid: Grid | None = None) -> np.ndarray:
        """(k, j, i, 3): the total displacement u(x) = T(x) - x, mm RAS, on ``grid`` (default: the fixed volume's)."""
        return self.transform.displacement(self.fixedGrid if grid is None else grid)

    @property
    def summary(self) -> str:
        """One line on the quality, for the panel and the terminal."""
        return _(
            "Local similarity {start:.3f} -> {prealigned:.3f} (pre-alignment) -> "
            "{end:.3f}; {folded:.3g} % folded; largest displacement {largestMm:.1f} mm; {seconds:.2f} s"
        ).format(
            start=self.similarityStart,
            prealigned=self.similarityPrealigned,
            end=self.similarity,
            folded=self.foldedPercent,
            largestMm=self.largestDisplacementMm,
            seconds=sum(self.seconds.values()),
        )


def register(
    fixed: Image,
    moving: Image,
    settings: Settings,
    models: ModelStore,
    initialRas: np.ndarray | None = None,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
    masks: Masks | None = None,
) -> RegistrationResult:
    """Find T(x) = A(x + v(x)), fixed to moving points, that makes ``moving`` look like ``fixed``.

    :param initialRas: 4x4, fixed to moving in world RAS mm, where the pre-alignment starts.
    :param masks: where the images are compared, in every stage: at fixed points inside the fixed mask that land inside
        the moving mask. What lies outside drives nothing; a deformation goes on through it as the tissue around does.
    :raises RegistrationError: the images cannot be registered; the message says why.
    :raises DependencyError: torch, the model or the device is missing, damaged or too small.
    :raises RegistrationCancelled: ``cancelled`` returned true.
    """
    with limits(settings.threads):
        device = torchDevice(settings.device)
        return _register(
            fixed, moving, settings, models, initialRas, Stages(progress, cancelled), masks or Masks(), device
        )


def _register(
    fixed: Image,
    moving: Image,
    settings: Settings,
    models: ModelStore,
    initialRas: np.ndarray | None,
    stages: Stages,
    masks: Masks,
    device: torch.device,
) -> RegistrationResult:
    stages.begin("Reading the images", 0.0)
    images = []
    for image in (fixed, moving):
        stages.check()
        images.append(checkedImage(image, fewSlices=True))
    fixed, moving = wholeFixed, wholeMoving = images[0], images[1]
    if settings.warp:
        settings.resampling.check(moving)
    few = slicePair(fixed, moving, masks, initialRas)
    if few is not None:
        fixed, moving, masks = few.fixed, few.moving, few.masks
        # The moving image lies where the start puts it already.
        initialRas = None if initialRas is None else np.eye(4)
    recipe = settings.recipe
    network = models.load(settings.model)
    network.module.to(device)
    if settings.device is Device.CPU_BFLOAT16:
        network = network.inBfloat16()
    grid = recipe.grid(network.card, fixed.grid, moving.grid)
    spacing = float(grid.spacing.min())
    stages.check()
    fixedLow = reduceToSpacing(fixed, spacing)
    stages.check()
    movingLow = reduceToSpacing(moving, spacing)
    masks = masks.reduced(spacing)
    for mask, image in ((masks.fixed, fixedLow), (masks.moving, movingLow)):
        if mask is not None:
            checkCovers(image, mask)

    stages.begin("Pre-alignment", 0.1)
    across = None if few is None else few.axisOf(grid)
    pair = PairOnGrid(fixedLow, movingLow, grid, masks, device, stages.check, across)
    selfCheck = pair.selfCheck
    coarse = min(PREALIGN_SPACING_MM, max(spacing, float(fixed.grid.extentMm.min()) / MINIMUM_GRID_SIZE))
    lowest = reduceToSpacing(fixedLow, coarse), reduceToSpacing(movingLow, coarse)
    placed = place(pair, *lowest, settings, initialRas, masks, stages, None if few is None else few.across)
    affine, aligned, notes = placed.affine, placed.aligned, placed.notes
    verdict = verdictOn(placed.placement, aligned.similarity, selfCheck.coverage(aligned.warped))
    if few is not None:
        verdict = few.judged(verdict)
    notes += refusedThreads(settings.threads)
    if settings.model == "auto":
        notes += models.problems.values()
    stages.begin("Deformation", 0.4)
    affineOfAll = affine if few is None else few.start @ affine
    if _overlap(wholeFixed.grid, wholeMoving.grid, affineOfAll) < MINIMUM_OVERLAP:
        raise RegistrationError(
            _(
                "{fixed} and {moving} do not overlap: less than {least:.0%} of either lies inside the "
                "other. Choose a pre-alignment or give an initial transform."
            ).format(fixed=fixed.name, moving=moving.name, least=MINIMUM_OVERLAP)
        )
    # To bend what lies nowhere in particular would only make it look right.
    hopeless = verdict.grade == "failed"
    unlike = not hopeless and (recipe.refinement.steps > 0) and selfCheck.showsAnotherContrast(aligned.warped)
    if unlike:
        notes.append(
            _("The volumes show different contrasts: the network is left out, and the deformation kept smooth.")
        )
    found = aligned if unlike or hopeless else runPasses(network, selfCheck, aligned, stages.check, recipe.extraPasses)
    if settings.followUp:
        found = pair.smoothed(found, aligned)
    learning, refining = Counted(stages.advance), Counted(stages.advance)
    if settings.adaptation is not None and not unlike and not hopeless:
        stages.begin("Adaptation", 0.5, 0.55)
        adapted = pair.adapt(network, aligned.warped, found.flow, settings.adaptation, learning)
        found = selfCheck.better(aligned.warped, adapted, found)
    isRefined = not hopeless and not recipe.skipsRefinement(found.similarity)
    isFinished = isRefined and not unlike and recipe.hasFinish(grid, fixed.grid, moving.grid)
    if isRefined:
        stages.begin("Refinement", 0.55, 0.6 if isFinished else 0.8)
        if unlike:
            found = refinedAcrossContrasts(pair, recipe, fixed.grid, spacing, aligned, refining)
        else:
            refined = pair.refine(aligned.warped, found.flow, recipe.refinement, refining)
            found = selfCheck.better(aligned.warped, refined, found)
    tookBothWays = False
    stagesOfFinish: tuple[FinishStage, ...] = ()
    noiseSmoothingMm, ofNetwork = 0.0, Finished(grid, selfCheck, found)
    if isFinished and found.flow is not None:
        stages.begin("Finish", 0.6, 0.8)
        if recipe.takesBothWays(grid, fixed.grid, moving.grid):
            passes, how = recipe.extraPasses, recipe.refinement
            mean = meanOfBothWays(network, selfCheck, aligned, found, passes, how, stages.check)
            tookBothWays, found = mean is not found, mean
        end = Finished(grid, selfCheck, found)
        end = finished(fixed, moving, masks, affine, aligned, end, recipe.finish, device, stages.advance, stages.check)
        grid, selfCheck, found, stagesOfFinish = end.grid, end.selfCheck, end.found, end.stages
    if isRefined and not unlike:
        end, noiseSmoothingMm = smoothedWhereFree(Finished(grid, selfCheck, found), ofNetwork, aligned)
        grid, selfCheck, found = end.grid, end.selfCheck, end.found
    if hopeless:
        notes.append(_("Only the pre-alignment was done: there is nothing to trust a deformation by."))
    elif found.flow is None:
        notes.append(_("The deformable step did not make the images more alike: only the pre-alignment is kept."))

    displacement = DisplacementField.fromFlow(found.flow, grid) if found.flow is not None else None
    transform = Transform(affineOfAll, displacement)
    if few is not None:
        notes.append(few.note)
    warped = None
    if settings.warp:
        stages.begin("Warping", 0.8)
        warped = settings.resampling.warp(transform, wholeMoving, wholeFixed.grid, stages.advance)
    stages.check()
    stages.end()
    return RegistrationResult(
        transform=transform,
        fixedGrid=wholeFixed.grid,
        model=network.card.name,
        modality=fixed.modality or Modality.MR,
        seconds=stages.seconds,
        similarityStart=placed.started.similarity,
        similarityPrealigned=aligned.similarity,
        similarity=found.similarity,
        **regularity(selfCheck, found),
        largestDisplacementMm=0.0 if displacement is None else displacement.longestMm,
        warped=warped,
        notes=notes,
        verdict=verdict,
        placement=placed.placement,
        coverage=selfCheck.coverage(found.warped),
        device=deviceName(settings.device),
        settings=settings,
        refinementStepsTaken=refining.steps,
        adaptationIterationsTaken=learning.steps,
        tookBothWays=tookBothWays,
        noiseSmoothingMm=noiseSmoothingMm,
        finish=stagesOfFinish,
    )


def _overlap(fixed: Grid, moving: Grid, affine: np.ndarray) -> float:
    """Share of the smaller box that lies inside the other."""
    return max(overlapFraction(fixed, moving, affine), overlapFraction(moving, fixed, np.linalg.inv(affine)))
