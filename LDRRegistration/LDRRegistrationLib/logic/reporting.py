"""What goes out of a comparison: the report for people, and the DICOM objects for the archive."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..change.answer import judgeComparison
from ..change.changemap import ChangeMap
from ..change.detection import Detection
from ..change.detectionlimit import DetectionLimit, detectionLimit
from ..change.table import Opinion
from ..dicom.scan import ScanInfo, pairNotes
from ..mrml.changenodes import Changes
from ..mrml.dicomvolumes import DicomFiles, checkPlace, dicomFiles
from ..mrml.studies import studyOf
from ..mrml.worldposition import scansOf
from ..registration.verdict import Verdict
from ..reports.changefiles import writeChanges
from ..reports.context import FoundLimit, ReportContext, patientShown
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback, Stages
from ..runtime.version import softwareVersion
from ..runtime.workfolder import replaceFiles
from ..space.grid import Grid
from ..space.transform import Transform

DICOM_FOLDER = "dicom"


@dataclass
class ReportJob:
    """A comparison on its way into files: what the scene says of it now.

    ``files`` and ``known``: of the current and of the prior scan, the DICOM files that it was made of, and what is
    known of it without them. ``patient``: as ``exportChanges`` takes it.
    """

    changes: Changes
    folder: Path
    changeMap: ChangeMap
    detection: Detection
    opinions: dict[int, Opinion]
    alignment: Verdict
    model: str
    files: tuple[DicomFiles | None, DicomFiles | None]
    known: tuple[ScanInfo, ScanInfo]
    patient: str
    limit: DetectionLimit | None


@dataclass
class ObjectsJob(ReportJob):
    """The same on its way into DICOM objects. ``grids``: where the current and the prior scan lay when compared."""

    grids: tuple[Grid, Grid]
    transform: Transform
    priorReport: Path | None
    reader: str
    organization: str
    # Sentences on findings of the prior visit that are lost.
    notes: list[str] = field(default_factory=list)


class ReportingLogic:
    """``prepare...`` and ``publishFiles`` belong to the main thread, ``compute...`` to any."""

    def exportChanges(
        self,
        changes: Changes,
        *,
        folder: Path | str,
        patient: str = "",
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
    ) -> list[Path]:
        """Write changes.csv, changes.html and changes.json into ``folder``; they hold no names of nodes.

        Of volumes that came from DICOM the report says date, series, scanner and contrast agent.

        :param patient: how the report calls the patient; "dicom": as DICOM says; nothing by default.
        :raises RegistrationError: it cannot be written.
        :raises RegistrationCancelled: cancelled; nothing was written.
        """
        job = self.prepareReport(changes=changes, folder=folder, patient=patient)
        return self.publishFiles(job, self.computeReport(job, progress=progressCallback, cancelled=cancelCallback))

    def writeDicom(
        self,
        changes: Changes,
        *,
        folder: Path | str,
        priorReport: Path | str | None = None,
        reader: str = "",
        organization: str = "",
        progressCallback: ProgressCallback | None = None,
        cancelCallback: CancelCallback | None = None,
    ) -> list[Path]:
        """Write a Segmentation, a measurement report and a Spatial Registration into the folder "dicom" in ``folder``.

        Both scans must be DICOM volumes: of Slicer's database, or opened by ``openStudies``. Once a reader has judged
        any region, only accepted ones go out; else all do, and the report says that nobody has looked.

        :param priorReport: where findings have their identifiers from; without it the measurement reports of the prior
            study, as far as the database or the prior's folder has them.
        :param reader, organization: who answers for it; both make the report a verified one.
        :returns: the files.
        :raises RegistrationError: the scans are not from DICOM, or not of one patient, or lay elsewhere; or it cannot
            be written.
        :raises DependencyError: highdicom is not installed.
        :raises RegistrationCancelled: cancelled; nothing was written.
        """
        job = self.prepareObjects(
            changes=changes, folder=folder, priorReport=priorReport, reader=reader, organization=organization
        )
        return self.publishFiles(job, self.computeObjects(job, progress=progressCallback, cancelled=cancelCallback))

    def prepareReport(self, *, changes: Changes, folder: Path | str, patient: str = "") -> ReportJob:
        """Note what is needed of the scene; changes nothing in it. See ``exportChanges``."""
        return ReportJob(**_whatIsKnown(changes, folder, patient))

    def prepareObjects(
        self,
        *,
        changes: Changes,
        folder: Path | str,
        priorReport: Path | str | None = None,
        reader: str = "",
        organization: str = "",
    ) -> ObjectsJob:
        """The same for ``writeDicom``, whose errors it raises."""
        from ..dicomobjects.extra import importHighdicom

        importHighdicom()
        known = _whatIsKnown(changes, folder, "")
        for node, files in zip(scansOf(changes.transformNode), known["files"], strict=True):
            if files is None:
                raise RegistrationError(
                    _(
                        'DICOM objects can be made only of volumes that came from DICOM. "{name}" did not, or its '
                        "files are not in the DICOM database any more."
                    ).format(name="?" if node is None else node.GetName())
                )
        if changes.grids is None:
            raise RegistrationError(_("It is not known where the scans lay: find the changes again."))
        return ObjectsJob(
            **known,
            grids=changes.grids,
            transform=changes.result.transform,
            priorReport=None if priorReport is None else Path(priorReport),
            reader=reader,
            organization=organization,
        )

    def computeReport(
        self, job: ReportJob, *, progress: ProgressCallback | None = None, cancelled: CancelCallback | None = None
    ) -> list[Path]:
        """Write the report, in any thread; touches no node."""
        _findLimit(job, progress, cancelled)
        context = _contextOf(job)

        def write(part: Path) -> list[Path]:
            return writeChanges(part, job.changeMap, job.detection, job.opinions, context)

        return _written(job.folder, write)

    def computeObjects(
        self, job: ObjectsJob, *, progress: ProgressCallback | None = None, cancelled: CancelCallback | None = None
    ) -> list[Path]:
        """Write the objects, in any thread; touches no node."""
        from ..dicomobjects.measurements import Reviewer
        from ..dicomobjects.source import whyNoObjects
        from ..dicomobjects.tracking import trackedIn
        from ..dicomobjects.writing import NAMES, writeObjects

        current, prior = series = [files.series() for files in job.files if files is not None]
        why = whyNoObjects(current.info, prior.info)
        if why:
            raise RegistrationError(why)
        for one, grid in zip(series, job.grids, strict=True):
            checkPlace(one.stack, grid)
        reports = job.files[1].reportsOf(prior) if job.files[1] is not None else []
        tracked, job.notes = trackedIn(reports, prior.info.frameOfReferenceUid, job.priorReport)
        _findLimit(job, progress, cancelled)

        def write(part: Path) -> list[Path]:
            return writeObjects(
                part,
                current.stack,
                prior.stack,
                job.transform,
                job.changeMap,
                job.detection,
                grade=job.alignment.grade,
                opinions=job.opinions if any(opinion.verdict for opinion in job.opinions.values()) else None,
                reviewer=Reviewer(job.reader, job.organization),
                tracked=tracked,
                limit=foundLimit(job.limit),
            )

        place = job.folder / DICOM_FOLDER
        paths = _written(place, write)
        # Of an earlier result in the same folder, which had regions.
        for name in NAMES:
            if place / name not in paths:
                (place / name).unlink(missing_ok=True)
        return paths

    def publishFiles(self, job: ReportJob, paths: list[Path]) -> list[Path]:
        """What was written; the comparison keeps the detection limit, so that it is sought once."""
        if job.limit is not None and job.changes.detection.sensitivity == job.limit.sensitivity:
            job.changes.limit = job.limit
        return paths


def foundLimit(limit: DetectionLimit | None) -> FoundLimit:
    """As reports say it; nothing where nobody asked."""
    return FoundLimit() if limit is None else FoundLimit(limit.sentence, limit.limitPercent)


def _whatIsKnown(changes: Changes, folder: Path | str, patient: str) -> dict[str, Any]:
    """The fields of a ReportJob."""
    scans = scansOf(changes.transformNode)
    limit = changes.limit
    return {
        "changes": changes,
        "folder": Path(folder),
        "changeMap": changes.changeMap,
        "detection": changes.detection,
        "opinions": dict(changes.opinions),
        "alignment": changes.alignment,
        "model": changes.result.model,
        "files": tuple(None if node is None else dicomFiles(node) for node in scans),
        "known": tuple(studyOf(node).info for node in scans),
        "patient": patient,
        "limit": limit if limit is not None and limit.sensitivity == changes.detection.sensitivity else None,
    }


def _contextOf(job: ReportJob) -> ReportContext:
    """What the report says of the scans, by their headers."""
    infos = list(job.known)
    for place, files in enumerate(job.files):
        # A report can do without the headers: it was asked for because of the regions.
        with contextlib.suppress(RegistrationError):
            if files is not None:
                infos[place] = files.series().info
    current, prior = infos
    isOfDicom = None not in job.files
    return ReportContext(
        current=current,
        prior=prior,
        patient=patientShown(job.patient, current),
        model=job.model,
        version=softwareVersion(),
        grade=job.alignment.grade,
        gradeSentence=job.alignment.sentence,
        comparison=judgeComparison(job.changeMap, job.limit).sentence,
        limit=foundLimit(job.limit),
        notes=tuple(pairNotes(current, prior, ("current", "prior"))) if isOfDicom else (),
    )


def _findLimit(job: ReportJob, progress: ProgressCallback | None, cancelled: CancelCallback | None) -> None:
    stages = Stages(progress, cancelled)
    stages.check()
    # Scans that were not aligned have none.
    if job.limit is None and job.alignment.grade != "failed":
        job.limit = detectionLimit(job.changeMap, job.detection.sensitivity, progress, cancelled)
    stages.check()


def _written(place: Path, write: Callable[[Path], list[Path]]) -> list[Path]:
    """The files that ``write`` makes in a folder, brought into ``place`` all at once.

    :raises RegistrationError: that is not possible.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
        return replaceFiles(place, write)
    except OSError as error:
        raise RegistrationError(
            _("The report could not be written into {folder}: {reason}.").format(folder=place, reason=error.strerror)
        ) from error
