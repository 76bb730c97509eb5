"""The cubic kernel up to the last voxel of a field and beyond it. Judge: vtkGridTransform."""

import numpy as np
import pytest
import vtk
from LDRRegistrationLib.numerics.dlpack import toArray
from LDRRegistrationLib.space.catmullrom import interpolateAtPoints, interpolateOnGrid
from LDRRegistrationLib.space.grid import Grid
from support.grids import random_grid
from vtk.util import numpy_support


def vtk_displacements(vectors, points):
    """vtkGridTransform, cubic, of vectors (k, j, i, 3) at points in voxels."""
    grid = vtk.vtkGridTransform()
    data = vtk.vtkImageData()
    data.SetDimensions(vectors.shape[2::-1])
    scalars = numpy_support.numpy_to_vtk(vectors.reshape(-1, 3).astype(np.float64), deep=True)
    data.GetPointData().SetScalars(scalars)
    grid.SetDisplacementGridData(data)
    grid.SetInterpolationModeToCubic()
    return np.array([grid.TransformPoint(point) for point in points]) - points


def test_the_field_to_its_last_voxel_and_beyond_is_that_of_vtk_with_zeros_around_it():
    rng = np.random.default_rng(14)
    vectors = rng.normal(size=(5, 6, 7, 3))
    points = rng.uniform(-4, np.array([7, 6, 5]) + 3, (3000, 3))
    points[:100] = np.round(points[:100])
    around = 8
    expected = vtk_displacements(np.pad(vectors, [(around, around)] * 3 + [(0, 0)]), points + around)
    np.testing.assert_allclose(interpolateAtPoints(vectors, points), expected, atol=1e-4)
    assert (np.abs(expected).max(axis=1) == 0).mean() > 0.1


@pytest.mark.parametrize("parallel", [True, False])
def test_a_grid_that_reaches_beyond_the_field_has_zeros_there(parallel):
    rng = np.random.default_rng(15)
    vectors = rng.normal(size=(5, 6, 7, 3)).astype(np.float32)
    lives = random_grid(rng, (5, 6, 7), 50.0)
    inField = np.zeros((4, 4))
    # Along j, k and i of the field, in steps of their own, from beyond one end to beyond the other.
    inField[[1, 2, 0], [0, 1, 2]] = [0.7, -0.45, 1.3]
    inField[:, 3] = [-2.6, -1.7, 6.2, 1.0]
    if not parallel:
        inField[:3, :3] += rng.uniform(-0.05, 0.05, (3, 3))
    grid = Grid((9, 16, 13), lives.ijkToRas @ inField)
    around = 16
    points = (grid.pointsRas()[2:7] @ lives.rasToIjk[:3, :3].T + lives.rasToIjk[:3, 3]).reshape(-1, 3)
    expected = vtk_displacements(np.pad(vectors, [(around, around)] * 3 + [(0, 0)]), points + around)
    found = toArray(interpolateOnGrid(vectors, lives, grid, 2, 7))
    np.testing.assert_allclose(np.moveaxis(found, 0, -1).reshape(-1, 3), expected, atol=1e-4)
    assert (expected != 0).any(axis=1).mean() > 0.2
