"""Where in a brain something lies, in words: side and region.

The brain's own outline gives the frame: its plane of symmetry, its length and its top. In it coordinates are those of
Talairach and Tournoux (Co-planar stereotaxic atlas of the human brain, 1988): mm of a brain of their size, x to the
right, y forwards and z upwards of the anterior commissure. The lobes' borders are planes there, as of the central
sulcus, the lateral fissure and the tentorium; where two lobes are near, both are named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime.language import tr as _
from ..space.grid import Grid, transformPoints
from ..space.image import Image

# Of the atlas's brain, mm: its length, its front and its top.
LENGTH_MM, FRONT_MM, TOP_MM = 170.0, 68.0, 74.0
# The outermost voxels are noise of the outline.
OUTERMOST_PERCENT = 0.5
# Nearer to the plane of symmetry no side is named; this much around a place its lobe is looked at.
MIDLINE_MM, UNSURE_MM = 4.0, 5.0
# A lobe is named that has this share of what is looked at; not more than two, and those must be most of it.
MINIMUM_LOBE_SHARE, MAXIMUM_LOBES, MINIMUM_LOBES_SHARE = 0.25, 2, 0.6
SAMPLES = 200
# More of a brain's mean section at an end of the scan, and it is cut; but for the end that looks downwards (a cosine).
CUT_SECTION_SHARE, DOWNWARDS_COSINE = 0.25, -0.7
# The plane of symmetry is sought with so many points of the brain, in columns of so many mm, in robust rounds.
SYMMETRY_POINTS, CELL_MM, MINIMUM_CELLS, SYMMETRY_ROUNDS = 60_000, 4.0, 50, 3
FRONTAL, PARIETAL, TEMPORAL, OCCIPITAL, DEEP, CEREBELLUM, BRAINSTEM = range(7)


@dataclass(frozen=True, eq=False)
class Anatomy:
    """``toAtlas``: 4x4, from RAS mm of the current scan to the atlas's; ``knowsLobes``: or the sides alone."""

    toAtlas: np.ndarray
    knowsLobes: bool

    def words(self, pointsRas: np.ndarray, isPeriventricular: bool = False) -> str:
        """Side and region of the points (n, 3) in words, as "left frontal, periventricular"."""
        points = pointsRas[:: max(1, len(pointsRas) // SAMPLES)]
        places = transformPoints(self.toAtlas, points)
        middle = float(np.median(places[:, 0]))
        side = _("midline") if abs(middle) < MIDLINE_MM else _("left") if middle < 0 else _("right")
        named = self._named(places) if self.knowsLobes else ""
        words = _("{side} {region}").format(side=side, region=named) if named else side
        return _("{words}, periventricular").format(words=words) if isPeriventricular else words

    def _named(self, places: np.ndarray) -> str:
        around = np.concatenate([np.zeros((1, 3)), UNSURE_MM * np.eye(3), -UNSURE_MM * np.eye(3)])
        found = lobes((places[:, None] + around).reshape(-1, 3))
        shares = np.bincount(found, minlength=7) / len(found)
        known = [lobe for lobe in np.argsort(-shares) if shares[lobe] >= MINIMUM_LOBE_SHARE]
        if not 0 < len(known) <= MAXIMUM_LOBES or shares[known].sum() < MINIMUM_LOBES_SHARE:
            return ""
        if set(known) == {CEREBELLUM, BRAINSTEM}:
            return _("infratentorial")
        return _(" or ").join(_lobeName(int(lobe)) for lobe in known)


def lobes(places: np.ndarray) -> np.ndarray:
    """The lobe of each point (n, 3) in the atlas's mm, as one of the constants above."""
    x, y, z = np.abs(places[:, 0]), places[:, 1], places[:, 2]
    found = np.full(len(places), FRONTAL)
    found[y < -22.0 - 0.35 * (z - 40.0)] = PARIETAL
    found[(y < -72.0 + 0.25 * (30.0 - z)) & (z < 45.0)] = OCCIPITAL
    fissure = np.interp(y, (-60.0, -35.0, 15.0, 25.0), (16.0, 22.0, -2.0, -12.0))
    found[(z < fissure) & (x > np.where(z < -8.0, 14.0, 24.0)) & (y < 25.0) & (y > -62.0)] = TEMPORAL
    found[(x < 42.0 - 0.1 * np.abs(y)) & (y > -35.0) & (y < 25.0) & (z > -8.0) & (z < 20.0)] = DEEP
    tentorium = np.interp(y, (-95.0, -50.0, -35.0), (-20.0, -5.0, -12.0)) - 0.15 * x
    found[(z < tentorium) & (y < -35.0) & (x < 58.0)] = CEREBELLUM
    found[(x < 15.0) & (z < -6.0) & (y < -12.0) & (y > -42.0)] = BRAINSTEM
    return found


def findAnatomy(brain: Image, scanned: Grid) -> Anatomy | None:
    """The frame of a brain's mask (above 0.5 inside) in the scan whose grid is ``scanned``; None if it has no form."""
    inside = np.argwhere(np.asarray(brain.array) > 0.5)
    if len(inside) < SAMPLES:
        return None
    points = transformPoints(brain.ijkToRas, inside[:, ::-1].astype(float))
    axes = _axes(points)
    if axes is None:
        return None
    along = points @ axes.T
    ends = np.percentile(along, (OUTERMOST_PERCENT, 100.0 - OUTERMOST_PERCENT), axis=0)
    scale = LENGTH_MM / max(float(ends[1, 1] - ends[0, 1]), 1.0)
    toAtlas = np.eye(4)
    toAtlas[:3, :3] = scale * axes
    toAtlas[:3, 3] = -scale * np.array([np.median(along[:, 0]), ends[1, 1], ends[1, 2]]) + (0.0, FRONT_MM, TOP_MM)
    return Anatomy(toAtlas, not _isCut(points, axes[2], float(brain.grid.spacing.mean()), scanned))


def _axes(points: np.ndarray) -> np.ndarray | None:
    """Unit vectors (rows) to the right, to the front and to the top, from the middles between left and right.

    Turned once, and not until nothing changes: of a brain whose halves differ that would run away. Of a nearly round
    head the middles turn by a part of its turn only; a tilt of more than some ten degrees is not made good.
    """
    r, a, s = points[:: max(1, len(points) // SYMMETRY_POINTS)].T
    columns = [np.rint(x / CELL_MM).astype(np.int64) for x in (a, s)]
    # One whole number for each column.
    rows = (columns[0] - columns[0].min()) * (int(np.ptp(columns[1])) + 1) + columns[1] - columns[1].min()
    order = np.argsort(rows, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(rows[order]) > 0])
    if len(starts) < MINIMUM_CELLS:
        return None
    low, high = np.minimum.reduceat(r[order], starts), np.maximum.reduceat(r[order], starts)
    fit = np.stack([np.ones(len(starts)), a[order][starts], s[order][starts]], axis=1)
    weights, middle = (high - low) ** 2, (low + high) / 2.0
    solution = np.zeros(3)
    for _round in range(SYMMETRY_ROUNDS):
        solution = np.linalg.lstsq(fit * weights[:, None], weights * middle, rcond=None)[0]
        off = np.abs(middle - fit @ solution)
        weights = (high - low) ** 2 / (1.0 + (off / max(float(np.median(off)), 0.5)) ** 2)
    right = np.array([1.0, -solution[1], -solution[2]])
    right /= np.linalg.norm(right)
    front = np.array([0.0, 1.0, 0.0]) - right[1] * right
    front /= np.linalg.norm(front)
    return np.stack([right, front, np.cross(right, front)])


def _isCut(points: np.ndarray, up: np.ndarray, spacingMm: float, scanned: Grid) -> bool:
    """Whether the brain goes on beyond the scan, but for its lower end; ``spacingMm``: of the ``points``."""
    ijk = transformPoints(scanned.rasToIjk, points)
    section = len(points) * spacingMm / max(float(np.ptp(points @ up)), spacingMm)
    for axis in range(3):
        for sign, atEnd in ((-1.0, ijk[:, axis] < 1.0), (1.0, ijk[:, axis] > scanned.sizeIjk[axis] - 2.0)):
            isBelow = sign * float(scanned.direction[:, axis] @ up) < DOWNWARDS_COSINE
            if not isBelow and float(atEnd.sum()) > CUT_SECTION_SHARE * section:
                return True
    return False


def _lobeName(lobe: int) -> str:
    return (
        _("frontal"),
        _("parietal"),
        _("temporal"),
        _("occipital"),
        _("deep (basal ganglia, thalamus, insula)"),
        _("cerebellum"),
        _("brainstem"),
    )[lobe]
