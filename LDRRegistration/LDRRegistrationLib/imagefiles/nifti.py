"""NIfTI-1 and NIfTI-2, single files and pairs, either byte order; and Analyze 7.5, their ancestor.

The standard's order holds: sform, else qform, else the voxel sizes alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError
from .geometry import checkGeometry, checkScalar3d, checkSize, differ, isSheared, isUsableGeometry
from .layout import Layout
from .niftiheader import NiftiFields, readFields
from .streams import checkRegularFile

NAMES = re.compile(r"\.(nii|hdr|img)(\.gz)?$", re.IGNORECASE)
DTYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
COMPLEX, COLORS = (32, 1792, 2048), {128: 3, 2304: 4}
MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
KNOWN_CODES = range(6)


def layout(path: Path, start: bytes) -> Layout | None:
    """What the header at the ``start`` of the content of ``path`` says; None if it is of no such file.

    :raises RegistrationError: it is one that cannot be used; the message says why.
    """
    fields = readFields(start)
    if fields is None:
        # ITK would make something of a spoilt header.
        if start[344:347] in (b"n+1", b"ni1") or start[4:7] in (b"n+2", b"ni2"):
            raise RegistrationError(f"{path} is damaged: its header does not have the length of a NIfTI header.")
        if NAMES.search(path.name):
            raise RegistrationError(f"{path} is not an image that can be read.")
        return None
    return layoutOf(path, fields)


def layoutOf(path: Path, fields: NiftiFields) -> Layout:
    """The same for a header that was read.

    :raises RegistrationError: it is one that cannot be used.
    """
    shape = _shape(path, fields)
    notes: list[str] = []
    stored = _stored(path, fields)
    slope, intercept = _scaling(path, fields)
    dataPath = path if fields.kind == "single" else _imagePath(path)
    placed = _analyzePlacement(path, fields, notes) if fields.kind == "analyze" else _placed(path, fields, shape, notes)
    checkGeometry(path, placed, shape)
    return Layout(
        path=path,
        shape=shape,
        stored=stored,
        ijkToRas=placed,
        dataPath=dataPath,
        offset=_offset(path, fields, notes),
        slope=slope,
        intercept=intercept,
        isNifti=fields.kind == "single",
        notes=notes,
    )


def headerPath(path: Path) -> Path:
    """The file with the header: the ``.hdr`` beside an ``.img``, if there is one; else ``path`` itself."""
    return _beside(path, ".img", ".hdr") or path


def _imagePath(path: Path) -> Path:
    found = _beside(path, ".hdr", ".img")
    if found is None:
        raise RegistrationError(f"{path} is the header of an image in two files, and its .img is missing.")
    checkRegularFile(found)
    return found


def _beside(path: Path, suffix: str, other: str) -> Path | None:
    """The ``other`` file of a pair, compressed or not, in small or capital letters as ``path`` itself."""
    packing = path.suffix if path.suffix.lower() == ".gz" else ""
    name = path.name[: len(path.name) - len(packing)]
    if not name.lower().endswith(suffix):
        return None
    stem = name[: -len(suffix)]
    cased = other.upper() if name.endswith(suffix.upper()) else other
    for ending in (cased + packing, cased, cased + ".gz", other, other + ".gz"):
        if path.with_name(stem + ending).exists():
            return path.with_name(stem + ending)
    return None


def _shape(path: Path, fields: NiftiFields) -> tuple[int, int, int]:
    count = fields.dim[0]
    if not 1 <= count <= 7:
        raise RegistrationError(f"{path} is damaged: its header says {count} dimensions.")
    sizes = list(fields.dim[1 : count + 1])
    checkSize(path, sizes)
    components = COLORS.get(fields.datatype, 1)
    if count >= 5 and sizes[3] == 1:
        components *= sizes[4]
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    volumes = int(np.prod(np.array(sizes[3:], dtype=object))) if len(sizes) > 3 else 1
    checkScalar3d(path, len(sizes), components, volumes, fields.datatype in COMPLEX)
    ni, nj, nk = sizes
    return nk, nj, ni


def _stored(path: Path, fields: NiftiFields) -> np.dtype:
    code = DTYPES.get(fields.datatype)
    if code is None:
        raise RegistrationError(f"{path} has voxels of a type (NIfTI data type {fields.datatype}) that cannot be read.")
    stored = np.dtype(fields.order + code)
    if fields.bitpix != 8 * stored.itemsize:
        raise RegistrationError(
            f"{path} is damaged: its header says voxels of {fields.bitpix} bits and of a type of {8 * stored.itemsize}."
        )
    return stored


def _scaling(path: Path, fields: NiftiFields) -> tuple[float, float]:
    """A slope of 0 means that there is no scaling; NaN is what nibabel leaves for the same."""
    if fields.slope == 0 or np.isnan(fields.slope):
        return 1.0, 0.0
    if not np.isfinite(fields.slope) or not np.isfinite(fields.intercept):
        raise RegistrationError(
            f"{path} is damaged: its header scales the values by {fields.slope:g} and {fields.intercept:g}."
        )
    return fields.slope, fields.intercept


def _offset(path: Path, fields: NiftiFields, notes: list[str]) -> int:
    first = fields.headerBytes + 4 if fields.kind == "single" else 0
    if fields.voxOffset == 0:
        if first:
            notes.append(f"{path.name} does not say where its voxels begin: right behind its header, it is assumed.")
        return first
    if not (np.isfinite(fields.voxOffset) and first <= fields.voxOffset < 2**62 and fields.voxOffset % 1 == 0):
        raise RegistrationError(f"{path} is damaged: its voxels cannot begin at byte {fields.voxOffset:g}.")
    return int(fields.voxOffset)


def _placed(path: Path, fields: NiftiFields, shape: tuple[int, int, int], notes: list[str]) -> np.ndarray:
    """4x4 from (i, j, k) to RAS mm, by the sform, or the qform, or the voxel sizes."""
    name, scale = path.name, _mmPerUnit(path, fields, notes)
    qform = _qform(fields) if fields.qformCode > 0 else None
    sform = np.vstack([fields.srows, [0, 0, 0, 1]]) if fields.sformCode > 0 else None
    for which, code in (("sform", fields.sformCode), ("qform", fields.qformCode)):
        if code not in KNOWN_CODES:
            notes.append(f"{name} has an unknown {which} code ({code}), taken {'as it is' if code > 0 else 'as 0'}.")
    for matrix in (qform, sform):
        if matrix is not None:
            matrix[:3] *= scale
    usableQform = qform is not None and isUsableGeometry(qform)
    if sform is not None:
        if not isUsableGeometry(sform) or isSheared(sform, shape):
            if not usableQform or qform is None:
                return sform
            why = "sheared" if isUsableGeometry(sform) else "invalid"
            notes.append(f"{name} has an sform that is {why}: it lies where its qform says.")
            return qform
        _noteVoxelSizes(name, fields, sform, scale, notes)
        if qform is not None and not usableQform:
            notes.append(f"{name} has an invalid qform: it lies where its sform says.")
        elif qform is not None and (apart := differ(sform, qform, shape)):
            notes.append(
                f"{name} is placed by its sform; its qform would place it differently, by up to {apart:.3g} mm."
            )
        return sform
    if qform is not None:
        if fields.pixdim[0] not in (-1.0, 1.0):
            notes.append(f"{name} does not say the direction of its slices (pixdim[0] is {fields.pixdim[0]:g}).")
        return qform
    return _unplaced(path, fields, scale, notes)


def _qform(fields: NiftiFields) -> np.ndarray:
    """4x4 by the quaternion and the voxel sizes; NaN where they are none."""
    b, c, d = (float(value) for value in fields.quaternion)
    rest = 1.0 - (b * b + c * c + d * d)
    if not rest > -1e-5 or min(fields.pixdim[1:4]) <= 0:
        return np.full((4, 4), np.nan)
    a = np.sqrt(max(rest, 0.0))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = rotation * np.array(fields.pixdim[1:4]) * [1.0, 1.0, -1.0 if fields.pixdim[0] < 0 else 1.0]
    matrix[:3, 3] = fields.qOffset
    return matrix


def _noteVoxelSizes(name: str, fields: NiftiFields, sform: np.ndarray, scale: float, notes: list[str]) -> None:
    said, spacing = np.array(fields.pixdim[1:4]) * scale, np.linalg.norm(sform[:3, :3], axis=0)
    if not np.allclose(said, spacing, rtol=1e-3, atol=0):
        notes.append(
            f"{name} has voxels of {_sizes(spacing)} mm by its sform, which counts, and of {_sizes(said)} mm by its "
            "pixdim."
        )


def _sizes(spacing: np.ndarray) -> str:
    return " x ".join(f"{value:.4g}" for value in spacing)


def _unplaced(path: Path, fields: NiftiFields, scale: float, notes: list[str]) -> np.ndarray:
    """By the voxel sizes alone; as ITK, and so Slicer, places such a file."""
    sizes = np.array(fields.pixdim[1:4]) * scale
    notes.append(
        f"{path.name} does not say where and how it lies in the patient: left and right may be exchanged. It is placed "
        "as 3D Slicer places it."
    )
    if not sizes.min() > 0:
        return np.full((4, 4), np.nan)
    return np.diag([-sizes[0], -sizes[1], sizes[2], 1.0])


def _analyzePlacement(path: Path, fields: NiftiFields, notes: list[str]) -> np.ndarray:
    notes.append(f"{path.name} is an Analyze file, made before NIfTI.")
    return _unplaced(path, fields, 1.0, notes)


def _mmPerUnit(path: Path, fields: NiftiFields, notes: list[str]) -> float:
    unit = fields.units & 7
    scale = MM_PER_UNIT.get(unit, 1.0)
    if scale != 1.0 or unit not in MM_PER_UNIT:
        named = {1: "metres", 3: "micrometres"}.get(unit, "an unknown unit, taken as millimetres")
        notes.append(f"{path.name} gives its place in {named}.")
    return scale
