"""register(): from two images to a transform, the whole story in one page.

Everything here is arrays in world RAS millimetres; no MRML, no Qt, any thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from .climb import sizeOf
from .comparison import Comparison, Judged
from .device import Device, limits, refusedThreads, torchDevice
from .errors import RegistrationError
from .field import DisplacementField, Transform
from .flow import foldedFraction, spreadOfLogJ
from .geometry import Grid, overlapFraction
from .image import Image
from .intensity import Modality, guessModality, normalised
from .masks import Masks, checkCovers, leastAround, weightsOf
from .passes import runPasses
from .placement import searchAround
from .prealign import prealign
from .recognition import AUTO_NON_COMMERCIAL, pickModel
from .refine import Adaptation, Refinement, StepCallback, adapt, refine
from .resample import reduceToSpacing, sampleOnGrid
from .settings import Prealignment, Settings
from .similarity import gaussianMean
from .stages import CancelCallback, ProgressCallback, Stages
from .student import MINIMUM_GRID_SIZE, ModelStore, Student
from .tensors import toArray, toTensor
from .validity import filled, measured
from .verdict import Verdict

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PREALIGN_SPACING_MM = 4.0
MINIMUM_OVERLAP = 0.05
# Two scans of one person, well aligned, are this alike: no other placement needs to be tried.
CLEARLY_PLACED = 0.6
# So far a deformation goes on into what is unknown or masked out: through a cavity, not through a patient.
REACH_MM = 30.0
# Another placement must be so many times better than the one that scanners suggest.
SURPASSES = 1.1
# Of the Gaussian that keeps the deformation between two visits from following lesions of up to 25 mm.
FOLLOW_UP_SIGMA_MM = 10.0


@dataclass
class RegistrationResult:
    """What came out. ``transform`` maps fixed to moving points in world RAS mm; ``warped`` is on the fixed grid."""

    transform: Transform
    fixedGrid: Grid
    model: str
    modality: Modality
    seconds: dict[str, float]
    similarityStart: float
    similarityPrealigned: float
    similarity: float
    foldedPercent: float
    sdLogJacobian: float
    largestDisplacementMm: float
    warped: np.ndarray | None = None
    notes: list[str] = field(default_factory=list)
    device: str = "cpu"
    evidence: dict = field(default_factory=dict)
    # What was asked of the engine, and how many of the steps it took.
    settings: Settings = field(default_factory=Settings)
    refinementStepsTaken: int = 0
    adaptationIterationsTaken: int = 0
    verdict: Verdict = field(default_factory=lambda: Verdict("good", ""))

    def displacementField(self, grid: Grid | None = None) -> np.ndarray:
        """(k, j, i, 3): the total displacement u(x) = T(x) - x, mm RAS, on ``grid`` (default: the fixed volume's)."""
        return self.transform.displacement(self.fixedGrid if grid is None else grid)

    @property
    def summary(self) -> str:
        """One line on the quality, for the panel and the terminal."""
        return (
            f"Local similarity {self.similarityStart:.3f} -> {self.similarityPrealigned:.3f} (pre-alignment) -> "
            f"{self.similarity:.3f}; {self.foldedPercent:.3g} % folded; largest displacement "
            f"{self.largestDisplacementMm:.1f} mm; {sum(self.seconds.values()):.2f} s"
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
    :param masks: where the images are compared, in the pre-alignment, the self-check and the refinement: at fixed
        points inside the fixed mask that land inside the moving mask. The network sees the images as they are.
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
        images.append(measured(image))
    fixed, moving = images
    student = models.load(pickModel(settings.model, models, fixed).name)
    student.module.to(device)
    if settings.device is Device.CPU_BFLOAT16:
        student = student.inBfloat16()
    grid = student.grid(fixed.grid, settings.coarsening)
    spacing = float(grid.spacing.min())
    stages.check()
    fixedLow = reduceToSpacing(fixed, spacing)
    stages.check()
    movingLow = reduceToSpacing(moving, spacing)
    masks = masks.reduced(spacing)
    for mask, image in ((masks.fixed, fixedLow), (masks.moving, movingLow)):
        if mask is not None:
            checkCovers(image, mask)
    modality = guessModality(fixedLow) if guessModality(fixedLow) is guessModality(movingLow) else Modality.MR

    stages.begin("Pre-alignment", 0.1)
    start = np.eye(4) if initialRas is None else np.asarray(initialRas, dtype=np.float64)
    coarse = min(PREALIGN_SPACING_MM, max(spacing, float(fixed.grid.extentMm.min()) / MINIMUM_GRID_SIZE))
    prealigned = prealign(
        reduceToSpacing(fixedLow, coarse),
        reduceToSpacing(movingLow, coarse),
        settings.prealignment.value,
        initialRas,
        stages.check,
        masks,
    )
    notes = [prealigned.note] if prealigned.note else []
    notes += refusedThreads(settings.threads)
    if settings.model in ("auto", AUTO_NON_COMMERCIAL):
        notes += models.problems.values()
    if settings.model == AUTO_NON_COMMERCIAL and student.card.nonCommercial:
        notes.append(f"The model {student.card.name} was picked for these images; it is for non-commercial use only.")
    affine = prealigned.matrix
    pair = _PairOnGrid(fixedLow, movingLow, modality, grid, masks, device, stages.check)
    comparison = pair.comparison
    aligned, started = comparison.still(pair.moving(affine)), comparison.still(pair.moving(start))
    placement = None
    if comparison.coverage(aligned.warped) * aligned.similarity < CLEARLY_PLACED:
        reducedPair = reduceToSpacing(fixedLow, coarse), reduceToSpacing(movingLow, coarse)
        anySize = settings.prealignment is Prealignment.AFFINE
        placement = searchAround(*reducedPair, affine, masks, anySize, stages.check)
        isFree = initialRas is None and settings.prealignment is not Prealignment.NONE
        if isFree and placement.total > SURPASSES * placement.given:
            turned = prealign(*reducedPair, settings.prealignment.value, placement.matrix, stages.check, masks)
            if turned.similarityAfter > prealigned.similarityAfter:
                affine = turned.matrix
                aligned = comparison.still(pair.moving(affine))
    stages.begin("Deformation", 0.4)
    evidence = {
        "size": sizeOf(affine),
        "coverage": comparison.coverage(aligned.warped),
        "overlap": prealigned.similarityAfter,
    }
    if placement is not None:
        evidence |= {k: v for k, v in vars(placement).items() if k != "matrix"}
    # Beyond what both know 0: a small overlap is no good one.
    if (
        comparison.coverage(aligned.warped) * aligned.similarity
        < comparison.coverage(started.warped) * started.similarity
    ):
        affine, aligned = start, started
        notes.append("The pre-alignment did not make the images more alike: they stay as they were placed.")
    if _overlap(fixed.grid, moving.grid, affine) < MINIMUM_OVERLAP:
        raise RegistrationError(
            f"{fixed.name} and {moving.name} do not overlap: less than {MINIMUM_OVERLAP:.0%} of either lies inside the "
            "other. Choose a pre-alignment or give an initial transform."
        )
    unlike = settings.steps > 0 and comparison.showsAnotherContrast(aligned.warped)
    if unlike:
        notes.append("The volumes show different contrasts: the network is left out, and the deformation kept smooth.")
    found = aligned if unlike else runPasses(student, comparison, aligned, stages.check, settings.morePasses)
    if settings.followUp:
        found = pair.smoothed(found, aligned)
    learning, refining = _Count(stages.advance), _Count(stages.advance)
    if settings.adaptation is not None and not unlike:
        stages.begin("Adaptation", 0.5, 0.55)
        adapted = pair.adapt(student, aligned.warped, found.flow, settings.adaptation, learning)
        found = comparison.better(aligned.warped, adapted, found)
    if settings.steps and not settings.isEnough(found.similarity):
        stages.begin("Refinement", 0.55, 0.8)
        how = settings.refinementAcrossContrasts(fixed.grid, spacing) if unlike else settings.refinement
        refined = pair.refine(aligned.warped, found.flow, how, refining)
        found = comparison.better(aligned.warped, refined, found)
    if found.flow is None:
        notes.append("The deformable step did not make the images more alike: only the pre-alignment is kept.")

    displacement = DisplacementField.fromFlow(found.flow, grid) if found.flow is not None else None
    transform = Transform(affine, displacement)
    warped = None
    if settings.warp:
        stages.begin("Warping", 0.8)
        warped = transform.warp(moving, fixed.grid, advance=stages.advance)
    stages.check()
    stages.end()
    return RegistrationResult(
        transform=transform,
        fixedGrid=fixed.grid,
        model=student.card.name,
        modality=modality,
        seconds=stages.seconds,
        similarityStart=started.similarity,
        similarityPrealigned=aligned.similarity,
        similarity=found.similarity,
        foldedPercent=0.0 if found.cells is None else 100.0 * foldedFraction(found.cells),
        sdLogJacobian=0.0 if found.cells is None else spreadOfLogJ(found.cells),
        largestDisplacementMm=0.0 if displacement is None else displacement.longestMm,
        warped=warped,
        notes=notes,
        evidence=evidence | {"coverageEnd": comparison.coverage(found.warped)},
        device=Device.CPU_BFLOAT16.value if settings.device is Device.CPU_BFLOAT16 else device.type,
        settings=settings,
        refinementStepsTaken=refining.steps,
        adaptationIterationsTaken=learning.steps,
    )


class _Count:
    """A step callback that counts the steps."""

    def __init__(self, advance: StepCallback) -> None:
        self._advance = advance
        self.steps = 0

    def __call__(self, share: float) -> None:
        self._advance(share)
        self.steps += 1


class _PairOnGrid:
    """The two images as the network sees them: normalised to [0, 1] and on one grid.

    A moving image is (1, C, k, j, i): the image, and the moving mask's shares where there is one.
    """

    def __init__(
        self,
        fixed: Image,
        moving: Image,
        modality: Modality,
        grid: Grid,
        masks: Masks,
        device: torch.device,
        check: Callable[[], None],
    ) -> None:
        self._grid = grid
        self._device = device
        self._movingIjkToRas = moving.ijkToRas
        values, weights = _weighted(moving, modality, masks.moving)
        # Beyond the volume nothing is known either.
        self._moving = values, values.new_ones(values.shape) if weights is None else weights
        self._allKnown = weights is None
        values, weights = _weighted(fixed, modality, masks.fixed)
        onGrid = sampleOnGrid(values, fixed.ijkToRas, grid)[None, None].to(device)
        if weights is not None:
            weights = sampleOnGrid(weights, fixed.ijkToRas, grid)[None, None].to(device)
        self.comparison = Comparison(onGrid, weights, check, REACH_MM / float(grid.spacing.min()))

    def moving(self, affine: np.ndarray) -> Tensor:
        """The moving image under a 4x4 from fixed to moving RAS; with its weights unless they are 1 where it counts."""
        import torch

        # A value that a weight of 0 belongs to is mixed with its neighbour's when the image is warped.
        values, weights = (
            sampleOnGrid(source, self._movingIjkToRas, self._grid, affine, fill)[None, None].to(self._device)
            for source, fill in zip(self._moving, (None, 0.0), strict=True)
        )
        if self._allKnown and self.comparison.isCovered(weights):
            return values * weights
        return torch.cat([values, leastAround(weights)], 1)

    def smoothed(self, found: Judged, aligned: Judged) -> Judged:
        """A flow so smooth that it follows no lesion, if that is more alike than ``aligned``; or that."""
        if found.flow is None:
            return aligned
        flow = gaussianMean(found.flow, [FOLLOW_UP_SIGMA_MM / float(s) for s in self._grid.spacing[::-1]])
        return self.comparison.better(aligned.warped, flow, aligned)

    def adapt(
        self, student: Student, moving: Tensor, flow: Tensor | None, how: Adaptation, advance: StepCallback
    ) -> Tensor:
        """A flow behind ``flow`` by the student's last layers, which learn from this pair."""
        fixed, mask = self.comparison.fixed[0, 0], self.comparison.mask
        return adapt(student, fixed, moving[0, 0], flow, advance, how, mask, _weightsIn(moving))

    def refine(self, moving: Tensor, flow: Tensor | None, how: Refinement, advance: StepCallback) -> Tensor:
        """The flow, refined on this pair."""
        fixed, mask = self.comparison.fixed[0, 0], self.comparison.mask
        return refine(fixed, moving[0, 0], flow, advance, how, mask, _weightsIn(moving))


def _weightsIn(moving: Tensor) -> Tensor | None:
    return moving[:, 1:] if moving.shape[1] > 1 else None


def _weighted(image: Image, modality: Modality, mask: Image | None) -> tuple[Tensor, Tensor | None]:
    """The values (k, j, i) in [0, 1], what is unknown or masked out filled from around, and the weights, or None."""
    weights = weightsOf(image, mask)
    if weights is not None:
        image = replace(image, known=toArray(weights))
    values = toTensor(filled(normalised(image, modality)).array)
    return values, None if weights is None else leastAround(weights[None, None])[0, 0]


def _overlap(fixed: Grid, moving: Grid, affine: np.ndarray) -> float:
    """Share of the smaller box that lies inside the other."""
    return max(overlapFraction(fixed, moving, affine), overlapFraction(moving, fixed, np.linalg.inv(affine)))
