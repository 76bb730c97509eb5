"""Image: the one value that carries voxels and their place together."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .errors import RegistrationError
from .geometry import Grid

MINIMUM_VOXELS_PER_AXIS = 4
LARGEST_VALUE = 1e30


@dataclass(frozen=True, eq=False)
class Image:
    """Scalar voxels ``array`` (k, j, i) of any real type, and ``ijkToRas``, 4x4, from (i, j, k) to RAS mm."""

    array: np.ndarray
    ijkToRas: np.ndarray
    name: str = field(default="image")

    @property
    def grid(self) -> Grid:
        k, j, i = self.array.shape
        return Grid((k, j, i), np.asarray(self.ijkToRas, dtype=np.float64))


def checkImage(image: Image) -> None:
    """Raise RegistrationError with a sentence if ``image`` cannot be registered.

    Refused: not three-dimensional, thinner than four voxels, a degenerate or non-finite geometry, NaN or infinite
    or enormous voxels, one single value. Reads the array in slabs, so that nothing of its size is allocated.
    """
    name, array = image.name, image.array
    if array.ndim != 3:
        raise RegistrationError(f"{name} has {array.ndim} dimensions; only 3D scalar volumes can be registered.")
    if array.size == 0:
        raise RegistrationError(f"{name} is empty: it has no voxels.")
    if min(array.shape) < MINIMUM_VOXELS_PER_AXIS:
        size = " x ".join(str(n) for n in array.shape[::-1])
        raise RegistrationError(
            f"{name} is {size} voxels: a 3D volume needs at least {MINIMUM_VOXELS_PER_AXIS} voxels along each axis."
        )
    if not np.all(np.isfinite(image.ijkToRas)) or _isFlat(image.ijkToRas[:3, :3]):
        raise RegistrationError(f"{name} has an invalid geometry: its spacing or its directions are degenerate.")
    lowest, highest, notFinite = np.inf, -np.inf, 0
    for k in range(array.shape[0]):
        plane = array[k]
        if array.dtype.kind == "f":
            finite = np.isfinite(plane)
            bad = plane.size - int(np.count_nonzero(finite))
            if bad:
                notFinite += bad
                continue
        lowest, highest = min(lowest, float(plane.min())), max(highest, float(plane.max()))
    if notFinite:
        raise RegistrationError(
            f"{name} contains at least {notFinite} NaN or infinite voxels; replace them by a number first."
        )
    if max(-lowest, highest) > LARGEST_VALUE:
        raise RegistrationError(
            f"{name} has values up to {max(-lowest, highest):.3g}, which single precision cannot hold."
        )
    if not lowest < highest:
        raise RegistrationError(f"{name} is constant: every voxel is {lowest:g}, there is nothing to align.")


def _isFlat(matrix: np.ndarray) -> bool:
    """Whether the columns of a 3x3 span no volume, or next to none for their lengths."""
    lengths = float(np.prod(np.linalg.norm(matrix, axis=0)))
    return lengths == 0.0 or abs(np.linalg.det(matrix)) < 1e-6 * lengths
