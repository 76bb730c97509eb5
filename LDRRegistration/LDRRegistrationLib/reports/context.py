"""What a report on changes says beside the changes: of the scans, the patient, the model and the alignment."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..dicom.scan import ScanInfo, daysBetween

# What shows the patient as the headers of the current scan do.
AS_DICOM_SAYS = "as DICOM says"


@dataclass(frozen=True)
class FoundLimit:
    """What a comparison would have found: a sentence, empty where nobody asked, and the change of signal, in percent,
    at which half of all lesions are found; None where not even the strongest are.
    """

    sentence: str = ""
    percent: float | None = None


@dataclass(frozen=True)
class ReportContext:
    """Whatever is not known is left out of the report.

    ``patient``: as it is to be shown, nothing by default. ``grade`` and ``gradeSentence``: of the
    alignment. ``comparison``: why the comparison is to be checked, nothing if it is good.
    ``limit``: what the comparison would have found. ``notes``: sentences on the scans.
    """

    current: ScanInfo = field(default_factory=ScanInfo)
    prior: ScanInfo = field(default_factory=ScanInfo)
    patient: str = ""
    model: str = ""
    version: str = ""
    grade: str = ""
    gradeSentence: str = ""
    comparison: str = ""
    limit: FoundLimit = field(default_factory=FoundLimit)
    notes: tuple[str, ...] = ()

    @property
    def days(self) -> int | None:
        """From the prior to the current scan."""
        return daysBetween(self.current.date, self.prior.date)


def patientShown(wanted: str, current: ScanInfo) -> str:
    """How a report calls the patient: by a pseudonym, as DICOM says, or not at all (an empty text)."""
    if wanted != AS_DICOM_SAYS:
        return wanted
    names = (current.patientName.replace("^", " ").replace("=", " / ").strip(), current.patientId)
    return ", ".join(text for text in names if text) or "not stated"
