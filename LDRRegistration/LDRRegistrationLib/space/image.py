"""Image: the one value that carries voxels and their place together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .grid import Grid

MINIMUM_VOXELS_PER_AXIS = 4
# What single precision can hold, and square.
LARGEST_VALUE = 1e18
MINIMUM_KNOWN_VOXELS = 64


class Modality(Enum):
    """How intensities are to be read: "CT" is Hounsfield units, "MR" any units at all."""

    MR = "MR"
    CT = "CT"


@dataclass(frozen=True, eq=False)
class Image:
    """Scalar voxels ``array`` (k, j, i) of any real type, and ``ijkToRas``, 4x4, from (i, j, k) to RAS mm.

    ``known`` (k, j, i), bool or shares in [0, 1], says where the values were measured (see validity.py); None is
    everywhere. ``padding`` is what stands in ``array`` where nothing was. ``modality`` is decided once, when the image
    is read (``checkedImage``): coarser copies of it may look like something else.
    """

    array: np.ndarray
    ijkToRas: np.ndarray
    name: str = field(default="image")
    known: np.ndarray | None = None
    padding: float | None = None
    modality: Modality | None = None

    @property
    def grid(self) -> Grid:
        k, j, i = self.array.shape
        return Grid((k, j, i), np.asarray(self.ijkToRas, dtype=np.float64))

    def part(self, box: tuple[slice, slice, slice]) -> Image:
        """The voxels in ``box``, slices (k, j, i) of step 1 with a start, where they are."""
        known = None if self.known is None else self.known[box]
        return replace(self, array=self.array[box], ijkToRas=self.grid.cropped(box).ijkToRas, known=known)


def checkGeometry(image: Image, fewSlices: bool = False) -> None:
    """Raise RegistrationError with a sentence if the voxels of ``image`` span no volume.

    Refused: not three-dimensional, thinner than four voxels, a degenerate or non-finite geometry. With ``fewSlices``
    one axis may have one to three voxels.
    """
    name, array = image.name, image.array
    if array.ndim != 3:
        raise RegistrationError(
            _("{name} has {dimensions} dimensions; only 3D scalar volumes can be registered.").format(
                name=name, dimensions=array.ndim
            )
        )
    if array.size == 0:
        raise RegistrationError(_("{name} is empty: it has no voxels.").format(name=name))
    if sorted(array.shape)[1 if fewSlices else 0] < MINIMUM_VOXELS_PER_AXIS:
        size = " x ".join(str(n) for n in array.shape[::-1])
        if fewSlices:
            raise RegistrationError(
                _("{name} is {size} voxels: its slices need at least {least} voxels along both axes.").format(
                    name=name, size=size, least=MINIMUM_VOXELS_PER_AXIS
                )
            )
        raise RegistrationError(
            _("{name} is {size} voxels: for this a volume needs at least {least} voxels along each axis.").format(
                name=name, size=size, least=MINIMUM_VOXELS_PER_AXIS
            )
        )
    if not np.all(np.isfinite(image.ijkToRas)) or _isFlat(image.ijkToRas[:3, :3]):
        raise RegistrationError(
            _("{name} has an invalid geometry: its spacing or its directions are degenerate.").format(name=name)
        )


def checkValues(image: Image) -> None:
    """Raise RegistrationError if the known voxels of ``image`` are too few, or all of one value.

    Reads the array in slabs, so that nothing of its size is allocated.
    """
    lowest, highest, count = np.inf, -np.inf, 0
    for k, plane in enumerate(image.array):
        values = plane if image.known is None else plane[image.known[k]]
        if values.size:
            lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
            count += values.size
    if count < MINIMUM_KNOWN_VOXELS:
        raise RegistrationError(
            _("{name} is empty: nearly every voxel is padding, not a number or too large a number.").format(
                name=image.name
            )
        )
    if not lowest < highest:
        raise RegistrationError(
            _("{name} is constant: every voxel is {lowest:g}, there is nothing to align.").format(
                name=image.name, lowest=lowest
            )
        )


def _isFlat(matrix: np.ndarray) -> bool:
    """Whether the columns of a 3x3 span no volume, or next to none for their lengths."""
    lengths = float(np.prod(np.linalg.norm(matrix, axis=0)))
    return lengths == 0.0 or abs(np.linalg.det(matrix)) < 1e-6 * lengths
