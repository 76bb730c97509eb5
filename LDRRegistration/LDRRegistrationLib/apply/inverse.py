"""Inverses: exact for matrices, found for points, and as a field where a file of its own is wanted."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.pointinverse import solved
from ..runtime.errors import RegistrationError
from ..runtime.memory import checkAvailable
from . import fsl
from .reading import compose, parts

if TYPE_CHECKING:
    import SimpleITK

TOLERANCE_MM = 1e-4
FIELD_TOLERANCE_MM = 1e-2
ITERATIONS = 100
CHECKED_POINTS = 1000


def inverse(transform: SimpleITK.Transform, reference: SimpleITK.Image | None) -> SimpleITK.Transform:
    """The transform back. A field's inverse has its voxels, and more of them where it leads out of these.

    :param reference: whose smallest spacing the inverse of a B-spline has, which has no voxels.
    :raises RegistrationError: a part has no inverse.
    """
    return compose([_inverseOf(part, reference) for part in reversed(parts(transform))])


def pointsBack(transform: SimpleITK.Transform, points: np.ndarray) -> np.ndarray:
    """The points (n, 3) whose images under ``transform`` are ``points``, LPS mm; NaN where none was found."""
    found = np.array(points, dtype=float)
    for part in parts(transform):
        found = pointsThrough(part.GetInverse(), found) if part.IsLinear() else _backThroughField(part, found)
    return found


def pointsThrough(transform: SimpleITK.Transform, points: np.ndarray) -> np.ndarray:
    """``points`` (n, 3), LPS mm, through ``transform``; NaN stays NaN."""
    moved = [transform.TransformPoint(point.tolist()) if np.isfinite(point).all() else point for point in points]
    return np.array(moved, dtype=float).reshape(-1, 3)


def largestError(transform: SimpleITK.Transform, back: SimpleITK.Transform) -> tuple[float, int]:
    """The largest of |T^-1(T(x)) - x| in mm over random points x of the field that they go through first.

    :returns: it, and how many points that are.
    """
    found = parts(transform)
    first = max(index for index, part in enumerate(found) if not part.IsLinear())
    grid = _gridOf(found[first], None)
    index = np.random.default_rng(0).random((CHECKED_POINTS, 3)) * (np.array(grid.GetSize()) - 1)
    points = np.array([grid.TransformContinuousIndexToPhysicalPoint(one.tolist()) for one in index])
    if found[first + 1 :]:
        points = pointsBack(compose(found[first + 1 :]), points)
    errors = np.linalg.norm(pointsThrough(back, pointsThrough(transform, points)) - points, axis=1)
    return float(errors.max()), len(errors)


def _backThroughField(part: SimpleITK.Transform, target: np.ndarray) -> np.ndarray:
    """As ``pointsBack``, for one field, which moves nothing beyond its voxels.

    So a point beyond them may come from there, or from within: what comes from within counts. It is looked for where
    the field goes on as at its border.
    """
    grid = _gridOf(part, None)
    last = np.array(grid.GetSize()) - 1.0

    def indices(points: np.ndarray) -> np.ndarray:
        found = [grid.TransformPhysicalPointToContinuousIndex(point.tolist()) for point in points]
        return np.array(found, dtype=float).reshape(-1, 3)

    def goingOn(points: np.ndarray) -> np.ndarray:
        nearest = np.array(
            [
                grid.TransformContinuousIndexToPhysicalPoint(index.tolist())
                for index in np.clip(indices(points), 0.0, last)
            ]
        ).reshape(-1, 3)
        return points + pointsThrough(part, nearest) - nearest

    def isWithin(points: np.ndarray) -> np.ndarray:
        isFinite = np.isfinite(points).all(axis=1)
        within = np.zeros(len(points), dtype=bool)
        found = indices(points[isFinite])
        within[isFinite] = ((found >= 0.0) & (found <= last)).all(axis=1)
        return within

    found = solved(partial(pointsThrough, part), target, TOLERANCE_MM, ITERATIONS)
    open_ = np.flatnonzero(~isWithin(found) & np.isfinite(target).all(axis=1))
    if len(open_):
        again = solved(goingOn, target[open_], TOLERANCE_MM, ITERATIONS)
        better = isWithin(again)
        found[open_[better]] = again[better]
    return found


def _inverseOf(part: SimpleITK.Transform, reference: SimpleITK.Image | None) -> SimpleITK.Transform:
    import SimpleITK as sitk

    if part.IsLinear():
        try:
            return part.GetInverse()
        except RuntimeError as error:
            raise RegistrationError("A matrix of the transform has no inverse.") from error
    if part.GetTransformEnum() == sitk.sitkDisplacementField:
        field = sitk.DisplacementFieldTransform(part).GetDisplacementField()
    elif reference is None:
        raise RegistrationError("The inverse of this transform needs the voxels of an image: name it by --reference.")
    else:
        field = fsl.displacementField(part, _gridOf(part, min(reference.GetSpacing())))
    inverted = sitk.InvertDisplacementField(
        _goneOn(field),
        maximumNumberOfIterations=ITERATIONS,
        maxErrorToleranceThreshold=FIELD_TOLERANCE_MM,
        meanErrorToleranceThreshold=FIELD_TOLERANCE_MM / 10,
        enforceBoundaryCondition=False,
    )
    return sitk.DisplacementFieldTransform(inverted)


def _goneOn(field: SimpleITK.Image) -> SimpleITK.Image:
    """The field on a grid that also holds all that its own is carried to, going on as at its border.

    :raises RegistrationError: there is not the memory for it.
    """
    import SimpleITK as sitk

    size = np.array(field.GetSize())
    voxels = np.stack(np.meshgrid(*(np.arange(n) for n in size[::-1]), indexing="ij")[::-1], axis=-1)
    toIndex = np.linalg.inv(np.array(field.GetDirection()).reshape(3, 3) * field.GetSpacing())
    there = voxels + sitk.GetArrayViewFromImage(field) @ toIndex.T
    # No grid is more than its own size away: what a field sends farther is a fault of the field.
    before = np.clip(np.ceil(-there.min(axis=(0, 1, 2))), 0, size).astype(int)
    behind = np.clip(np.ceil(there.max(axis=(0, 1, 2)) - (size - 1)), 0, size).astype(int)
    if not (before.any() or behind.any()):
        return field
    # ITK holds the field, its inverse and the rest between them.
    checkAvailable(4 * 3 * 8 * int(np.prod(size + before + behind)), "The inverse of this field")
    return sitk.ZeroFluxNeumannPad(field, before.tolist(), behind.tolist())


def _gridOf(part: SimpleITK.Transform, spacing: float | None) -> SimpleITK.Image:
    """An image with the voxels of a field; or those of a B-spline's domain, ``spacing`` mm apart, or two a knot."""
    import SimpleITK as sitk

    if part.GetTransformEnum() == sitk.sitkDisplacementField:
        return sitk.DisplacementFieldTransform(part).GetDisplacementField()
    spline = sitk.BSplineTransform(part)
    lengths = np.array(spline.GetTransformDomainPhysicalDimensions())
    knots = np.array(spline.GetTransformDomainMeshSize())
    steps = [max(1, math.ceil(length / spacing)) for length in lengths] if spacing else (2 * knots).tolist()
    grid = sitk.Image([int(step) + 1 for step in steps], sitk.sitkUInt8)
    grid.SetOrigin(spline.GetTransformDomainOrigin())
    grid.SetSpacing([float(length / step) for length, step in zip(lengths, steps, strict=True)])
    grid.SetDirection(spline.GetTransformDomainDirection())
    return grid
