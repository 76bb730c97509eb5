"""Whether there is the memory that registering two files takes, before any of them is read."""

from __future__ import annotations

import math
from pathlib import Path

from ..dicom.choosing import isDicom
from ..imagefiles.reading import layoutOf
from ..runtime.memory import availableBytes, checkAvailable

# Of the network and the refinement; and of a picture, whose images are reduced where they are large.
WORKING_BYTES, PICTURE_BYTES = 500_000_000, 2_000_000_000
# Resident memory of the libraries and a model.
LIBRARY_BYTES = 700_000_000


def checkMemory(fixed: Path, moving: Path) -> None:
    """Raise RegistrationError with a sentence if there is not the memory that registering two files takes.

    Before that, if one of them cannot hold what its header says: that is no question of memory.
    """
    need = memoryNeed(fixed, moving)
    if need is not None:
        checkAvailable(need, "Registering images of this size")


def isAmple(fixed: Path, moving: Path) -> bool:
    """Whether two files may be read before the libraries are loaded: there is memory for all of it, twice.

    :raises RegistrationError: as ``checkMemory``, for a file that cannot hold what its header says.
    """
    need, available = memoryNeed(fixed, moving), availableBytes()
    return need is not None and (available is None or available >= 2 * (need + LIBRARY_BYTES))


def memoryNeed(fixed: Path, moving: Path) -> int | None:
    """Bytes that registering two files takes besides the loaded libraries; None for what only ITK knows, and DICOM.

    Held at once are both images, the warped volume, and the most of what three steps add: single precision of the
    moving image to warp it, the warped volume on its way to a file, or the picture's copies.

    :raises RegistrationError: a file cannot hold what its header says.
    """
    layouts = [one for path in (fixed, moving) if not isDicom(path) and (one := layoutOf(path)) is not None]
    for one in layouts:
        one.checkLength()
    if len(layouts) < 2:
        return None
    voxels, items = zip(*((math.prod(one.shape), one.dtype.itemsize) for one in layouts), strict=True)
    warped = voxels[0] * items[1]
    step = max(4 * voxels[1], warped, min(12 * max(voxels), PICTURE_BYTES))
    return voxels[0] * items[0] + voxels[1] * items[1] + warped + step + WORKING_BYTES
