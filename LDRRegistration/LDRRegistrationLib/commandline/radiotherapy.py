"""--rtstruct and --rtdose: what was drawn and planned in the prior scan, carried onto the current one."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dicom.choosing import ChosenSeries
from ..dicom.scan import isSamePatient
from ..runtime.errors import RegistrationError
from .outputfolder import DICOM_FOLDER

if TYPE_CHECKING:
    from ..space.grid import Grid
    from ..space.transform import Transform


def addRadiotherapyOptions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("radiotherapy", "for DICOM folders, MOVING being the scan that was planned on")
    group.add_argument("--rtstruct", type=Path, metavar="RS", help="structures (RTSTRUCT) of MOVING to carry along")
    group.add_argument("--rtdose", type=Path, metavar="RD", help="dose (RTDOSE, in Gy) of MOVING to carry along")


@dataclass
class Radiotherapy:
    """One run's objects; they are read, and refused, before anything is computed."""

    options: argparse.Namespace
    series: dict[str, ChosenSeries]
    structures: list[Any] = field(default_factory=list)
    dose: Any = None
    notes: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """:raises RegistrationError: the scans are no DICOM folders of one patient, or an object is not of MOVING."""
        options = self.options
        if options.rtstruct is None and options.rtdose is None:
            return
        if len(self.series) < 2:
            raise RegistrationError("--rtstruct and --rtdose can be used only where both scans are DICOM folders.")
        if isSamePatient(self.series["fixed"].info, self.series["moving"].info) is False:
            raise RegistrationError("--rtstruct and --rtdose cannot be used with scans of different patients.")
        for name in ("fixed", "moving"):
            if not self.series[name].info.frameOfReferenceUid:
                raise RegistrationError(f"The headers of {name.upper()} give no frame of reference.")
        frame = self.series["moving"].info.frameOfReferenceUid
        if options.rtstruct is not None:
            from ..dicomobjects.structures import readStructures

            self.structures, notes = readStructures(options.rtstruct, frame)
            self.notes += notes
        if options.rtdose is not None:
            from ..dicomobjects.dose import readDose

            self.dose = readDose(options.rtdose, frame)

    def write(self, part: Path, fixed: Grid, moving: Grid, transform: Transform) -> None:
        """The objects, into ``part``. ``fixed`` and ``moving`` are the scans' grids.

        :raises OSError: one cannot be written.
        :raises RegistrationError: structures lie in no slices of MOVING, or outside FIXED.
        """
        if not self.structures and self.dose is None:
            return
        from ..dicomobjects.dose import carryDose
        from ..dicomobjects.source import sourceImages
        from ..dicomobjects.structures import carryStructures

        current = sourceImages(self.series["fixed"].stack)
        folder = part / DICOM_FOLDER
        folder.mkdir(exist_ok=True)
        if self.structures:
            ds, notes = carryStructures(self.structures, moving, current, fixed, transform)
            self.notes += notes
            ds.save_as(folder / "structures.dcm", enforce_file_format=True)
        if self.dose is not None:
            dose, planned = self.dose
            carried = carryDose(dose, planned, current, fixed, transform)
            carried.save_as(folder / "dose.dcm", enforce_file_format=True)
            self.notes.append("The dose was carried with the tissue; it was not calculated anew.")
