"""The codes of the objects: SNOMED CT and DICOM's own where they have one, else those of this program (99LDR)."""

from __future__ import annotations

from typing import Any

from .extra import importHighdicom

ALGORITHM = "LDRRegistration change detection"
# Value, scheme, meaning.
Code = tuple[str, str, str]
ABNORMAL_STRUCTURE: Code = ("49755003", "SCT", "Morphologically Abnormal Structure")
LESION: Code = ("52988006", "SCT", "Lesion")
FAMILY: Code = ("123110", "DCM", "Artificial Intelligence")
VOLUME: Code = ("118565006", "SCT", "Volume")
LONG_AXIS: Code = ("103339001", "SCT", "Long axis")
CUBIC_MM: Code = ("mm3", "UCUM", "cubic millimeter")
MM: Code = ("mm", "UCUM", "millimeter")
PERCENT: Code = ("%", "UCUM", "percent")
NO_UNITS: Code = ("1", "UCUM", "no units")
IMAGING: Code = ("363679005", "SCT", "Imaging procedure")
GROWTH: Code = ("GROWTH", "99LDR", "Growth since prior")
DEVIATION: Code = ("DEVIATION", "99LDR", "Change over noise, mean")
REGIONS: Code = ("REGIONS", "99LDR", "Number of regions of change")
DETECTION_LIMIT: Code = ("DETECTION_LIMIT", "99LDR", "Signal change at which half are found")
COMMENT: Code = ("121106", "DCM", "Comment")
CHANGE: Code = ("CHANGE", "99LDR", "Change since prior")
REVIEW: Code = ("REVIEW", "99LDR", "Review")
COMPARISON: Code = ("COMPARISON", "99LDR", "Comparison with prior scan")
ALIGNMENT: Code = ("ALIGNMENT", "99LDR", "Alignment of the scans")
KINDS: dict[str, Code] = {
    "new": ("NEW", "99LDR", "New"),
    "grown": ("GROWN", "99LDR", "Grown"),
    "shrunken": ("SHRUNKEN", "99LDR", "Shrunken"),
    "gone": ("GONE", "99LDR", "Gone"),
    "ventricle": ("VENTRICLE", "99LDR", "Wall of a ventricle that is wider or narrower"),
    "none": ("NO_CHANGE", "99LDR", "No change found"),
    "unknown": ("NOT_COMPARED", "99LDR", "Not compared"),
    "some": ("CHANGED", "99LDR", "Change found"),
}
REVIEWS: dict[bool, Code] = {
    True: ("ACCEPTED", "99LDR", "Accepted by a reader"),
    False: ("NOT_REVIEWED", "99LDR", "Not reviewed"),
}
GRADE_CODES: dict[str, Code] = {
    "good": ("GOOD", "99LDR", "Good"),
    "check": ("CHECK", "99LDR", "To be checked"),
    "failed": ("FAILED", "99LDR", "Failed"),
}


def coded(code: Code) -> Any:
    """As highdicom takes it."""
    return importHighdicom().sr.CodedConcept(value=code[0], scheme_designator=code[1], meaning=code[2])
