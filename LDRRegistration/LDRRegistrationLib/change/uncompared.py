"""What ought to have been compared and was not: never dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime.language import tr as _
from ..space.grid import Grid, transformPoints
from .shapes import parts

# The values of ChangeMap.uncompared, and of change_uncompared.nii.gz.
OUTSIDE_PRIOR, NOT_MEASURED, OUTSIDE_MASKS, UNCERTAIN = 1, 2, 3, 4
# Smaller areas are not listed; thinner ones are the rim of what was scanned.
MINIMUM_NAMED_MM3 = 1000.0


@dataclass(frozen=True)
class Area:
    """One area that was not compared: ``volumeMm3``, its middle in RAS mm, and why, in words."""

    volumeMm3: float
    centerRas: tuple[float, float, float]
    why: str

    @property
    def content(self) -> dict[str, object]:
        """For report.json."""
        return {
            "volumeMl": round(self.volumeMm3 / 1000.0, 2),
            "centerRas": [round(x, 1) for x in self.centerRas],
            "why": self.why,
        }


def reasons(
    wanted: np.ndarray,
    known: np.ndarray,
    covered: np.ndarray,
    compared: np.ndarray,
    masked: np.ndarray,
    certain: np.ndarray,
) -> np.ndarray:
    """(k, j, i) uint8: why each point of ``wanted`` is not in ``certain``; all are bool (k, j, i).

    :param known: measured in the current scan; ``covered``: within the prior scan's box; ``compared``: known in both;
        ``masked``: of those, inside the user's masks.
    """
    why = np.zeros(wanted.shape, dtype=np.uint8)
    why[wanted & ~certain] = UNCERTAIN
    why[wanted & ~masked] = OUTSIDE_MASKS
    why[wanted & ~compared] = NOT_MEASURED
    why[wanted & known & ~covered] = OUTSIDE_PRIOR
    return why


def areas(uncompared: np.ndarray, grid: Grid) -> list[Area]:
    """Areas of at least 1 ml that hang together and were not compared, largest first; not what masks left out."""
    least = MINIMUM_NAMED_MM3 / float(np.prod(grid.spacing))
    texts = {
        OUTSIDE_PRIOR: _("outside the prior scan"),
        NOT_MEASURED: _("not measured in one of the scans (no data, metal or a cut surface)"),
        UNCERTAIN: _("the alignment is uncertain"),
    }
    found = []
    for reason, why in texts.items():
        here = uncompared == reason
        if here.sum() < least:
            continue
        numbers = parts(here)
        counts = np.bincount(numbers.ravel())
        for number in np.flatnonzero(counts[1:] >= least) + 1:
            ijk = np.argwhere(numbers == number)[:, ::-1].mean(axis=0)
            r, a, s = (float(x) for x in transformPoints(grid.ijkToRas, ijk))
            found.append(Area(float(counts[number] * np.prod(grid.spacing)), (r, a, s), why))
    return sorted(found, key=lambda area: -area.volumeMm3)


def sentence(found: list[Area]) -> str:
    """Of all areas in one sentence; empty where there are none."""
    if not found:
        return ""
    first = found[0]
    # Whole numbers of millimetres, of which -0 is none.
    place = ", ".join(str(round(mm)) for mm in first.centerRas)
    if len(found) == 1:
        text = _("Not compared: {volume:.0f} ml at ({place}), because: {why}.")
    else:
        text = _(
            "Not compared: {total:.0f} ml in {count} areas of 1 ml or more; the largest, {volume:.0f} ml at ({place}), "
            "because: {why}."
        )
    return text.format(
        total=sum(area.volumeMm3 for area in found) / 1000.0,
        count=len(found),
        volume=first.volumeMm3 / 1000.0,
        place=place,
        why=first.why,
    )
