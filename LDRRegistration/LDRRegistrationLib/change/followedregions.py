"""Lesions that were followed from one visit to the other, as regions: once each, and measured at both visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..space.boxes import Box
from ..space.grid import transformPoints
from .evidence import Evidence
from .followed import AROUND_MM, RING_MM, Followed, aroundPlace, followedPlaces
from .readercriteria import ReaderCriteria
from .regions import EDGE_CONTRAST_SHARE, GROWN, SHRUNKEN, Region, isAtEnd, largestDiameter
from .shapes import near, parts

if TYPE_CHECKING:
    from .changemap import ChangeMap
    from .ventricles import Ventricles

# The middle of a lesion, as a share of its radius, and the quantile of it that is its own contrast.
MIDDLE_SHARE, OWN_QUANTILE = 0.5, 0.8
# A lesion reaches no farther than this beyond the radius at which it was found.
REACH_MM = 2.0
# Sums that lie so near to a lesion tell of the same; where they are so many times as large, and have more than this
# share of its evidence, they tell of more than it.
TOUCH_MM, MUCH_LARGER_FACTOR, MUCH_LARGER_SHARE = 1.5, 3.0, 0.5
# A fit for small changes says nothing of larger ones: sums see those.
MAXIMUM_STRETCH = 0.35


@dataclass(frozen=True, eq=False)
class Lesion:
    """A followed lesion: its ``voxels`` in ``box`` (k, j, i), as large as between the visits, and ``volumeMm3`` so.

    ``evidence``: as a reader weighs it.
    """

    followed: Followed
    box: Box
    voxels: np.ndarray
    volumeMm3: float
    evidence: float

    @property
    def volumesMm3(self) -> tuple[float, float]:
        """Before and now."""
        ratio = 1.0 + self.followed.growthPercent / 100.0
        return self.volumeMm3 / ratio**0.5, self.volumeMm3 * ratio**0.5


def followedLesions(changeMap: ChangeMap, reader: ReaderCriteria, least: float) -> list[Lesion]:
    """Those that changed, with evidence of at least ``least``."""
    lesions: list[Lesion] = []
    spacing, ventricles = changeMap.grid.spacing[::-1], changeMap.ventricles
    for followed in followedPlaces(changeMap):
        if not followed.isChanged or followed.evidence < least or abs(followed.stretch) > MAXIMUM_STRETCH:
            continue
        if ventricles is not None and _isOf(ventricles, changeMap, followed):
            continue
        # What grows moves the border of what lies beside it. Of the two the one that stands out more comes first.
        if any(_isBeside(followed, other.followed, spacing) for other in lesions):
            continue
        lesion = _lesion(changeMap, reader, followed)
        if lesion is not None and lesion.evidence >= least:
            lesions.append(lesion)
    return lesions


def _isOf(ventricles: Ventricles, changeMap: ChangeMap, followed: Followed) -> bool:
    """Whether a place is of a ventricle, or is fitted to what one that changed has moved."""
    if not ventricles.isChanged:
        return ventricles.holds(followed.place)
    box, _, distance = aroundPlace(changeMap, followed, AROUND_MM)
    return ventricles.isNear(box, distance < followed.radiusMm + AROUND_MM, changeMap.grid)


def _isBeside(one: Followed, other: Followed, spacing: np.ndarray) -> bool:
    """Whether one is fitted to voxels that are the other's; spacing along k, j, i."""
    away = float(np.linalg.norm((np.array(one.place) - other.place) * spacing))
    return away < one.radiusMm + other.radiusMm + AROUND_MM


