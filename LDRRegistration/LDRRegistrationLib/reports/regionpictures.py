"""Pictures for the report on changes: each region in three planes before and now, and all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..change.changemap import ChangeMap
from ..change.kindcolors import COLORS
from ..change.regions import Region
from ..space.grid import Grid
from ..space.image import Image
from ..space.transform import Transform
from . import drawing

HALF_SIDE_MM, MAXIMUM_PIXELS = 30.0, 230
MAP_PIXEL_MM, MAP_RIM_MM, MAP_PIXELS = 0.75, 4.0, 320


def regionPicture(changeMap: ChangeMap, region: Region) -> np.ndarray:
    """(height, width, 3) uint8: axial, coronal and sagittal planes through a region before, now, and with the change.

    A crosshair marks its middle; letters say the sides, and a bar the scale.
    """
    half = max(HALF_SIDE_MM, 0.75 * region.largestDiameterMm)
    # On paper three planes are 88 mm wide: with more pixels nobody could read the letters.
    pixel = 2 * half / MAXIMUM_PIXELS
    low, high = np.percentile(changeMap.current[changeMap.mask], (0.5, 99.5))
    rows: list[list[np.ndarray]] = [[], [], []]
    for plane in drawing.PLANES:
        grid = drawing.planeGrid(plane, np.array(region.centroidRas), half, pixel)
        step = float(grid.spacing[0])
        before, now, z = (
            drawing.sampled(array, changeMap.grid.ijkToRas, grid)
            for array in (changeMap.prior, changeMap.current, changeMap.z)
        )
        shown = [drawing.gray(before, low, high), drawing.gray(now, low, high)]
        shown.append(drawing.withChange(shown[1], z))
        gap = round(min(0.7 * region.largestDiameterMm, 0.6 * half) / step)
        for row, picture, title in zip(rows, shown, ("before", "now", "change"), strict=True):
            if title != "change":
                drawing.crosshair(picture, gap)
            row.append(drawing.annotated(picture, plane, step, title))
    picture = drawing.sheet(rows)
    legend = drawing.changeLegend(picture.shape[1])
    return np.clip(np.concatenate([picture, legend]), 0, 255).astype(np.uint8)


def allRegionsPicture(changeMap: ChangeMap, labels: np.ndarray, regions: Sequence[Region]) -> np.ndarray:
    """(height, width, 3) uint8: the current scan looked through from above, from in front and from the left.

    Every region is drawn in the color of its kind, with its number.
    """
    grid = _straightGrid(changeMap)
    still = Transform(np.eye(4))
    inside = still.warp(Image(changeMap.mask.astype(np.uint8), changeMap.grid.ijkToRas), grid, nearest=True) > 0
    values = still.warp(Image(changeMap.current.astype(np.float32), changeMap.grid.ijkToRas), grid, fill=0.0) * inside
    numbers = still.warp(Image(labels, changeMap.grid.ijkToRas), grid, fill=0, nearest=True)
    pictures = [_through(grid, values, inside, numbers, regions, plane) for plane in drawing.PLANES]
    picture = drawing.sheet([pictures])
    legend = drawing.kindLegend(picture.shape[1], COLORS)
    return np.clip(np.concatenate([picture, legend]), 0, 255).astype(np.uint8)


def _straightGrid(changeMap: ChangeMap) -> Grid:
    """Around what is compared, its axes along R, A and S."""
    k, j, i = np.nonzero(changeMap.mask)
    points = np.stack([i, j, k], axis=1)[:: max(1, len(k) // 200_000)]
    ras = points @ changeMap.grid.ijkToRas[:3, :3].T + changeMap.grid.ijkToRas[:3, 3]
    low, high = ras.min(axis=0) - MAP_RIM_MM, ras.max(axis=0) + MAP_RIM_MM
    pixel = max(MAP_PIXEL_MM, float((high - low).max()) / MAP_PIXELS)
    ijkToRas = np.diag([pixel, pixel, pixel, 1.0])
    ijkToRas[:3, 3] = low
    ni, nj, nk = (int(n) for n in np.ceil((high - low) / pixel) + 1)
    return Grid((nk, nj, ni), ijkToRas)


def _through(
    grid: Grid, values: np.ndarray, inside: np.ndarray, numbers: np.ndarray, regions: Sequence[Region], plane: str
) -> np.ndarray:
    along, up, across = drawing.PLANES[plane][0]
    axis = 2 - across
    depth = np.maximum(inside.sum(axis=axis), 1)
    base = values.sum(axis=axis) / depth * (inside.any(axis=axis))
    shown = base[base > 0]
    low, high = np.percentile(shown, (2, 99.5)) if shown.size else (0.0, 1.0)
    picture = 0.6 * drawing.gray(base, 0.6 * float(low), float(high))
    for region in reversed(regions):
        silhouette = (numbers == region.rank).any(axis=axis)
        picture[silhouette] = 0.15 * picture[silhouette] + 0.85 * 255.0 * np.array(COLORS[region.kind])
    picture = picture[::-1, ::-1].copy()
    written = drawing.Numbers()
    for region in regions:
        i, j, k = (np.array(region.centroidRas) - grid.ijkToRas[:3, 3]) / grid.spacing
        place = (i, j, k)
        row, column = picture.shape[0] - 1 - round(place[up]), picture.shape[1] - 1 - round(place[along])
        written.write(picture, str(region.rank), row, column)
    return drawing.annotated(picture, plane, float(grid.spacing[0]))
