"""vtkOrientedImageData, the labelmap of a segment: voxels whose first index need not be 0."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..space.grid import Grid
from .matrices import arrayFromMatrix, matrixFromArray


def gridOfOrientedImage(image: slicer.vtkOrientedImageData) -> Grid:
    """The grid of the voxels that ``image`` holds, from index 0."""
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    ni, nj, nk = image.GetDimensions()
    return Grid((nk, nj, ni), arrayFromMatrix(matrix)).shifted(image.GetExtent()[::2])


def arrayFromOrientedImage(image: slicer.vtkOrientedImageData) -> tuple[np.ndarray, np.ndarray]:
    """Its voxels (k, j, i), a view, and 4x4 from (i, j, k) of that array to RAS."""
    grid = gridOfOrientedImage(image)
    return numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(grid.shape), grid.ijkToRas


def orientedImage(imageData: vtk.vtkImageData, ijkToRas: np.ndarray) -> slicer.vtkOrientedImageData:
    """``imageData`` with extents from 0, placed in space."""
    image = slicer.vtkOrientedImageData()
    image.ShallowCopy(imageData)
    image.SetGeometryFromImageToWorldMatrix(matrixFromArray(ijkToRas))
    return image
