"""Rigid or affine alignment before the network, in tenths of a second.

Many starts are judged on a coarse pyramid level and the best climb there; the few that end in different places compete
on the middle level, and what is left is brought home on the finest. Every climb is Levenberg and Marquardt's on the
local correlation of the two images (``localcorrelation.py``), first rigid, then affine with a penalty on strain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import RegistrationCancelled
from .geometry import transformPoints
from .image import Image
from .intensity import guessModality, normalise
from .localcorrelation import Agreement, LocalCorrelation
from .masks import Masks
from .resample import reduceToSpacing
from .tensors import toArray

if TYPE_CHECKING:
    from torch import Tensor

# Spacings of the pyramid levels, as multiples of the finest.
LEVELS = (2.5, 2.0, 1.0)
MAXIMUM_VOXELS = 200_000
# How many starts climb on the coarse level and how many of their ends go on, then the rounds of each climb.
CLIMBING_STARTS = 8
COMPETITORS = 6
COARSE_ROUNDS, COMPETING_ROUNDS, MIDDLE_ROUNDS, PLAYOFF_ROUNDS, FINEST_ROUNDS = 4, 3, 4, 2, 4
# Two candidates go to the finest level, for PLAYOFF_ROUNDS, if the second has at least this share of the first's total.
PLAYOFF_SHARE = 0.6
RIVALS = 2
TILT_DEGREES = 25.0
FOREGROUND = 0.15
# Weight of the squared strain against the mean squared correlation. It bends a clear optimum by nothing measurable and
# holds the shape where the images say little.
STIFFNESS = 0.2
MAXIMUM_LOG_SCALE = 0.4
# A climb may not run away from the overlap: that raises the mean of what is left.
MINIMUM_OVERLAP_KEPT = 0.8


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
) -> PrealignResult:
    """Align ``moving`` with ``fixed``; both reduced beforehand to about 4 mm, small ones to their own spacing.

    :param mode: "rigid", "affine", or "none", which only judges the start.
    :param initialRas: 4x4 from fixed to moving RAS mm: then the only start. Without it, scanner coordinates, centres
        and ends of the foreground are tried, straight and tilted.
    :param cancelled: asked between the stages; true raises RegistrationCancelled, as may the callable itself.
    :param masks: shares in [0, 1]: only what lies inside both is compared.
    """

    def check() -> None:
        if cancelled is not None and cancelled():
            raise RegistrationCancelled("The registration was cancelled; nothing was changed.")

    coarse, middle, finest = _levels(fixed, moving, masks)
    initial = np.eye(4) if initialRas is None else np.asarray(initialRas, dtype=np.float64)
    before = finest.at([initial])[0]
    if mode == "none":
        return PrealignResult(initial, before.total, before.total)
    freedoms = AFFINE if mode == "affine" else RIGID
    check()
    starts = coarse.at(_starts(coarse) if initialRas is None else [initial])
    starts = sorted(starts, key=_byTotal)[:CLIMBING_STARTS]
    ends = _distinct(_climb(coarse, starts, RIGID, COARSE_ROUNDS), coarse)[:COMPETITORS]
    check()
    ends = _distinct(_climb(middle, _moved(ends, middle), RIGID, COMPETING_ROUNDS), middle)
    if len(ends) > RIVALS:
        chosen = sorted(zip(_moved(ends, finest), ends, strict=True), key=lambda pair: _byTotal(pair[0]))
        ends = [end for _, end in chosen[:RIVALS]]
    ends = sorted(_climb(middle, ends, freedoms, MIDDLE_ROUNDS), key=_byTotal)
    check()
    rivals = _moved([end for end in ends if end.total >= PLAYOFF_SHARE * ends[0].total], finest)
    if len(rivals) > 1:
        rivals = sorted(_climb(finest, rivals, freedoms, PLAYOFF_ROUNDS), key=_byTotal)
    after = _climb(finest, rivals[:1], freedoms, FINEST_ROUNDS - (PLAYOFF_ROUNDS if len(rivals) > 1 else 0))[0]
    if before.total > after.total and before.mean > after.mean:
        note = "The pre-alignment found nothing better than its start, which is kept."
        return PrealignResult(initial, before.total, before.total, note)
    return PrealignResult(after.matrix, before.total, after.total)


def _levels(fixed: Image, moving: Image, masks: Masks | None) -> list[LocalCorrelation]:
    """The pair at every level, coarse to fine. Blocks are averaged, never interpolated: that would blur."""
    if fixed.array.size > MAXIMUM_VOXELS:
        fixed = _cropped(fixed)
    finest, factor = fixed, 1
    while finest.array.size > MAXIMUM_VOXELS:
        factor += 1
        finest = reduceToSpacing(fixed, factor * float(fixed.grid.spacing.min()))
    spacing = float(np.prod(finest.grid.spacing) ** (1 / 3))
    # A quarter more, so that axes that differ a little in spacing are reduced alike.
    targets = [1.25 * factor * spacing for factor in LEVELS]
    finest = _normalised(finest)
    movingFinest = _normalised(reduceToSpacing(moving, targets[-1]))
    return [
        LocalCorrelation(
            finest if factor == 1.0 else reduceToSpacing(finest, target), reduceToSpacing(movingFinest, target), masks
        )
        for factor, target in zip(LEVELS, targets, strict=True)
    ]


def _cropped(image: Image) -> Image:
    """Without the empty space around the foreground, but for a margin: it says nothing and costs time."""
    coarse = _normalised(reduceToSpacing(image, 3.0 * float(image.grid.spacing.mean())))
    steps = np.rint(coarse.grid.spacing / image.grid.spacing).astype(int)[::-1]
    foreground = np.argwhere(coarse.array > FOREGROUND)
    if len(foreground) == 0:
        return image
    start = np.maximum(foreground.min(axis=0) - 1, 0) * steps
    stop = np.minimum((foreground.max(axis=0) + 2) * steps, image.array.shape)
    array = image.array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    shift = np.eye(4)
    shift[:3, 3] = start[::-1]
    return Image(array, image.ijkToRas @ shift, image.name)


def _normalised(image: Image) -> Image:
    return Image(normalise(image.array, guessModality(image)), image.ijkToRas, image.name)


def _starts(level: LocalCorrelation) -> list[np.ndarray]:
    """4x4 starts: several translations, each straight and tilted both ways about the three axes.

    Scanner coordinates serve one session; the middles of the boxes serve crops; the centres of mass serve whatever
    shows the same part of the body; its lower or upper end serves scans of which one reaches further.
    """
    images = level.fixed, level.moving
    if level.fixedMask is not None and level.movingMask is not None:
        images = _within(level.fixed, level.fixedMask), _within(level.moving, level.movingMask)
    (center, low, high), (centerMoving, lowMoving, highMoving) = (_foreground(image) for image in images)
    shift = centerMoving - center
    shifts = [np.zeros(3), shift, level.moving.grid.centerRas - level.fixed.grid.centerRas]
    shifts += [np.append(shift[:2], end) for end in (lowMoving - low, highMoving - high)]
    tilt = np.deg2rad(TILT_DEGREES)
    tilts = [np.zeros(3)] + [sign * tilt * axis for axis in np.eye(3) for sign in (-1.0, 1.0)]
    starts = []
    for translation in shifts:
        for vector in tilts:
            start = np.eye(4)
            start[:3, :3] = rotationMatrix(vector)
            start[:3, 3] = center + translation - start[:3, :3] @ center
            starts.append(start)
    return starts


def _within(image: Image, mask: Tensor) -> Image:
    return Image(image.array * toArray(mask), image.ijkToRas, image.name)


def _foreground(image: Image) -> tuple[np.ndarray, float, float]:
    """Centre of mass (3,) of the foreground in RAS mm, and the S coordinates of its lower and its upper end."""
    k, j, i = np.nonzero(image.array > FOREGROUND)
    if k.size == 0:
        low, high = image.grid.cornersRas[:, 2].min(), image.grid.cornersRas[:, 2].max()
        return image.grid.centerRas, float(low), float(high)
    points = transformPoints(image.ijkToRas, np.stack([i, j, k], axis=1))
    low, high = np.percentile(points[:, 2], (3.0, 97.0))
    return np.average(points, axis=0, weights=image.array[k, j, i]), float(low), float(high)


def _byTotal(agreement: Agreement) -> float:
    return -agreement.total


def _distinct(agreements: list[Agreement], level: LocalCorrelation) -> list[Agreement]:
    """Best first, without those that put the corners of the fixed box within half a voxel of a better one's."""
    corners, near = level.grid.cornersRas, 0.5 * float(level.grid.spacing.mean())
    kept: list[tuple[Agreement, np.ndarray]] = []
    for agreement in sorted(agreements, key=_byTotal):
        moved = transformPoints(agreement.matrix, corners)
        if all(np.linalg.norm(moved - other, axis=1).mean() > near for _, other in kept):
            kept.append((agreement, moved))
    return [agreement for agreement, _ in kept]


