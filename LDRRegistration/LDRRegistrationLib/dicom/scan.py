"""Whose scan it is, when and how it was made: what a report says of it, and what a comparison asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# In the order of how well they say when the patient was scanned.
DATES = ("StudyDate", "AcquisitionDate", "AcquisitionDateTime", "SeriesDate", "ContentDate")


@dataclass(frozen=True)
class ScanInfo:
    """Of one series. Texts are empty, and the date (ISO) None, where the headers say nothing."""

    date: str | None = None
    description: str = ""
    number: str = ""
    modality: str = ""
    scanner: str = ""
    contrastAgent: str = ""
    patientId: str = ""
    patientName: str = ""
    birthDate: str = ""
    studyUid: str = ""
    seriesUid: str = ""
    frameOfReferenceUid: str = ""


def scanInfo(header: Dataset, description: str) -> ScanInfo:
    """From the header of any image of the series; ``description`` is how its list calls it."""
    strength = text(header, "MagneticFieldStrength")
    parts = [text(header, name) for name in ("Manufacturer", "ManufacturerModelName")]
    try:
        # Some write gauss.
        tesla = float(strength) if strength else 0.0
        parts.append(f"{tesla / 10000 if tesla > 100 else tesla:g} T" if tesla > 0 else "")
    except ValueError:
        pass
    return ScanInfo(
        date=next((day for name in DATES if (day := isoDate(text(header, name)))), None),
        description=description,
        number=text(header, "SeriesNumber"),
        modality=text(header, "Modality"),
        scanner=" ".join(part for part in parts if part),
        contrastAgent=text(header, "ContrastBolusAgent"),
        patientId=text(header, "PatientID"),
        patientName=text(header, "PatientName"),
        birthDate=text(header, "PatientBirthDate"),
        studyUid=text(header, "StudyInstanceUID"),
        seriesUid=text(header, "SeriesInstanceUID"),
        frameOfReferenceUid=text(header, "FrameOfReferenceUID"),
    )


def isSamePatient(one: ScanInfo, other: ScanInfo) -> bool | None:
    """Whether two scans are of one patient; None if the headers do not say it."""
    if one.patientId and other.patientId:
        return one.patientId == other.patientId
    pairs = ((one.patientName, other.patientName), (one.birthDate, other.birthDate))
    if any(a and b and a != b for a, b in pairs):
        return False
    return True if all(a and b for a, b in pairs) else None


def pairNotes(current: ScanInfo, prior: ScanInfo, names: tuple[str, str] = ("fixed", "moving")) -> list[str]:
    """Sentences on what the headers of the two scans, called ``names``, say of each other."""
    notes = []
    same = isSamePatient(current, prior)
    if same is False:
        notes.append("The two scans are of different patients, as their headers say: check that this is meant.")
    if same is None:
        notes.append("The headers do not say whether the two scans are of one patient.")
    undated = [name for name, scan in zip(names, (current, prior), strict=True) if scan.date is None]
    if undated:
        notes.append(f"The headers of the {' and the '.join(undated)} scan say no date.")
    if current.contrastAgent and not prior.contrastAgent:
        notes.append(f"Only the {names[0]} scan has a contrast agent: what it enhances is no change.")
    if prior.contrastAgent and not current.contrastAgent:
        notes.append(f"Only the {names[1]} scan has a contrast agent: what it enhanced is no change.")
    return notes


def isoDate(text: str) -> str | None:
    """ "20240531" or a time that begins so as "2024-05-31"; None for what is no date."""
    try:
        return datetime.strptime(text.replace("-", "").replace(".", "")[:8], "%Y%m%d").date().isoformat()
    except ValueError:
        return None


def daysBetween(current: str | None, prior: str | None) -> int | None:
    """Days from the prior to the current ISO date; None if one is not known."""
    try:
        return (date.fromisoformat((current or "").strip()[:10]) - date.fromisoformat((prior or "").strip()[:10])).days
    except ValueError:
        return None


def text(header: Dataset, keyword: str) -> str:
    """A header's value as one line of text; empty if it is missing or cannot be read."""
    try:
        value: Any = header.get(keyword)
        shown = "" if value is None else str(value)
    except Exception:  # pydicom converts only now, and raises whatever a damaged value happens to break
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in shown).split())
