"""A file with several volumes of one place, one after the other in time: x y z t."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError
from ..space.image import Image
from . import itk, nifti
from .niftiheader import readFields
from .reading import rawHeader, stem


@dataclass(frozen=True, eq=False)
class Frames:
    """``images`` lie on one grid (RAS mm); ``step`` is from one to the next, in ``unit``, as the file says it."""

    images: list[Image]
    step: float
    unit: str
    notes: list[str]


def readFrames(path: Path) -> Frames:
    """The volumes of a NIfTI file of four dimensions.

    :raises RegistrationError: it is none, has one volume only, or is damaged.
    """
    header, start = rawHeader(path)
    fields = readFields(start)
    if fields is None:
        raise RegistrationError(f"{path} is no NIfTI file, and no DICOM folder: a sequence is one of these.")
    count = math.prod(fields.dim[4 : fields.dim[0] + 1]) if 4 <= fields.dim[0] <= 7 else 1
    if count < 2 or any(size > 1 for size in fields.dim[5 : fields.dim[0] + 1]):
        raise RegistrationError(f"{path} is no sequence: it has to have four dimensions, x y z t, and several volumes.")
    # As if it held the first volume alone; all others have its place.
    first = nifti.layoutOf(header, replace(fields, dim=(3, *fields.dim[1:4], 1, 1, 1, 1)))
    nk, nj, ni = first.shape
    # Its header as it is would be of four dimensions: no short cut by ITK.
    array = replace(first, shape=(count * nk, nj, ni), isNifti=False).read().reshape(count, nk, nj, ni)
    name = itk.shown(stem(path))
    images = [Image(frame, first.ijkToRas, f"{name}, frame {number}") for number, frame in enumerate(array)]
    step = float(fields.pixdim[4])
    unit = {8: "s", 16: "ms", 24: "us"}.get(fields.units & 0x38, "")
    return Frames(images, step if np.isfinite(step) and step > 0 else 1.0, unit, first.notes)
