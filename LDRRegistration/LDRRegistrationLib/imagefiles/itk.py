"""Every other format, by SimpleITK: what ITK refuses becomes a sentence, and nothing else is printed."""

from __future__ import annotations

import contextlib
import locale
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.memory import checkAvailable
from ..space.grid import LPS_FROM_RAS, ijkToRasOfItk
from .geometry import checkGeometry, checkScalar3d
from .streams import Damaged, contentChunks

if TYPE_CHECKING:
    import SimpleITK

STDERR = 2
# Formats that hold plain voxels, and no directions.
PLAIN = (".vtk", ".gipl")
# Formats of pictures, some of which can hold a stack of them.
PICTURES = (".tif", ".tiff", ".lsm", ".png", ".bmp", ".jpg", ".jpeg")


def read(path: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The voxels (k, j, i), 4x4 from (i, j, k) to RAS mm, and notes.

    :raises RegistrationError: the file is no image, not of one real value per voxel of one 3D volume, or damaged.
    """
    import SimpleITK

    checkName(path)
    kind = next((suffix for suffix in path.suffixes[::-1] if suffix.lower() != ".gz"), "").lower()
    if kind in PICTURES:
        raise RegistrationError(
            f"{path} is a picture, which does not say how large its voxels are and where they lie: save it as .nrrd or "
            ".nii.gz."
        )
    with silence():
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(path))
        try:
            reader.ReadImageInformation()
        except RuntimeError as error:
            raise RegistrationError(f"{path} is not an image that can be read.") from error
        size = reader.GetSize()
        isComplex = "complex" in SimpleITK.GetPixelIDValueAsString(reader.GetPixelID())
        checkScalar3d(path, len(size), reader.GetNumberOfComponents(), isComplex=isComplex)
        item = SimpleITK.Image(1, 1, 1, reader.GetPixelID()).GetSizeOfPixelComponent()
        # ITK may hold what it reads beside the image; and the image is copied.
        checkAvailable(2 * int(np.prod(size, dtype=np.float64)) * item, f"Reading {path.name}")
        if kind in PLAIN:
            _checkLength(path, int(np.prod(size)) * item)
        try:
            image = reader.Execute()
        except RuntimeError as error:
            raise RegistrationError(f"{path} is damaged: its voxels cannot be read.") from error
    ijkToRas = ijkToRasOfItk(image)
    array = SimpleITK.GetArrayFromImage(image)
    checkGeometry(path, ijkToRas, array.shape)
    notes = []
    if kind in PLAIN:
        notes.append(f"{path.name} does not say how it lies: its axes are taken as left, posterior and superior.")
    return array, ijkToRas, notes


def imageOf(array: np.ndarray, ijkToRas: np.ndarray, isVector: bool = False) -> SimpleITK.Image:
    """Voxels (k, j, i), or vectors (k, j, i, 3), at places in RAS mm, as ITK keeps them: in LPS.

    The components of vectors stay as they are.
    """
    import SimpleITK

    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array), isVector=isVector)
    toLps = LPS_FROM_RAS @ ijkToRas
    spacing = np.linalg.norm(toLps[:3, :3], axis=0)
    image.SetOrigin(toLps[:3, 3].tolist())
    image.SetSpacing(spacing.tolist())
    image.SetDirection((toLps[:3, :3] / spacing).ravel().tolist())
    return image


def _checkLength(path: Path, voxelBytes: int) -> None:
    """ITK fills up with whatever is there where such a file was cut off."""
    try:
        length, start = 0, b""
        for chunk in contentChunks(path):
            start = start or chunk[:1000]
            length += len(chunk)
    except Damaged as error:
        raise RegistrationError(f"{path} is damaged: {error}") from error
    if length < voxelBytes and b"ASCII" not in start:
        raise RegistrationError(f"{path} is damaged: it ends before its last voxel.")


def unpacked(path: Path, dataPath: Path, header: bytes, stored: np.dtype, encoding: str) -> np.ndarray | None:
    """The voxels of an image, if ITK, which unpacks twice as fast, finds what the checksum in the file says.

    The checksum at the end of ``dataPath`` (``encoding`` "gzip" or "zlib") covers ``header`` and the voxels behind it,
    so what agrees is the whole content, bit for bit. None is no verdict: of several members, or with anything behind
    the voxels, the file is right and must be read otherwise.
    """
    import SimpleITK

    if not isUtf8(path):
        return None
    with silence():
        try:
            array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
        except RuntimeError:
            return None
    with dataPath.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        trailer = file.read(8)
    if array.dtype != stored:
        return None
    voxels = array.data.cast("B")
    if encoding == "zlib":
        return array if zlib.adler32(voxels, zlib.adler32(header)) == struct.unpack(">4xI", trailer)[0] else None
    checksum, length = struct.unpack("<II", trailer)
    if (len(header) + len(voxels)) % 2**32 != length or zlib.crc32(voxels, zlib.crc32(header)) != checksum:
        return None
    return array


def isUtf8(path: Path) -> bool:
    """Whether a file's name can be given to ITK: another one ends the whole process."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def checkName(path: Path) -> None:
    """Raise RegistrationError for a name that ITK cannot be given."""
    if not isUtf8(path):
        raise RegistrationError(
            f"{shown(path)} has a name that is not UTF-8, and a format that cannot be read under such a name: rename "
            "it."
        )


def shown(path: Path | str) -> str:
    """A name that can be printed and given to VTK: bytes that are no text become question marks."""
    return os.fsencode(path).decode("utf-8", "replace")


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """ITK, and the libraries below it, print their reading errors; the caller says it in one sentence instead.

    Its reader of .vtk files also leaves the process in the locale "C", where Python no longer knows UTF-8.
    """
    import SimpleITK

    language = locale.setlocale(locale.LC_ALL)
    warned = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    kept = None
    with contextlib.suppress(OSError):
        sys.stderr.flush()
        kept = os.dup(STDERR)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, STDERR)
        os.close(nothing)
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, language)
        SimpleITK.ProcessObject.SetGlobalWarningDisplay(warned)
        if kept is not None:
            os.dup2(kept, STDERR)
            os.close(kept)
