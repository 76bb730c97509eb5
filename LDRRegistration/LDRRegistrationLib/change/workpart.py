"""The part of the current scan that is compared, and where the prior scan and the user's masks cover it."""

from __future__ import annotations

import numpy as np

from ..space.grid import Grid, transformPoints
from ..space.image import Image
from ..space.masks import Masks
from ..space.resample import reduceToSpacing
from ..space.transform import Transform
from .searchregion import SearchRegion

MARGIN_VOXELS = 3
MAXIMUM_VOXELS = 16_000_000


def workPart(fixed: Image, place: SearchRegion) -> tuple[Image, Grid, tuple[slice, slice, slice]]:
    """The fixed image, coarser if it is enormous, its part around the mask as a grid, and as slices (k, j, i)."""
    k, j, i = np.nonzero(np.asarray(place.mask.array) > 0.5)
    step = max(1, len(k) // 100_000)
    corners = np.stack([i, j, k], axis=1)[::step]
    points = transformPoints(place.mask.ijkToRas, np.concatenate([corners, *(_extremes(corners))]))
    reach = 0.5 * np.abs(place.mask.ijkToRas[:3, :3]).sum(axis=1)
    spacing = float(fixed.grid.spacing.min())
    while True:
        ijk = transformPoints(fixed.grid.rasToIjk, points)
        margin = MARGIN_VOXELS + np.abs(fixed.grid.rasToIjk[:3, :3]) @ reach
        low = np.clip(np.floor(ijk.min(axis=0) - margin), 0, fixed.grid.sizeIjk - 1).astype(int)
        high = np.clip(np.ceil(ijk.max(axis=0) + margin) + 1, low + 1, fixed.grid.sizeIjk).astype(int)
        if np.prod(high - low) <= MAXIMUM_VOXELS:
            break
        spacing *= 1.3
        reduced = reduceToSpacing(fixed, spacing)
        if reduced.array.shape == fixed.array.shape:
            continue
        fixed = reduced
    shift = np.eye(4)
    shift[:3, 3] = low
    n = (high - low)[::-1]
    grid = Grid((int(n[0]), int(n[1]), int(n[2])), fixed.grid.ijkToRas @ shift)
    box = [slice(int(a), int(b)) for a, b in zip(low[::-1], high[::-1], strict=True)]
    return fixed, grid, (box[0], box[1], box[2])


def within(moving: Grid, grid: Grid, affine: np.ndarray, blurMm: float) -> np.ndarray:
    """(k, j, i) bool: which points of ``grid`` lie so far within the moving volume that its border plays no part.

    Half a voxel, or a slice, is lost at each end, and the blur that is to come.
    """
    border = 0.5 * moving.spacing + 2.0 * blurMm
    toVoxels = moving.rasToIjk @ affine @ grid.ijkToRas
    k, j, i = (np.arange(n, dtype=np.float32) for n in grid.shape)
    within = np.ones(grid.shape, dtype=bool)
    for axis in range(3):
        row = toVoxels[axis].astype(np.float32)
        position = row[2] * k[:, None, None] + row[1] * j[None, :, None] + row[0] * i[None, None, :] + row[3]
        margin = float(border[axis] / moving.spacing[axis]) - 0.5
        within &= (position >= margin) & (position <= moving.sizeIjk[axis] - 1 - margin)
    return within


def insideMasks(masks: Masks, transform: Transform, grid: Grid) -> np.ndarray:
    """(k, j, i) bool: which points of ``grid`` lie inside the fixed mask and land inside the moving one."""
    inside = np.ones(grid.shape, dtype=bool)
    for mask, carried in ((masks.fixed, Transform(np.eye(4))), (masks.moving, transform)):
        if mask is not None:
            values = np.asarray(mask.array > 0, dtype=np.float32)
            inside &= carried.warp(Image(values, mask.ijkToRas), grid, fill=0.0) > 0.5
    return inside


def _extremes(ijk: np.ndarray) -> list[np.ndarray]:
    return [ijk[[index]] for axis in range(3) for index in (ijk[:, axis].argmin(), ijk[:, axis].argmax())]
