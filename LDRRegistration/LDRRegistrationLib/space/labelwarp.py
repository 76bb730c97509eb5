"""Label maps carried by a transform: every label arrives, or it is said which do not."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .grid import Grid, transformPoints
from .image import Image
from .transform import Transform

# Labels as small as these are found in a table; larger ones by sorting.
LARGEST_LOOKUP = 1 << 24
# So many voxels without an inverse are looked for, at these places around (a cube of side 2).
MAXIMUM_SEARCHED = 2000
SEARCH_OFFSETS = np.stack(np.meshgrid(*[np.linspace(-1.0, 1.0, 9)] * 3), axis=-1).reshape(-1, 3)


def warpLabels(labels: Image, grid: Grid, transform: Transform) -> tuple[np.ndarray, list[str]]:
    """``labels`` of the moving image on ``grid`` (the fixed volume's): (k, j, i) of integers, and notes.

    Each voxel takes the nearest label. One that is so small that no voxel took it is carried the other way, by the
    inverse transform, onto the voxel where most of it lies.

    :raises RegistrationError: the values are not whole numbers.
    """
    labels = Image(wholeNumbers(labels), labels.ijkToRas, labels.name)
    warped = transform.warp(labels, grid, nearest=True)
    given = presentLabels(labels.array)
    if not len(given):
        return warped, [_("{name} contains no label: the label map is empty.").format(name=labels.name)]
    missing = np.setdiff1d(given, presentLabels(warped))
    placed = _place(warped, labels, missing, grid, transform) if len(missing) else 0
    return warped, _notes(labels.name, len(given), len(missing), placed)


def wholeNumbers(labels: Image) -> np.ndarray:
    """The voxels of a label map as integers of their own type, or of the smallest of 16 bits and more.

    :raises RegistrationError: they are not whole numbers.
    """
    array = labels.array
    if array.dtype.kind in "iu":
        return array
    lowest, highest = 0.0, 0.0
    for plane in array:
        if not np.array_equal(plane, np.rint(plane)) or not np.all(np.isfinite(plane)):
            raise RegistrationError(
                _("{name} is not a label map: it contains values that are not whole numbers.").format(name=labels.name)
            )
        lowest, highest = min(lowest, float(plane.min())), max(highest, float(plane.max()))
    if max(-lowest, highest) >= 2.0**63:
        raise RegistrationError(
            _("{name} is not a label map: its values reach {most:.3g}.").format(
                name=labels.name, most=max(-lowest, highest)
            )
        )
    smallest = next(
        t for t in (np.int16, np.int32, np.int64) if np.iinfo(t).min <= lowest and highest <= np.iinfo(t).max
    )
    return array.astype(smallest)


def presentLabels(array: np.ndarray) -> np.ndarray:
    """The values of integers (k, j, i) other than 0, in order."""
    lowest, highest = int(array.min()), int(array.max())
    if highest - lowest < LARGEST_LOOKUP:
        isThere = np.zeros(highest - lowest + 1, dtype=bool)
        for plane in array:
            isThere[np.subtract(plane, lowest, dtype=np.int64)] = True
        found = (np.flatnonzero(isThere) + lowest).astype(array.dtype)
    else:
        found = np.unique(np.concatenate([np.unique(plane) for plane in array]))
    return found[found != 0]


def _place(warped: np.ndarray, labels: Image, missing: np.ndarray, grid: Grid, transform: Transform) -> int:
    """Give each of ``missing`` a voxel of ``warped``; returns how many got one.

    A voxel that is all there is of another label is not taken from it: then the next best voxel is.
    """
    voxels = np.argwhere(np.isin(labels.array, missing))
    names = labels.array[tuple(voxels.T)]
    points = _fixedPoints(transformPoints(labels.ijkToRas, voxels[:, ::-1]), transform, grid)
    ijk = transformPoints(grid.rasToIjk, points)
    inside = np.all((ijk >= -0.5) & (ijk <= grid.sizeIjk - 0.5), axis=1)  # false for NaN
    kji = np.clip(np.rint(ijk[inside][:, ::-1]), 0, np.array(grid.shape) - 1).astype(np.int64)
    order = np.argsort(names[inside], kind="stable")
    kji, names = kji[order], names[inside][order]
    left: Counter = Counter()
    for plane in warped:
        left.update(dict(zip(*np.unique(plane, return_counts=True), strict=True)))
    placed = 0
    for name in np.unique(names):
        own = kji[np.searchsorted(names, name, "left") : np.searchsorted(names, name, "right")]
        placesOfOwn, counts = np.unique(own, axis=0, return_counts=True)
        best = placesOfOwn[np.argsort(-counts, kind="stable")]
        for place in (*best, *_around(best[0], warped.shape)):
            before = warped[tuple(place)]
            if before == 0 or left[before] > 1:
                left[before] -= 1
                warped[tuple(place)] = name
                left[name] = 1
                placed += 1
                break
    return placed


def _fixedPoints(movingPoints: np.ndarray, transform: Transform, grid: Grid) -> np.ndarray:
    """(n, 3): where moving points lie in the fixed image, RAS mm; NaN for those that nothing comes close to.

    The iteration that inverts a transform fails where it is steep; there the nearest image is looked for.
    """
    points = transform.inversePoints(movingPoints)
    if not transform.fields:
        return points
    starts = transformPoints(np.linalg.inv(transform.affine), movingPoints)
    near = float(np.linalg.norm(grid.spacing))
    for index in np.flatnonzero(np.isnan(points).any(axis=1))[:MAXIMUM_SEARCHED]:
        best, reach, distance = starts[index], transform.longestMm, np.inf
        while reach > 0.05 * near:
            around = best + reach * SEARCH_OFFSETS
            distances = np.linalg.norm(transform.points(around) - movingPoints[index], axis=1)
            best, distance, reach = around[distances.argmin()], float(distances.min()), 0.4 * reach
        if distance <= near:
            points[index] = best
    return points


def _around(place: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The voxels that touch ``place``, the nearest first."""
    steps = np.argwhere(np.ones((3, 3, 3))) - 1
    steps = steps[np.argsort(np.abs(steps).sum(axis=1), kind="stable")][1:]
    near = place + steps
    return near[np.all((near >= 0) & (near < shape), axis=1)]


def _notes(name: str, given: int, missing: int, placed: int) -> list[str]:
    notes = []
    if placed:
        notes.append(
            _(
                "{placed} of {given} labels of {name} are so small that no voxel of the fixed image is "
                "nearest to them: each was given one voxel."
            ).format(placed=placed, given=given, name=name)
        )
    lost = missing - placed
    if lost == given:
        notes.append(
            _("No label of {name} lies in the fixed image: the label map is empty. Is it of the moving image?").format(
                name=name
            )
        )
    elif lost:
        notes.append(
            _("{lost} of {given} labels of {name} lie outside the fixed image and did not arrive.").format(
                lost=lost, given=given, name=name
            )
        )
    return notes
