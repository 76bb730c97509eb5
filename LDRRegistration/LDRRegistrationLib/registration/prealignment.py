"""Rigid or affine alignment before the network, in tenths of a second.

Many starts are judged on a coarse pyramid level and the best climb there; the few that end in different places compete
on the middle level, and what is left is brought home on the finest. Every climb is Levenberg and Marquardt's on the
local correlation of the two images (``affinelncc.py``), first rigid, then affine with a penalty on strain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..runtime.errors import RegistrationCancelled
from ..runtime.language import tr as _
from ..space.grid import linearAbout, transformPoints
from ..space.image import Image
from ..space.intensity import normalised
from ..space.masks import Masks, foreground
from ..space.resample import reduceToSpacing
from ..space.validity import filled
from .affinelncc import AffineLncc, AffineSimilarity
from .levenbergmarquardt import AFFINE, RIGID, byTotal, climb, distinct, moved, rotationMatrix, sizeOf, within

# Spacings of the pyramid's levels from coarse to fine, as multiples of the finest.
PYRAMID_LEVELS = (2.5, 2.0, 1.0)
MAXIMUM_VOXELS = 200_000
# How many starts climb on the coarse level and how many of their ends go on to the middle one, then the rounds of each
# climb.
CLIMBING_STARTS = 8
MIDDLE_LEVEL_CANDIDATES = 6
COARSE_ROUNDS, COMPETING_ROUNDS, MIDDLE_ROUNDS, PLAYOFF_ROUNDS, FINEST_ROUNDS = 4, 3, 4, 2, 4
# Two candidates go to the finest level, for PLAYOFF_ROUNDS, if the second has at least this share of the first's total.
PLAYOFF_SHARE = 0.6
FINEST_LEVEL_CANDIDATES = 2
TILT_DEGREES = 25.0


@dataclass(frozen=True)
class PrealignResult:
    """``matrix``, 4x4, maps fixed to moving points, RAS mm.

    The similarities are mean squared local correlations over the fixed box (0 to 1, outside the overlap 0), under
    the start as given or else the scanner's coordinates, and under ``matrix``.
    """

    matrix: np.ndarray
    similarityBefore: float
    similarityAfter: float
    note: str = ""


def prealign(
    fixed: Image,
    moving: Image,
    mode: str,
    initialRas: np.ndarray | None = None,
    cancelled: Callable[[], object] | None = None,
    masks: Masks | None = None,
    across: np.ndarray | None = None,
) -> PrealignResult:
    """Align ``moving`` with ``fixed``; both reduced beforehand to about 4 mm, small ones to their own spacing.

    :param mode: "rigid", "affine", or "none", which only judges the start.
    :param initialRas: 4x4 from fixed to moving RAS mm: then the only start. Without it, scanner coordinates, centres
        and ends of the foreground are tried, straight and tilted.
    :param cancelled: asked between the stages; true raises RegistrationCancelled, as may the callable itself.
    :param masks: shares in [0, 1]: only what lies inside both is compared.
    :param across: (3,), the unit vector in RAS along which nothing moves, where there are few slices; None: there are
        enough.
    """

    def check() -> None:
        if cancelled is not None and cancelled():
            raise RegistrationCancelled(_("The registration was cancelled; nothing was changed."))

    coarse, middle, finest = _levels(fixed, moving, masks, across)
    initial = np.eye(4) if initialRas is None else np.asarray(initialRas, dtype=np.float64)
    before = finest.at([initial])[0]
    if mode == "none":
        return PrealignResult(initial, before.total, before.total)
    freedoms = AFFINE if mode == "affine" else RIGID
    # Strain is what differs from the size that the start says.
    size = sizeOf(initial)

    def climbed(
        level: AffineLncc, similarities: list[AffineSimilarity], how: np.ndarray, rounds: int
    ) -> list[AffineSimilarity]:
        check()
        return climb(level, similarities, how, rounds, [size] * len(similarities))

    starts = coarse.at(_starts(coarse) if initialRas is None else [initial])
    # CheckedFlow again, or else the slopes of all the others would be computed with theirs.
    starts = moved(sorted(starts, key=byTotal)[:CLIMBING_STARTS], coarse)
    ends = distinct(climbed(coarse, starts, RIGID, COARSE_ROUNDS), coarse)[:MIDDLE_LEVEL_CANDIDATES]
    ends = distinct(climbed(middle, moved(ends, middle), RIGID, COMPETING_ROUNDS), middle)
    if len(ends) > FINEST_LEVEL_CANDIDATES:
        chosen = sorted(zip(moved(ends, finest), ends, strict=True), key=lambda pair: byTotal(pair[0]))
        ends = [end for _start, end in chosen[:FINEST_LEVEL_CANDIDATES]]
    ends = sorted(climbed(middle, ends, freedoms, MIDDLE_ROUNDS), key=byTotal)
    rivals = moved([end for end in ends if end.total >= PLAYOFF_SHARE * ends[0].total], finest)
    if len(rivals) > 1:
        rivals = sorted(climbed(finest, rivals, freedoms, PLAYOFF_ROUNDS), key=byTotal)
    rounds = FINEST_ROUNDS - (PLAYOFF_ROUNDS if len(rivals) > 1 else 0)
    after = climbed(finest, rivals[:1], freedoms, rounds)[0]
    if before.total > after.total and before.mean > after.mean:
        note = _("The pre-alignment found nothing better than its start, which is kept.")
        return PrealignResult(initial, before.total, before.total, note)
    return PrealignResult(after.matrix, before.total, after.total)


def prealignFrom(
    start: np.ndarray,
    fixed: Image,
    moving: Image,
    mode: str,
    cancelled: Callable[[], object] | None = None,
    masks: Masks | None = None,
    across: np.ndarray | None = None,
) -> PrealignResult:
    """``prealign`` with all its starts, as if the scanner had put the moving image where ``start`` (4x4) says.

    So a scan that was stored the other way round, or of another size, ends where it would have ended otherwise.
    """

    def there(image: Image) -> Image:
        return replace(image, ijkToRas=np.linalg.inv(start) @ image.ijkToRas)

    masks = masks or Masks()
    masks = Masks(masks.fixed, None if masks.moving is None else there(masks.moving))
    result = prealign(fixed, there(moving), mode, None, cancelled, masks, across)
    return replace(result, matrix=start @ result.matrix)


def _levels(fixed: Image, moving: Image, masks: Masks | None, across: np.ndarray | None) -> list[AffineLncc]:
    """The pair at every level, coarse to fine. Blocks are averaged, never interpolated: that would blur."""
    if fixed.array.size > MAXIMUM_VOXELS:
        fixed = _cropped(fixed)
    finest, factor = fixed, 1
    while finest.array.size > MAXIMUM_VOXELS:
        factor += 1
        finest = reduceToSpacing(fixed, factor * float(fixed.grid.spacing.min()))
    spacing = float(np.prod(finest.grid.spacing) ** (1 / 3))
    # A quarter more, so that axes that differ a little in spacing are reduced alike.
    targets = [1.25 * factor * spacing for factor in PYRAMID_LEVELS]
    finest = filled(normalised(finest))
    movingFinest = filled(normalised(reduceToSpacing(moving, targets[-1])))
    return [
        AffineLncc(
            finest if factor == 1.0 else reduceToSpacing(finest, target),
            reduceToSpacing(movingFinest, target),
            masks,
            across,
        )
        for factor, target in zip(PYRAMID_LEVELS, targets, strict=True)
    ]


def _cropped(image: Image) -> Image:
    """Without the empty space around the foreground, but for a margin: it says nothing and costs time."""
    coarse = normalised(reduceToSpacing(image, 3.0 * float(image.grid.spacing.mean())))
    steps = np.rint(coarse.grid.spacing / image.grid.spacing).astype(int)[::-1]
    shown = np.argwhere(foreground(coarse, None))
    if len(shown) == 0:
        return image
    start = np.maximum(shown.min(axis=0) - 1, 0) * steps
    stop = np.minimum((shown.max(axis=0) + 2) * steps, image.array.shape)
    k, j, i = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return image.part((k, j, i))


def _starts(level: AffineLncc) -> list[np.ndarray]:
    """4x4 starts: several translations, each straight and tilted both ways about the three axes.

    Scanner coordinates serve one session; the middles of the boxes serve crops; the centres of mass serve whatever
    shows the same part of the body; its lower or upper end serves scans of which one reaches further.
    """
    (center, low, high), (centerMoving, lowMoving, highMoving) = (_extent(*pair) for pair in level.masked)
    shift = centerMoving - center
    shifts = [np.zeros(3), shift, level.moving.grid.centerRas - level.fixed.grid.centerRas]
    shifts += [np.append(shift[:2], end) for end in (lowMoving - low, highMoving - high)]
    tilt = np.deg2rad(TILT_DEGREES)
    axes = np.eye(3)
    if level.across is not None:
        axes, shifts = level.across[None], [within(shift, level.across) for shift in shifts]
    tilts = [np.zeros(3)] + [sign * tilt * axis for axis in axes for sign in (-1.0, 1.0)]
    starts = []
    for translation in shifts:
        for vector in tilts:
            starts.append(linearAbout(rotationMatrix(vector), center, center + translation))
    return starts


def _extent(image: Image, mask: Image | None) -> tuple[np.ndarray, float, float]:
    """Centre of mass (3,) of the foreground in RAS mm, and the S coordinates of its lower and its upper end."""
    k, j, i = np.nonzero(foreground(image, mask))
    if k.size == 0:
        low, high = image.grid.cornersRas[:, 2].min(), image.grid.cornersRas[:, 2].max()
        return image.grid.centerRas, float(low), float(high)
    points = transformPoints(image.ijkToRas, np.stack([i, j, k], axis=1))
    low, high = np.percentile(points[:, 2], (3.0, 97.0))
    return np.average(points, axis=0, weights=image.array[k, j, i]), float(low), float(high)
