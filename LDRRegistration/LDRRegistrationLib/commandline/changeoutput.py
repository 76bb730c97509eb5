"""The files of --change: the reports, the maps, and the objects that go back to the archive."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..change.answer import judgeComparison
from ..change.dates import checkDates
from ..dicom.choosing import ChosenSeries
from ..reports.context import FoundLimit, ReportContext, patientShown
from ..reports.verdictfile import Verdicts, opinionsOn, readVerdicts
from ..runtime.version import softwareVersion
from .dicominput import infoOf
from .outputfolder import DICOM_FOLDER

if TYPE_CHECKING:
    from ..change.table import Opinion
    from ..logic.changejob import ChangeOutcome
    from ..mrml.jobs import RegistrationJob
    from ..space.image import Image


@dataclass
class ChangeOutput:
    """One run's options and series; what is asked for is read, and refused, before anything is computed."""

    options: argparse.Namespace
    series: dict[str, ChosenSeries]
    verdicts: Verdicts | None = None
    tracked: list[Any] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """:raises RegistrationError: the scans are swapped; the verdicts or the prior's report cannot be read."""
        if self.options.change:
            checkDates(*self.options.dates)
        if self.options.verdicts is not None:
            self.verdicts = readVerdicts(self.options.verdicts)
        if self.options.dicom_out:
            self._readTracked()

    def write(self, part: Path, job: RegistrationJob, found: ChangeOutcome) -> None:
        """All files, into ``part``.

        :raises OSError: one cannot be written.
        """
        from ..mrml import files
        from ..reports.changefiles import writeChanges

        opinions: dict[int, Opinion] = {}
        if self.verdicts is not None:
            opinions, notes = opinionsOn(found.detection.regions, self.verdicts)
            self.notes += notes
        writeChanges(part, found.changeMap, found.detection, opinions, self._context(found))
        arrays = (found.changeMap.z, found.detection.labels, found.changeMap.uncompared)
        for name, array in zip(("change", "change_regions", "change_uncompared"), arrays, strict=True):
            image: Image = replace(job.fixed, array=found.changeMap.onFixedGrid(array))
            files.writeImage(image, part / f"{name}.nii.gz")
        if self.options.dicom_out:
            self._writeObjects(part, found, opinions)

    def _context(self, found: ChangeOutcome) -> ReportContext:
        current, prior = (
            infoOf(self.series, name, day) for name, day in zip(("fixed", "moving"), self.options.dates, strict=True)
        )
        return ReportContext(
            current=current,
            prior=prior,
            patient=patientShown(self.options.patient or "", current),
            model=found.result.model,
            version=softwareVersion(),
            grade=found.alignment.grade,
            gradeSentence=found.alignment.sentence,
            comparison=judgeComparison(found.changeMap, found.limit).sentence,
            limit=limitOf(found),
            notes=tuple(self.notes),
        )

    def _readTracked(self) -> None:
        from ..dicomobjects.tracking import trackedIn

        series = self.series["moving"]
        self.tracked, notes = trackedIn(
            series.folder.reports, series.info.frameOfReferenceUid, self.options.prior_report
        )
        self.notes += notes

    def _writeObjects(self, part: Path, found: ChangeOutcome, opinions: dict[int, Opinion]) -> None:
        from ..dicomobjects.measurements import Reviewer
        from ..dicomobjects.writing import writeObjects

        verdicts = self.verdicts
        writeObjects(
            part / DICOM_FOLDER,
            self.series["fixed"].stack,
            self.series["moving"].stack,
            found.result.transform,
            found.changeMap,
            found.detection,
            grade=found.alignment.grade,
            opinions=None if verdicts is None else opinions,
            reviewer=None if verdicts is None else Reviewer(verdicts.reader, verdicts.organization),
            tracked=self.tracked,
            limit=limitOf(found),
        )


def limitOf(found: ChangeOutcome) -> FoundLimit:
    """What the comparison would have found, where it was asked."""
    return FoundLimit() if found.limit is None else FoundLimit(found.limit.sentence, found.limit.limitPercent)
