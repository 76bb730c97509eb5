"""Reading of image files: the only place in training where SimpleITK, and with it LPS, appears."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from LDRRegistrationLib.geometry import LPS_FROM_RAS, Grid, canonicalGrid
from LDRRegistrationLib.image import Image
from LDRRegistrationLib.resample import affineSamplePositions, reduceToSpacing, sampleAt, sampleOnGrid
from LDRRegistrationLib.tensors import toTensor
from torch import Tensor


def read_image(path: Path) -> Image:
    """The voxels (k, j, i) of a file that ITK can read, placed in RAS mm."""
    image = sitk.ReadImage(str(path))
    ijk_to_lps = np.eye(4)
    ijk_to_lps[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    ijk_to_lps[:3, 3] = image.GetOrigin()
    return Image(sitk.GetArrayFromImage(image), LPS_FROM_RAS @ ijk_to_lps, Path(path).name)


def read_on_canonical_grid(path: Path, spacing: float) -> tuple[Tensor, Grid]:
    """An image, averaged and resampled to an isotropic grid along R, A, S: (k, j, i) float32, and that grid.

    The same steps as the engine takes before a network, so that the network meets the same smoothness.
    """
    image = read_image(path)
    grid = canonicalGrid(image.grid, spacing)
    reduced = reduceToSpacing(image, spacing)
    fill = float(image.array.min())
    return sampleOnGrid(reduced.array, reduced.ijkToRas, grid, fill=fill), grid


def read_labels_on_canonical_grid(path: Path, spacing: float) -> Tensor:
    """A label map at the voxel centres of the grid of ``read_on_canonical_grid``: (k, j, i) int16, nearest."""
    labels = read_image(path)
    grid = canonicalGrid(labels.grid, spacing)
    positions = affineSamplePositions(grid, labels.grid.rasToIjk, labels.array.shape, 0, grid.shape[0])
    return sampleAt(toTensor(labels.array), positions, 0.0, nearest=True).round().to(torch.int16)