def _moved(agreements: list[Agreement], level: LocalCorrelation) -> list[Agreement]:
    """The same affines judged on another level."""
    return level.at([agreement.matrix for agreement in agreements])


def _climb(level: LocalCorrelation, starts: list[Agreement], freedoms: np.ndarray, rounds: int) -> list[Agreement]:
    """Levenberg and Marquardt, upwards only: each round tries a step, and keeps it if it is better and plausible."""
    reached, dampings = list(starts), [0.01] * len(starts)
    for _ in range(rounds):
        steps = [_step(level, best, freedoms, damping) for best, damping in zip(reached, dampings, strict=True)]
        for n, tried in enumerate(level.at(steps)):
            best, damping = reached[n], dampings[n]
            better = tried.mean - _penalty(tried.matrix) > best.mean - _penalty(best.matrix)
            if better and tried.overlap > MINIMUM_OVERLAP_KEPT * best.overlap and _isPlausible(tried.matrix):
                reached[n], dampings[n] = tried, max(0.1 * damping, 1e-4)
            else:
                dampings[n] = max(10.0 * damping, 0.1)
    return reached


def _step(level: LocalCorrelation, current: Agreement, freedoms: np.ndarray, damping: float) -> np.ndarray:
    hessian, gradient = current.normalEquations
    hessian, gradient = _addStiffness(hessian, gradient, current.matrix)
    hessian, gradient = freedoms.T @ hessian @ freedoms, freedoms.T @ gradient
    hessian = hessian + np.diag(damping * np.diag(hessian) + 1e-9)
    parameters = -np.linalg.solve(hessian, gradient)
    # Beyond three voxels the linear picture of the images means nothing.
    limit = 3.0 * float(level.grid.spacing.mean()) * level.toUnit[0, 0]
    parameters *= min(1.0, limit / max(float(np.abs(parameters).max()), 1e-12))
    small = np.eye(4)
    if freedoms is RIGID:
        small[:3, :3], small[:3, 3] = rotationMatrix(parameters[3:]), parameters[:3]
    else:
        small[:3] += parameters.reshape(3, 4)
    return current.matrix @ np.linalg.inv(level.toUnit) @ small @ level.toUnit


