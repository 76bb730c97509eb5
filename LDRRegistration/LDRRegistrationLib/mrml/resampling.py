"""Voxels of MRML nodes through any VTK transform onto a grid: volumes of any kind, and labelmaps of segments."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import vtk
from vtk.util import numpy_support

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid, transformPoints
from .matrices import matrixFromArray
from .portions import portions
from .transforms import pointsThrough

# Samples an axis when the extent of something deformed is found.
SAMPLES = 33
LARGEST_GROWTH = 8.0
# Voxels of the first portion that is resampled.
FIRST_VOXELS = 20_000


def resample(
    imageData: vtk.vtkImageData,
    ijkToLocal: np.ndarray,
    localToResult: vtk.vtkAbstractTransform,
    grid: Grid,
    nearest: bool,
    fill: float,
    check: Callable[[], object] = lambda: None,
) -> vtk.vtkImageData:
    """The voxels of ``imageData`` on ``grid``, carried by ``localToResult``: without geometry, indices from 0.

    :param imageData: its own indices count, whatever origin and spacing it says; any number of components.
    :param ijkToLocal: 4x4 from those indices to the coordinates where ``localToResult`` starts.
    :param check: called before each portion, see there; it raises to stop.
    """
    plain = vtk.vtkImageData()
    plain.ShallowCopy(imageData)
    plain.SetOrigin(0.0, 0.0, 0.0)
    plain.SetSpacing(1.0, 1.0, 1.0)
    plain.SetDirectionMatrix(1, 0, 0, 0, 1, 0, 0, 0, 1)
    chain = vtk.vtkGeneralTransform()
    chain.PostMultiply()
    chain.Concatenate(matrixFromArray(grid.ijkToRas))
    chain.Concatenate(localToResult.GetInverse())
    chain.Concatenate(matrixFromArray(np.linalg.inv(ijkToLocal)))
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(plain)
    reslice.SetResliceTransform(chain)
    if nearest:
        reslice.SetInterpolationModeToNearestNeighbor()
    else:
        reslice.SetInterpolationModeToLinear()
    reslice.SetBackgroundColor(fill, fill, fill, fill)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    nk, nj, ni = grid.shape
    result = vtk.vtkImageData()
    result.SetDimensions(ni, nj, nk)
    result.AllocateScalars(plain.GetScalarType(), plain.GetNumberOfScalarComponents())
    rows = numpy_support.vtk_to_numpy(result.GetPointData().GetScalars()).reshape(nk, nj, ni, -1)
    for k, j in _blocks(nk, nj, portions(nk * nj, max(1, FIRST_VOXELS // ni), check=check)):
        reslice.SetOutputExtent(0, ni - 1, j.start, j.stop - 1, k.start, k.stop - 1)
        reslice.Update()
        scalars = reslice.GetOutput().GetPointData().GetScalars()
        rows[k, j] = numpy_support.vtk_to_numpy(scalars).reshape(rows[k, j].shape)
    return result


def _blocks(nk: int, nj: int, rows: Iterator[slice]) -> Iterator[tuple[slice, slice]]:
    """Slices along k and j that cover ``rows`` of nk * nj: whole planes where they fit, and parts of planes."""
    for portion in rows:
        at = portion.start
        while at < portion.stop:
            k, j = divmod(at, nj)
            planes = (portion.stop - at) // nj if j == 0 else 0
            stop = at + planes * nj if planes else min(portion.stop, (k + 1) * nj)
            yield (slice(k, k + planes), slice(0, nj)) if planes else (slice(k, k + 1), slice(j, j + stop - at))
            at = stop


def coveringGrid(grid: Grid, gridToResult: vtk.vtkAbstractTransform) -> Grid:
    """A grid with the axes and the spacing of ``grid`` that covers all that ``gridToResult`` makes of its box.

    :raises RegistrationError: the transform tears the box far apart.
    """
    steps = [np.linspace(-0.5, n - 0.5, min(SAMPLES, n + 1)) for n in grid.sizeIjk]
    ijk = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    carried = transformPoints(grid.rasToIjk, pointsThrough(gridToResult, transformPoints(grid.ijkToRas, ijk)))
    # Between the samples it may bulge a little further.
    first = np.floor(carried.min(axis=0) + 0.5 - 1e-3).astype(int) - 1
    last = np.ceil(carried.max(axis=0) - 0.5 + 1e-3).astype(int) + 1
    size = last - first + 1
    if not np.all(np.isfinite(carried)) or np.any(size > LARGEST_GROWTH * grid.sizeIjk + 64):
        raise RegistrationError(_("The transform spreads the volume so far that it cannot be resampled."))
    return grid.shifted(first, (int(size[2]), int(size[1]), int(size[0])))
