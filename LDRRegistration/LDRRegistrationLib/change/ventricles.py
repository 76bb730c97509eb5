"""The ventricles at both visits: how much wider or narrower they are, so that this is not called a lesion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime.language import tr as _
from ..space.boxes import Box, boundingBox
from ..space.grid import Grid
from .shapes import near, parts, widened
from .whereabouts import Anatomy

# Where they are looked for, in the atlas's mm: to either side, and from back to front and bottom to top.
HALF_WIDTH_MM, BACK_TO_FRONT_MM, BOTTOM_TO_TOP_MM = 30.0, (-62.0, 42.0), (0.0, 34.0)
# Behind the third ventricle, in the middle, lie cisterns.
CISTERNS_WIDE_MM, CISTERNS_FRONT_MM = 9.0, -32.0
# The intensity of liquor is the one at this quantile there, from the end that is farther from tissue. A voxel is liquor
# that has at least this share of the distance from tissue to it.
LIQUOR_QUANTILE, MINIMUM_LIQUOR_SHARE = 0.02, 0.6
# Thinner parts are sulci, and ventricles of a smaller volume are none.
THIN_MM, MINIMUM_VENTRICLE_MM3 = 1.5, 300.0
# Around both, where the blur has spread them.
REACH_MM = 2.0
# A region is a wall if this share of it is that near to them, and if its share of liquor is above the minimum at both
# visits: what is farther beyond tissue than that (below 0) is something else.
SHARE_AT_WALL, MINIMUM_WALL_LIQUOR_SHARE = 0.5, -0.6
# So near to a ventricle something is periventricular.
NEARBY_MM = 4.0
# They changed if by more than these percentages of themselves and of the brain: rescans of one person have less.
MINIMUM_CHANGE_PERCENT, MINIMUM_BRAIN_PERCENT = 7.0, 0.1


@dataclass(frozen=True, eq=False)
class Ventricles:
    """In the part ``box`` of the map's grid: ``found`` (2, k, j, i) bool, where liquor is, now and before; ``liquor``,
    the share of it (0 is the usual tissue, below 0 beyond it). ``beforeMl``: of the prior scan, not deformed.
    """

    box: Box
    found: np.ndarray
    liquor: np.ndarray
    nowMl: float
    beforeMl: float
    brainMl: float

    @property
    def changeMl(self) -> float:
        return self.nowMl - self.beforeMl

    @property
    def percentOfBrain(self) -> float:
        return 100.0 * self.changeMl / max(self.brainMl, 1e-9)

    @property
    def isChanged(self) -> bool:
        """Whether they changed by more than rescans of one person differ."""
        percent = 100.0 * abs(self.changeMl) / max(self.beforeMl, 1e-9)
        return percent > MINIMUM_CHANGE_PERCENT and abs(self.percentOfBrain) > MINIMUM_BRAIN_PERCENT

    @property
    def sentence(self) -> str:
        """Of an overall change; empty where there is none."""
        if not self.isChanged:
            return ""
        words = (
            _(
                "The ventricles are wider: {now:.1f} ml after {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % of the "
                "brain)."
            )
            if self.changeMl > 0
            else _(
                "The ventricles are narrower: {now:.1f} ml after {before:.1f} ml ({ml:+.1f} ml, {brain:+.2f} % of the "
                "brain)."
            )
        )
        return words.format(now=self.nowMl, before=self.beforeMl, ml=self.changeMl, brain=self.percentOfBrain)

    @property
    def content(self) -> dict[str, object]:
        """For report.json."""
        return {
            "nowMl": round(self.nowMl, 2),
            "beforeMl": round(self.beforeMl, 2),
            "percentOfBrain": round(self.percentOfBrain, 3),
            "isChanged": self.isChanged,
        }

    def hasWall(self, box: Box, voxels: np.ndarray, grid: Grid) -> bool:
        """Whether a region is the wall of ventricles that moved: along them, and with more (or less) liquor as they are
        wider (or narrower).

        :param box: of the map's ``grid``, and which ``voxels`` of it are the region.
        """
        if not self.isChanged:
            return False
        wide, inside = widened(box, voxels, grid.spacing[::-1], NEARBY_MM, grid.shape)
        wet = np.logical_or(*self._within(self.found, wide))
        if not wet.any() or near(wet, grid.spacing, NEARBY_MM)[inside].mean() < SHARE_AT_WALL:
            return False
        now, before = (float(share[inside].mean()) for share in self._within(self.liquor, wide))
        return (now - before) * self.changeMl > 0.0 and MINIMUM_WALL_LIQUOR_SHARE < min(now, before)

    def holds(self, place: tuple[int, int, int]) -> bool:
        """Whether a voxel (k, j, i) of the map's grid lies in a ventricle at either visit."""
        k, j, i = (slice(n, n + 1) for n in place)
        return bool(self._within(self.found, (k, j, i)).any())

    def isNear(self, box: Box, voxels: np.ndarray, grid: Grid) -> bool:
        """Whether a region reaches to within ``NEARBY_MM`` of a ventricle."""
        wide, inside = widened(box, voxels, grid.spacing[::-1], NEARBY_MM, grid.shape)
        wet = np.logical_or(*self._within(self.found, wide))
        return bool(wet.any() and near(wet, grid.spacing, NEARBY_MM)[inside].any())

    def _within(self, values: np.ndarray, box: Box) -> np.ndarray:
        """``values`` (2, k, j, i) of this box in another one; 0 outside."""
        result = np.zeros((2, *(part.stop - part.start for part in box)), values.dtype)
        low = [max(a.start, b.start) for a, b in zip(box, self.box, strict=True)]
        high = [min(a.stop, b.stop) for a, b in zip(box, self.box, strict=True)]
        if all(a < b for a, b in zip(low, high, strict=True)):
            to, of = (
                (slice(None), *(slice(a - p.start, b - p.start) for a, b, p in zip(low, high, part, strict=True)))
                for part in (box, self.box)
            )
            result[to] = values[of]
        return result


