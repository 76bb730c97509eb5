"""Inverses: exact for matrices, found for points, and as a field where a file of its own is wanted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.pointinverse import solved
from ..runtime.errors import RegistrationError
from . import fsl
from .reading import compose, parts

if TYPE_CHECKING:
    import SimpleITK

TOLERANCE_MM = 1e-4
FIELD_TOLERANCE_MM = 1e-2
ITERATIONS = 100
CHECKED_POINTS = 1000


def inverse(transform: SimpleITK.Transform, reference: SimpleITK.Image | None) -> SimpleITK.Transform:
    """:param reference: whose voxels the field of an inverse has, in the moving image's space; by default those of the
        field that is inverted.

    :raises RegistrationError: a part has no inverse.
    """
    return compose([_inverseOf(part, reference) for part in reversed(parts(transform))])


def pointsBack(transform: SimpleITK.Transform, points: np.ndarray) -> np.ndarray:
    """The points (n, 3) whose images under ``transform`` are ``points``, LPS mm; NaN where none was found."""
    found = np.array(points, dtype=float)
    for part in parts(transform):
        if part.IsLinear():
            found = pointsThrough(part.GetInverse(), found)
        else:
            found = solved(partial(pointsThrough, part), found, TOLERANCE_MM, ITERATIONS)
    return found


def pointsThrough(transform: SimpleITK.Transform, points: np.ndarray) -> np.ndarray:
    """``points`` (n, 3), LPS mm, through ``transform``; NaN stays NaN."""
    moved = [transform.TransformPoint(point.tolist()) if np.isfinite(point).all() else point for point in points]
    return np.array(moved, dtype=float).reshape(-1, 3)


def largestError(transform: SimpleITK.Transform, back: SimpleITK.Transform, grid: SimpleITK.Image) -> tuple[float, int]:
    """The largest of |T(T^-1(y)) - y| in mm over random points y in ``grid`` whose way back stays inside it.

    :returns: it, and how many points that are; 0.0 of 0 points.
    """
    rng = np.random.default_rng(0)
    size = np.array(grid.GetSize())
    index = rng.random((CHECKED_POINTS, 3)) * (size - 1)
    points = np.array([grid.TransformContinuousIndexToPhysicalPoint(one.tolist()) for one in index])
    there = pointsThrough(back, points)
    inside = np.array([grid.TransformPhysicalPointToContinuousIndex(one.tolist()) for one in there])
    isInside = ((inside >= 0) & (inside <= size - 1)).all(axis=1)
    if not isInside.any():
        return 0.0, 0
    errors = np.linalg.norm(pointsThrough(transform, there[isInside]) - points[isInside], axis=1)
    return float(errors.max()), int(isInside.sum())


def _inverseOf(part: SimpleITK.Transform, reference: SimpleITK.Image | None) -> SimpleITK.Transform:
    import SimpleITK as sitk

    if part.IsLinear():
        try:
            return part.GetInverse()
        except RuntimeError as error:
            raise RegistrationError("A matrix of the transform has no inverse.") from error
    if reference is None and part.GetTransformEnum() != sitk.sitkDisplacementField:
        raise RegistrationError("The inverse of this transform needs the voxels of an image: name it by --reference.")
    if reference is None:
        field = sitk.DisplacementFieldTransform(part).GetDisplacementField()
    else:
        field = fsl.displacementField(part, reference)
    inverted = sitk.InvertDisplacementField(
        field,
        maximumNumberOfIterations=ITERATIONS,
        maxErrorToleranceThreshold=FIELD_TOLERANCE_MM,
        meanErrorToleranceThreshold=FIELD_TOLERANCE_MM / 10,
        enforceBoundaryCondition=False,
    )
    return sitk.DisplacementFieldTransform(inverted)
