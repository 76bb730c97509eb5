"""How large a difference between two visits noise, interpolation and misalignment leave where nothing changed."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from .harmonise import meansInside, smooth

if TYPE_CHECKING:
    from torch import Tensor

GRADIENT_BINS, LEVEL_BINS = 24, 8
# The standard deviation of a bin comes from this quantile of its absolute differences: most of every bin is unchanged,
# and the quantile sees the long tails of misalignment that a median would miss.
SPREAD_QUANTILE = 0.85
SAMPLES = 400_000
# The expected noise weighs as much as this share of all voxels: a bin that is rarer says little about its own.
PRIOR_SHARE = 0.005
# The noise is nowhere taken for less than this share of its median.
MINIMUM_SHARE_OF_MEDIAN = 0.5
# Noise and misalignment also differ from place to place: Gaussians of the places, and of change, which is no noise.
PLACE_SIGMA_MM, CHANGE_SIGMA_MM = 25.0, 4.0
PLACE_CLIP = 5.0
PLACE_LIMITS = (0.8, 5.0)


def noiseLevel(current: Tensor, prior: Tensor, inside: Tensor, spacing: np.ndarray) -> tuple[Tensor, Tensor]:
    """Standard deviation (k, j, i) of the unchanged difference in the images' units, and how many times
    as large as usual the difference is around a place, in whichever sign it is less so.

    A table of robust standard deviations over gradient and intensity, estimated from this very pair: a misalignment
    by delta leaves delta times the gradient, partial volume goes with the gradient too, and noise of magnitude images
    with the intensity. The table must not learn from what changed: the gradient is the geometric mean of both images',
    since a new lesion has an edge in one alone; of the two intensities the more usual one counts; and combinations that
    are rare are taken for what gradient and intensity say each by itself.
    """
    import torch

    difference = current - prior
    gradient = _gradient(current, spacing).mul_(_gradient(prior, spacing))
    # Most of the box is not compared: all that is of single voxels is worked out for those inside.
    places = inside.reshape(-1).nonzero()[:, 0]
    here, before, off, slope = (image.take(places) for image in (current, prior, difference, gradient))
    slope.sqrt_()
    usual = here.median()
    level = torch.where((here - usual).abs() < (before - usual).abs(), here, before)
    step = max(1, len(places) // SAMPLES)
    magnitude, slopes, levels = (toArray(sample[::step]) for sample in (off.abs(), slope, level))
    slopeEdges = np.quantile(slopes, np.linspace(0.02, 0.98, GRADIENT_BINS))
    levelEdges = np.quantile(levels, np.linspace(0.05, 0.95, LEVEL_BINS))
    row, column = np.searchsorted(slopeEdges, slopes), np.searchsorted(levelEdges, levels)
    toSd = 1.0 / NormalDist().inv_cdf(0.5 + SPREAD_QUANTILE / 2)

    def spreads(cells: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
        """Of every cell, where ``cells`` says which one each sample is in; sorting once is faster than a mask each."""
        few = PRIOR_SHARE * len(magnitude)
        sorted_ = magnitude[np.argsort(cells, kind="stable")]
        counts = np.bincount(cells, minlength=len(otherwise))
        groups = np.split(sorted_, np.cumsum(counts)[:-1])
        own = np.array([float(np.quantile(group, SPREAD_QUANTILE)) * toSd if len(group) else 0.0 for group in groups])
        return (counts * own + few * otherwise) / (counts + few)

    whole = float(np.quantile(magnitude, SPREAD_QUANTILE)) * toSd
    bySlope = spreads(row, np.full(GRADIENT_BINS + 1, whole))
    byLevel = spreads(column, np.full(LEVEL_BINS + 1, whole))
    table = np.outer(bySlope, byLevel) / max(whole, 1e-12)
    table = spreads(row * (LEVEL_BINS + 1) + column, table.ravel()).reshape(table.shape)
    rows, columns = (
        torch.bucketize(values, toTensor(edges)) for values, edges in ((slope, slopeEdges), (level, levelEdges))
    )
    sd = toTensor(_smoothTable(table).ravel()).take(rows * (LEVEL_BINS + 1) + columns)
    sd = (sd**2 + (MINIMUM_SHARE_OF_MEDIAN * float(sd.median())) ** 2).sqrt()
    mask = inside.float()

    def full(values: Tensor) -> Tensor:
        return torch.zeros_like(current).put_(places, values)

    # Change of one sign over a centimetre is no noise; misalignment has both, on the two sides of a structure.
    (wide,) = meansInside((difference * mask,), mask, CHANGE_SIGMA_MM / spacing)
    excess = ((off - wide.take(places)).abs() / sd).clamp_(max=PLACE_CLIP)
    # A haematoma, or a ventricle that is wider, is no misalignment, however large: that is what both signs have.
    signed = (off / sd).clamp_(-PLACE_CLIP, PLACE_CLIP)
    around = (excess, signed.clamp(min=0.0), (-signed).clamp_(min=0.0))
    place, *means = (mean.take(places) for mean in meansInside(map(full, around), mask, PLACE_SIGMA_MM / spacing))
    place = (place / float(place.median())).clamp_(*PLACE_LIMITS)
    balanced = torch.minimum(*means)
    local = torch.minimum(place, balanced / float(balanced.median().clamp_min(1e-6)))
    return torch.full_like(current, float(sd.median())).put_(places, sd * place), full(local)


def _gradient(image: Tensor, spacing: np.ndarray) -> Tensor:
    """Length of the gradient per mm by central differences, averaged over a millimetre; ``spacing`` along k, j, i."""
    import torch

    total = torch.zeros_like(image)
    for axis, step in enumerate(spacing):
        n = image.shape[axis]
        if n > 2:
            slope = (image.narrow(axis, 2, n - 2) - image.narrow(axis, 0, n - 2)) / (2.0 * float(step))
            total.narrow(axis, 1, n - 2).add_(slope * slope)
    return smooth(total.sqrt(), 1.0 / spacing)


def _smoothTable(table: np.ndarray) -> np.ndarray:
    """Each entry averaged with its four neighbours."""
    padded = np.pad(table, 1, mode="edge")
    neighbours = padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2]
    return 0.4 * table + 0.15 * neighbours
