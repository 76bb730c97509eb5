"""What the scene knows of a volume's DICOM study: date, patient and series."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import slicer

from ..dicom.scan import ScanInfo, isoDate, isSamePatient

# Slicer writes these for a patient of whom the headers give no id, or no name.
NO_ID, NO_NAME = "Patient-", "No name"
# In scenes with more volumes only the first so many are looked at.
MAXIMUM_COMPARED = 60


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
    def kind(self) -> str:
        """What kind of scan the series says that it is: its words, without the numbers that differ between visits."""
        return " ".join(re.findall(r"[^\W\d_]+", (self.series or "").lower()))

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


def bestPair(volumeNodes: Sequence[Any]) -> tuple[Any, Any]:
    """Of two volumes or more, the fixed and the moving one that a reader would most likely compare.

    One patient comes first, then one kind of series, then two dates, and the newest of them; the newer one is fixed.
    Where the scene knows nothing of all that, these are the first two.
    """
    studies = [(node, studyOf(node)) for node in volumeNodes[:MAXIMUM_COMPARED]]
    # The first of equals.
    (first, earlier), (second, later) = max(combinations(studies, 2), key=lambda pair: _fit(pair[0][1], pair[1][1]))
    isSwapped = earlier.date is not None and later.date is not None and later.date > earlier.date
    return (second, first) if isSwapped else (first, second)


@dataclass(frozen=True)
class Partner:
    """A volume to be registered with another one; ``fits`` if the scene knows that a reader would compare the two."""

    node: Any
    study: Study
    fits: bool


def partnersOf(volumeNode: Any, volumeNodes: Sequence[Any]) -> list[Partner]:
    """The volumes that ``volumeNode`` can be registered with, those first that fit it best, as in ``bestPair``.

    One fits that is of the same patient, or of the same kind where the patient is not known.

    :param volumeNode: None: all volumes, the newest first, and none is known to fit.
    """
    chosen = studyOf(volumeNode)
    found = [(node, studyOf(node)) for node in volumeNodes if node is not volumeNode]
    if volumeNode is None:
        newest = sorted(found, key=lambda item: item[1].date or "", reverse=True)
        return [Partner(node, study, False) for node, study in newest]
    best = sorted(found, key=lambda item: _fit(chosen, item[1]), reverse=True)
    return [Partner(node, study, _fits(chosen, study)) for node, study in best]


def proposedPartner(volumeNode: Any, volumeNodes: Sequence[Any]) -> Any:
    """The one of ``partnersOf`` that a panel may choose unasked; None where nothing speaks for one.

    Of what nothing is known, the only other volume is proposed.
    """
    partners = partnersOf(volumeNode, volumeNodes)
    areOfOthers = [areOfDifferentPatients(volumeNode, partner.node) for partner in partners]
    isOnlyOne = len(partners) == 1 and not areOfOthers[0]
    return partners[0].node if partners and (partners[0].fits or isOnlyOne) else None


def _fit(one: Study, other: Study) -> tuple[Any, ...]:
    """How well two go together, to be compared."""
    same = isSamePatient(one.info, other.info)
    dates = sorted((one.date or "", other.date or ""))
    isOfOneKind = bool(one.kind) and one.kind == other.kind
    return {True: 2, None: 1, False: 0}[same], isOfOneKind, dates[0] != dates[1] and bool(dates[0]), dates[::-1]


def _fits(one: Study, other: Study) -> bool:
    same, isOfOneKind, *_dates = _fit(one, other)
    return same == 2 or (same == 1 and isOfOneKind)


def _above(hierarchy: Any, item: int, name: str) -> str | None:
    while item and item != hierarchy.GetSceneItemID():
        text = hierarchy.GetItemAttribute(item, name)
        if text:
            return str(text)
        item = hierarchy.GetItemParent(item)
    return None
