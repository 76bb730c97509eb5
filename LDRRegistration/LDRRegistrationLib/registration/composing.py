"""Registration on top of a start that is not linear: of the moving image as that carries it, and both put together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..numerics.dlpack import toTensor
from ..space.grid import Grid, canonicalGrid, transformPoints
from ..space.image import Image
from ..space.masks import Masks
from ..space.transform import DisplacementField, Transform

# Around the fixed volume, how much of the carried moving image a registration may still want.
MARGIN_MM = 25.0
# Of the two together: between the points of their one displacement field.
COMPOSED_MM = 2.0


def carried(moving: Image, start: Transform, fixed: Grid) -> Image:
    """``moving`` as ``start``, fixed to moving points, carries it: around the fixed volume, in its spacing.

    Where ``start`` leads out of the moving image nothing is known.
    """
    margins = [int(np.ceil(MARGIN_MM / mm)) for mm in fixed.spacing[::-1]]
    grid = fixed.padded(tuple(margins))
    known = np.ones(moving.array.shape, np.uint8) if moving.known is None else (moving.known > 0.5).astype(np.uint8)
    inside = start.warp(replace(moving, array=known, known=None, padding=None), grid, fill=0.0, nearest=True) > 0
    return replace(moving, array=start.warp(moving, grid), ijkToRas=grid.ijkToRas, known=inside)


def carriedMasks(masks: Masks, start: Transform, fixed: Grid) -> Masks:
    """The masks that belong to the fixed and to the carried moving image."""
    if masks.moving is None:
        return masks
    inside = replace(masks.moving, array=(masks.moving.array > 0).astype(np.uint8), known=None, padding=None)
    return replace(
        masks, moving=replace(inside, array=start.warp(inside, fixed, nearest=True), ijkToRas=fixed.ijkToRas)
    )


def composed(outer: Transform, inner: Transform, fixed: Grid) -> Transform:
    """x -> outer(inner(x)) as one T(x) = A(x + v(x)), v on a grid over the fixed volume; it fades out beyond that."""
    if not outer.fields and not inner.fields:
        return Transform(outer.affine @ inner.affine)
    affine = outer.affine @ inner.affine
    grid = canonicalGrid(fixed, max(COMPOSED_MM, float(fixed.extentMm.max()) / 160.0))
    points = grid.pointsRas()
    moved = outer.points(inner.points(points))
    voxels = transformPoints(grid.rasToIjk @ np.linalg.inv(affine), moved) - transformPoints(grid.rasToIjk, points)
    flow = toTensor(np.ascontiguousarray(np.moveaxis(voxels[..., ::-1], -1, 0)[None], dtype=np.float32))
    return Transform(affine, DisplacementField.fromFlow(flow, grid))
