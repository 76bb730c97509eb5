"""What a reader asks of a suspicious place before calling it change, as a factor on its evidence.

A lesion stands out from the tissue around it in one scan and not, or less, in the other; it is compact; it lies in
tissue. What misalignment leaves follows a surface; what flow leaves in liquor and vessels is dark, or tubular, in both
scans; what two shadings leave does not stand out from its surroundings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..space.boxes import Box
from .evidence import Evidence
from .harmonise import MAD_TO_SD
from .shapes import depth, widened

if TYPE_CHECKING:
    from .changemap import ChangeMap

# The core of a region is what has this share of its z (its z at this quantile); around it, in mm, lies what it is
# compared with.
CORE_Z_SHARE, CORE_Z_QUANTILE = 0.5, 0.95
RING_MM = (2.0, 6.0)
MINIMUM_RING_VOXELS = 8
# In spreads of the surroundings: a region with this contrast in the scan that shows it, and so much more than in the
# other, is not discounted; nothing is discounted to less than the minimum.
FULL_CONTRAST, FULL_CONTRAST_CHANGE, MINIMUM_FACTOR = 1.2, 1.5, 0.3
# Nearer to the surface of what is compared a skull, or the stripping of one, may differ: there the factor falls to the
# second.
SURFACE_MM, SURFACE_FACTOR = 3.0, 0.5
# The longest principal axis of a compact region is at most so many times the diameter of a ball of its volume. Regions
# thinner than the second are discounted by it, those thicker than the third may have any shape.
COMPACT_ELONGATION, THIN_MM, THICK_MM = 1.6, 4.0, 8.0
# The darkest share of what is compared, in both scans, is liquor, where evidence counts by the factor.
LIQUOR_SHARE, LIQUOR_FACTOR = 0.12, 0.6
LEVEL_SAMPLES = 50_000


class ReaderCriteria:
    """Judges parts of one change map; makes once what all of them need."""

    def __init__(self, changeMap: ChangeMap) -> None:
        self._map = changeMap
        self._spacing = changeMap.grid.spacing[::-1]
        step = max(1, int(changeMap.mask.sum()) // LEVEL_SAMPLES)
        self._levels = [np.sort(image[changeMap.mask][::step]) for image in (changeMap.current, changeMap.prior)]

    def factor(self, part: Evidence) -> float:
        """Between 0 and 1: how much of the evidence of ``part`` a reader would let count."""
        box, voxels = widened(part.box, part.core, self._spacing, RING_MM[1], self._map.mask.shape)
        z, mask = self._map.z[box], self._map.mask[box]
        size = np.abs(z)
        core = voxels & (size >= CORE_Z_SHARE * float(np.quantile(size[voxels], CORE_Z_QUANTILE)))
        away = -depth(core, self._map.grid.spacing, beyond=None)
        ring = (away > RING_MM[0]) & (away < RING_MM[1]) & mask & ~voxels
        if ring.sum() < MINIMUM_RING_VOXELS:
            ring = (away > 0) & (away < RING_MM[1]) & mask & ~core
        if ring.sum() < MINIMUM_RING_VOXELS:
            return MINIMUM_FACTOR
        contrasts, levels = [], []
        for image in (self._map.current[box], self._map.prior[box]):
            level, normal = float(np.median(image[core])), float(np.median(image[ring]))
            spread = MAD_TO_SD * float(np.median(np.abs(image[ring] - normal)))
            contrasts.append((level - normal) / max(spread, 1e-9))
            levels.append(level)
        standsOut = max(part.sign * contrasts[0], -part.sign * contrasts[1])
        deep = self._depth(box, core)
        return float(
            np.clip(standsOut / FULL_CONTRAST, MINIMUM_FACTOR, 1.0)
            * np.clip(abs(contrasts[0] - contrasts[1]) / FULL_CONTRAST_CHANGE, MINIMUM_FACTOR, 1.0)
            * np.clip(SURFACE_FACTOR + (1.0 - SURFACE_FACTOR) * deep / SURFACE_MM, SURFACE_FACTOR, 1.0)
            * self.liquorFactor(levels)
            * self._compactness(core)
        )

    def _depth(self, box: Box, core: np.ndarray) -> float:
        """Median depth of ``core`` below the surface of what is compared, mm; of what ``box`` shows of that surface."""
        mask = self._map.mask
        # What lies beyond the map is not compared.
        ends = [(int(part.start == 0), int(part.stop == n)) for part, n in zip(box, mask.shape, strict=True)]
        shown = np.pad(mask[box], ends)
        if shown.all():
            return float("inf")
        deep = depth(shown, self._map.grid.spacing, beyond=None)
        k, j, i = (slice(first, first + n) for (first, _), n in zip(ends, core.shape, strict=True))
        return float(np.median(deep[k, j, i][core]))

    def liquorFactor(self, levels: list[float]) -> float:
        """Of what has these ``levels`` in the current and the prior scan: less than 1 where both are liquor's."""
        shares = [
            float(np.searchsorted(known, level)) / len(known) for known, level in zip(self._levels, levels, strict=True)
        ]
        return LIQUOR_FACTOR if max(shares) < LIQUOR_SHARE else 1.0

    def _compactness(self, core: np.ndarray) -> float:
        points = np.argwhere(core) * self._spacing
        within = np.diag(self._spacing**2 / 12.0)
        variances = np.linalg.eigvalsh((np.cov(points.T) if len(points) > 1 else 0.0) + within)
        axes = 2.0 * np.sqrt(5.0 * variances)
        ball = (6.0 / np.pi * len(points) * float(np.prod(self._spacing))) ** (1.0 / 3.0)
        factor = 1.0 / max(1.0, float(axes[-1]) / ball / COMPACT_ELONGATION)
        thick = float(np.clip((axes[0] - THIN_MM) / (THICK_MM - THIN_MM), 0.0, 1.0))
        return factor + (1.0 - factor) * thick
