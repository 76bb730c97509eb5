"""Volumes that came from DICOM: the files that they were made of, and what those say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from ..dicom.choosing import ChosenSeries, chooseSeries, seriesOfFiles
from ..dicom.headers import REPORT_MODALITY
from ..dicom.scan import ScanInfo
from ..dicom.stacks import Stack
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import LPS_FROM_RAS, Grid, transformPoints
from .reading import readSeries

# Slicer's own attribute of volumes from its database: the SOP Instance UIDs, by slice.
INSTANCES = "DICOM.instanceUIDs"
# Of volumes that were read from a folder by this program. With Slicer's prefix, so that they go with the other one
# where a node will hold something else.
FOLDER, SERIES = "DICOM.LDRRegistration.folder", "DICOM.LDRRegistration.series"
STUDY_TAG, MODALITY_TAG = "0020,000D", "0008,0060"
# Of a voxel: so far the planes may lie from where a volume has them.
TOLERANCE = 0.6


@dataclass(frozen=True)
class DicomFiles:
    """Where the images of a volume are: ``files`` of Slicer's database, or a ``folder`` and the label of a series.

    ``reports``: the structured reports of the same study, where the database knows them. ``name``: of the node.
    """

    name: str
    planes: int
    files: tuple[Path, ...] = ()
    folder: Path | None = None
    label: str = ""
    reports: tuple[Path, ...] = ()

    def series(self) -> ChosenSeries:
        """The series, its headers read; in any thread.

        :raises RegistrationError: the files are gone, or are no such volume.
        """
        if self.folder is None:
            return seriesOfFiles(self.files, self.planes)
        if not self.folder.exists():
            raise RegistrationError(
                _('The DICOM folder {folder}, which "{name}" was read from, is not there any more.').format(
                    folder=self.folder, name=self.name
                )
            )
        return chooseSeries(self.folder, self.label)

    def reportsOf(self, series: ChosenSeries) -> list[Path]:
        """The structured reports of the study that ``series`` is of, as far as they are known."""
        return list(self.reports) if self.folder is None else series.folder.reports


def dicomFiles(volumeNode: Any) -> DicomFiles | None:
    """The files that ``volumeNode`` was made of; None if it is not from DICOM, or the database has them no more.

    Main thread: the database belongs to it.
    """
    name, shape = volumeNode.GetName(), _planes(volumeNode)
    uids = (volumeNode.GetAttribute(INSTANCES) or "").split()
    database = slicer.dicomDatabase if hasattr(slicer, "dicomDatabase") else None
    if database is not None and uids:
        known = {uid: database.fileForInstance(uid) for uid in uids}
        files = tuple(dict.fromkeys(Path(path) for path in known.values() if path))
        if all(known.values()) and all(path.is_file() for path in files):
            return DicomFiles(name, shape, files, reports=tuple(_reports(database, files[0])))
    folder = volumeNode.GetAttribute(FOLDER)
    if not folder:
        return None
    return DicomFiles(name, shape, folder=Path(folder), label=volumeNode.GetAttribute(SERIES) or "")


def openSeries(scene: Any, chosen: ChosenSeries, notes: list[str] | None = None) -> Any:
    """A volume node of a series in a folder, below its patient and its study in the subject hierarchy.

    :raises RegistrationError: it is no volume, or its voxels cannot be read.
    """
    node = readSeries(scene, chosen.stack, notes)
    info = chosen.info
    name = f"{info.number}: {info.description}" if info.number else info.description
    # Both visits have the same series, as a rule.
    node.SetName(scene.GenerateUniqueName(name))
    node.SetAttribute(FOLDER, str(chosen.folder.path.absolute()))
    node.SetAttribute(SERIES, chosen.stack.label)
    uids = dict.fromkeys(str(plane.header.get("SOPInstanceUID", "")) for plane in chosen.stack.planes)
    node.SetAttribute(INSTANCES, " ".join(uid for uid in uids if uid))
    _fileInHierarchy(scene, node, info)
    return node


def checkPlace(stack: Stack, grid: Grid) -> None:
    """See that a volume lay where its DICOM images do.

    :param grid: of the volume, in world RAS mm, as it was compared.
    :raises RegistrationError: it was moved, so that places in it are none in the images.
    """
    for plane in (stack.planes[0], stack.planes[-1]):
        rows, columns = plane.shape
        across = np.array([(columns - 1) * plane.spacing[0], (rows - 1) * plane.spacing[1]]) / 2
        centerRas = transformPoints(LPS_FROM_RAS, plane.positionLps + across @ plane.axesLps)
        ijk = transformPoints(grid.rasToIjk, centerRas)
        if stack.isEven and grid.shape == stack.shape:
            middle = (grid.sizeIjk[:2] - 1) / 2
            # Slicer may have turned the slices round.
            ends = [np.array([*middle, k]) for k in (0, grid.shape[0] - 1)]
            isThere = any(np.abs(ijk - end).max() <= TOLERANCE for end in ends)
        else:
            # Made even, or upright, it is another grid around the same planes.
            isThere = bool((ijk >= -TOLERANCE).all() and (ijk <= grid.sizeIjk - 1 + TOLERANCE).all())
        if not isThere:
            raise RegistrationError(
                _(
                    'The volume of series "{series}" did not lie where its DICOM images do when it was compared: take '
                    "it out of its transform and find the changes again."
                ).format(series=stack.shown)
            )


def _planes(volumeNode: Any) -> int:
    image = volumeNode.GetImageData()
    return 0 if image is None else int(image.GetDimensions()[2])


def _reports(database: Any, file: Path) -> list[Path]:
    """The structured reports in the study of ``file``."""
    study = database.fileValue(str(file), STUDY_TAG)
    found: list[Path] = []
    for series in database.seriesForStudy(study) if study else ():
        files = database.filesForSeries(series)
        if files and database.fileValue(files[0], MODALITY_TAG) == REPORT_MODALITY:
            found += map(Path, files)
    return found


def _fileInHierarchy(scene: Any, node: Any, info: ScanInfo) -> None:
    """As Slicer's DICOM module does with what it loads."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is None:
        return
    names = slicer.vtkMRMLSubjectHierarchyConstants
    uidName, root = names.GetDICOMUIDName(), hierarchy.GetSceneItemID()
    # Without an id of the patient nobody can say that two studies are of one.
    patientUid = info.patientId or f"Patient-{info.studyUid}"
    patient = hierarchy.GetItemByUID(uidName, patientUid)
    if not patient:
        patient = hierarchy.CreateSubjectItem(root, info.patientName or info.patientId or "No name")
        hierarchy.SetItemUID(patient, uidName, patientUid)
        for name, value in (
            (names.GetDICOMPatientIDAttributeName(), info.patientId),
            (names.GetDICOMPatientNameAttributeName(), info.patientName),
            (names.GetDICOMPatientBirthDateAttributeName(), info.birthDate),
        ):
            hierarchy.SetItemAttribute(patient, name, value)
    study = hierarchy.GetItemByUID(uidName, info.studyUid) if info.studyUid else 0
    if not study:
        study = hierarchy.CreateStudyItem(patient, info.date or "Study")
        hierarchy.SetItemUID(study, uidName, info.studyUid)
        hierarchy.SetItemAttribute(study, names.GetDICOMStudyDateAttributeName(), (info.date or "").replace("-", ""))
    item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(study, node)
    hierarchy.SetItemParent(item, study)
    hierarchy.SetItemUID(item, uidName, info.seriesUid)
