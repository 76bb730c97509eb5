"""NRRD, attached and detached, with voxels stored plainly, as gzip or as bzip2. Text encodings are left to ITK."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError
from .geometry import checkGeometry, checkScalar3d, checkSize
from .layout import Layout
from .streams import beside

MAGIC = b"NRRD000"
_NAMES = {
    "i1": "signed char, int8, int8_t",
    "u1": "uchar, unsigned char, uint8, uint8_t",
    "i2": "short, short int, signed short, signed short int, int16, int16_t",
    "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "i4": "int, signed int, int32, int32_t",
    "u4": "uint, unsigned int, uint32, uint32_t",
    "i8": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
    "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "f4": "float",
    "f8": "double",
}
DTYPES = {name: code for code, names in _NAMES.items() for name in names.split(", ")}
ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
RAS_SIGNS = {
    "right-anterior-superior": (1, 1, 1), "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1), "las": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1), "lps": (-1, -1, 1),
}  # fmt: skip
LPS = (-1, -1, 1)
_FIELDS = (
    "number, type, block size, dimension, space, space dimension, sizes, spacings, thicknesses, axis mins, axis maxs, "
    "centers, centerings, labels, units, min, max, old min, old max, endian, encoding, content, sample units, "
    "space units, space origin, space directions, measurement frame, line skip, byte skip, kinds, data file"
)
# The format allows most names with and without their space.
FIELDS = {name.replace(" ", ""): name for name in _FIELDS.split(", ")}
MM_PER_UNIT = {"": 1.0, "mm": 1.0, "millimeter": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001}
SPATIAL_KINDS = ("", "???", "none", "domain", "space")
VOLUME_KINDS = ("list", "time")


def layout(path: Path, start: bytes) -> Layout | None:
    """What the header at the ``start`` of the content of ``path`` says; None if this module cannot read such a file.

    :raises RegistrationError: it is one that cannot be used; the message says why.
    """
    if not start.startswith(MAGIC):
        return None
    fields, end = _fields(path, start)
    encoding = ENCODINGS.get(fields.get("encoding", "").lower())
    dataFile = fields.get("data file")
    if encoding is None or (dataFile is not None and (dataFile.startswith("LIST") or "%" in dataFile)):
        return None
    if fields.get("line skip", "0") != "0":
        return None
    notes: list[str] = []
    try:
        sizes, axes = _spatialAxes(path, fields)
        placed = _placed(path, fields, axes, notes)
        stored = _stored(path, fields)
        skip = int(fields.get("byte skip", "0"))
    except RegistrationError:
        raise
    except (ValueError, IndexError) as error:
        raise RegistrationError(f"{path} is damaged: its header cannot be understood.") from error
    ni, nj, nk = sizes
    checkGeometry(path, placed, (nk, nj, ni))
    if end is None and dataFile is None:
        raise RegistrationError(f"{path} is damaged: its header does not end.")
    dataPath = path if dataFile is None else beside(path, dataFile)
    if skip < -1 or (skip == -1 and encoding != "raw"):
        raise RegistrationError(f"{path} is damaged: its header says byte skip {skip}.")
    first = end if dataFile is None and end is not None else 0
    raw = encoding == "raw"
    return Layout(
        path=path,
        shape=(nk, nj, ni),
        stored=stored,
        ijkToRas=placed,
        dataPath=dataPath,
        offset=None if skip == -1 else first + (skip if raw else 0),
        encoding=encoding,
        skipDecoded=0 if raw else skip,
        notes=notes,
    )


def _fields(path: Path, start: bytes) -> tuple[dict[str, str], int | None]:
    """The header's fields, and where the data begin; None if no empty line ends it.

    A field that the format does not know, or one given twice, may be a spoilt one that was needed.
    """
    found = re.search(rb"\r?\n\r?\n", start)
    text = start[: found.start()] if found else start
    fields: dict[str, str] = {}
    for line in text.decode("utf-8", errors="replace").splitlines()[1:]:
        parts = re.fullmatch(r"(.*?)(:=|: |:$)(.*)", line)
        if line.startswith("#") or (parts and parts[2] == ":="):
            continue
        name = FIELDS.get(parts[1].strip().lower().replace(" ", ""), "") if parts else ""
        if parts is None or not name or name in fields:
            raise RegistrationError(f"{path} is damaged: the line {line[:60]!r} of its header cannot be understood.")
        fields[name] = parts[3].strip()
    return fields, found.end() if found else None


def _spatialAxes(path: Path, fields: dict[str, str]) -> tuple[list[int], list[int]]:
    """Sizes (i, j, k), and which of the file's axes these are: one more of a single volume is left out."""
    sizes = [int(text) for text in fields["sizes"].split()] if "sizes" in fields else []
    if not sizes or len(sizes) != int(fields.get("dimension", "0")):
        raise ValueError
    checkSize(path, sizes)
    kinds = [kind.strip('"').lower() for kind in fields.get("kinds", "").split()] or [""] * len(sizes)
    directions = _vectors(fields.get("space directions", ""))
    axes = []
    for axis, size in enumerate(sizes):
        if kinds[axis] in SPATIAL_KINDS and not (directions and directions[axis] is None):
            axes.append(axis)
        elif kinds[axis] in VOLUME_KINDS and size > 1:
            checkScalar3d(path, len(sizes), volumes=size)
        elif size > 1:
            checkScalar3d(path, len(sizes) - 1, components=size, isComplex=kinds[axis] == "complex")
    while len(axes) > 3 and sizes[axes[-1]] == 1:
        axes.pop()
    checkScalar3d(path, len(axes))
    return [sizes[axis] for axis in axes], axes


