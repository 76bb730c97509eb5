"""Slicer's DICOM database as Python scripts use it, on folders of files; and volumes as its DICOM module loads them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pydicom


class Database:
    """The methods of ctkDICOMDatabase that the library calls."""

    def __init__(self, *folders: Path) -> None:
        self._files: dict[str, str] = {}
        self._series: dict[str, list[str]] = defaultdict(list)
        self._studies: dict[str, list[str]] = defaultdict(list)
        for folder in folders:
            for path in sorted(folder.rglob("*.dcm")):
                header = pydicom.dcmread(path, stop_before_pixels=True)
                self._files[str(header.SOPInstanceUID)] = str(path)
                self._series[str(header.SeriesInstanceUID)].append(str(path))
                if str(header.SeriesInstanceUID) not in self._studies[str(header.StudyInstanceUID)]:
                    self._studies[str(header.StudyInstanceUID)].append(str(header.SeriesInstanceUID))

    def fileForInstance(self, uid: str) -> str:
        return self._files.get(uid, "")

    def filesForSeries(self, uid: str, hits: int = -1) -> tuple[str, ...]:
        return tuple(self._series.get(uid, [])[: None if hits < 0 else hits])

    def seriesForStudy(self, uid: str) -> tuple[str, ...]:
        return tuple(self._studies.get(uid, []))

    def fileValue(self, path: str, tag: str) -> str:
        group, element = (int(part, 16) for part in tag.split(","))
        found = pydicom.dcmread(path, stop_before_pixels=True).get((group, element))
        return "" if found is None else str(found.value)


def forget_folder(volume: Any) -> None:
    """Leave of a volume that was opened from a folder only what Slicer's DICOM module notes on what it loads."""
    for name in ("folder", "series"):
        volume.RemoveAttribute(f"DICOM.LDRRegistration.{name}")
