"""From folders of DICOM studies to volumes in a scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer

from ..dicom.choosing import chooseSeries, listSeries
from ..dicom.scan import pairNotes
from ..mrml.dicomvolumes import openSeries
from ..mrml.nodes import allOrNothing

if TYPE_CHECKING:
    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLScene


@dataclass
class OpenedStudies:
    """Two scans as volumes; ``notes`` are sentences on what was left out, and on what the headers say of the pair."""

    currentVolumeNode: vtkMRMLScalarVolumeNode
    priorVolumeNode: vtkMRMLScalarVolumeNode
    notes: list[str] = field(default_factory=list)


class StudiesLogic:
    """Reads folders itself, without Slicer's DICOM database."""

    def listSeries(self, folder: Path | str) -> list[str]:
        """Lines that name the series of a DICOM folder, each after its number, with the reason why one is no volume.

        :raises RegistrationError: the folder cannot be read, or holds no DICOM images.
        """
        return listSeries(Path(folder))

    def openStudies(
        self,
        folder: Path | str,
        otherFolder: Path | str,
        *,
        series: str | None = None,
        otherSeries: str | None = None,
        scene: vtkMRMLScene | None = None,
    ) -> OpenedStudies:
        """The volumes of two DICOM folders; the newer one is the current scan, where the headers say dates.

        :param series, otherSeries: which one of each folder, by number ("3"; "3.2" for the second volume of a series),
            UID, or description or a part of it; without it the only original one.
        :param scene: Slicer's own, without it.
        :raises RegistrationError: a folder holds no such series, or several, or its voxels cannot be read; the message
            lists what there is. The scene is as it was.
        """
        chosen = [chooseSeries(Path(folder), series), chooseSeries(Path(otherFolder), otherSeries)]
        first, second = (one.info.date for one in chosen)
        if first is not None and second is not None and second > first:
            chosen.reverse()
        notes = [note for one in chosen for note in one.notes]
        target: Any = slicer.mrmlScene if scene is None else scene
        with allOrNothing(target):
            current, prior = (openSeries(target, one, notes) for one in chosen)
        notes += pairNotes(chosen[0].info, chosen[1].info, ("current", "prior"))
        return OpenedStudies(current, prior, notes)
