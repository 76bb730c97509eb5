"""The voxels of a stack of planes, on a right-angled grid with one distance between slices."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..imagefiles import itk
from ..imagefiles.geometry import checkGeometry, isSheared
from ..runtime.errors import RegistrationError
from ..runtime.memory import checkAvailable
from ..space.grid import LPS_FROM_RAS
from ..space.image import Image
from .planes import Plane
from .stacks import ROUNDING, Stack

# Between planes farther apart than this many usual distances nothing was measured.
GAP = 1.5


def readStack(stack: Stack) -> tuple[Image, list[str]]:
    """The volume (k, j, i), k along the planes' normal, placed in RAS mm, and sentences on what was done to it.

    A tilted gantry is set upright, uneven distances are made even, both by linear interpolation; where slices are
    missing nothing is known (NaN).

    :raises RegistrationError: it is no volume, its voxels cannot be read, or there is not the memory.
    """
    first = stack.planes[0]
    name = f"Series {stack.label}"
    if stack.problem:
        raise RegistrationError(f"{name} in {first.path.parent} {stack.problem}.")
    spacing, isTilted = _spacing(stack), _isTilted(stack)
    isRegular = stack.isEven and not isTilted
    notes = list(stack.notes)
    dtype = _dtype(stack) if isRegular else np.dtype(np.float32)
    count = len(stack.planes) if isRegular else _countOfEven(stack, spacing)
    checkAvailable((count + len(stack.planes)) * first.shape[0] * first.shape[1] * dtype.itemsize, f"Reading {name}")
    planes = _readPlanes(stack, dtype)
    origin = first.positionLps
    if not isRegular:
        planes, shift = _regridded(stack, planes, spacing)
        origin = origin + (shift * first.spacing) @ first.axesLps
        notes += _notesOn(stack, spacing, isTilted)
    ijkToLps = np.eye(4)
    ijkToLps[:3, 0] = first.axesLps[0] * first.spacing[0]
    ijkToLps[:3, 1] = first.axesLps[1] * first.spacing[1]
    ijkToLps[:3, 2] = first.normalLps * spacing
    ijkToLps[:3, 3] = origin
    ijkToRas = LPS_FROM_RAS @ ijkToLps
    checkGeometry(first.path.parent, ijkToRas, planes.shape)
    return Image(planes, ijkToRas, itk.shown(stack.description)), notes


def _spacing(stack: Stack) -> float:
    """Between slices, mm: their mean distance if they are even, else the usual one."""
    positions = stack.positionsMm
    if stack.isEven:
        return float((positions[-1] - positions[0]) / (len(positions) - 1))
    return float(np.median(np.diff(positions)))


def _isTilted(stack: Stack) -> bool:
    """Whether the planes are displaced sideways from one to the next, as those of a tilted gantry are."""
    first, last = stack.planes[0], stack.planes[-1]
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1] = (axis * mm for axis, mm in zip(first.axesLps, first.spacing, strict=True))
    matrix[:3, 2] = (last.positionLps - first.positionLps) / (len(stack.planes) - 1)
    return isSheared(matrix, stack.shape)


def _countOfEven(stack: Stack, spacing: float) -> int:
    positions = stack.positionsMm
    return round((positions[-1] - positions[0]) / spacing) + 1


def _notesOn(stack: Stack, spacing: float, isTilted: bool) -> list[str]:
    notes = []
    if isTilted:
        notes.append("The gantry was tilted: the slices are set upright by interpolation.")
    gaps = np.diff(stack.positionsMm) / spacing
    missing = int(sum(round(gap) - 1 for gap in gaps if gap > GAP))
    if missing:
        are = "slice is" if missing == 1 else "slices are"
        notes.append(f"{missing} {are} missing: nothing is known there.")
    near = gaps[gaps <= GAP]
    if len(near) and np.abs(near - 1).max() > ROUNDING:
        low, high = (spacing * float(value) for value in (near.min(), near.max()))
        notes.append(
            f"The distance between slices varies from {low:.2f} to {high:.2f} mm: it is made even, {spacing:.2f} mm, "
            "by interpolation."
        )
    return notes


def _dtype(stack: Stack) -> np.dtype:
    """The smallest type that holds all values as they are."""
    lowest, highest = 0.0, 0.0
    for plane in stack.planes:
        header = plane.header
        if any(name in header for name in ("FloatPixelData", "DoubleFloatPixelData")) or plane.slope != 1.0:
            return np.dtype(np.float32)
        if plane.intercept != round(plane.intercept):
            return np.dtype(np.float32)
        bits, isSigned = int(header.get("BitsStored", 16)), bool(header.get("PixelRepresentation", 0))
        ends = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if isSigned else (0, 2**bits - 1)
        lowest, highest = min(lowest, ends[0] + plane.intercept), max(highest, ends[1] + plane.intercept)
    for dtype in (np.int16, np.uint16, np.int32):
        if np.iinfo(dtype).min <= lowest and highest <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    return np.dtype(np.float32)


def _readPlanes(stack: Stack, dtype: np.dtype) -> np.ndarray:
    planes = np.empty(stack.shape, dtype)
    opened: dict[Path, Callable[[Plane], np.ndarray]] = {}
    with itk.silence():
        for k, plane in enumerate(stack.planes):
            if plane.frame is None:
                values = _fileValues(plane)
            else:
                if plane.path not in opened:
                    opened[plane.path] = _frameReader(plane.path)
                values = opened[plane.path](plane)
            if values.shape != plane.shape:
                raise RegistrationError(f"{plane.path} is damaged: its image is not as large as its header says.")
            planes[k] = np.rint(values) if dtype.kind in "iu" and values.dtype.kind == "f" else values
    return planes


def _fileValues(plane: Plane) -> np.ndarray:
    """(rows, columns) of a file of one image: by GDCM, or by pydicom what that does not know."""
    import SimpleITK

    itk.checkName(plane.path)
    try:
        return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(plane.path))).reshape(plane.shape)
    except (RuntimeError, ValueError):
        return _byPydicom(plane.path).reshape(plane.shape) * plane.slope + plane.intercept


def _frameReader(path: Path) -> Callable[[Plane], np.ndarray]:
    """What gives the values of a frame: by pydicom, with each frame's own scaling, or else by GDCM."""
    import SimpleITK

    try:
        stored = _byPydicom(path)
    except RegistrationError:
        itk.checkName(path)
        try:
            values = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
        except RuntimeError as error:
            raise RegistrationError(f"{path} is damaged, or compressed in a way that cannot be read.") from error
        return lambda plane: values[plane.frame]
    stored = stored if stored.ndim > 2 else stored[None]

    def scaled(plane: Plane) -> np.ndarray:
        frame = stored[plane.frame]
        return frame if (plane.slope, plane.intercept) == (1.0, 0.0) else frame * plane.slope + plane.intercept

    return scaled