def _addStiffness(hessian: np.ndarray, gradient: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add the derivatives of ``_penalty(matrix @ D) / 2`` by D, as in ``Agreement.normalEquations``."""
    metric, identity = matrix[:3, :3].T @ matrix[:3, :3], np.eye(3)
    derivative = np.zeros((3, 3, 3, 4))
    products = metric[:, None, :, None] * identity[:, None, :]
    derivative[..., :3] = products + products.swapaxes(0, 1)
    derivative = 0.5 * derivative.reshape(9, 12)
    strain = _strain(matrix).reshape(9)
    return hessian + STIFFNESS * derivative.T @ derivative, gradient + STIFFNESS * derivative.T @ strain


def _strain(matrix: np.ndarray) -> np.ndarray:
    """Green's strain tensor (3, 3), blind to rotation: near scale - 1 along each principal axis."""
    return 0.5 * (matrix[:3, :3].T @ matrix[:3, :3] - np.eye(3))


def _penalty(matrix: np.ndarray) -> float:
    return STIFFNESS * float((_strain(matrix) ** 2).sum())


def _isPlausible(matrix: np.ndarray) -> bool:
    scales = np.linalg.svd(matrix[:3, :3], compute_uv=False)
    return bool(np.abs(np.log(scales)).max() < MAXIMUM_LOG_SCALE)


def rotationMatrix(vector: np.ndarray) -> np.ndarray:
    """3x3 rotation about ``vector`` (3,) by its length in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross


def _rigidFreedoms() -> np.ndarray:
    """(12, 6): what three translations and three small rotations are in the 12 parameters of an affine."""
    freedoms = np.zeros((3, 4, 6))
    for axis in range(3):
        after, last = (axis + 1) % 3, (axis + 2) % 3
        freedoms[axis, 3, axis] = 1.0
        freedoms[last, after, 3 + axis] = 1.0
        freedoms[after, last, 3 + axis] = -1.0
    return freedoms.reshape(12, 6)


RIGID = _rigidFreedoms()
AFFINE = np.eye(12)
