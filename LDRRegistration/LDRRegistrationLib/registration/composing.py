"""Registration on top of a start that is not linear: of the moving image as that carries it, and both put together."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from ..space.grid import Grid, canonicalGrid, transformPoints
from ..space.image import Image
from ..space.masks import Masks
from ..space.transform import DisplacementField, Transform

# Around the fixed volume, how much of the carried moving image a registration may still want.
MARGIN_MM = 25.0
# Of the two together: between the points of their one displacement field.
COMPOSED_MM = 2.0


def carriedOnto(moving: Image, start: Transform, grid: Grid) -> Image:
    """``moving`` as ``start``, from points of ``grid`` to moving points, carries it there: of the same modality.

    It is known where the nearest voxel of ``moving`` is. Where ``start`` leads out of it nothing is known.
    """
    known = np.ones(moving.array.shape, np.uint8) if moving.known is None else (moving.known > 0.5).astype(np.uint8)
    inside = start.warp(replace(moving, array=known, known=None, padding=None), grid, fill=0.0, nearest=True) > 0
    return replace(moving, array=start.warp(moving, grid), ijkToRas=grid.ijkToRas, known=inside)


def carried(moving: Image, start: Transform, fixed: Grid) -> Image:
    """The same around the fixed volume, in its spacing: ``start`` goes from fixed to moving points."""
    margins = [int(np.ceil(MARGIN_MM / mm)) for mm in fixed.spacing[::-1]]
    return carriedOnto(moving, start, fixed.padded(tuple(margins)))


def carriedMasks(masks: Masks, start: Transform, fixed: Grid) -> Masks:
    """The masks that belong to the fixed and to the carried moving image."""
    if masks.moving is None:
        return masks
    inside = replace(masks.moving, array=(masks.moving.array > 0).astype(np.uint8), known=None, padding=None)
    return replace(
        masks, moving=replace(inside, array=start.warp(inside, fixed, nearest=True), ijkToRas=fixed.ijkToRas)
    )


def composed(outer: Transform, inner: Transform, grid: Grid | None = None) -> Transform:
    """x -> outer(inner(x)) as one T(x) = A(x + v(x)).

    :param grid: of v; by default the lattice of the first that bends, so large that it covers all that do, whose
        lattices are parallel.
    """
    affine = outer.affine @ inner.affine
    fields = (*inner.fields, *outer.fields)
    if not fields:
        return Transform(affine)
    if grid is None:
        grid = functools.reduce(Grid.covering, (field.grid for field in fields))
    points = grid.pointsRas()
    v = transformPoints(np.linalg.inv(affine), outer.points(inner.points(points))) - points
    return Transform(affine, DisplacementField(v.astype(np.float32), grid))


def composedOver(outer: Transform, inner: Transform, fixed: Grid) -> Transform:
    """The same with v on an isotropic grid over the fixed volume; it fades out beyond that."""
    grid = canonicalGrid(fixed, max(COMPOSED_MM, float(fixed.extentMm.max()) / 160.0))
    both = composed(outer, inner, grid)
    return both if both.field is None else replace(both, field=DisplacementField.fromFlow(both.field.flow(), grid))