def _vectors(text: str) -> list[np.ndarray | None]:
    found = re.findall(r"none|\([^)]*\)", text)
    return [None if one == "none" else np.array([float(x) for x in one[1:-1].split(",")]) for one in found]


def _stored(path: Path, fields: dict[str, str]) -> np.dtype:
    name = " ".join(fields.get("type", "").lower().split())
    if name not in DTYPES:
        raise RegistrationError(f"{path} has voxels of a type ({name or 'none'}) that cannot be read.")
    stored = np.dtype(DTYPES[name])
    if stored.itemsize == 1:
        return stored
    endian = fields.get("endian", "").lower()
    if endian not in ("little", "big"):
        raise ValueError("the byte order is needed")
    return stored.newbyteorder("<" if endian == "little" else ">")


def _placed(path: Path, fields: dict[str, str], axes: list[int], notes: list[str]) -> np.ndarray:
    matrix = np.eye(4)
    space = fields.get("space", "").lower().removesuffix("-time")
    signs = RAS_SIGNS.get(space)
    directions = _vectors(fields.get("space directions", ""))
    if directions:
        chosen = [directions[axis] for axis in axes]
        if any(vector is None or vector.shape != (3,) for vector in chosen):
            raise ValueError
        matrix[:3, :3] = np.column_stack([vector for vector in chosen if vector is not None])
    else:
        spacings = [float(text) for text in fields.get("spacings", "").split()]
        if not spacings:
            notes.append(f"{path.name} does not say the size of its voxels: 1 mm is assumed.")
            spacings = [1.0] * (max(axes) + 1)
        matrix[:3, :3] = np.diag([spacings[axis] for axis in axes])
    if "space origin" in fields:
        (origin,) = _vectors(fields["space origin"])
        if origin is None or origin.shape != (3,):
            raise ValueError
        matrix[:3, 3] = origin
    elif "axis mins" in fields:
        mins = [float(text) for text in fields["axis mins"].split()]
        matrix[:3, 3] = [mins[axis] for axis in axes]
    else:
        notes.append(f"{path.name} does not say where it lies: its first voxel is taken as the origin.")
    if signs is None or not directions:
        notes.append(
            f"{path.name} does not say where and how it lies in the patient: left and right may be exchanged. Its axes "
            "are taken as left, posterior and superior."
        )
    scale = _mmPerUnit(path, fields, notes)
    matrix[:3] *= scale
    return np.diag([*(signs or LPS), 1.0]) @ matrix


def _mmPerUnit(path: Path, fields: dict[str, str], notes: list[str]) -> float:
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", "")))
    scales = {MM_PER_UNIT.get(unit.lower()) for unit in units}
    if not units or scales == {1.0}:
        return 1.0
    scale = scales.pop() if len(scales) == 1 else None
    if scale is None:
        raise RegistrationError(f"{path} gives its place in units ({', '.join(sorted(units))}) that are not lengths.")
    notes.append(f"{path.name} gives its place in {units.pop()}.")
    return scale