def findVentricles(
    current: np.ndarray,
    prior: np.ndarray,
    mask: np.ndarray,
    grid: Grid,
    anatomy: Anatomy,
    determinant: np.ndarray,
    brainMl: float,
) -> Ventricles | None:
    """Ventricles in both scans, harmonised and on one grid, all (k, j, i); None where they cannot be told.

    :param mask: what is compared. ``determinant``: of the map from current to prior points, to measure the prior.
    :param brainMl: of the brain, of which the change is a part.
    """
    if not anatomy.knowsLobes:
        return None
    zone = _zone(grid, anatomy.toAtlas) & mask
    voxel = float(np.prod(grid.spacing))
    if zone.sum() * voxel < 10.0 * MINIMUM_VENTRICLE_MM3:
        return None
    usual = float(np.median(current[mask]))
    low, high = (float(q) for q in np.quantile(current[zone], (LIQUOR_QUANTILE, 1.0 - LIQUOR_QUANTILE)))
    liquor = low if usual - low > high - usual else high
    box = boundingBox(zone)
    if box is None or liquor == usual:
        return None
    zone, determinant = zone[box], determinant[box]
    shares = np.stack([(usual - image[box]) / (usual - liquor) for image in (current, prior)])
    found = np.stack([_inside(share, zone, grid) for share in shares])
    if min(part.sum() for part in found) * voxel < MINIMUM_VENTRICLE_MM3:
        return None
    around = near(np.logical_or(*found), grid.spacing, REACH_MM) & zone
    nowMl, beforeMl = (
        float((np.clip(share, 0.0, 1.0) * weights)[around].sum()) * voxel / 1000.0
        for share, weights in zip(shares, (np.ones_like(determinant), determinant), strict=True)
    )
    return Ventricles(box, found, shares, nowMl, beforeMl, brainMl)


def _zone(grid: Grid, toAtlas: np.ndarray) -> np.ndarray:
    """(k, j, i) bool: where ventricles may be."""
    matrix = toAtlas @ grid.ijkToRas
    k, j, i = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in grid.shape), indexing="ij", sparse=True)
    x, y, z = (
        np.float32(row[0]) * i + np.float32(row[1]) * j + np.float32(row[2]) * k + np.float32(row[3])
        for row in matrix[:3]
    )
    inside = (np.abs(x) < HALF_WIDTH_MM) & ((np.abs(x) > CISTERNS_WIDE_MM) | (y > CISTERNS_FRONT_MM))
    for place, (least, most) in ((y, BACK_TO_FRONT_MM), (z, BOTTOM_TO_TOP_MM)):
        inside &= (place > least) & (place < most)
    return inside


def _inside(share: np.ndarray, zone: np.ndarray, grid: Grid) -> np.ndarray:
    """Liquor in the zone, without sulci: parts with a core, and what is near to it."""
    wet = (share > MINIMUM_LIQUOR_SHARE) & zone
    core = wet & ~near(~wet, grid.spacing, THIN_MM)
    numbers = parts(core)
    sizes = np.bincount(numbers.ravel()) * float(np.prod(grid.spacing))
    sizes[0] = 0.0
    return wet & near(
        (sizes >= 0.2 * MINIMUM_VENTRICLE_MM3)[numbers], grid.spacing, THIN_MM + float(grid.spacing.min())
    )
