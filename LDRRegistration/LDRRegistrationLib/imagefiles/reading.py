"""One image file, of any format, to an Image and notes on what its header left open or said twice."""

from __future__ import annotations

from pathlib import Path

from ..runtime.errors import RegistrationError
from ..space.image import Image
from . import itk, metaimage, nifti, nrrd
from .layout import Layout
from .streams import Damaged, beginning, checkRegularFile

LONGEST_HEADER = 1 << 18


def readImage(path: Path) -> tuple[Image, list[str]]:
    """The image in ``path``, on exactly the file's own grid (RAS mm), and sentences on how it was understood.

    :raises RegistrationError: the file is missing, is not an image, is not 3D, has several values per voxel, says of
        itself what cannot be, or is damaged; the message says why.
    """
    checkRegularFile(path)
    name = itk.shown(stem(path))
    found = layoutOf(path)
    if found is None:
        array, ijkToRas, notes = itk.read(path)
        return Image(array, ijkToRas, name), notes
    array = found.read()
    return Image(array, found.ijkToRas, name), found.notes


def layoutOf(path: Path) -> Layout | None:
    """What the raw header says; None for formats that ITK must read.

    :raises RegistrationError: it says what cannot be.
    """
    header, start = rawHeader(path)
    for format_ in (nifti, nrrd, metaimage):
        found = format_.layout(header, start)
        if found is not None:
            return found
    return None


def rawHeader(path: Path) -> tuple[Path, bytes]:
    """The file that has the header of an image, and its first bytes.

    :raises RegistrationError: it cannot be read, or is damaged.
    """
    header = nifti.headerPath(path)
    checkRegularFile(header)
    try:
        return header, beginning(header, LONGEST_HEADER)
    except Damaged as error:
        raise RegistrationError(f"{path} is damaged: {error}") from error
    except OSError as error:
        raise RegistrationError(f"{path} cannot be read: {error.strerror}.") from error


def stem(path: Path) -> str:
    """The name without its endings."""
    name = path.name
    for suffix in (".gz", path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix):
        if suffix and name.lower().endswith(suffix.lower()):
            name = name[: -len(suffix)]
    return name or path.name
