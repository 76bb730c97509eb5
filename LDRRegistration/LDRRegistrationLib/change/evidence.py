"""How strongly each place of a change map speaks for change: sums over what lies around it, not single voxels.

Noise and the remains of misalignment change their sign within a few millimetres; a lesion has one sign throughout. So a
mean over a ball of the lesion's size sees what no voxel shows. For every size the means over unchanged tissue have a
spread of their own, which this very pair tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..space.boxes import Box, boundingBox
from .harmonise import everySo, meansInside
from .shapes import parts

if TYPE_CHECKING:
    from torch import Tensor

    from .changemap import ChangeMap

# Standard deviations in mm of the balls, and how many times the spread of such means a change must reach there: what no
# place of the rescans 1003/1023 and 1004/1024, in either order, reaches where the priors below do not explain it.
SCALES_MM = (0.0, 1.5, 3.0, 6.0)
THRESHOLDS = (7.5, 6.0, 6.0, 6.0)
# From balls up to the first size the mean z around is taken off, a Gaussian of the second: what two protocols leave is
# smooth, and a lesion stands out from it. Larger balls are for what is as large as these surroundings.
LARGEST_AGAINST_AROUND_MM, AROUND_MM = 3.0, 5.0
# The spread comes from these quantiles of the absolute means, the middle of the distribution and its tail: each is
# divided by what it is of a normal distribution of spread 1, and the larger one counts.
SPREAD_QUANTILES, NORMAL_QUANTILES = (0.68, 0.95), (0.9945, 1.96)
SAMPLES = 400_000
# Beyond MAXIMUM_VOXEL_Z a voxel says no more to its surroundings, lest strong change throws a halo. What lies beside
# change is told by its own voxels: their z must reach MINIMUM_OWN_Z at this quantile.
MAXIMUM_VOXEL_Z, MINIMUM_OWN_Z, OWN_Z_QUANTILE = 10.0, 3.0, 0.95
# A region reaches as far as the evidence is above CORE_EVIDENCE (1 is the threshold); one that is LARGE_LESION_MM3
# there, which changes more and less in its parts, as far as it is above LARGE_LESION_EVIDENCE.
CORE_EVIDENCE, LARGE_LESION_EVIDENCE, LARGE_LESION_MM3 = 0.5, 0.35, 4000.0
# A ball of which less than this share lies in what is compared counts for as much less.
MINIMUM_INSIDE_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Evidence:
    """Parts of one sign: ``box`` (k, j, i), the bool ``voxels`` in it, the stronger ones of them (``core``), and the
    ``peak``: 1 is the threshold.
    """

    box: Box
    voxels: np.ndarray
    core: np.ndarray
    sign: float
    peak: float


def evidence(changeMap: ChangeMap, least: float) -> list[Evidence]:
    """All parts of the map that hang together with a peak of at least ``least``, strongest first."""
    inside = toTensor(changeMap.mask.astype(np.float32))
    z = toTensor(np.ascontiguousarray(changeMap.z, dtype=np.float32)) * inside
    spacing = changeMap.grid.spacing[::-1]
    limited = z.clamp(-MAXIMUM_VOXEL_Z, MAXIMUM_VOXEL_Z)
    (around,) = meansInside((limited,), inside, AROUND_MM / spacing, MINIMUM_INSIDE_SHARE)
    standingOut = (z - around).clamp_(-MAXIMUM_VOXEL_Z, MAXIMUM_VOXEL_Z).mul_(inside)
    sample = everySo(inside > 0, SAMPLES)
    means = []
    for scale, threshold in zip(SCALES_MM, THRESHOLDS, strict=True):
        summed = standingOut if scale <= LARGEST_AGAINST_AROUND_MM else limited
        (mean,) = (z,) if scale == 0 else meansInside((summed,), inside, scale / spacing, MINIMUM_INSIDE_SHARE)
        means.append(_standardised(mean, inside, sample, threshold))
    strongest, fine = means[0], means[SCALES_MM.index(0)]
    for mean in means[1:]:
        strongest = strongest.where(strongest.abs() >= mean.abs(), mean)
    return sorted(
        _parts(toArray(strongest), toArray(fine), least, float(np.prod(spacing))), key=lambda part: -part.peak
    )


def _standardised(values: Tensor, inside: Tensor, places: Tensor, threshold: float) -> Tensor:
    """``values`` inside in spreads of them, and those in thresholds; ``places``: a sample of those inside."""
    sample = toArray(values.take(places))
    middle = float(np.median(sample))
    spread = max(
        float(q) / normal
        for q, normal in zip(np.quantile(np.abs(sample - middle), SPREAD_QUANTILES), NORMAL_QUANTILES, strict=True)
    )
    return (values - middle).mul_(inside).div_(max(spread, 1e-6) * threshold)


def _parts(strongest: np.ndarray, fine: np.ndarray, least: float, voxelMm3: float) -> list[Evidence]:
    found = []
    for sign in (1.0, -1.0):
        # The wide balls reach beyond a lesion; its voxels are those that changed themselves.
        changed = sign * fine > 0.1
        whole = boundingBox(changed & (sign * strongest > LARGE_LESION_EVIDENCE))
        if whole is None:
            continue
        part = sign * strongest[whole]
        above = _reach(part, changed[whole], voxelMm3)
        numbers = parts(above)
        wanted = np.unique(numbers[above & (part >= least)])
        places = np.nonzero(numbers)
        number = numbers[places]
        order = np.argsort(number, kind="stable")
        ends = (np.searchsorted(number[order], wanted, side=side) for side in ("left", "right"))
        for first, last in zip(*ends, strict=True):
            voxels = [axis[order[first:last]] for axis in places]
            low = [int(axis.min()) for axis in voxels]
            evidence = part[tuple(voxels)]
            strong = evidence >= min(CORE_EVIDENCE, least)
            own = sign * fine[whole][tuple(voxels)][strong] * THRESHOLDS[0]
            if np.quantile(own, OWN_Z_QUANTILE) < MINIMUM_OWN_Z:
                continue
            inside, core = np.zeros(
                (2, *(int(axis.max()) + 1 - start for axis, start in zip(voxels, low, strict=True))), bool
            )
            inside[tuple(axis - start for axis, start in zip(voxels, low, strict=True))] = True
            core[tuple(axis[strong] - start for axis, start in zip(voxels, low, strict=True))] = True
            starts = [start + outer.start for start, outer in zip(low, whole, strict=True)]
            k, j, i = (slice(start, start + n) for start, n in zip(starts, inside.shape, strict=True))
            found.append(Evidence((k, j, i), inside, core, sign, float(evidence.max())))
    return found


def _reach(strength: np.ndarray, changed: np.ndarray, voxelMm3: float) -> np.ndarray:
    """(k, j, i) bool: what regions are made of, from the strength of the evidence for one sign."""
    above = changed & (strength > CORE_EVIDENCE)
    cores = parts(above)
    isLarge = np.bincount(cores.ravel()) * voxelMm3 >= LARGE_LESION_MM3
    isLarge[0] = False
    if not isLarge.any():
        return above
    wider = parts(changed & (strength > LARGE_LESION_EVIDENCE))
    reached = np.unique(wider[isLarge[cores]])
    return above | np.isin(wider, reached[reached > 0])
