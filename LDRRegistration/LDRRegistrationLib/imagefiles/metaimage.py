"""MetaImage (.mha, .mhd), with voxels stored plainly or as one zlib stream. Text and lists of files are left to ITK."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError
from ..space.grid import LPS_FROM_RAS
from .geometry import checkGeometry, checkScalar3d, checkSize
from .layout import Layout
from .streams import beside, isGzip

DTYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip
# Others are the writer's own notes.
KNOWN = frozenset(
    "ObjectType NDims BinaryData BinaryDataByteOrderMSB ElementByteOrderMSB CompressedData CompressedDataSize DimSize "
    "TransformMatrix Rotation Orientation Offset Position Origin ElementSpacing ElementSize ElementNumberOfChannels "
    "ElementType HeaderSize ElementDataFile".split()
)
MATRIX_NAMES, ORIGIN_NAMES = ("TransformMatrix", "Rotation", "Orientation"), ("Offset", "Position", "Origin")


def layout(path: Path, start: bytes) -> Layout | None:
    """What the header at the ``start`` of the content of ``path`` says; None if this module cannot read such a file.

    :raises RegistrationError: it is one that cannot be used; the message says why.
    """
    found = re.search(rb"(?:^|\n)\s*ElementDataFile\s*=[^\n]*\n?", start)
    if found is None or b"NDims" not in start[: found.start()]:
        return None
    fields = _fields(path, start[: found.end()].decode("utf-8", "replace"))
    dataFile = fields["ElementDataFile"]
    if dataFile.startswith("LIST") or "%" in dataFile or not _isTrue(fields, "BinaryData", default=True):
        return None
    notes: list[str] = []
    try:
        sizes = _sizes(path, fields)
        placed = _placed(path, fields, notes)
        stored = _stored(path, fields)
        headerSize = int(fields.get("HeaderSize", "0"))
    except RegistrationError:
        raise
    except (ValueError, IndexError, KeyError) as error:
        raise RegistrationError(f"{path} is damaged: its header cannot be understood.") from error
    ni, nj, nk = sizes
    checkGeometry(path, placed, (nk, nj, ni))
    isLocal = dataFile.upper() == "LOCAL"
    dataPath = path if isLocal else beside(path, dataFile)
    if headerSize < -1:
        raise RegistrationError(f"{path} is damaged: its header says a header of {headerSize} bytes.")
    compressed = _isTrue(fields, "CompressedData")
    if compressed:
        _checkCompressedSize(path, fields, dataPath, found.end() if isLocal else 0, isGzip(path), notes)
    return Layout(
        path=path,
        shape=(nk, nj, ni),
        stored=stored,
        ijkToRas=placed,
        dataPath=dataPath,
        offset=None if headerSize == -1 else headerSize or (found.end() if isLocal else 0),
        encoding="zlib" if compressed else "raw",
        notes=notes,
    )


def _fields(path: Path, text: str) -> dict[str, str]:
    """A line that cannot be understood, or one of ours given twice, may be a spoilt one that was needed."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        isTwice = name in fields and name in KNOWN
        if not equals or isTwice or not re.fullmatch(r"[ -~]+", name):
            raise RegistrationError(f"{path} is damaged: the line {line[:60]!r} of its header cannot be understood.")
        fields[name] = value
    return fields


def _checkCompressedSize(
    path: Path, fields: dict[str, str], dataPath: Path, first: int, isPacked: bool, notes: list[str]
) -> None:
    """ITK trusts the header's number and reads nonsense where it is wrong or missing."""
    there = dataPath.stat().st_size - first
    said = fields.get("CompressedDataSize")
    if said is None or isPacked:
        notes.append(f"{path.name} does not say how long its compressed voxels are: they are read to their end.")
    elif said != str(there):
        raise RegistrationError(
            f"{path} is damaged: its header says {said} bytes of compressed voxels, and there are {there}."
        )


def _isTrue(fields: dict[str, str], name: str, default: bool = False) -> bool:
    return fields[name][:1] in ("T", "t", "1") if name in fields else default


def _sizes(path: Path, fields: dict[str, str]) -> list[int]:
    sizes = [int(text) for text in fields["DimSize"].split()]
    if len(sizes) != int(fields["NDims"]):
        raise ValueError
    checkSize(path, sizes)
    components = int(fields.get("ElementNumberOfChannels", "1"))
    volumes = sizes[3] if len(sizes) == 4 else 1
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    checkScalar3d(path, len(sizes), components, volumes)
    return sizes


def _stored(path: Path, fields: dict[str, str]) -> np.dtype:
    name = fields["ElementType"]
    if name not in DTYPES:
        raise RegistrationError(f"{path} has voxels of a type ({name}) that cannot be read.")
    bigEndian = _isTrue(fields, "BinaryDataByteOrderMSB") or _isTrue(fields, "ElementByteOrderMSB")
    return np.dtype((">" if bigEndian else "<") + DTYPES[name])


def _numbers(fields: dict[str, str], names: tuple[str, ...]) -> np.ndarray | None:
    for name in names:
        if name in fields:
            return np.array([float(text) for text in fields[name].split()])
    return None


def _placed(path: Path, fields: dict[str, str], notes: list[str]) -> np.ndarray:
    count = int(fields["NDims"])
    matrix, origin = _numbers(fields, MATRIX_NAMES), _numbers(fields, ORIGIN_NAMES)
    spacing = _numbers(fields, ("ElementSpacing", "ElementSize"))
    if spacing is None:
        notes.append(f"{path.name} does not say the size of its voxels: 1 mm is assumed.")
        spacing = np.ones(count)
    if matrix is None:
        notes.append(f"{path.name} does not say how it lies: its axes are taken as left, posterior and superior.")
        matrix = np.eye(count)
    if matrix.size != count * count or len(spacing) != count or spacing.min() <= 0:
        raise ValueError
    ijkToLps = np.eye(4)
    # Each row is the direction of one axis.
    ijkToLps[:3, :3] = matrix.reshape(count, count)[:3, :3].T * spacing[:3]
    if origin is None:
        notes.append(f"{path.name} does not say where it lies: its first voxel is taken as the origin.")
        origin = np.zeros(count)
    if len(origin) != count:
        raise ValueError
    ijkToLps[:3, 3] = origin[:3]
    return LPS_FROM_RAS @ ijkToLps
