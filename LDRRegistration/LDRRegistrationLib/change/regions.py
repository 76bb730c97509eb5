"""What one region of change is: new, grown, shrunken, gone or a ventricle's wall; how large, how strong, where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..runtime.language import tr as _
from ..space.boxes import Box
from ..space.grid import transformPoints
from .blurredvolume import volumeFrom
from .evidence import Evidence
from .shapes import near, widened, withoutHoles

if TYPE_CHECKING:
    from .changemap import ChangeMap

NEW, GROWN, SHRUNKEN, GONE, VENTRICLE = "new", "grown", "shrunken", "gone", "ventricle"
# A region of whose surface more than this share lies at the end of what is compared goes on there, and has no number.
CUT_SURFACE_SHARE = 0.15
# As far around a region the blur has spread it, and as far lies the tissue that it is compared with.
BLUR_REACH_MM, RING_MM = 2.0, 4.0
# A region is measured where its z is above a share of its largest (this quantile), between these limits.
SHARE_OF_PEAK, LARGEST_QUANTILE, MEASURED_Z_LIMITS = 0.3, 0.95, (1.5, 3.0)
# A region's core up to the first volume is taken for an even ball, from the second on for an uneven lesion, and between
# them for a mixture.
EVEN_BALL_MM3, UNEVEN_LESION_MM3 = 1000.0, 4000.0
# Of its change, over a region's core: the plateau that small lesions hardly reach.
PLATEAU_QUANTILE = 0.8
# The edge of an abnormality is where the image has this share of its contrast to the surroundings.
EDGE_CONTRAST_SHARE = 0.5
# A region counts as grown rather than new if at least this share of it was abnormal before.
MINIMUM_SHARE_BEFORE = 0.25
# And if at least MINIMUM_PLAIN_SHARE of it was plain: had more than PLAIN_CONTRAST_SHARE of the region's contrast. What
# has more than MAXIMUM_CONTRAST_SHARE of it, as liquor does, is something else.
PLAIN_CONTRAST_SHARE, MINIMUM_PLAIN_SHARE, MAXIMUM_CONTRAST_SHARE = 0.75, 0.1, 1.4
SHELL_MM = (0.8, 3.0)
HULL_POINTS = 400


@dataclass(frozen=True, eq=False)
class Region:
    """One region, best evidence first (``rank`` from 1).

    ``kind``: "new", "grown", "shrunken" or "gone", by which of the two scans stands out from the tissue around, or
    "ventricle" where it is the wall of a ventricle that became wider or narrower.
    ``volumeMm3``: of what changed; of what was seen of it where ``isCutOff`` by the end of what is compared.
    ``where``: side and region in words; empty where the anatomy is not known. ``meanChange`` in the current image's
    units and ``meanZ``: brighter now above 0.
    ``growthPercent``: of the whole abnormality since the prior scan; None where there was none before, -100 where none
    is left. ``growthIntervalPercent``: in which it lies 95 of 100 times, where the lesion was followed through both
    visits. ``deformationPercent``: mean growth of the tissue here by the deformation alone. ``evidence``: as a
    reader weighs it; 1 is enough to be listed as a rule.
    """

    rank: int
    kind: str
    volumeMm3: float
    meanChange: float
    meanZ: float
    growthPercent: float | None
    deformationPercent: float
    centroidRas: tuple[float, float, float]
    largestDiameterMm: float
    evidence: float
    isCutOff: bool = False
    where: str = ""
    growthIntervalPercent: tuple[float, float] | None = None

    @property
    def isMeasured(self) -> bool:
        """Whether its volume, growth and diameter are those of a whole lesion."""
        return not self.isCutOff and self.kind != VENTRICLE

    @property
    def place(self) -> str:
        """``where``, and that it is cut off."""
        cut = _("cut off by the examined area") if self.isCutOff else ""
        return "; ".join(words for words in (self.where, cut) if words)

    @property
    def name(self) -> str:
        """ "1 new", for segments and tables."""
        return f"{self.rank} {self.kind}"


def describe(changeMap: ChangeMap, scored: list[tuple[int, float, Evidence]], labels: np.ndarray) -> list[Region]:
    """A Region for each part with its rank and weighed evidence, written into ``labels`` as rank.

    The voxels of a region are those with more than half its change, which are as many as its volume has; the cores
    come from a blurred map and are wider.
    """
    regions = []
    spacing = changeMap.grid.spacing
    taken = np.zeros(labels.shape, dtype=bool)
    for _rank, _evidence, part in scored:
        taken[part.box] |= part.voxels
    for rank, evidence, part in scored:
        wide, core = widened(part.box, part.voxels, spacing[::-1], RING_MM, labels.shape)
        # What is listed is measured where it is strong itself, whatever led to it.
        size = part.sign * changeMap.z[wide]
        largest = float(np.quantile(size[core], LARGEST_QUANTILE))
        strong = core & (size > np.clip(SHARE_OF_PEAK * largest, *MEASURED_Z_LIMITS))
        inCore = strong if strong.any() else core
        around = near(inCore, spacing, RING_MM) & changeMap.mask[wide]
        reach = near(inCore, spacing, BLUR_REACH_MM)
        others = taken[wide] & ~core
        ring = around & ~reach & ~taken[wide]
        if ring.sum() < 8:
            ring = around & ~inCore
        free = changeMap.mask[wide] & ~others
        regions.append(_describe(rank, evidence, changeMap, wide, inCore, reach & free, ring, free, labels))
    return regions


def _describe(
    rank: int,
    evidence: float,
    changeMap: ChangeMap,
    box: Box,
    core: np.ndarray,
    reach: np.ndarray,
    ring: np.ndarray,
    free: np.ndarray,
    labels: np.ndarray,
) -> Region:
    grid = changeMap.grid
    voxel = float(np.prod(grid.spacing))
    z, change, current, prior = (a[box] for a in (changeMap.z, changeMap.change, changeMap.current, changeMap.prior))
    sign = 1.0 if z[core].mean() > 0 else -1.0
    besides = float(np.median(change[ring])) if ring.any() else 0.0
    noise = float(change[ring].var()) if ring.any() else 0.0
    signed = sign * (change - besides)
    largeness = _largeness(core, grid.spacing)
    size = sign * z
    tight = core & (size > SHARE_OF_PEAK * float(np.quantile(size[core], LARGEST_QUANTILE)))
    plateau = float(np.quantile(signed[tight], PLATEAU_QUANTILE))
    voxels = tight & (signed > EDGE_CONTRAST_SHARE * _typical(signed[tight], plateau, largeness))
    if not voxels.any():
        voxels = core
    total, squares = float(signed[reach].sum()), float((signed[reach] ** 2).sum()) - noise * float(reach.sum())
    ball = volumeFrom(total * voxel, squares * voxel, changeMap.blurMm)
    # A large lesion is not even, and its blur is small beside it: then its voxels are counted.
    counted = float(voxels.sum()) * voxel
    volume = float(np.clip((1.0 - largeness) * ball + largeness * counted, 0.5 * counted, 2.0 * counted))
    labels[box][voxels] = rank
    shell = near(voxels, grid.spacing, SHELL_MM[1]) & ~near(voxels, grid.spacing, SHELL_MM[0]) & free
    isCutOff = isAtEnd(voxels, changeMap.mask[box], grid.spacing)
    kind, contrast, whole = _kind(current, prior, voxels, shell, sign)
    growth = -100.0 if kind == GONE else None
    if kind in (GROWN, SHRUNKEN):
        # A shell of growth is no ball, and would seem too large; its contrast is that of the lesion it lies around.
        volume = min(volume, total * voxel / max(contrast, plateau, 1e-12))
        growth = 100.0 * volume / (whole * voxel)
        growth = 100.0 * growth / max(100.0 - growth, 1.0) if kind == GROWN else -min(growth, 100.0)
    ventricles = changeMap.ventricles
    if ventricles is not None and ventricles.hasWall(box, voxels, grid):
        kind, growth = VENTRICLE, None
    isNear = ventricles is not None and kind != VENTRICLE and ventricles.isNear(box, voxels, grid)
    starts = np.array([part.start for part in box])
    points = (np.argwhere(voxels) + starts)[:, ::-1]
    ras = transformPoints(grid.ijkToRas, points)
    center = ras.mean(axis=0)
    return Region(
        rank=rank,
        kind=kind,
        volumeMm3=volume,
        meanChange=float(change[voxels].mean()),
        meanZ=float(z[voxels].mean()),
        growthPercent=growth,
        deformationPercent=float(changeMap.volumeChange[box][voxels].mean()),
        centroidRas=(float(center[0]), float(center[1]), float(center[2])),
        largestDiameterMm=largestDiameter(ras) + float(grid.spacing.mean()),
        evidence=evidence,
        isCutOff=isCutOff,
        where="" if changeMap.anatomy is None else changeMap.anatomy.words(ras, isNear),
    )


def isAtEnd(voxels: np.ndarray, mask: np.ndarray, spacing: np.ndarray) -> bool:
    """Whether much of a region's surface lies at the end of what is compared; spacing along i, j, k."""
    inside, compared = np.pad(voxels, 1), np.pad(mask, 1)
    surface = ends = 0.0
    for axis, across in enumerate(spacing[::-1]):
        for step in (1, -1):
            outside = inside & ~np.roll(inside, step, axis)
            surface += float(outside.sum()) / across
            ends += float((outside & ~np.roll(compared, step, axis)).sum()) / across
    return bool(ends > CUT_SURFACE_SHARE * surface)


