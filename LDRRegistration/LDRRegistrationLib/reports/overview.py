"""One picture of a registration: before, after and the deformation, in three planes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..space.grid import Grid, canonicalGrid, transformPoints
from ..space.image import Image
from ..space.intensity import normalised
from ..space.resample import reduceToSpacing, sampleAt, sampleOnGrid
from ..space.transform import Transform
from ..space.validity import withValidity
from .drawing import PLANES, annotated
from .png import renderText

PANEL_PIXELS = 440
CONTENT_RIM = 8
GRID_LINE_MM = 8.0
PICTURE_VOXELS = 20_000_000
GAP = 8
CAPTION = 30
GRID_COLOR = np.array([255.0, 200.0, 40.0])


def drawOverview(fixed: Image, moving: Image, before: np.ndarray | None, transform: Transform) -> np.ndarray:
    """(height, width, 3) uint8: a row each for before, after and the deformation; axial, coronal and sagittal columns.

    In the first two the fixed image is magenta and the moving one green, so that agreement is gray. The third shows
    the lines of a regular grid of the moving image where the deformation (without the affine) carries them.

    :param before: 4x4, fixed to moving RAS, of an initial transform; without, the scanner's coordinates are "before".
    """
    full = canonicalGrid(fixed.grid, float(fixed.grid.extentMm.max()) / PANEL_PIXELS)
    planes = [_middlePlane(full, axis) for axis in (2, 1, 0)]
    fixed, moving = (_readable(image) for image in (fixed, moving))
    source = toTensor(moving.array)
    rows: list[list[np.ndarray]] = [[], [], []]
    for across, plane in enumerate(planes):
        base = toArray(sampleOnGrid(fixed.array, fixed.ijkToRas, plane)).take(0, axis=across)
        start = toArray(sampleOnGrid(source, moving.ijkToRas, plane, before)).take(0, axis=across)
        bent = _bent(plane, transform)
        moved = transformPoints(np.linalg.inv(moving.ijkToRas) @ transform.affine, bent)
        after = toArray(sampleAt(source, toTensor(moved[..., ::-1]).movedim(-1, 0), 0.0)).take(0, axis=across)
        content = _contentBox(base)
        rows[0].append(_blend(base, start)[content])
        rows[1].append(_blend(base, after)[content])
        rows[2].append(_deformedGrid(base, plane, across, bent)[content])
    captions = (
        "Before: fixed magenta, moving green, both alike gray",
        "After: fixed magenta, moving green, both alike gray",
        f"Deformation: grid of {GRID_LINE_MM:g} mm over the fixed image",
    )
    return _sheet(rows, captions, float(full.spacing[0]))


def _readable(image: Image) -> Image:
    """``image`` in [0, 1], no finer than a picture needs; black where nothing is known."""
    reduced = normalised(reduceToSpacing(withValidity(image), _readableSpacing(image.grid)))
    return reduced if reduced.known is None else replace(reduced, array=reduced.array * reduced.known)


def _readableSpacing(grid: Grid) -> float:
    """mm, fine enough for a picture and coarse enough that a volume of any size takes little memory."""
    return float((np.prod(grid.extentMm) / PICTURE_VOXELS) ** (1 / 3))


def _middlePlane(grid: Grid, axis: int) -> Grid:
    """The central slice of ``grid`` across index axis ``axis`` (0 = i, 1 = j, 2 = k), as a grid one voxel thick."""
    box = [slice(0, n) for n in grid.shape]
    middle = grid.shape[2 - axis] // 2
    box[2 - axis] = slice(middle, middle + 1)
    return grid.cropped((box[0], box[1], box[2]))


def _contentBox(values: np.ndarray) -> tuple[slice, slice]:
    """The part of a slice that is not air, with a rim."""
    box = []
    for axis in range(2):
        filled = np.flatnonzero((values > 0.05).mean(axis=1 - axis) > 0.01)
        first, last = (filled[0], filled[-1]) if len(filled) else (0, values.shape[axis] - 1)
        box.append(slice(max(first - CONTENT_RIM, 0), last + CONTENT_RIM + 1))
    return box[0], box[1]


def _blend(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    return 255.0 * np.stack([fixed, moving, fixed], axis=-1)


def _bent(plane: Grid, transform: Transform) -> np.ndarray:
    """(k, j, i, 3): where the deformation, without the affine, brings the points of a plane."""
    return plane.pointsRas() + replace(transform, affine=np.eye(4)).displacement(plane)


def _deformedGrid(base: np.ndarray, plane: Grid, across: int, bent: np.ndarray) -> np.ndarray:
    inPlane = [axis for axis in range(3) if axis != 2 - across]
    along = transformPoints(plane.rasToIjk, bent).take(0, axis=across)[..., inPlane] * plane.spacing[inPlane]
    distance = np.abs((along + GRID_LINE_MM / 2) % GRID_LINE_MM - GRID_LINE_MM / 2).min(axis=-1)
    line = np.clip(1.5 - distance / plane.spacing[0], 0.0, 1.0)[..., None]
    return (1 - 0.8 * line) * 200.0 * base[..., None] + 0.8 * line * GRID_COLOR


def _sheet(rows: list[list[np.ndarray]], captions: tuple[str, ...], pixelMm: float) -> np.ndarray:
    """Panels on black, each row under its caption, seen as in Slicer's views: patient right, and nose, on the left.

    Letters say the sides, and a bar the scale.
    """
    rows = [
        [annotated(panel[::-1, ::-1], plane, pixelMm) for plane, panel in zip(PLANES, row, strict=True)] for row in rows
    ]
    heights = max(panel.shape[0] for row in rows for panel in row)
    widths = [max(row[column].shape[1] for row in rows) for column in range(3)]
    sheet = np.zeros(((heights + CAPTION + GAP) * len(rows) + GAP, sum(widths) + 4 * GAP, 3), dtype=np.uint8)
    for index, (row, caption) in enumerate(zip(rows, captions, strict=True)):
        top = GAP + index * (heights + CAPTION + GAP)
        text = renderText(caption)
        h, w = min(text.shape[0], CAPTION), min(text.shape[1], sheet.shape[1] - 2 * GAP)
        sheet[top : top + h, GAP : GAP + w] = text[:h, :w]
        left = GAP
        for panel, width in zip(row, widths, strict=True):
            y, x = top + CAPTION + (heights - panel.shape[0]) // 2, left + (width - panel.shape[1]) // 2
            sheet[y : y + panel.shape[0], x : x + panel.shape[1]] = np.clip(panel, 0, 255)
            left += width + GAP
    return sheet
