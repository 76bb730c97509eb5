"""Areas in a slice as outlines, and outlines as areas."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

# Samples across a voxel, along each axis.
SAMPLES = 4
# Outlines around less than so much of a voxel are specks.
SMALLEST_VOXELS = 0.5


def areaOf(outlines: Iterable[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """(j, i) in [0, 1]: the share of each voxel inside closed outlines (n, 2), points (i, j) in voxels.

    What lies inside two of them is outside again, as for outlines within outlines and for those that reach a hole
    through a keyhole.
    """
    rows, columns = shape[0] * SAMPLES, shape[1] * SAMPLES
    crossings = np.zeros((rows, columns + 1), np.int32)
    for outline in outlines:
        # The centre of voxel 0 is in the middle of its samples.
        x, y = ((np.asarray(outline, dtype=float)[:, axis] + 0.5) * SAMPLES - 0.5 for axis in (0, 1))
        for n in range(len(x)):
            x0, y0, x1, y1 = x[n - 1], y[n - 1], x[n], y[n]
            if y0 == y1:
                continue
            low, high = min(y0, y1), max(y0, y1)
            at = np.arange(max(0, int(np.ceil(low))), min(rows, int(np.ceil(high))))
            across = x0 + (at - y0) * (x1 - x0) / (y1 - y0)
            np.add.at(crossings, (at, np.clip(np.ceil(across), 0, columns).astype(int)), 1)
    inside = (np.cumsum(crossings, axis=1)[:, :columns] % 2).astype(np.float32)
    return inside.reshape(shape[0], SAMPLES, shape[1], SAMPLES).mean(axis=(1, 3))


def outlinesOf(area: np.ndarray) -> list[np.ndarray]:
    """Closed outlines (n, 2), points (i, j) in voxels, around where ``area`` (j, i) is above a half.

    Holes have outlines of their own, within those around them.
    """
    import vtk
    from vtk.util import numpy_support

    # Beyond the slice there is nothing, so that every outline closes.
    padded = np.pad(area.astype(np.float32), 1)
    image = vtk.vtkImageData()
    image.SetDimensions(padded.shape[1], padded.shape[0], 1)
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(padded.ravel(), deep=True))
    contour = vtk.vtkFlyingEdges2D()
    contour.SetInputData(image)
    contour.SetValue(0, 0.5)
    stripper = vtk.vtkStripper()
    stripper.SetInputConnection(contour.GetOutputPort())
    stripper.JoinContiguousSegmentsOn()
    stripper.SetMaximumLength(padded.size)
    stripper.Update()
    lines = stripper.GetOutput()
    if lines.GetNumberOfLines() == 0:
        return []
    points = numpy_support.vtk_to_numpy(lines.GetPoints().GetData())[:, :2].astype(float) - 1.0
    cells = numpy_support.vtk_to_numpy(lines.GetLines().GetConnectivityArray())
    ends = numpy_support.vtk_to_numpy(lines.GetLines().GetOffsetsArray())
    found = [points[cells[start:stop]] for start, stop in itertools.pairwise(ends)]
    closed = [line[:-1] if np.array_equal(line[0], line[-1]) else line for line in found]
    return [line for line in closed if len(line) > 2 and abs(enclosed(line)) >= SMALLEST_VOXELS]


def withKeyholes(outlines: list[np.ndarray]) -> list[np.ndarray]:
    """The same areas by outlines of which none lies within another.

    A hole's outline is joined to the one around it by a channel of no width (DICOM PS3.3 C.8.8.6.3): some programs fill
    what lies inside any outline.
    """
    around = [
        [n for n, other in enumerate(outlines) if other is not one and _isInside(one[0], other)] for one in outlines
    ]
    found = {n: outline for n, outline in enumerate(outlines) if len(around[n]) % 2 == 0}
    for m, hole in enumerate(outlines):
        if m in found:
            continue
        # The innermost of those around it.
        outer = max((n for n in around[m] if n in found), key=lambda n: len(around[n]))
        rim = found[outer]
        isOneWay = enclosed(hole) * enclosed(outlines[outer]) > 0
        back = hole[::-1] if isOneWay else hole
        apart = np.linalg.norm(rim[:, None] - back[None], axis=-1)
        a, b = np.unravel_index(apart.argmin(), apart.shape)
        found[outer] = np.concatenate([rim[: a + 1], back[b:], back[: b + 1], rim[a:]])
    return list(found.values())


def _isInside(point: np.ndarray, outline: np.ndarray) -> bool:
    x, y = outline.T
    nextX, nextY = np.roll(x, -1), np.roll(y, -1)
    crosses = (y > point[1]) != (nextY > point[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x + (point[1] - y) / (nextY - y) * (nextX - x)
    return bool((crosses & (at > point[0])).sum() % 2)


def enclosed(outline: np.ndarray) -> float:
    """The area inside a closed outline (n, 2), in voxels; negative the other way round."""
    x, y = outline.T
    return float(0.5 * (x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
