"""One image plane of a DICOM file, of which an enhanced multi-frame file has many, and where it lies. LPS mm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# What tells apart images of one series that lie at one place, in the order in which it is asked.
STACK_ATTRIBUTES = (
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "EchoTime",
    "EchoNumbers",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "InversionTime",
    "TriggerTime",
    "ConvolutionKernel",
    "KVP",
    "AcquisitionTime",
    "ContentTime",
)
# Of enhanced multi-frame files: the functional group and the element that hold the same, if they are named otherwise.
_FRAME_MARKS = {
    "AcquisitionNumber": ("FrameContentSequence", "FrameAcquisitionNumber"),
    "TemporalPositionIdentifier": ("FrameContentSequence", "TemporalPositionIndex"),
    "EchoTime": ("MREchoSequence", "EffectiveEchoTime"),
    "DiffusionBValue": ("MRDiffusionSequence", "DiffusionBValue"),
    "InversionTime": ("MRModifierSequence", "InversionTimes"),
    "TriggerTime": ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
    "AcquisitionTime": ("FrameContentSequence", "FrameAcquisitionDateTime"),
}
_FRAME_TYPES = ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence")


@dataclass(frozen=True, eq=False)
class Plane:
    """One image of Rows x Columns.

    ``frame``: index in a multi-frame file, else None. ``positionLps`` (3,): centre of the first voxel, in mm.
    ``axesLps`` (2, 3): unit vectors along which the column (i) and the row index (j) grow. ``spacing``: mm along i and
    j. ``shape``: rows, columns. ``slope`` and ``intercept`` make a value of what is stored.
    ``marks``: see STACK_ATTRIBUTES.
    """

    path: Path
    frame: int | None
    header: Dataset
    positionLps: np.ndarray
    axesLps: np.ndarray
    spacing: tuple[float, float]
    shape: tuple[int, int]
    imageType: tuple[str, ...]
    number: int
    slope: float
    intercept: float
    marks: dict[str, str]

    @property
    def normalLps(self) -> np.ndarray:
        return np.cross(self.axesLps[0], self.axesLps[1])

    @property
    def isPlaced(self) -> bool:
        """Whether the header says where the image lies and how large its voxels are."""
        return bool(np.isfinite(self.positionLps).all() and np.isfinite(self.axesLps).all() and min(self.spacing) > 0)


def planesOf(path: Path, header: Dataset) -> list[Plane]:
    """The planes of one file.

    :raises ValueError, TypeError, AttributeError, KeyError, IndexError: its header is damaged.
    """
    from pydicom.dataset import Dataset

    if "PerFrameFunctionalGroupsSequence" not in header:
        return [_plane(path, None, header, _Groups(header, Dataset(), Dataset()))]
    shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
    frames = header.PerFrameFunctionalGroupsSequence
    return [_plane(path, index, header, _Groups(header, shared[0], frame)) for index, frame in enumerate(frames)]


@dataclass(frozen=True)
class _Groups:
    """A frame's elements: its own functional groups, those of all frames, and the file's own header."""

    header: Dataset
    shared: Dataset
    frame: Dataset

    def get(self, sequence: str, keyword: str) -> Any:
        for groups in (self.frame, self.shared):
            items = groups.get(sequence)
            if items and items[0].get(keyword) not in (None, ""):
                return items[0].get(keyword)
        return self.header.get(keyword)


def _plane(path: Path, frame: int | None, header: Dataset, groups: _Groups) -> Plane:
    def numbers(value: Any, count: int) -> np.ndarray:
        values = np.full(count, np.nan) if value is None else np.array([float(v) for v in value])
        return values if values.shape == (count,) else np.full(count, np.nan)

    orientation = numbers(groups.get("PlaneOrientationSequence", "ImageOrientationPatient"), 6).reshape(2, 3)
    lengths = np.linalg.norm(orientation, axis=1, keepdims=True)
    rowStep, columnStep = numbers(groups.get("PixelMeasuresSequence", "PixelSpacing"), 2)
    imageType = next((t for t in (groups.get(name, "FrameType") for name in _FRAME_TYPES) if t), None)
    slope = groups.get("PixelValueTransformationSequence", "RescaleSlope")
    intercept = groups.get("PixelValueTransformationSequence", "RescaleIntercept")
    number = header.get("InstanceNumber")
    return Plane(
        path=path,
        frame=frame,
        header=header,
        positionLps=numbers(groups.get("PlanePositionSequence", "ImagePositionPatient"), 3),
        axesLps=orientation / np.where(lengths > 0, lengths, np.nan),
        # PixelSpacing gives the distance between rows first.
        spacing=(float(columnStep), float(rowStep)),
        shape=(int(header.Rows), int(header.Columns)),
        imageType=tuple(str(part).upper() for part in (imageType or header.get("ImageType") or ())),
        number=frame if frame is not None else int(number) if number not in (None, "") else 0,
        slope=float(slope) if slope not in (None, "") else 1.0,
        intercept=float(intercept) if intercept not in (None, "") else 0.0,
        marks={name: text for name in STACK_ATTRIBUTES if (text := _mark(groups, name))},
    )


def _mark(groups: _Groups, name: str) -> str:
    sequence, keyword = _FRAME_MARKS.get(name, ("", name))
    value = groups.get(sequence, keyword)
    if value is None:
        value = groups.header.get(name)
    return "" if value is None else str(value)
