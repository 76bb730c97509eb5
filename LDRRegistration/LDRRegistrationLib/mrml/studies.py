"""What the scene knows of a volume's DICOM study: date, patient and series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer

from ..dicom.scan import ScanInfo, isoDate, isSamePatient

# Slicer writes these for a patient of whom the headers give no id, or no name.
NO_ID, NO_NAME = "Patient-", "No name"


@dataclass(frozen=True)
class Study:
    """Of a volume; None is unknown. ``date`` is an ISO date."""

    date: str | None = None
    patientId: str | None = None
    patient: str | None = None
    birthDate: str | None = None
    series: str | None = None

    @property
    def words(self) -> str:
        """Date, series and patient, as far as they are known."""
        return " · ".join(part for part in (self.date, self.series, self.patient or self.patientId) if part)

    @property
    def info(self) -> ScanInfo:
        """The same as of a scan's headers."""
        return ScanInfo(
            date=self.date,
            description=self.series or "",
            patientId=self.patientId or "",
            patientName=self.patient or "",
            birthDate=self.birthDate or "",
        )


def studyOf(volumeNode: Any) -> Study:
    """What the subject hierarchy says of ``volumeNode``: its own item, and the study and the patient above it."""
    # Not GetSubjectHierarchyNode, which would add one to the scene.
    hierarchy = None if volumeNode is None else volumeNode.GetScene().GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    if hierarchy is None:
        return Study()
    names = slicer.vtkMRMLSubjectHierarchyConstants
    own = hierarchy.GetItemByDataNode(volumeNode)
    # The series is named on the volume's own item, the rest on one above it.
    isOfDicom = bool(own) and hierarchy.GetItemUID(own, names.GetDICOMUIDName()) != ""
    patientId = _above(hierarchy, own, names.GetDICOMPatientIDAttributeName())
    patient = _above(hierarchy, own, names.GetDICOMPatientNameAttributeName())
    return Study(
        date=isoDate(_above(hierarchy, own, names.GetDICOMStudyDateAttributeName()) or ""),
        patientId=None if patientId is not None and patientId.startswith(NO_ID) else patientId,
        patient=None if patient == NO_NAME else patient,
        birthDate=_above(hierarchy, own, names.GetDICOMPatientBirthDateAttributeName()),
        series=hierarchy.GetItemName(own) if isOfDicom else None,
    )


def areOfDifferentPatients(first: Any, second: Any) -> bool:
    """Whether the scene knows that two volumes are of different patients."""
    return isSamePatient(studyOf(first).info, studyOf(second).info) is False


def _above(hierarchy: Any, item: int, name: str) -> str | None:
    while item and item != hierarchy.GetSceneItemID():
        text = hierarchy.GetItemAttribute(item, name)
        if text:
            return str(text)
        item = hierarchy.GetItemParent(item)
    return None
