"""What one region of change is: new, grown, shrunken or gone; how large, how strong, where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..space.boxes import Box
from ..space.grid import transformPoints
from .blurredvolume import volumeFrom

if TYPE_CHECKING:
    from .changemap import ChangeMap

NEW, GROWN, SHRUNKEN, GONE = "new", "grown", "shrunken", "gone"
# Around a region: what the blur has spread of it, and the tissue that it is compared with.
REACH_MM, RING_MM = 2.0, 4.0
# Of its change, over a region's core: the plateau that small lesions hardly reach.
PLATEAU_QUANTILE = 0.8
# An abnormality is where the image is more than halfway from the surroundings to the region.
HALF = 0.5
# What was abnormal already must be this share of the region before it counts as grown rather than new.
LEAST_SHARE_BEFORE = 0.25
# Of it, this share must be there as plainly as the region is; what is far beyond it (liquor) is something else.
SURELY, LEAST_SHARE_SURELY, BEYOND = 0.75, 0.1, 1.4
SHELL_MM = (0.8, 3.0)
HULL_POINTS = 400


@dataclass(frozen=True, eq=False)
class Region:
    """One region, best evidence first (``rank`` from 1).

    ``kind``: "new", "grown", "shrunken" or "gone", by which of the two scans stands out from the tissue around.
    ``volumeMm3``: of what changed. ``meanChange`` in the current image's units and ``meanZ``: brighter now above 0.
    ``growthPercent``: of the whole abnormality since the prior scan; None where there was none before, -100 where none
    is left. ``deformationPercent``: mean growth of the tissue here by the deformation alone. ``evidence``: the sum of
    |z| over the region, times its voxels' volume.
    """

    rank: int
    kind: str
    volumeMm3: float
    meanChange: float
    meanZ: float
    peakZ: float
    growthPercent: float | None
    deformationPercent: float
    centroidRas: tuple[float, float, float]
    largestDiameterMm: float
    evidence: float

    @property
    def name(self) -> str:
        """ "1 new", for segments and tables."""
        return f"{self.rank} {self.kind}"


def describe(changeMap: ChangeMap, cores: list[tuple[Box, np.ndarray]], labels: np.ndarray) -> list[Region]:
    """A Region for each core (its box (k, j, i) and the bool voxels in it), written into ``labels`` as rank.

    The voxels of a region are those with more than half its change, which are as many as its volume has; the cores
    come from a blurred map and are wider.
    """
    regions = []
    taken = np.zeros(labels.shape, dtype=bool)
    for box, core in cores:
        taken[box] |= core
    for rank, (box, core) in enumerate(cores, start=1):
        wide = _widened(box, core, changeMap, RING_MM)
        inCore = np.zeros(_shape(wide), dtype=bool)
        inCore[_within(box, wide)] = core
        around = _near(inCore, changeMap.grid.spacing, RING_MM) & changeMap.mask[wide]
        reach = _near(inCore, changeMap.grid.spacing, REACH_MM)
        others = taken[wide] & ~inCore
        ring = around & ~reach & ~taken[wide]
        if ring.sum() < 8:
            ring = around & ~inCore
        free = changeMap.mask[wide] & ~others
        regions.append(_describe(rank, changeMap, wide, inCore, reach & free, ring, free, labels))
    return regions


def _describe(
    rank: int,
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
    plateau = float(np.quantile(signed[core], PLATEAU_QUANTILE))
    voxels = core & (signed > HALF * plateau)
    if not voxels.any():
        voxels = core
    total, squares = float(signed[reach].sum()), float((signed[reach] ** 2).sum()) - noise * float(reach.sum())
    volume = volumeFrom(total * voxel, squares * voxel, changeMap.blurMm)
    labels[box][voxels] = rank
    shell = _near(voxels, grid.spacing, SHELL_MM[1]) & ~_near(voxels, grid.spacing, SHELL_MM[0]) & free
    kind, contrast, whole = _kind(current, prior, voxels, shell, sign)
    growth = -100.0 if kind == GONE else None
    if kind in (GROWN, SHRUNKEN):
        # A shell of growth is no ball, and would seem too large; its contrast is that of the lesion it lies around.
        volume = min(volume, total * voxel / max(contrast, plateau, 1e-12))
        growth = 100.0 * volume / (whole * voxel)
        growth = 100.0 * growth / max(100.0 - growth, 1.0) if kind == GROWN else -min(growth, 100.0)
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
        peakZ=float(sign * np.abs(z[core]).max()),
        growthPercent=growth,
        deformationPercent=float(changeMap.volumeChange[box][voxels].mean()),
        centroidRas=(float(center[0]), float(center[1]), float(center[2])),
        largestDiameterMm=_diameter(ras) + float(grid.spacing.mean()),
        evidence=float(np.abs(z[core]).sum()) * voxel,
    )


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
    nearby = _filled(voxels | shell)
    there = voxels | (nearby & (direction * (image - normal) > HALF * size))
    excess = direction * (other - otherNormal)
    before = there & (excess > HALF * size) & (excess < BEYOND * size)
    surely = before & (excess > SURELY * size)
    isOld = before.sum() >= LEAST_SHARE_BEFORE * voxels.sum() and surely.sum() >= LEAST_SHARE_SURELY * voxels.sum()
    kind = (GROWN if appears else SHRUNKEN) if isOld else (NEW if appears else GONE)
    return kind, size, float(there.sum())


def _widened(box: Box, core: np.ndarray, changeMap: ChangeMap, mm: float) -> Box:
    margins = np.ceil(mm / changeMap.grid.spacing[::-1]).astype(int) + 1
    k, j, i = (
        slice(max(part.start - int(m), 0), min(part.stop + int(m), n))
        for part, m, n in zip(box, margins, changeMap.z.shape, strict=True)
    )
    return k, j, i


def _within(box: Box, wide: Box) -> Box:
    k, j, i = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, wide, strict=True))
    return k, j, i


def _shape(box: Box) -> tuple[int, ...]:
    return tuple(part.stop - part.start for part in box)


def _near(mask: np.ndarray, spacing: np.ndarray, mm: float) -> np.ndarray:
    """Voxels not farther than ``mm`` from ``mask``; spacing along i, j, k."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing([float(s) for s in spacing])
    distance = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return sitk.GetArrayViewFromImage(distance) <= mm


def _filled(mask: np.ndarray) -> np.ndarray:
    """``mask`` with its holes."""
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(sitk.BinaryFillhole(sitk.GetImageFromArray(mask.astype(np.uint8)))) > 0


def _diameter(ras: np.ndarray) -> float:
    """Largest distance between the outermost of the points (n, 3)."""
    if len(ras) > HULL_POINTS:
        away = np.linalg.norm(ras - ras.mean(axis=0), axis=1)
        ras = ras[np.argsort(-away)[:HULL_POINTS]]
    return float(np.linalg.norm(ras[:, None] - ras[None], axis=2).max())
