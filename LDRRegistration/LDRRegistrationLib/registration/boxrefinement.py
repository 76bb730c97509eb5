"""refineInBox(): one place of a registration is fitted at the data's own resolution; all else stays to the last bit.

What it finds is a displacement w on a fine grid of its own, 0 outside the box, that acts before the registration:
T(x + w(x)). It is found as the best preset finishes (finishing.py), on the moving image as T carries it. Where neither
T nor x + w(x) folds, T(x + w(x)) does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..numerics.displacement import jacobianDeterminant, warp
from ..numerics.dlpack import toArray, toTensor
from ..runtime.device import deviceName, limits, torchDevice
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback, Stages
from ..space.boxes import Box
from ..space.grid import Grid, transformPoints
from ..space.image import Image, Modality
from ..space.masks import Masks, jointMask
from ..space.resample import reduceToSpacing
from ..space.transform import DisplacementField, Transform
from ..space.validity import checkedImage
from .box import BoxFit, RefinementBox
from .finishing import Finish, finish
from .guided import Start
from .models import ModelStore
from .pair import PairOnGrid
from .register import RegistrationResult
from .regularity import Regularity, regularity
from .selfcheck import MINIMUM_SHOWN_INTENSITY, CheckedFlow
from .settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

# What is far off is found on a grid so many times coarser, in so many steps, where the box has so many of its voxels;
# then as the best preset finishes, in fewer steps, so that a box of 80 mm takes no more than two seconds.
COARSE_SPACING_FACTOR, COARSE_STEPS, MINIMUM_COARSE_VOXELS = 2.0, 12, 10
FINE_STEPS = 5
# Its windows are narrower than those of the presets: what a box holds is small.
FINISH = Finish(window=5)
# Less than this of the local similarity is rounding, and no gain.
MINIMUM_GAIN = 1e-4
# No cell of x + w(x) may have less of its volume: then less of w is taken, half each time.
MINIMUM_DETERMINANT, MAXIMUM_HALVINGS = 0.1, 5
# Of the box, so much has to show something in both images.
MINIMUM_SHOWN_SHARE = 0.02


def refineInBox(
    fixed: Image,
    moving: Image,
    settings: Settings,
    models: ModelStore,
    start: Start | RegistrationResult,
    box: RefinementBox,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
    masks: Masks | None = None,
) -> RegistrationResult:
    """``start``, fitted to the images inside ``box``, at what they resolve there, 1 mm at the finest.

    :returns: a result with ``box``. Outside the box its transform is that of ``start`` to the last bit. Where nothing
        makes the images more alike inside, it is that everywhere, and a note says so.
    :raises RegistrationError: the box lies outside the fixed image, shows nothing that could be compared, or the images
        show different contrasts.
    :raises RegistrationCancelled: ``cancelled`` returned true.
    """
    with limits(settings.threads):
        stages = Stages(progress, cancelled)
        stages.begin("Reading the images", 0.0)
        fixed, moving = checkedImage(fixed), checkedImage(moving)
        clipped = box.within(fixed.grid, fixed.name)
        stages.check()
        here = _Here(fixed, moving, clipped, start.transform, masks or Masks(), settings, stages)
        before, after, field = here.found()
        transform = (
            start.transform if field is None else replace(start.transform, boxes=(field, *start.transform.boxes))
        )
        fit = BoxFit(before, after, 0.0 if field is None else field.longestMm, here.spacing, clipped)
        notes = [*getattr(start, "notes", ())]
        if field is None:
            notes.append(_("In the box nothing makes the images more alike than they are: the result stays as it was."))
        warped = None
        if settings.warp:
            stages.begin("Warping", 0.8)
            warped = _warped(fixed.grid, moving, transform, field, start, settings, stages)
        stages.check()
        stages.end()
        values: dict[str, Any] = {
            "transform": transform,
            "largestDisplacementMm": transform.longestMm,
            "warped": warped,
            "notes": notes,
            "box": fit,
            # They may lie in the box, and are not where they were.
            "landmarks": None,
        }
        if isinstance(start, RegistrationResult):
            names = [*start.seconds, *(name for name in stages.seconds if name not in start.seconds)]
            seconds = {name: start.seconds.get(name, 0.0) + stages.seconds.get(name, 0.0) for name in names}
            return replace(start, seconds=seconds, **values)
        return RegistrationResult(
            fixedGrid=fixed.grid,
            model=models.card(settings.model).name,
            modality=fixed.modality or Modality.MR,
            seconds=stages.seconds,
            similarityStart=here.similarityUnder(Transform(np.eye(4))),
            similarityPrealigned=here.similarityUnder(Transform(start.transform.affine)),
            similarity=after,
            **here.regularity(transform),
            verdict=start.verdict,
            device=deviceName(settings.device),
            settings=settings,
            **values,
        )


class _Here:
    """The two images on the grid of a box, and what is found there."""

    def __init__(
        self,
        fixed: Image,
        moving: Image,
        box: RefinementBox,
        transform: Transform,
        masks: Masks,
        settings: Settings,
        stages: Stages,
    ) -> None:
        finest = FINISH.grid(fixed.grid, moving.grid)
        self.spacing = float(finest.spacing.min())
        self._box, self._transform, self._stages = box, transform, stages
        self._images, self._masks, self._device = (fixed, moving), masks, torchDevice(settings.device)
        self.grid, self._pair, self._moved = self._at(self.spacing)
        self._checkContent()

    def found(self) -> tuple[float, float, DisplacementField | None]:
        """How alike the images are before and after, and the displacement that makes them so; None if none does."""
        check, stages = self._pair.selfCheck, self._stages
        stages.begin("Refinement", 0.2, 0.7)
        before = check.similarity(self._moved)
        flow = self._moved.new_zeros(1, 3, *self.grid.shape)
        if min(self._box.sizeMm) >= MINIMUM_COARSE_VOXELS * COARSE_SPACING_FACTOR * self.spacing:
            grid, pair, moved = self._at(COARSE_SPACING_FACTOR * self.spacing)
            coarse = finish(
                pair.selfCheck, moved, moved.new_zeros(1, 3, *grid.shape), replace(FINISH, steps=COARSE_STEPS)
            )
            stages.check()
            vectors = _field(self._faded(coarse, grid), grid)
            flow = DisplacementField(Transform(np.eye(4), vectors).displacement(self.grid), self.grid).flow().to(flow)
        flow = finish(check, self._moved, flow, replace(FINISH, steps=FINE_STEPS).on(self.grid), stages.advance)
        flow = self._faded(flow, self.grid)
        for _number in range(MAXIMUM_HALVINGS):
            if float(jacobianDeterminant(flow).min()) >= MINIMUM_DETERMINANT:
                after = check.similarity(warp(self._moved, flow))
                if after > before + MINIMUM_GAIN:
                    return before, after, _field(flow, self.grid)
                break
            flow = 0.5 * flow
        return before, before, None

    def _at(self, spacing: float) -> tuple[Grid, PairOnGrid, Tensor]:
        """The grid of the box, so fine, the pair on it, and the moving image as it is carried there."""
        check, grid = self._stages.check, self._box.grid(spacing)
        fixed, moving = (reduceToSpacing(image, spacing) for image in self._images)
        check()
        pair = PairOnGrid(fixed, moving, grid, self._masks.reduced(spacing), self._device, check)
        return grid, pair, pair.carried(self._transform)

    def _faded(self, flow: Tensor, grid: Grid) -> Tensor:
        return flow * toTensor(self._box.shares(grid)).to(flow)

    def similarityUnder(self, transform: Transform) -> float:
        return self._pair.selfCheck.similarity(self._pair.carried(transform))

    def regularity(self, transform: Transform) -> Regularity:
        """Of all that bends, in the box."""
        total = DisplacementField(replace(transform, affine=np.eye(4)).displacement(self.grid), self.grid)
        flow = total.flow().to(self._moved)
        determinants = jacobianDeterminant(flow)
        return regularity(self._pair.selfCheck, CheckedFlow(flow, self._moved, 0.0, determinants))

    def _checkContent(self) -> None:
        check = self._pair.selfCheck
        shown = (check.fixed > MINIMUM_SHOWN_INTENSITY) & (self._moved[:, :1] > MINIMUM_SHOWN_INTENSITY)
        known = jointMask(check.mask, self._moved[:, 1:])
        if known is not None:
            shown = shown & (known > 0.5)
        if float(shown.float().mean()) < MINIMUM_SHOWN_SHARE:
            raise RegistrationError(
                _("In the box the two images show nothing that could be compared: draw it around what they both show.")
            )
        if check.showsAnotherContrast(self._moved):
            raise RegistrationError(
                _("In the box the two images show different contrasts: a closer fit there would be a wrong one.")
            )


def _field(flow: Tensor, grid: Grid) -> DisplacementField:
    """Of a flow (1, 3, k, j, i) in voxels of ``grid`` that ends in zeros."""
    voxels = toArray(flow[0].detach().cpu())
    toMm = grid.ijkToRas[:3, 2::-1].astype(np.float32)
    return DisplacementField(np.ascontiguousarray(np.moveaxis(np.tensordot(toMm, voxels, 1), 0, -1)), grid)


def _warped(
    fixed: Grid,
    moving: Image,
    transform: Transform,
    field: DisplacementField | None,
    start: Start | RegistrationResult,
    settings: Settings,
    stages: Stages,
) -> np.ndarray:
    """The moving image carried onto ``fixed``: where ``start`` has it already, only what ``field`` moves is new."""
    before = start.warped if isinstance(start, RegistrationResult) else None
    resampling = settings.resampling
    if before is None or (isinstance(start, RegistrationResult) and start.settings.resampling != resampling):
        return resampling.warp(transform, moving, fixed, stages.advance)
    warped = before.copy()
    if field is None:
        return warped
    corners = transformPoints(fixed.rasToIjk, field.grid.cornersRas)[:, ::-1]
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, fixed.shape)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 1, 0, fixed.shape)
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    box: Box = (k, j, i)
    part = fixed.cropped(box)
    isMoved = (Transform(np.eye(4), field).displacement(part) != 0).any(axis=-1)
    warped[box][isMoved] = resampling.warp(transform, moving, part, stages.advance)[isMoved]
    return warped