def _kind(
    current: np.ndarray, prior: np.ndarray, voxels: np.ndarray, shell: np.ndarray, sign: float
) -> tuple[str, float, float]:
    """Kind, contrast of the abnormality to the tissue around it, and its voxels in the scan that has more of it.

    The scan in which the region stands out from the shell of tissue around it has the abnormality. What of region and
    shell is nearly as abnormal in the other scan, and hangs together with the region, was there before, or is still.
    """
    if not shell.any():
        return (NEW if sign > 0 else GONE), 0.0, 0.0
    steps = [float(np.median(image[voxels]) - np.median(image[shell])) for image in (current, prior)]
    appears = abs(steps[0]) >= abs(steps[1])
    image, other, step = (current, prior, steps[0]) if appears else (prior, current, steps[1])
    normal, otherNormal = (float(np.median(i[shell])) for i in (image, other))
    direction = np.sign(step) or sign
    size = float(np.quantile(direction * (image[voxels] - normal), PLATEAU_QUANTILE))
    nearby = withoutHoles(voxels | shell)
    there = voxels | (nearby & (direction * (image - normal) > EDGE_CONTRAST_SHARE * size))
    excess = direction * (other - otherNormal)
    before = there & (excess > EDGE_CONTRAST_SHARE * size) & (excess < MAXIMUM_CONTRAST_SHARE * size)
    surely = before & (excess > PLAIN_CONTRAST_SHARE * size)
    isOld = before.sum() >= MINIMUM_SHARE_BEFORE * voxels.sum() and surely.sum() >= MINIMUM_PLAIN_SHARE * voxels.sum()
    kind = (GROWN if appears else SHRUNKEN) if isOld else (NEW if appears else GONE)
    return kind, size, float(there.sum())


def _largeness(core: np.ndarray, spacing: np.ndarray) -> float:
    """0 for a small region, an even blurred ball; 1 for a large one, with parts that changed more and less."""
    volume = float(core.sum()) * float(np.prod(spacing))
    return float(np.clip((volume - EVEN_BALL_MM3) / (UNEVEN_LESION_MM3 - EVEN_BALL_MM3), 0.0, 1.0))


def _typical(values: np.ndarray, plateau: float, largeness: float) -> float:
    """The change that a region's extent goes by: its plateau, or where it is large and uneven, its median."""
    return float((1.0 - largeness) * plateau + largeness * min(plateau, float(np.median(values))))


def largestDiameter(ras: np.ndarray) -> float:
    """Largest distance between the outermost of the points (n, 3)."""
    if len(ras) > HULL_POINTS:
        away = np.linalg.norm(ras - ras.mean(axis=0), axis=1)
        ras = ras[np.argsort(-away)[:HULL_POINTS]]
    return float(np.linalg.norm(ras[:, None] - ras[None], axis=2).max())
