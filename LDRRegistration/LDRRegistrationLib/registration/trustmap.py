"""How far to believe a registration, place by place: the expected error in mm.

Registered both ways, T from fixed to moving and back again from moving to fixed, a point should return to where it was;
how far it misses is the inverse consistency error (Christensen and Johnson, TMI 2001). Where that is small and the
images look alike the error is small; else it is not known to be. What both say together in mm was set on pairs whose
true motion is known (benchmarks/trust_map.py); see docs/TRUST.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..numerics.filters import gaussianMean
from ..numerics.losses import lncc
from ..space.grid import Grid, canonicalGrid, transformPoints
from ..space.image import Image
from ..space.intensity import KNOWN_FROM, normalised
from ..space.masks import Masks
from ..space.resample import reduceToSpacing, sampleOnGrid
from ..space.transform import Transform
from ..space.validity import checkedImage, filled
from .models import ModelStore
from .register import RegistrationResult, register
from .selfcheck import MINIMUM_SHOWN_INTENSITY
from .settings import Prealignment, Preset, Settings

if TYPE_CHECKING:
    from ..runtime.progress import CancelCallback, ProgressCallback

# The map's points lie so far apart, or further where the body would have more of them than this.
SPACING_MM, MAXIMUM_VOXELS = 3.0, 600_000
# An error is like those around it: both measures are averaged by a Gaussian as wide as this.
SIGMA_MM = 4.0
# Of the window around a point in which the images are compared, in the map's voxels.
WINDOW = 5
# log of the expected error in mm: a constant, and its slopes by log(0.2 mm + inconsistency) and by unlikeness.
LOG_ERROR_COEFFICIENTS = (-0.234, 1.005, 1.661)
ADDED_INCONSISTENCY_MM = 0.2
# Said in a volume of what nothing is known of, as an image has no data there: more than any color shows.
UNSEEN_MM = 99.0
# Nine in ten true errors are at most so many times the expected one.
NINTH_DECILE_FACTOR = 1.76


@dataclass(frozen=True, eq=False)
class TrustMap:
    """``expectedErrorMm`` (k, j, i) float32 at the points of ``grid``, NaN where nothing can be said.

    That is where the fixed image shows nothing, and, ``unseen``, where it does and the moving image has no data.
    ``inconsistencyMm`` is the inverse consistency error there, ``similarity`` the squared local correlation, 0 to 1.
    """

    grid: Grid
    expectedErrorMm: np.ndarray
    inconsistencyMm: np.ndarray
    similarity: np.ndarray
    unseen: np.ndarray

    def on(self, grid: Grid) -> np.ndarray:
        """(k, j, i) float32: the expected error at the points of another grid.

        0 where the image shows nothing, UNSEEN_MM where the moving image has no data: there it may be anything.
        """
        return self._on(self.expectedErrorMm, grid, 0.0, UNSEEN_MM)

    def similarityOn(self, grid: Grid) -> np.ndarray:
        """(k, j, i) float32: the local similarity there; 1 where nothing is in doubt, 0 where nothing is known."""
        return self._on(self.similarity, grid, 1.0, 0.0)

    def _on(self, values: np.ndarray, grid: Grid, elsewhere: float, unseen: float) -> np.ndarray:
        known = np.isfinite(values)
        sums, share, unseenShare = (
            toArray(sampleOnGrid(toTensor(array.astype(np.float32)), self.grid.ijkToRas, grid))
            for array in (np.where(known, values, 0.0), known, self.unseen)
        )
        found = np.where(share >= 0.5, sums / np.maximum(share, 0.5), elsewhere)
        return np.where(unseenShare >= 0.5, unseen, found).astype(np.float32)

    @property
    def summary(self) -> dict[str, float]:
        """For a report: the middle of the expected errors, their worst tenth, and how much is beyond 3 mm.

        ``unseenPercent`` of what the fixed image shows lies where the moving image has no data, and counts in none.
        """
        values = self.expectedErrorMm[np.isfinite(self.expectedErrorMm)]
        unseen = int(self.unseen.sum())
        if not values.size:
            return {"unseenPercent": 100.0} if unseen else {}
        return {
            "medianMm": float(np.median(values)),
            "worstTenthMm": float(np.percentile(values, 90)),
            "above3MmPercent": float(100.0 * (values > 3.0).mean()),
            "unseenPercent": 100.0 * unseen / (unseen + values.size),
        }


def trustMap(
    fixed: Image,
    moving: Image,
    result: RegistrationResult,
    models: ModelStore,
    masks: Masks | None = None,
    cancelled: CancelCallback | None = None,
    progress: ProgressCallback | None = None,
) -> TrustMap:
    """The expected error of ``result``, which registered ``moving`` to ``fixed``.

    The way back is the fast preset's, whatever found the way there, and begins at the inverse of its affine part.

    :param masks: those of the registration.
    :raises RegistrationError, DependencyError, RegistrationCancelled: as ``register`` does.
    """
    settings = replace(result.settings, model=result.model)
    return trustIn(fixed, moving, result.transform, settings, models, masks, cancelled, progress)


def trustIn(
    fixed: Image,
    moving: Image,
    there: Transform,
    settings: Settings,
    models: ModelStore,
    masks: Masks | None = None,
    cancelled: CancelCallback | None = None,
    progress: ProgressCallback | None = None,
) -> TrustMap:
    """The same of any transform from fixed to moving points, in RAS mm.

    :param settings: of which the model, the device and the threads count.
    """
    how = Settings(
        Preset.FAST,
        settings.model,
        Prealignment.NONE,
        warp=False,
        device=settings.device,
        threads=settings.threads,
    )
    turned = None if masks is None else Masks(masks.moving, masks.fixed)
    start = np.linalg.inv(there.affine)
    back = register(moving, fixed, how, models, start, progress, cancelled, turned).transform
    return between(fixed, moving, there, back)


def between(fixed: Image, moving: Image, there: Transform, back: Transform) -> TrustMap:
    """The map of ``there``, from fixed to moving points, and of ``back``, both in RAS mm."""
    spacing = max(
        SPACING_MM, float(np.prod(fixed.grid.extentMm) / MAXIMUM_VOXELS) ** (1 / 3), float(fixed.grid.spacing.min())
    )
    fixed, moving = (reduceToSpacing(checkedImage(image), spacing) for image in (fixed, moving))
    grid = canonicalGrid(fixed.grid, spacing)
    fixedHere = sampleOnGrid(toTensor(filled(normalised(fixed)).array), fixed.ijkToRas, grid)[None, None]
    shown = toArray(fixedHere[0, 0] > MINIMUM_SHOWN_INTENSITY)
    points = grid.pointsRas()
    moved = points + there.displacement(grid)
    missed = np.linalg.norm(back.points(moved) - points, axis=-1).astype(np.float32)
    unseen = shown & ~_hasData(moving, moved)
    shown &= ~unseen
    warped = toTensor(there.warp(replace(moving, array=filled(normalised(moving)).array, known=None), grid))[None, None]
    similarity = lncc(fixedHere, warped.clamp(0, 1), WINDOW)
    weights = toTensor(shown.astype(np.float32))[None, None]
    sigmas = [SIGMA_MM / spacing] * 3
    share = gaussianMean(weights, sigmas).clamp_min(1e-3)
    inconsistency, unlikeness = (
        toArray((gaussianMean(values * weights, sigmas) / share)[0, 0])
        for values in (toTensor(missed)[None, None], 1.0 - similarity)
    )
    expected = expectedError(inconsistency, unlikeness)
    return TrustMap(
        grid,
        np.where(shown, expected, np.nan).astype(np.float32),
        np.where(shown, inconsistency, np.nan).astype(np.float32),
        np.where(shown, 1.0 - unlikeness, np.nan).astype(np.float32),
        unseen,
    )


def _hasData(image: Image, points: np.ndarray) -> np.ndarray:
    """(...): whether points (..., 3) in RAS mm lie in a voxel of ``image`` that is known."""
    index = np.rint(transformPoints(image.grid.rasToIjk, points))
    inside = ((index >= 0) & (index < image.grid.sizeIjk)).all(axis=-1)
    if image.known is None:
        return inside
    i, j, k = np.moveaxis(np.where(inside[..., None], index, 0).astype(np.intp), -1, 0)
    return inside & (image.known[k, j, i] >= KNOWN_FROM)


def features(inconsistencyMm: np.ndarray, unlikeness: np.ndarray) -> np.ndarray:
    """(..., 3): what COEFFICIENTS are multiplied with."""
    logarithm = np.log(ADDED_INCONSISTENCY_MM + inconsistencyMm)
    return np.stack([np.ones_like(logarithm), logarithm, unlikeness], axis=-1)


def expectedError(inconsistencyMm: np.ndarray, unlikeness: np.ndarray) -> np.ndarray:
    """In mm, of the same shape."""
    return np.exp(features(inconsistencyMm, unlikeness) @ np.asarray(LOG_ERROR_COEFFICIENTS))
