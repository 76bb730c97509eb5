"""Regions of change as rows: for the scene's table, changes.csv and the report."""

from __future__ import annotations

from dataclasses import dataclass

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .regions import Region

# Texts, and numbers with their unit; the table node and the file have the same columns.
TEXTS = ("Kind", "Where", "Verdict", "Note")
COLUMNS = (
    "Region",
    "Kind",
    "Where",
    "Volume (mm3)",
    "Mean change",
    "Mean z",
    "Growth (%)",
    "Volume change by deformation (%)",
    "R (mm)",
    "A (mm)",
    "S (mm)",
    "Largest diameter (mm)",
    "Evidence",
    "Verdict",
    "Note",
)
ACCEPTED, REJECTED = "accepted", "rejected"


@dataclass(frozen=True)
class Opinion:
    """What a reader says of a region.

    :raises RegistrationError: the verdict is neither accepted nor rejected, nor empty.
    """

    verdict: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in ("", ACCEPTED, REJECTED):
            raise RegistrationError(
                _("The verdict {verdict!r} is neither {accepted} nor {rejected}, nor empty.").format(
                    verdict=self.verdict, accepted=ACCEPTED, rejected=REJECTED
                )
            )


def row(region: Region, opinion: Opinion | None = None) -> dict[str, int | float | str | None]:
    """The values of ``COLUMNS``. RAS in mm; the growth is None where there was nothing before, and so is every
    measure of what is cut off or a ventricle.
    """
    opinion = opinion or Opinion()
    r, a, s = region.centroidRas
    values = (
        region.rank,
        region.kind,
        region.place,
        round(region.volumeMm3, 1) if region.isMeasured else None,
        round(region.meanChange, 3),
        round(region.meanZ, 2),
        None if region.growthPercent is None or not region.isMeasured else round(region.growthPercent, 1),
        round(region.deformationPercent, 1),
        round(r, 1),
        round(a, 1),
        round(s, 1),
        round(region.largestDiameterMm, 1) if region.isMeasured else None,
        round(region.evidence, 2),
        opinion.verdict,
        opinion.note,
    )
    return dict(zip(COLUMNS, values, strict=True))
