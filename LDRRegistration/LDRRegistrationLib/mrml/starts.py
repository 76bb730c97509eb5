"""Transform nodes to start from: as the engine's Transform, exactly where they are such, else sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..numerics.dlpack import toTensor
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid, canonicalGrid, transformPoints
from ..space.transform import DisplacementField, Transform
from .matrices import arrayFromMatrix, checkStart, linearMatrix
from .transforms import elements, pointsThrough, withTightInverse

# Between the points at which a transform of another program is sampled: what a registration starts from is smooth.
SAMPLED_MM = 4.0


def engineTransform(transform: vtk.vtkAbstractTransform, fixedGrid: Grid, name: str) -> Transform:
    """``transform``, fixed to moving points in RAS mm, as T(x) = A(x + v(x)).

    What this extension makes is taken as it is. Anything else is sampled over the fixed volume, every 4 mm.

    :raises RegistrationError: nothing could start from it; ``name`` says what.
    """
    matrix = linearMatrix(transform)
    if matrix is not None:
        checkStart(matrix, name)
        return Transform(matrix)
    own = _own(transform)
    if own is None:
        return _sampled(transform, fixedGrid, name)
    checkStart(own.affine, name)
    return own


def initialFromWorld(transformNode: Any) -> tuple[vtk.vtkGeneralTransform, str]:
    """What a node that was chosen to start from does with points of the world, and what it is called in sentences."""
    chain = vtk.vtkGeneralTransform()
    transformNode.GetTransformFromWorld(chain)
    return chain, _("The initial transform {transform}").format(transform=transformNode.GetName())


def notLinear(transformNode: Any) -> str:
    """Why two visits are not compared from there."""
    return _("The initial transform {transform} is not linear: two visits need a linear one.").format(
        transform=transformNode.GetName()
    )


def checkInitial(transformNode: Any) -> None:
    """Refuse a node of which it is plain at once that nothing could start from it.

    :raises RegistrationError: its linear part, or one of the linear parts that it is composed of, is singular, a mirror
        image or not finite.
    """
    transform, name = initialFromWorld(transformNode)
    matrix = linearMatrix(transform)
    if matrix is not None:
        checkStart(matrix, name)
        return
    affine = np.eye(4)
    for part in elements(transform):
        matrix = linearMatrix(part)
        affine = affine if matrix is None else matrix @ affine
    checkStart(affine, name)


def _own(transform: vtk.vtkAbstractTransform) -> Transform | None:
    """Grids and then matrices, as ``vtkTransform`` makes them; None if it is something else."""
    parts = elements(transform)
    fields = [field for field in map(_field, parts) if field is not None]
    matrices = [linearMatrix(part) for part in parts[len(fields) :]]
    if not fields or any(_field(part) is None for part in parts[: len(fields)]):
        return None
    affine = np.eye(4)
    for matrix in matrices:
        if matrix is None:
            return None
        affine = matrix @ affine
    return Transform(affine, fields[-1], tuple(fields[:-1]))


def _field(part: vtk.vtkAbstractTransform) -> DisplacementField | None:
    """A grid that is interpolated as the engine does it; None for anything else."""
    if not isinstance(part, slicer.vtkOrientedGridTransform) or part.GetInverseFlag():
        return None
    grid = part.GetDisplacementGrid()
    if part.GetInterpolationMode() != vtk.VTK_CUBIC_INTERPOLATION or grid is None or part.GetDisplacementScale() != 1:
        return None
    direction = part.GetGridDirectionMatrix()
    ijkToRas = np.eye(4) if direction is None else arrayFromMatrix(direction)
    ijkToRas = ijkToRas @ np.diag([*grid.GetSpacing(), 1.0])
    ijkToRas[:3, 3] = grid.GetOrigin()
    i, j, k = grid.GetDimensions()
    vectors = numpy_support.vtk_to_numpy(grid.GetPointData().GetScalars()).reshape(k, j, i, 3)
    return DisplacementField(vectors.astype(np.float32), Grid((k, j, i), ijkToRas))


def _sampled(transform: Any, fixedGrid: Grid, name: str) -> Transform:
    grid = canonicalGrid(fixedGrid, SAMPLED_MM)
    points = grid.pointsRas()
    moved = pointsThrough(withTightInverse(transform), points)
    if not np.isfinite(moved).all():
        raise RegistrationError(_("{name} contains numbers that are not finite.").format(name=name))
    flat = np.c_[points.reshape(-1, 3), np.ones(points[..., 0].size)]
    affine = np.eye(4)
    affine[:3] = np.linalg.lstsq(flat, moved.reshape(-1, 3), rcond=None)[0].T
    checkStart(affine, name)
    # v in voxels k, j, i of the grid.
    there = transformPoints(grid.rasToIjk @ np.linalg.inv(affine), moved)
    voxels = (there - transformPoints(grid.rasToIjk, points))[..., ::-1]
    flow = toTensor(np.ascontiguousarray(np.moveaxis(voxels, -1, 0)[None], dtype=np.float32))
    return Transform(affine, DisplacementField.fromFlow(flow, grid))
