"""What would have been found: lesions of known size and contrast, painted into this very pair, and looked for.

They are painted into the two scans as they are compared, aligned and harmonised, with the blur that these have; so this
is the limit of the comparison, not of the alignment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback, Stages
from ..space.grid import Grid, transformPoints
from .changemap import DETECTION_MM, FINE_MM, ChangeMap
from .detection import USUAL_SENSITIVITY, detect, evidenceNeeded
from .evidence import evidence
from .readercriteria import ReaderCriteria
from .shapes import depth

if TYPE_CHECKING:
    from .evidence import Evidence

DIAMETERS_MM = (4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 10.0)
# Of the usual signal, in percent; alternately brighter and darker.
CONTRASTS_PERCENT = (10.0, 20.0, 40.0, 80.0)
# The contrast that the answer's first count is of.
USUAL_CONTRAST_PERCENT = 40.0
SEEN_SHARE = 0.5
DEEP_MM, APART_MM = 5.0, 22.0
TRIES = 4000
SUBSAMPLES = 3


@dataclass(frozen=True)
class DetectionLimit:
    """``found``: for every contrast in percent of the usual signal, how many of the painted lesions are found.

    ``limitPercent``: the contrast at which half of them are; None where even the strongest are not.
    """

    diametersMm: tuple[float, ...]
    found: dict[float, int]
    limitPercent: float | None
    sensitivity: float

    @property
    def sentence(self) -> str:
        """What it means for the answer."""
        if not self.diametersMm:
            return _("No lesion could be painted into this scan: there is too little to compare.")
        smallest, largest = min(self.diametersMm), max(self.diametersMm)
        first = _(
            "Of {count} lesions of {smallest:.0f} to {largest:.0f} mm and {contrast:.0f} % signal change painted into "
            "this scan {found} would have been found"
        ).format(
            count=len(self.diametersMm),
            smallest=smallest,
            largest=largest,
            contrast=USUAL_CONTRAST_PERCENT,
            found=self.found[USUAL_CONTRAST_PERCENT],
        )
        if self.limitPercent is None:
            return _("{first}; not even half of those of {most:.0f} %.").format(first=first, most=max(self.found))
        return _("{first}; below {limit:.0f} % less than half are seen.").format(first=first, limit=self.limitPercent)

    @property
    def isPoor(self) -> bool:
        """Whether most lesions would have been missed."""
        return not self.diametersMm or self.found[USUAL_CONTRAST_PERCENT] < SEEN_SHARE * len(self.diametersMm)

    @property
    def content(self) -> dict[str, object]:
        """For report.json."""
        return {
            "sentence": self.sentence,
            "diametersMm": list(self.diametersMm),
            "foundByContrastPercent": {f"{contrast:g}": count for contrast, count in self.found.items()},
            "limitPercent": None if self.limitPercent is None else round(self.limitPercent, 1),
        }


def detectionLimit(
    changeMap: ChangeMap,
    sensitivity: float = USUAL_SENSITIVITY,
    progress: ProgressCallback | None = None,
    cancelled: CancelCallback | None = None,
    seed: int = 0,
) -> DetectionLimit:
    """Paint eight lesions of 4 to 10 mm at several contrasts into the pair, and count those that are found.

    Pure, in any thread. The places are the same for the same seed.

    :raises RegistrationCancelled: ``cancelled`` said so.
    """
    stages = Stages(progress, cancelled)
    stages.begin("Painting lesions", 0.0)
    places = _places(changeMap, sensitivity, np.random.default_rng(seed))
    diameters = DIAMETERS_MM[: len(places)]
    found: dict[float, int] = {}
    if places:
        usual = abs(float(np.median(changeMap.current[changeMap.mask])))
        balls = [_ball(changeMap, place, mm) for place, mm in zip(places, diameters, strict=True)]
        for number, contrast in enumerate(CONTRASTS_PERCENT):
            stages.begin("Looking for the painted lesions", (number + 1) / (len(CONTRASTS_PERCENT) + 1))
            # What is found at one contrast is at all higher ones.
            isAll = len(places) in found.values()
            delta = usual * contrast / 100.0
            found[contrast] = len(places) if isAll else _count(changeMap, balls, delta, sensitivity)
    stages.end()
    return DetectionLimit(diameters, found, _limit(found, len(places)), sensitivity)


def _limit(found: dict[float, int], count: int) -> float | None:
    """The contrast at which half are found, on a straight line between those that were tried."""
    half = SEEN_SHARE * count
    before, seen = 0.0, 0
    for contrast, number in found.items():
        if number >= half > 0:
            return contrast if number == seen else before + (contrast - before) * (half - seen) / (number - seen)
        before, seen = contrast, number
    return None


def _places(changeMap: ChangeMap, sensitivity: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Voxels (k, j, i) in tissue where nothing was found, well apart."""
    free = changeMap.mask & (depth(changeMap.mask, changeMap.grid.spacing) > DEEP_MM)
    free &= detect(changeMap, sensitivity).labels == 0
    if not free.any():
        return []
    levels = changeMap.current[free]
    low, high = np.quantile(levels[:: max(1, len(levels) // 100_000)], (0.25, 0.9))
    free &= (changeMap.current > low) & (changeMap.current < high)
    voxels = np.argwhere(free)
    spacing = changeMap.grid.spacing[::-1]
    chosen: list[np.ndarray] = []
    for index in rng.permutation(len(voxels))[:TRIES]:
        if all(np.linalg.norm((voxels[index] - other) * spacing) > APART_MM for other in chosen):
            chosen.append(voxels[index])
            if len(chosen) == len(DIAMETERS_MM):
                break
    return chosen


def _ball(changeMap: ChangeMap, place: np.ndarray, diameterMm: float):
    """The box around a ball, and the ball in it as both blurs show it: (box, fine, as detected, sharp)."""
    from scipy.ndimage import gaussian_filter

    grid: Grid = changeMap.grid
    spacing = grid.spacing[::-1]
    reach = np.ceil((0.5 * diameterMm + 3.0 * DETECTION_MM + 1.0) / spacing).astype(int)
    low = np.maximum(place - reach, 0)
    high = np.minimum(place + reach + 1, changeMap.z.shape)
    offsets = (np.arange(SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5
    axes = [(np.arange(a, b)[:, None] + offsets).ravel() for a, b in zip(low, high, strict=True)]
    k, j, i = np.meshgrid(*axes, indexing="ij")
    center = transformPoints(grid.ijkToRas, place[::-1].astype(float))
    away = np.linalg.norm(transformPoints(grid.ijkToRas, np.stack([i, j, k], axis=-1)) - center, axis=-1)
    n = high - low
    inside = (away <= 0.5 * diameterMm).reshape(n[0], SUBSAMPLES, n[1], SUBSAMPLES, n[2], SUBSAMPLES)
    sharp = inside.mean(axis=(1, 3, 5)).astype(np.float32)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    fine = gaussian_filter(sharp, changeMap.blurMm / spacing)
    more = np.sqrt(changeMap.blurMm**2 + DETECTION_MM**2 - FINE_MM**2)
    return box, fine, gaussian_filter(sharp, more / spacing), sharp > 0.5


def _count(changeMap: ChangeMap, balls: list, delta: float, sensitivity: float) -> int:
    z, current = changeMap.z.copy(), changeMap.current.copy()
    for number, (box, fine, detected, _sharp) in enumerate(balls):
        signed = delta if number % 2 == 0 else -delta
        z[box] += signed * detected / np.maximum(changeMap.spread[box], 1e-9) * changeMap.mask[box]
        current[box] += signed * fine
    painted = replace(changeMap, z=z, current=current)
    least = evidenceNeeded(sensitivity)
    parts = evidence(painted, least)
    reader = ReaderCriteria(painted) if parts else None
    seen = 0
    for box, _fine, _detected, sharp in balls:
        hits = [part for part in parts if _meets(part, box, sharp)]
        seen += any(reader is not None and part.peak * reader.factor(part) >= least for part in hits)
    return seen


def _meets(part: Evidence, box, sharp: np.ndarray) -> bool:
    """Whether a part covers a tenth of a painted lesion, as a hit is counted."""
    starts = [max(a.start, b.start) for a, b in zip(part.box, box, strict=True)]
    stops = [min(a.stop, b.stop) for a, b in zip(part.box, box, strict=True)]
    if any(a >= b for a, b in zip(starts, stops, strict=True)):
        return False
    own = tuple(slice(a - p.start, b - p.start) for a, b, p in zip(starts, stops, part.box, strict=True))
    lesion = tuple(slice(a - p.start, b - p.start) for a, b, p in zip(starts, stops, box, strict=True))
    return bool((part.voxels[own] & sharp[lesion]).sum() >= 0.1 * sharp.sum())
