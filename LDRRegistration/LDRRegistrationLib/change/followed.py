"""Lesions that both visits show, and how much each of them grew or shrank.

Growth by a quarter moves the border of a lesion by less than half a voxel: no voxel changes by much, and the border is
where misalignment leaves most. But what misalignment leaves there cancels out over the whole of the border, and what
growth leaves does not. So round places that stand out in both scans are sought, and to each the difference of the scans
is fitted as a sum of a shift, a stretch about its middle, a change of its contrast, and a constant. The stretch is its
growth along one axis; how much such stretches come to where nothing grew, all the places of the pair tell together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..space.boxes import Box
from ..space.intensity import Modality
from ..space.sampledvalues import AIR_HU
from .harmonise import MAD_TO_SD, smooth
from .shapes import depth

if TYPE_CHECKING:
    from torch import Tensor

    from .changemap import ChangeMap

# Standard deviations in mm of the Gaussians whose Laplacians find round places: balls of 1.73 times that radius.
SIGMAS_MM = (1.8, 2.4, 3.2, 4.2)
RADIUS_OF_SIGMA = 3.0**0.5
# They are sought on voxels of about so many mm.
SEARCH_MM = 1.5
# A place stands out by so much of the usual signal; in the scan that shows less of it by this share of the other's; and
# bends the least of all directions by this share of the most.
MINIMUM_RESPONSE, MINIMUM_OTHER_SHARE, MINIMUM_ROUNDNESS = 0.05, 0.35, 0.35
# Of two of one sign, nearer than this share of the larger radius, the one that stands out more is followed.
APART_SHARE = 0.7
# Nearer to the surface of what is compared nothing is followed.
SURFACE_MM = 3.0
# A place is fitted as far as this beyond its radius, and weighs less within the last of it.
AROUND_MM, FADE_MM = 2.5, 1.5
# Its surroundings, beyond its radius.
RING_MM = (1.0, 4.0)
# Errors of neighbouring voxels go together over so many standard deviations of the blur.
TOGETHER_BLURS = 2.5
# What so many places say weighs as much as what pairs usually have: errors so many times the fitted ones.
PRIOR_PLACES, USUAL_ERROR = 10.0, 1.3
# How many standard errors, and how much of the diameter, is enough: what no place of the rescans 1003/1023 and
# 1004/1024 reaches, in either order, nor of them under other protocols.
MINIMUM_ERRORS, MINIMUM_STRETCH = 4.0, 0.04
# Two standard errors are the interval that is told.
INTERVAL_ERRORS = 1.96


@dataclass(frozen=True)
class Followed:
    """A place that both scans show: ``place`` (k, j, i), ``radiusMm``, brighter (1) or darker (-1) than around it.

    ``stretch``: growth of its diameter since the prior scan, as a share; ``error``: its standard error.
    """

    place: tuple[int, int, int]
    radiusMm: float
    sign: float
    stretch: float
    error: float

    @property
    def evidence(self) -> float:
        """1 is enough to be listed."""
        return min(abs(self.stretch) / MINIMUM_STRETCH, abs(self.stretch) / self.error / MINIMUM_ERRORS)

    @property
    def isChanged(self) -> bool:
        """Whether the interval of the growth does not hold 0."""
        return abs(self.stretch) > INTERVAL_ERRORS * self.error

    @property
    def growthPercent(self) -> float:
        """Of the volume, since the prior scan."""
        return _growth(self.stretch)

    @property
    def intervalPercent(self) -> tuple[float, float]:
        """In which the growth lies, 95 of 100 times."""
        return _growth(self.stretch - INTERVAL_ERRORS * self.error), _growth(
            self.stretch + INTERVAL_ERRORS * self.error
        )


def _growth(stretch: float) -> float:
    half = 0.5 * float(np.clip(stretch, -1.5, 1.5))
    return 100.0 * (((1.0 + half) / (1.0 - half)) ** 3 - 1.0)


def followedPlaces(changeMap: ChangeMap) -> list[Followed]:
    """Every place of ``changeMap`` that can be followed, changed or not."""
    fitted = [(place, _fits(changeMap, place)) for place in _places(changeMap)]
    usable = [(place, fits) for place, fits in fitted if fits is not None]
    if not usable:
        return []
    # What is there only if the contrast may have changed, or only if it may not, is not told apart from such a change.
    changing, even = (
        _asUsual([replace(place, stretch=fits[n][0], error=fits[n][1]) for place, fits in usable]) for n in (0, 1)
    )
    return [_agreed(one, other) for one, other in zip(changing, even, strict=True)]


def _agreed(one: Followed, other: Followed) -> Followed:
    """``one``, with an error that its disagreement with ``other`` adds to."""
    error = max(one.error, other.error, abs(one.stretch - other.stretch) / INTERVAL_ERRORS)
    if one.stretch * other.stretch <= 0:
        return replace(one, error=max(error, abs(one.stretch)))
    return replace(one, error=error)


def _asUsual(found: list[Followed]) -> list[Followed]:
    """Without what places of one size and sign have in common, which is of the scanners (a curve that moves borders, a
    blur), and with errors such as places of this size have in this pair.
    """
    stretches, errors = (np.array([getattr(f, name) for f in found]) for name in ("stretch", "error"))
    radii, signs = (np.array([getattr(f, name) for f in found]) for name in ("radiusMm", "sign"))
    for radius in np.unique(radii):
        size = radii == radius
        for sign in (1.0, -1.0):
            same = size & (signs == sign)
            # The median of few is not to be trusted.
            if same.any():
                stretches[same] -= np.median(stretches[same]) * same.sum() / (same.sum() + PRIOR_PLACES)
        own = MAD_TO_SD * float(np.median(np.abs(stretches[size] / errors[size])))
        errors[size] *= max(1.0, (size.sum() * own + PRIOR_PLACES * USUAL_ERROR) / (size.sum() + PRIOR_PLACES))
    return [replace(f, stretch=float(s), error=float(e)) for f, s, e in zip(found, stretches, errors, strict=True)]


def _places(changeMap: ChangeMap) -> list[Followed]:
    """Where the scans show something round, whatever became of it."""
    import torch

    spacing = changeMap.grid.spacing[::-1]
    steps = [max(1, round(SEARCH_MM / float(s))) for s in spacing]
    coarse = spacing * steps
    inside = toTensor(changeMap.mask.astype(np.float32))

    def reduced(values: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool3d(values[None, None], steps)[0, 0]

    if any(n < step for n, step in zip(inside.shape, steps, strict=True)):
        return []
    deep = depth(toArray(reduced(inside)) > 0.5, coarse[::-1]) > SURFACE_MM
    # Of CT's values air is the one without signal.
    nothing = AIR_HU if changeMap.modality is Modality.CT else 0.0
    usual = abs(float(np.median(changeMap.current[changeMap.mask])) - nothing)
    images = [reduced(toTensor(np.asarray(image, dtype=np.float32))) for image in (changeMap.current, changeMap.prior)]
    found: list[tuple[float, Followed]] = []
    for sigma in SIGMAS_MM:
        both = [smooth(image, sigma / coarse) for image in images]
        bends = [-(sigma**2) * _laplacian(image, coarse) / max(usual, 1e-12) for image in both]
        least, most = torch.minimum(*(b.abs() for b in bends)), torch.maximum(*(b.abs() for b in bends))
        same = (bends[0] * bends[1] > 0) & (least > MINIMUM_OTHER_SHARE * most)
        response = toArray(0.5 * (bends[0] + bends[1]) * same) * deep.astype(np.float32)
        blurred = toArray(0.5 * (both[0] + both[1]))
        for sign in (1.0, -1.0):
            tops = _tops(sign * response)
            for top in tops[_roundness(blurred, tops, coarse, sign) >= MINIMUM_ROUNDNESS]:
                k, j, i = (int((n + 0.5) * step) for n, step in zip(top, steps, strict=True))
                strength = float(abs(response[tuple(top)]))
                found.append((strength, Followed((k, j, i), RADIUS_OF_SIGMA * sigma, sign, 0.0, 1.0)))
    return _once(found, spacing)


def _tops(response: np.ndarray) -> np.ndarray:
    """(n, 3): where ``response`` (k, j, i) stands out, and none of the 26 voxels around has more."""
    places = np.argwhere(response > MINIMUM_RESPONSE)
    padded = np.pad(response, 1)
    values = response[tuple(places.T)]
    isTop = np.ones(len(places), dtype=bool)
    for step in np.ndindex(3, 3, 3):
        isTop &= padded[tuple((places + step).T)] <= values
    return places[isTop]


def _once(found: list[tuple[float, Followed]], spacing: np.ndarray) -> list[Followed]:
    """The strongest of those that lie within each other; spacing along k, j, i."""
    found = sorted(found, key=lambda item: -item[0])
    places = np.array([one.place for _, one in found], dtype=float).reshape(-1, 3) * spacing
    radii, signs = (np.array([getattr(one, name) for _, one in found]) for name in ("radiusMm", "sign"))
    kept: list[int] = []
    for number in range(len(found)):
        away = np.linalg.norm(places[kept] - places[number], axis=1)
        apart = APART_SHARE * np.maximum(radii[kept], radii[number])
        if not ((away < apart) & (signs[kept] == signs[number])).any():
            kept.append(number)
    return [found[number][1] for number in kept]


def _laplacian(image: Tensor, spacing: np.ndarray) -> Tensor:
    """0 at the border, where nothing is followed."""
    import torch

    total = torch.zeros_like(image)
    for axis, step in enumerate(spacing):
        n = image.shape[axis]
        if n > 2:
            first, middle, last = (image.narrow(axis, start, n - 2) for start in range(3))
            total.narrow(axis, 1, n - 2).add_((first + last - 2.0 * middle) / float(step) ** 2)
    return total


def _roundness(image: np.ndarray, places: np.ndarray, spacing: np.ndarray, sign: float) -> np.ndarray:
    """(n,): the least bend of ``image`` at each of ``places`` (n, 3) over the largest; below 0 where it is a saddle."""
    if not len(places):
        return np.zeros(0)
    padded = np.pad(image, 1, mode="edge").astype(float)

    def at(*steps: int) -> np.ndarray:
        k, j, i = (places + 1 + steps).T
        return padded[k, j, i]

    bends = np.empty((len(places), 3, 3))
    units = np.eye(3, dtype=int)
    for a in range(3):
        bends[:, a, a] = (at(*units[a]) + at(*-units[a]) - 2.0 * at(0, 0, 0)) / spacing[a] ** 2
        for b in range(a):
            corners = sum(m * n * at(*(m * units[a] + n * units[b])) for m in (1, -1) for n in (1, -1))
            bends[:, a, b] = bends[:, b, a] = corners / (4.0 * spacing[a] * spacing[b])
    values = np.linalg.eigvalsh(-sign * bends)
    return np.where(values[:, -1] > 0, values[:, 0] / np.maximum(values[:, -1], 1e-12), -1.0)


def aroundPlace(changeMap: ChangeMap, followed: Followed, mm: float) -> tuple[Box, list[np.ndarray], np.ndarray]:
    """The part of the map within ``mm`` beyond a place's radius; mm from its middle along k, j and i, as arrays of one
    long axis each, and in all (k, j, i).
    """
    spacing, shape = changeMap.grid.spacing[::-1], changeMap.z.shape
    reach = np.ceil((followed.radiusMm + mm) / spacing).astype(int) + 1
    k, j, i = (
        slice(max(at - int(r), 0), min(at + int(r) + 1, n))
        for at, r, n in zip(followed.place, reach, shape, strict=True)
    )
    axes = [
        (np.arange(part.start, part.stop) - at) * step
        for part, at, step in zip((k, j, i), followed.place, spacing, strict=True)
    ]
    away = list(np.meshgrid(*axes, indexing="ij", sparse=True))
    return (k, j, i), away, np.sqrt(sum(a**2 for a in away))


def _fits(changeMap: ChangeMap, place: Followed) -> list[tuple[float, float]] | None:
    """Stretch and its standard error by weighted least squares, if the contrast may have changed, and if it may not.

    None where there is too little to fit.
    """
    spacing = changeMap.grid.spacing[::-1]
    box, away, distance = aroundPlace(changeMap, place, AROUND_MM)
    if min(part.stop - part.start for part in box) < 3:
        return None
    weights = np.clip((place.radiusMm + AROUND_MM - distance) / FADE_MM, 0.0, 1.0) * changeMap.mask[box]
    chosen = weights > 0
    current, prior = changeMap.current[box], changeMap.prior[box]
    mean = 0.5 * (current + prior)
    slopes = [slope[chosen].astype(float) for slope in np.gradient(mean, *spacing)]
    contrast = mean[chosen].astype(float)
    if len(contrast) < 4 * (3 + len(slopes)):
        return None
    stretched = -sum(np.broadcast_to(a, mean.shape)[chosen] * slope for a, slope in zip(away, slopes, strict=True))
    design = np.stack([stretched, np.ones_like(contrast), *slopes, contrast - contrast.mean()])
    scale = np.abs(design).mean(axis=1)
    if not (scale > 0).all():
        return None
    design /= scale[:, None]
    weights, target = weights[chosen], (current - prior)[chosen].astype(float)
    weighted = design * weights
    products, sums = weighted @ design.T, weighted @ target
    together = max(1.0, (TOGETHER_BLURS * changeMap.blurMm) ** 3 / float(np.prod(spacing)))
    fits = []
    for count in (len(design), len(design) - 1):
        inverse = np.linalg.pinv(products[:count, :count])
        fitted = inverse @ sums[:count]
        left = float((weights * (target - fitted @ design[:count]) ** 2).sum() / weights.sum())
        error = float(np.sqrt(left * inverse[0, 0] * together) / scale[0])
        fits.append((float(fitted[0] / scale[0]), max(error, 1e-6)))
    return fits
