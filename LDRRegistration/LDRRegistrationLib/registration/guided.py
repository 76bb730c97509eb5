"""guide(): a registration is led by landmarks, starting from the displacement that there is, in well under a second."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..numerics.displacement import foldedFraction, jacobianDeterminant, sdLogJacobian, warp
from ..numerics.dlpack import toTensor
from ..numerics.foldremoval import removeFolds
from ..numerics.losses import lncc
from ..runtime.device import limits, torchDevice
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback, Stages
from ..space.catmullrom import interpolateOnGrid
from ..space.grid import Grid, transformPoints
from ..space.image import Image, Modality
from ..space.masks import Masks
from ..space.resample import reduceToSpacing
from ..space.transform import DisplacementField, Transform
from ..space.validity import checkedImage
from .landmarkfit import bend, influence, predicted, withoutFaces
from .landmarks import LandmarkFit, Landmarks, doubtedAmong
from .models import ModelStore, modelGrid
from .pair import PairOnGrid
from .recipes import RECIPES, Preset
from .register import RegistrationResult
from .selfcheck import CheckedFlow
from .settings import Settings
from .verdict import Verdict

if TYPE_CHECKING:
    from torch import Tensor

# The similarity that landmarks may cost before the user is told. Those of 5 of 132 structures' centres, which say
# little of their neighbourhoods, cost up to 0.03 in train pairs of brains of different people.
TOLERATED_SIMILARITY_LOSS = 0.04
# The images are compared around a landmark as far as this.
LANDMARK_RADIUS_MM = 8.0
# Where the flow still folds, as it may where it fades out beyond the grid, it is taken back towards the start: over so
# many voxels from the grid's faces, and then everywhere by such a share.
RETREATS = ((0, 1.0), (4, 1.0), (8, 1.0), (8, 0.5), (8, 0.25))
# A start whose spacing is below this share of the working grid's keeps its own, finer grid.
SAME_SPACING_SHARE = 0.95
# The result may have so many times the folds that the start has where it fades out beyond the fixed volume: sampled
# anew they are as many or so.
TOLERATED_FOLD_FACTOR = 1.1


@dataclass(frozen=True)
class Start:
    """The registration to go on from: ``transform`` maps fixed to moving points in world RAS mm."""

    transform: Transform
    verdict: Verdict


def guide(
    fixed: Image,
    moving: Image,
    settings: Settings,
    models: ModelStore,
    start: Start | RegistrationResult,
    landmarks: Landmarks,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
    masks: Masks | None = None,
) -> RegistrationResult:
    """``start``, bent so that it leads each fixed landmark to its moving one, then fitted to the images around them.

    The landmarks come first: they are followed to less than a millimetre where that does not fold. The pre-alignment
    stays as it is. What lies far from all landmarks changes little. A start on a finer grid keeps it.

    :returns: a result with ``landmarks``. Its verdict is that of ``start``, or "check" if landmarks are doubted or the
        images are clearly less alike than before.
    :raises RegistrationError: landmarks lie outside their image.
    :raises RegistrationCancelled: ``cancelled`` returned true.
    """
    landmarks.checkInside(fixed.grid, moving.grid, fixed.name, moving.name)
    with limits(settings.threads):
        stages = Stages(progress, cancelled)
        return _Guide(fixed, moving, settings, models, start, landmarks, stages, masks or Masks()).result()


class _Guide:
    def __init__(
        self,
        fixed: Image,
        moving: Image,
        settings: Settings,
        models: ModelStore,
        start: Start | RegistrationResult,
        landmarks: Landmarks,
        stages: Stages,
        masks: Masks,
    ) -> None:
        stages.begin("Reading the images", 0.0)
        self._fixed, self._moving = checkedImage(fixed), checkedImage(moving)
        self._settings, self._start, self._landmarks, self._stages = settings, start, landmarks, stages
        self._card = models.card(settings.model)
        # Fitted on the grid of the fast preset, whatever the start is on.
        self._recipe = RECIPES[Preset.FAST]
        grid = self._recipe.grid(self._card, fixed.grid, moving.grid)
        self._grid, self._spacing = grid, float(grid.spacing.min())
        stages.check()
        fixedLow, movingLow = (reduceToSpacing(image, self._spacing) for image in (self._fixed, self._moving))
        device = torchDevice(settings.device)
        self._pair = PairOnGrid(fixedLow, movingLow, grid, masks.reduced(self._spacing), device, stages.check)
        self._aligned = self._pair.moving(start.transform.affine)
        # What was refined in boxes acts before all that is bent here, and stays.
        self._boxes = start.transform.boxes
        led = Transform(np.eye(4), None, self._boxes).points(landmarks.fixedRas)
        self._points = self._voxels(led, np.eye(4))
        self._targets = self._voxels(landmarks.movingRas, np.linalg.inv(start.transform.affine))
        self._weights = self._aligned.new_tensor(landmarks.weights)

    def result(self) -> RegistrationResult:
        stages, start, check = self._stages, self._start, self._pair.selfCheck
        stages.begin("Following the landmarks", 0.2)
        before = self._flowOf(start.transform, self._grid)
        bent = self._bent(before)
        found = self._candidate(bent)
        stages.begin("Refinement", 0.4, 0.7)
        unlike = check.showsAnotherContrast(found.warped)
        how = self._recipe.acrossContrasts(self._fixed.grid, self._spacing) if unlike else self._recipe.refinement
        refined = self._candidate(self._bent(self._pair.refine(self._aligned, found.flow, how, stages.advance)))
        if refined.similarity > found.similarity:
            found = refined
        assert found.flow is not None
        added = (found.flow - before) * influence(before, self._points, self._targets, self._spacing)
        transform, after = self._withoutFolds(before, added)
        warpedBefore, warpedAfter = warp(self._aligned, before), warp(self._aligned, after)
        similarityBefore, similarity = check.similarity(warpedBefore), check.similarity(warpedAfter)
        fit = self._fit(before, transform, warpedBefore, warpedAfter)
        notes = [*getattr(start, "notes", ()), *fit.notes]
        if similarity < similarityBefore - TOLERATED_SIMILARITY_LOSS:
            notes.append(
                _(
                    "With the landmarks the images are less alike than without: {before:.3f} -> {after:.3f}. Check "
                    "them."
                ).format(before=similarityBefore, after=similarity)
            )
        verdict = start.verdict
        own = notes[len(getattr(start, "notes", ())) :]
        if verdict.grade == "good" and own:
            verdict = Verdict("check", own[0])
        determinants = jacobianDeterminant(after)
        warped = None
        if self._settings.warp:
            stages.begin("Warping", 0.8)
            warped = self._settings.resampling.warp(transform, self._moving, self._fixed.grid, stages.advance)
        stages.check()
        stages.end()
        values: dict[str, Any] = {
            "transform": transform,
            "similarity": similarity,
            "foldedPercent": 100.0 * foldedFraction(determinants),
            "sdLogJacobian": sdLogJacobian(determinants),
            "largestDisplacementMm": transform.longestMm,
            "verdict": verdict,
            "warped": warped,
            "notes": notes,
            "landmarks": fit,
            "coverage": check.coverage(warpedAfter),
        }
        if isinstance(start, RegistrationResult):
            names = [*start.seconds, *(name for name in stages.seconds if name not in start.seconds)]
            seconds = {name: start.seconds.get(name, 0.0) + stages.seconds.get(name, 0.0) for name in names}
            return replace(start, seconds=seconds, **values)
        unmoved = check.similarity(self._pair.moving(np.eye(4)))
        return RegistrationResult(
            fixedGrid=self._fixed.grid,
            model=self._card.name,
            modality=self._fixed.modality or Modality.MR,
            seconds=stages.seconds,
            similarityStart=unmoved,
            similarityPrealigned=check.similarity(self._aligned),
            device=str(self._aligned.device.type),
            settings=self._settings,
            **values,
        )

    def _bent(self, flow: Tensor) -> Tensor:
        bent = bend(flow, self._points, self._targets, self._weights, self._spacing, self._stages.check)
        return removeFolds(bent, check=self._stages.check)[0]

    def _candidate(self, flow: Tensor) -> CheckedFlow:
        warped = warp(self._aligned, flow)
        return CheckedFlow(flow, warped, self._pair.selfCheck.similarity(warped))

    def _withoutFolds(self, before: Tensor, added: Tensor) -> tuple[Transform, Tensor]:
        """``before`` and as much of what is added as does not fold: the transform, and its flow here.

        On the start's grid where that is finer. Where it fades out beyond the grid it may fold no more than the start.
        """
        affine, field = self._start.transform.affine, self._start.transform.field
        for margin, share in RETREATS:
            self._stages.check()
            flow, grid = removeFolds(before + share * withoutFaces(added, margin))[0], self._grid
            if field is not None and float(field.grid.spacing.min()) < SAME_SPACING_SHARE * self._spacing:
                grid = modelGrid(self._fixed.grid, float(field.grid.spacing.min()), self._card.sizeMultiple)
                change = Transform(np.eye(4), DisplacementField.fromFlow(flow - before, self._grid))
                fine = self._flowOf(self._start.transform, grid) + self._flowOf(change, grid)
                made = DisplacementField.fromFlow(removeFolds(fine)[0], grid)
            else:
                made = DisplacementField.fromFlow(flow, grid)
            if foldedFraction(jacobianDeterminant(flow)) > 0.0:
                continue
            folds = _folds(made)
            if folds == 0 or (field is not None and folds <= TOLERATED_FOLD_FACTOR * _folds(field)):
                return Transform(affine, made, self._boxes), flow
        return self._start.transform, before

    def _flowOf(self, transform: Transform, grid: Grid) -> Tensor:
        """(1, 3, k, j, i): the displacement v of a transform on ``grid``, in its voxels."""
        like = self._aligned
        if transform.field is None:
            return like.new_zeros(1, 3, *grid.shape)
        vectors = interpolateOnGrid(transform.field.vectors, transform.field.grid, grid, 0, grid.shape[0]).to(like)
        toVoxels = like.new_tensor(grid.rasToIjk[:3, :3])
        return (toVoxels @ vectors.flatten(1)).view_as(vectors).flip(0)[None].contiguous()

    def _voxels(self, pointsRas: np.ndarray, matrix: np.ndarray) -> Tensor:
        """(n, 3) along k, j, i of points that a 4x4 brings to the fixed image's space."""
        ijk = transformPoints(self._grid.rasToIjk @ matrix, pointsRas)
        return toTensor(np.ascontiguousarray(ijk[:, ::-1], dtype=np.float32)).to(self._aligned)

    def _fit(self, before: Tensor, transform: Transform, warpedBefore: Tensor, warpedAfter: Tensor) -> LandmarkFit:
        landmarks, start = self._landmarks, self._start.transform
        errors = [
            np.linalg.norm(t.points(landmarks.fixedRas) - landmarks.movingRas, axis=1) for t in (start, transform)
        ]
        local = [self._around(moved) for moved in (warpedBefore, warpedAfter)]
        unexpected = predicted(before, self._points, self._targets, self._spacing)
        doubted = doubtedAmong(unexpected, local[1] - local[0])
        notes = [
            _(
                "Landmark {label} is doubtful: it lies {mm:.0f} mm from where the images and the other landmarks would "
                "have it, and the images around it are not more alike for following it."
            ).format(label=label, mm=mm)
            for label, mm, isDoubted in zip(landmarks.labels, unexpected, doubted, strict=True)
            if isDoubted
        ]
        far = errors[1] > 1.0
        heavy = far & ~doubted & (landmarks.weights >= 1.0)
        if heavy.any():
            notes.append(
                _("Landmarks that could not be followed to 1 mm without folds or contradictions: {labels}.").format(
                    labels=", ".join(label for label, isFar in zip(landmarks.labels, heavy, strict=True) if isFar)
                )
            )
        return LandmarkFit(landmarks, errors[0], errors[1], unexpected, doubted, local[0], local[1], notes)

    def _around(self, moved: Tensor) -> np.ndarray:
        """(n,): the similarity around each landmark."""
        fixed, reach = self._pair.selfCheck.fixed, max(2, round(LANDMARK_RADIUS_MM / self._spacing))
        window = 5
        found = []
        for point in self._points.round().long().tolist():
            box = []
            for place, size in zip(point, fixed.shape[2:], strict=True):
                first = min(max(place - reach - window // 2, 0), max(size - 2 * reach - window, 0))
                box.append(slice(first, first + 2 * reach + window))
            part = (slice(None), slice(None), *box)
            found.append(float(lncc(fixed[part], moved[:, :1][part], window).mean()))
        return np.array(found)


def _folds(field: DisplacementField) -> int:
    return int((field.jacobianDeterminant() <= 0.0).sum())