def _lesion(changeMap: ChangeMap, reader: ReaderCriteria, followed: Followed) -> Lesion | None:
    """Its border is halfway between it and its surroundings, in the mean of both scans."""
    box, _, distance = aroundPlace(changeMap, followed, RING_MM[1])
    mask = changeMap.mask[box]
    images = [image[box] for image in (changeMap.current, changeMap.prior)]
    mean = 0.5 * (images[0] + images[1])
    beyond = distance - followed.radiusMm
    ring = (beyond > RING_MM[0]) & (beyond < RING_MM[1]) & mask
    if not ring.any():
        return None
    excess = followed.sign * (mean - float(np.median(mean[ring]))) * mask
    middle = distance < MIDDLE_SHARE * followed.radiusMm
    own = float(np.quantile(excess[middle], OWN_QUANTILE))
    numbers = parts((beyond < REACH_MM) & mask & (excess > EDGE_CONTRAST_SHARE * own))
    number = np.bincount(numbers[middle], minlength=2)[1:].argmax() + 1
    voxels = numbers == number
    if own <= 0 or not voxels.any():
        return None
    counted = float(voxels.sum()) * float(np.prod(changeMap.grid.spacing))
    # A blur draws the border of a ball in by its variance over the radius.
    radius = (3.0 * counted / (4.0 * np.pi)) ** (1.0 / 3.0)
    radius = 0.5 * (radius + (radius**2 + 4.0 * changeMap.blurMm**2) ** 0.5)
    factor = reader.liquorFactor([float(np.median(image[voxels])) for image in images])
    return Lesion(followed, box, voxels, 4.0 / 3.0 * np.pi * radius**3, factor * followed.evidence)


def withoutTwice(
    changeMap: ChangeMap, scored: list[tuple[float, Evidence]], lesions: list[Lesion]
) -> tuple[list[tuple[float, Evidence]], list[Lesion]]:
    """Both lists without what the other tells better: of a lesion and sums beside it counts what has more evidence.

    Sums that see far more than the lesion tell of something larger, whatever it grew by.
    """
    kept = []
    for lesion in sorted(lesions, key=lambda one: -one.evidence):
        close = near(lesion.voxels, changeMap.grid.spacing, TOUCH_MM)
        touching = [item for item in scored if _meet(item[1], lesion.box, close)]
        most = MUCH_LARGER_FACTOR * lesion.voxels.sum()
        enough = MUCH_LARGER_SHARE * lesion.evidence
        if any(s > lesion.evidence or (s > enough and part.voxels.sum() > most) for s, part in touching):
            continue
        scored = [item for item in scored if item not in touching]
        kept.append(lesion)
    return scored, kept


def _meet(part: Evidence, box: Box, voxels: np.ndarray) -> bool:
    low = [max(a.start, b.start) for a, b in zip(part.box, box, strict=True)]
    high = [min(a.stop, b.stop) for a, b in zip(part.box, box, strict=True)]
    if any(a >= b for a, b in zip(low, high, strict=True)):
        return False
    own, other = (
        tuple(slice(a - p.start, b - p.start) for a, b, p in zip(low, high, of, strict=True)) for of in (part.box, box)
    )
    return bool((part.voxels[own] & voxels[other]).any())


def describeLesion(changeMap: ChangeMap, lesion: Lesion, rank: int, labels: np.ndarray) -> Region:
    """The Region of a followed lesion, all of which is written into ``labels`` where nothing else is."""
    grid, box, followed = changeMap.grid, lesion.box, lesion.followed
    free = lesion.voxels & (labels[box] == 0)
    labels[box][free] = rank
    starts = np.array([part.start for part in box])
    ras = transformPoints(grid.ijkToRas, (np.argwhere(lesion.voxels) + starts)[:, ::-1])
    before, now = lesion.volumesMm3
    ventricles = changeMap.ventricles
    isNear = ventricles is not None and ventricles.isNear(box, lesion.voxels, grid)
    r, a, s = (float(x) for x in ras.mean(axis=0))
    return Region(
        rank=rank,
        kind=GROWN if followed.stretch > 0 else SHRUNKEN,
        volumeMm3=abs(now - before),
        meanChange=float(changeMap.change[box][lesion.voxels].mean()),
        meanZ=float(changeMap.z[box][lesion.voxels].mean()),
        growthPercent=followed.growthPercent,
        growthIntervalPercent=followed.intervalPercent,
        deformationPercent=float(changeMap.volumeChange[box][lesion.voxels].mean()),
        centroidRas=(r, a, s),
        largestDiameterMm=largestDiameter(ras) + float(grid.spacing.mean()),
        evidence=lesion.evidence,
        isCutOff=isAtEnd(lesion.voxels, changeMap.mask[box], grid.spacing),
        where="" if changeMap.anatomy is None else changeMap.anatomy.words(ras, isNear),
    )
