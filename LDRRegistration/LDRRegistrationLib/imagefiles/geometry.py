"""Whether a file's geometry can be that of an image, and notes on headers that say it twice in two ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError
from ..space.grid import transformPoints

# What is off by less, in voxels anywhere in the volume, is rounding.
TOLERANCE_VOXELS = 0.1
SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 1e-5, 1e4
FARTHEST_MM = 1e6


def isUsableGeometry(ijkToRas: np.ndarray) -> bool:
    """Whether a 4x4 is finite, and its voxels are solid and of a size that one can think of."""
    if not np.all(np.isfinite(ijkToRas)) or np.abs(ijkToRas[:3, 3]).max() > FARTHEST_MM:
        return False
    spacing = np.linalg.norm(ijkToRas[:3, :3], axis=0)
    if spacing.min() < SMALLEST_SPACING_MM or spacing.max() > LARGEST_SPACING_MM:
        return False
    return abs(np.linalg.det(ijkToRas[:3, :3] / spacing)) > 1e-3


def isSheared(ijkToRas: np.ndarray, shape: tuple[int, int, int]) -> bool:
    """Whether a placement's axes are not at right angles: the best right-angled one misses a corner visibly."""
    spacing = np.linalg.norm(ijkToRas[:3, :3], axis=0)
    left, _, right = np.linalg.svd(ijkToRas[:3, :3] / spacing)
    return _farthestApart(ijkToRas[:3, :3], left @ right * spacing, shape) > TOLERANCE_VOXELS * spacing.min()


def differ(one: np.ndarray, other: np.ndarray, shape: tuple[int, int, int]) -> float:
    """Largest distance in mm between the places that two 4x4 give to one corner voxel; 0 for a tenth of a voxel."""
    corners = np.array([[i, j, k] for k in (0, 1) for j in (0, 1) for i in (0, 1)]) * (np.array(shape[::-1]) - 1)
    apart = float(np.linalg.norm(transformPoints(one, corners) - transformPoints(other, corners), axis=1).max())
    spacing = np.linalg.norm(one[:3, :3], axis=0)
    return apart if apart > TOLERANCE_VOXELS * spacing.min() else 0.0


def _farthestApart(one: np.ndarray, other: np.ndarray, shape: tuple[int, int, int]) -> float:
    """Of corner voxels, from the volume's centre."""
    corners = np.array([[i, j, k] for k in (-1, 1) for j in (-1, 1) for i in (-1, 1)]) * (np.array(shape[::-1]) - 1) / 2
    return float(np.linalg.norm(corners @ (one - other).T, axis=1).max())


def checkGeometry(path: Path, ijkToRas: np.ndarray, shape: tuple[int, int, int]) -> None:
    """Raise RegistrationError with a sentence if ``path`` cannot lie in space as its header says."""
    if not isUsableGeometry(ijkToRas):
        raise RegistrationError(
            f"{path} has an invalid geometry: its header gives no usable voxel size, directions and origin."
        )
    if isSheared(ijkToRas, shape):
        raise RegistrationError(
            f"{path} has sheared axes, which are not at right angles (gantry tilt, or an affine in its header): "
            "resample it onto a right-angled grid first."
        )


def checkScalar3d(path: Path, dimensions: int, components: int = 1, volumes: int = 1, isComplex: bool = False) -> None:
    """Raise RegistrationError with a sentence unless there is one real value at each voxel of one 3D volume."""
    if isComplex:
        raise RegistrationError(f"{path} holds complex numbers; one real value per voxel is needed (the magnitude?).")
    if components != 1:
        raise RegistrationError(f"{path} has {components} values per voxel (a color image?); one is needed.")
    if dimensions != 3:
        several = f" ({volumes} volumes)" if volumes > 1 else ""
        raise RegistrationError(f"{path} has {dimensions} dimensions{several}; only 3D volumes can be registered.")


def checkSize(path: Path, sizes: list[int]) -> None:
    """Raise RegistrationError for sizes that no image has."""
    if any(size < 1 for size in sizes):
        raise RegistrationError(f"{path} is damaged: its header says {' x '.join(map(str, sizes))} voxels.")
