"""Sums over the regions that count: volumes before and now, growth per year, doubling time, sum of diameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..change.changemap import ChangeMap
from ..change.detection import Detection
from ..change.regions import GONE, NEW, Region
from ..change.table import ACCEPTED, REJECTED, Opinion
from ..space.grid import canonicalAxes, transformPoints
from .changerates import DAYS_A_YEAR, FEWEST_DAYS

# From here on a lesion's axial diameter counts as measurable (RECIST 1.1).
MEASURABLE_MM = 10.0


@dataclass(frozen=True)
class Totals:
    """Of the accepted regions; of all that were not rejected where none was accepted.

    Volumes in mm3, of whole lesions as far as they changed, without what is cut off or a ventricle. Percent and
    doubling time are of the lesions that were there at both visits: what appeared or vanished has neither. What cannot
    be known is None.
    """

    isReviewed: bool
    regions: int
    rejected: int
    volumeBeforeMm3: float
    volumeNowMm3: float
    growthMlPerYear: float | None
    growthPercentPerYear: float | None
    doublingDays: float | None
    sumOfAxialDiametersMm: float
    measurableLesions: int

    def asValues(self) -> dict[str, Any]:
        """For json."""
        return {k: round(v, 2) if isinstance(v, float) else v for k, v in asdict(self).items()}


def counted(detection: Detection, opinions: Mapping[int, Opinion]) -> list[Region]:
    """The regions that count: those accepted, or, where nobody accepted any, those that were not rejected."""
    said = {region.rank: opinions.get(region.rank, Opinion()).verdict for region in detection.regions}
    accepted = [region for region in detection.regions if said[region.rank] == ACCEPTED]
    if accepted or isReviewed(detection, opinions):
        return accepted
    return [region for region in detection.regions if said[region.rank] != REJECTED]


def isReviewed(detection: Detection, opinions: Mapping[int, Opinion]) -> bool:
    """Whether a reader said something of any region."""
    return any(opinions.get(region.rank, Opinion()).verdict for region in detection.regions)


def volumesMm3(region: Region) -> tuple[float, float]:
    """Of the whole lesion before and now, by its growth; 0 where there was none, or is none left."""
    return volumesOf(region.kind, region.volumeMm3, region.growthPercent)


def volumesOf(kind: str, volume: float, growth: float | None) -> tuple[float, float]:
    """The same of what a table says of a region; in mm3 and percent."""
    if kind == NEW:
        return 0.0, volume
    if kind == GONE:
        return volume, 0.0
    if not growth:
        return volume, volume
    before = 100.0 * volume / abs(growth)
    return before, max(0.0, before + (volume if growth > 0 else -volume))


def totalsOf(detection: Detection, opinions: Mapping[int, Opinion], days: int | None, changeMap: ChangeMap) -> Totals:
    """:param days: between the visits, if known."""
    regions = counted(detection, opinions)
    # What is cut off, or the wall of a ventricle, has no volume of a lesion.
    measured = [region for region in regions if region.isMeasured]
    pairs = [volumesMm3(region) for region in measured]
    before, now = (sum(pair[side] for pair in pairs) for side in (0, 1))
    years = days / DAYS_A_YEAR if days and days >= FEWEST_DAYS else None
    lasting = [sum(pair[side] for pair in pairs if min(pair) > 0) for side in (0, 1)]
    rate = math.log(lasting[1] / lasting[0]) / years if years and lasting[0] > 0 else None
    diameters = [
        axialDiameterMm(changeMap, detection.labels, region)
        for region, (_, after) in zip(measured, pairs, strict=True)
        if after > 0
    ]
    measurable = [mm for mm in diameters if mm >= MEASURABLE_MM]
    return Totals(
        isReviewed=isReviewed(detection, opinions),
        regions=len(regions),
        rejected=sum(opinions.get(r.rank, Opinion()).verdict == REJECTED for r in detection.regions),
        volumeBeforeMm3=before,
        volumeNowMm3=now,
        growthMlPerYear=(now - before) / 1000.0 / years if years else None,
        growthPercentPerYear=None if rate is None else 100.0 * (math.exp(rate) - 1.0),
        doublingDays=DAYS_A_YEAR * math.log(2.0) / rate if rate is not None and rate > 1e-6 else None,
        sumOfAxialDiametersMm=float(sum(measurable)),
        measurableLesions=len(measurable),
    )


def axialDiameterMm(changeMap: ChangeMap, labels: np.ndarray, region: Region) -> float:
    """The longest diameter of a region within one of the map's planes that is nearest to axial."""
    grid = changeMap.grid
    axes, _ = canonicalAxes(grid)
    across = 2 - int(axes[2])
    voxels = np.argwhere(labels == region.rank)
    longest = 0.0
    for plane in np.unique(voxels[:, across]):
        points = transformPoints(grid.ijkToRas, voxels[voxels[:, across] == plane][:, ::-1])
        points = points[np.argsort(-np.linalg.norm(points - points.mean(axis=0), axis=1))[:200]]
        longest = max(longest, float(np.linalg.norm(points[:, None] - points[None], axis=2).max()))
    inPlane = [grid.spacing[2 - axis] for axis in range(3) if axis != across]
    return longest + float(np.mean(inPlane)) if len(voxels) else 0.0
