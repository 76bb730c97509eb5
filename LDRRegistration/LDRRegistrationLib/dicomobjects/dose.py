"""RTDOSE: the dose that was planned in the prior scan, carried onto the current one, in Gy.

It is the dose of the prior's anatomy at the places where the tissue lies now; nobody calculated it anew.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from ..runtime.errors import RegistrationError
from ..space.grid import LPS_FROM_RAS, Grid
from ..space.image import Image
from ..space.transform import Transform
from .source import SourceImages, newObject
from .structures import readObject

RTDOSE = "1.2.840.10008.5.1.4.1.1.481.2"
LARGEST_STORED = 2**32 - 1
# Of a distance between dose planes: what varies by more is uneven.
UNEVEN = 0.01


def readDose(path: Path, frameOfReferenceUid: str) -> tuple[Image, Dataset]:
    """The dose in Gy (k, j, i) at its place in RAS mm, and the object without its values.

    :raises RegistrationError: it is none, is of another scan, is not in Gy, or is damaged.
    """
    ds = readObject(path, RTDOSE, "dose (RTDOSE)")
    if ds.get("FrameOfReferenceUID") != frameOfReferenceUid:
        raise RegistrationError(f"The dose in {path} was not planned in MOVING: its frame of reference is another.")
    if ds.get("DoseUnits") != "GY":
        raise RegistrationError(f"The dose in {path} is in {ds.get('DoseUnits') or 'no unit'}; Gy is needed.")
    try:
        values = np.atleast_3d(ds.pixel_array.astype(np.float64)) * float(ds.DoseGridScaling)
        values = values.reshape(-1, int(ds.Rows), int(ds.Columns)).astype(np.float32)
        offsets = np.array([float(value) for value in ds.GridFrameOffsetVector])
        axes = np.array([float(value) for value in ds.ImageOrientationPatient]).reshape(2, 3)
        rows, columns = (float(value) for value in ds.PixelSpacing)
        corner = np.array([float(value) for value in ds.ImagePositionPatient])
    except Exception as error:  # whatever a damaged file happens to break in pydicom
        raise RegistrationError(f"{path} is damaged: its dose cannot be read.") from error
    steps = np.diff(offsets)
    if len(offsets) != len(values) or len(offsets) < 2 or np.ptp(steps) > UNEVEN * abs(steps[0]) or steps[0] == 0:
        raise RegistrationError(f"The planes of the dose in {path} are not at one distance from each other.")
    normal = np.cross(axes[0], axes[1])
    ijkToLps = np.eye(4)
    ijkToLps[:3, 0], ijkToLps[:3, 1] = axes[0] * columns, axes[1] * rows
    ijkToLps[:3, 2] = normal * steps.mean()
    # The first offset is 0, or, the older way, a place along the patient's axis.
    ijkToLps[:3, 3] = corner
    ds.PixelData = b""
    return Image(values, LPS_FROM_RAS @ ijkToLps, "dose"), ds


def carryDose(dose: Image, planned: Dataset, current: SourceImages, grid: Grid, transform: Transform) -> Dataset:
    """The object with the dose in the current scan.

    :param planned: the prior's object.
    :param grid: the current scan's; the dose gets one along it that is no finer than its own.
    :param transform: current to prior points, RAS mm.
    """
    steps = [max(1, int(np.floor(mm / own + 1e-6))) for mm, own in zip(dose.grid.spacing, grid.spacing, strict=True)]
    coarse = grid.coarsened((steps[2], steps[1], steps[0]))
    values = transform.warp(dose, coarse, fill=0.0).clip(min=0.0)
    ds = newObject(current, RTDOSE, "RTDOSE", "dose", "Dose carried from the prior scan")
    for keyword, usual in (("DoseType", "PHYSICAL"), ("DoseSummationType", "PLAN")):
        setattr(ds, keyword, planned.get(keyword) or usual)
    if "ReferencedRTPlanSequence" in planned:
        ds.ReferencedRTPlanSequence = planned.ReferencedRTPlanSequence
    ds.DoseUnits, ds.DoseComment = "GY", "Carried by deformable registration; not calculated anew."
    lps = LPS_FROM_RAS @ coarse.ijkToRas
    axes = lps[:3, :3] / coarse.spacing
    ds.ImagePositionPatient = [f"{value:.6f}"[:16] for value in lps[:3, 3]]
    ds.ImageOrientationPatient = [f"{value:.10f}"[:16] for value in axes[:, :2].T.ravel()]
    ds.PixelSpacing = [f"{value:.8f}"[:16] for value in coarse.spacing[1::-1]]
    forward = np.cross(axes[:, 0], axes[:, 1]) @ axes[:, 2]
    ds.GridFrameOffsetVector = [f"{k * coarse.spacing[2] * forward:.6f}"[:16] for k in range(coarse.shape[0])]
    ds.SliceThickness = f"{coarse.spacing[2]:.6f}"
    ds.NumberOfFrames, ds.Rows, ds.Columns = coarse.shape
    ds.FrameIncrementPointer = 0x3004000C
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 32, 32, 31
    scaling = float(f"{max(float(values.max()), 1e-6) / LARGEST_STORED * (1 + 1e-6):.10e}")
    ds.DoseGridScaling = f"{scaling:.10e}"[:16]
    stored = np.clip(np.rint(values / float(ds.DoseGridScaling)), 0, LARGEST_STORED)
    ds.PixelData = stored.astype("<u4").tobytes()
    return ds