def _byPydicom(path: Path) -> np.ndarray:
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(path).pixel_array
    except Exception as error:  # whatever a damaged file happens to break, in pydicom and its decoders
        raise RegistrationError(f"{path} is damaged, or compressed in a way that cannot be read.") from error


def _regridded(stack: Stack, planes: np.ndarray, spacing: float) -> tuple[np.ndarray, np.ndarray]:
    """Planes at one distance, upright, NaN where nothing was measured; and where their corner is, in voxels i, j."""
    first = stack.planes[0]
    positions = stack.positionsMm - stack.positionsMm[0]
    away = np.array([plane.positionLps - first.positionLps for plane in stack.planes])
    # (n, 2): how far each plane's corner lies from the first one's, in voxels along i and j.
    aside = np.stack([away @ axis / mm for axis, mm in zip(first.axesLps, first.spacing, strict=True)], axis=1)
    aside[np.abs(aside) < ROUNDING] = 0.0
    low, high = np.floor(aside.min(axis=0)), np.ceil(aside.max(axis=0))
    rows, columns = (int(n + h - lo) for n, h, lo in zip(first.shape, high[::-1], low[::-1], strict=True))
    count = _countOfEven(stack, spacing)
    even = np.full((count, rows, columns), np.nan, np.float32)
    for k in range(count):
        at = k * spacing
        after = int(np.clip(np.searchsorted(positions, at), 1, len(positions) - 1))
        before = after - 1
        gap = positions[after] - positions[before]
        share = (at - positions[before]) / gap
        nearest = before if share < 0.5 else after
        if abs(positions[nearest] - at) <= ROUNDING * spacing:
            even[k] = _moved(planes[nearest], aside[nearest] - low, (rows, columns))
        elif gap <= GAP * spacing:
            one, other = (_moved(planes[n], aside[n] - low, (rows, columns)) for n in (before, after))
            even[k] = (1 - share) * one + share * other
    return even, low


def _moved(plane: np.ndarray, by: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """``plane`` (rows, columns) in a larger one, its corner at ``by`` (i, j) in voxels; NaN around."""
    moved = np.full(shape, np.nan, np.float32)
    whole = np.floor(by).astype(int)
    part = by - whole
    j, i = int(whole[1]), int(whole[0])
    values = plane.astype(np.float32)
    for axis, share in ((1, part[0]), (0, part[1])):
        if share > 0:
            # A point between two voxels; the first one has none before it.
            values = (1 - share) * values + share * np.roll(values, 1, axis)
            edge = np.take(values, [0], axis) * np.nan
            values = np.concatenate([edge, np.delete(values, 0, axis)], axis)
    rows, columns = (min(n, m - o) for n, m, o in zip(values.shape, shape, (j, i), strict=True))
    moved[j : j + rows, i : i + columns] = values[:rows, :columns]
    return moved
