"""Two visits made comparable: the same blur, the same units, the same shading, whatever the protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..numerics.filters import gaussianMean
from ..space.grid import Grid, transformPoints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor

    from ..space.transform import Transform

# From a median absolute deviation to the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# Residuals beyond so many standard deviations are change, or misalignment: they do not count (Tukey's biweight).
OUTLIER = 4.0
KNOTS = 10
CURVE_SAMPLES = 60_000
CURVE_ROUNDS = 8
CURVE_STIFFNESS = 0.003
# Shading is smooth over centimetres; a lesion is an outlier to it.
SHADING_MM = 12.0
SHADING_ROUNDS = 2
# The curve differs from place to place, as flip angles and coils do: standard deviation in mm of what it is fitted to,
# how often, on voxels of how many mm, and how much, in shares of what lies around, speaks for no difference.
PLACE_MM, PLACE_ROUNDS, PLACE_SAMPLE_MM, PLACE_RIDGE = 15.0, 2, 2.0, 0.02
# Values so many standard deviations from the mean around are taken for what lies there: no curve is known beyond.
PLACE_LEVELS = 2.0
# Along each axis, at how many places it is seen how far between voxels the prior is interpolated.
BLUR_PLACES = 16
# Of a Gaussian, in voxels of the grid on which a wide one is computed.
COARSE_SIGMA = 3.0


@dataclass(frozen=True, eq=False)
class Harmonised:
    """``prior`` (k, j, i) in the units of the current image, and how well the curve between the two explains it.

    ``agreement`` is the correlation coefficient of current and harmonised prior inside the mask, through one curve for
    all; ``rising`` the share of the mask where a brighter prior means a brighter current image.
    """

    prior: Tensor
    agreement: float
    rising: float


def smooth(values: Tensor, sigmasVoxels: np.ndarray) -> Tensor:
    """Gaussian mean of (k, j, i), one standard deviation in voxels for each axis."""
    return gaussianMean(values[None, None], [float(s) for s in sigmasVoxels])[0, 0]


def broadMean(values: Tensor, sigmasVoxels: np.ndarray) -> Tensor:
    """The same for wide Gaussians, on a coarser grid of a few voxels a standard deviation; see ``resizeTo``."""
    import torch

    sigmas = np.asarray(sigmasVoxels, dtype=np.float64)
    steps = [int(np.clip(sigma // COARSE_SIGMA, 1, n)) for sigma, n in zip(sigmas, values.shape, strict=True)]
    # Ends that fill no block count as they are.
    coarse = values[None, None]
    if max(steps) > 1:
        coarse = torch.nn.functional.avg_pool3d(coarse, steps, ceil_mode=True, count_include_pad=False)
    return smooth(coarse[0, 0], sigmas / steps)


def resizeTo(values: Tensor, like: Tensor) -> Tensor:
    """``values`` of ``broadMean`` at all voxels of ``like``, trilinear."""
    import torch

    if values.shape == like.shape:
        return values
    return torch.nn.functional.interpolate(values[None, None], size=like.shape, mode="trilinear")[0, 0]


def meansInside(
    images: Iterable[Tensor], mask: Tensor, sigmasVoxels: np.ndarray, least: float = 1e-3
) -> Iterator[Tensor]:
    """Gaussian mean of each image (k, j, i), 0 where ``mask`` (0 or 1) is, over the mask: at least ``least`` of it."""
    weights = broadMean(mask, sigmasVoxels).clamp_min(least)
    for image in images:
        yield resizeTo(broadMean(image, sigmasVoxels) / weights, image)


def matchingSigmas(grid: Grid, moving: Grid, leastMm: float, transform: Transform) -> tuple[np.ndarray, np.ndarray]:
    """Standard deviations in voxels (k, j, i) that bring fixed and warped moving image to the same blur on ``grid``.

    A voxel is a box of its size (variance s^2 / 12), and linear interpolation at a share f of the way between two
    voxels blurs by f (1 - f) s^2 more: nothing where the grids fall together, s^2 / 6 on average where they are turned.
    Only the parts along the axes of ``grid`` are matched. Both get at least ``leastMm``.
    """
    along = (grid.direction.T @ moving.direction) ** 2
    fixedVariance = grid.spacing**2 / 12.0
    ijk = np.meshgrid(*(np.linspace(0, n - 1, BLUR_PLACES).round() for n in grid.sizeIjk))
    places = np.stack(ijk, axis=-1).reshape(-1, 3)
    between = transformPoints(moving.rasToIjk, transform.points(transformPoints(grid.ijkToRas, places))) % 1.0
    movingVariance = along @ (moving.spacing**2 * (1.0 / 12.0 + (between * (1.0 - between)).mean(axis=0)))
    sigmas = [
        np.sqrt(np.maximum(missing, 0.0) + leastMm**2) / grid.spacing
        for missing in (movingVariance - fixedVariance, fixedVariance - movingVariance)
    ]
    return sigmas[0][::-1], sigmas[1][::-1]


def harmonise(current: Tensor, prior: Tensor, inside: Tensor, spacing: np.ndarray) -> Harmonised:
    """The prior in the units of the current image: a contrast curve, then shading and curve in turn.

    :param inside: (k, j, i) bool, where both images are defined and compared.
    :param spacing: mm along k, j, i.
    """
    weights = inside.float()
    sample = everySo(inside, CURVE_SAMPLES)
    prior, slopes = _throughCurve(current, prior, sample)
    rising = float((slopes > 0).double().mean())
    for _ in range(SHADING_ROUNDS):
        prior = prior * _shading(current, prior, weights, SHADING_MM / spacing)
        prior, _ = _throughCurve(current, prior, sample)
    # Curves of their own for all places make two people alike, too.
    agreement = _correlation(current[inside], prior[inside])
    return Harmonised(prior + _byPlace(current, prior, inside, spacing), agreement, rising)


def everySo(inside: Tensor, most: int) -> Tensor:
    """Where in the flat array (k, j, i) every so many of the voxels ``inside`` lie: about ``most`` of them."""
    places = inside.reshape(-1).nonzero()[:, 0]
    return places[:: max(1, len(places) // most)]


def _throughCurve(current: Tensor, prior: Tensor, sample: Tensor) -> tuple[Tensor, Tensor]:
    """The prior through the piecewise linear curve that fits best ``sample`` (places in the flat arrays), and the
    slopes of the curve there.

    Iteratively reweighted least squares with Tukey's biweight and a penalty on the curve's bends; beyond the outer
    knots the curve goes on straight, upwards at least as steeply as it rises on the whole.
    """
    x, y = (toArray(image.take(sample)).astype(np.float64) for image in (prior, current))
    low, high = np.percentile(x, (0.5, 99.5))
    width = max((high - low) / (KNOTS - 1), 1e-12)
    place = np.clip(np.floor((x - low) / width), 0, KNOTS - 2).astype(int)
    share = (x - low) / width - place
    basis = np.zeros((len(x), KNOTS))
    basis[np.arange(len(x)), place], basis[np.arange(len(x)), place + 1] = 1.0 - share, share
    bends = np.diff(np.eye(KNOTS), 2, axis=0)
    penalty = len(x) * (CURVE_STIFFNESS * bends.T @ bends + 1e-9 * np.eye(KNOTS))
    weights = np.ones(len(x))
    for _ in range(CURVE_ROUNDS):
        values = np.linalg.solve((basis * weights[:, None]).T @ basis + penalty, basis.T @ (weights * y))
        residual = y - basis @ values
        weights = tukey(residual, MAD_TO_SD * float(np.median(np.abs(residual))))
    steps = np.diff(values)
    # Within one tissue noise alone varies, and the curve is flat; what is brighter than any tissue must not be.
    overall = float(values[-1] - values[0]) / (KNOTS - 1)
    upper = max(float(steps[-1]), overall) if overall > 0 else float(steps[-1])
    slopes = toTensor(np.append(steps, upper))
    position = (prior - float(low)) / float(width)
    index = position.floor().clamp_(0, KNOTS - 1).long()
    curve = position.sub_(index).mul_(slopes.take(index)).add_(toTensor(values).take(index))
    return curve, slopes[toTensor(place).long()]


def _byPlace(current: Tensor, prior: Tensor, inside: Tensor, spacing: np.ndarray) -> Tensor:
    """What a curve that differs from place to place adds to the prior: local robust least squares.

    At each place a parabola over the values that the tissue around has; a lesion is an outlier to it.
    """
    import torch

    steps = [max(1, int(PLACE_SAMPLE_MM / float(step))) for step in spacing]
    sparse = tuple(slice(step // 2, None, step) for step in steps)
    sigmas = PLACE_MM / (spacing * steps)
    weights, middle, spread = inside[sparse].float(), float(prior[inside].mean()), float(prior[inside].std())
    level, residual = (prior[sparse] - middle) / spread, current[sparse] - prior[sparse]
    # Of the products of 1, the level and its square only these differ.
    powers = [torch.ones_like(level), level, level**2, level**3, level**4]
    which = torch.tensor([[0, 1, 2], [1, 2, 3], [2, 3, 4]])
    left = residual
    for _ in range(PLACE_ROUNDS):
        sd = MAD_TO_SD * float(left[weights > 0].abs().median())
        counted = (1.0 - (left / (OUTLIER * sd + 1e-12)) ** 2).clamp_min(0) ** 2 * weights
        means = torch.stack([broadMean(counted * power, sigmas) for power in powers], -1)
        sums = torch.stack([broadMean(counted * power * residual, sigmas) for power in powers[:3]], -1)
        # What little speaks for is not believed.
        fitted = torch.linalg.solve(means[..., which] + PLACE_RIDGE * torch.eye(3), sums)
        mean, square = (means[..., n] / means[..., 0].clamp_min(1e-6) for n in (1, 2))
        reach = PLACE_LEVELS * (square - mean * mean).clamp_min(0).sqrt()
        curve = [values.contiguous() for values in (mean - reach, mean + reach, *fitted.unbind(-1))]
        left = residual - _onCurve(level, curve)
    return _onCurve((prior - middle) / spread, curve)


def _onCurve(level: Tensor, curve: list[Tensor]) -> Tensor:
    """The parabola of every place at ``level``, or at the lowest and highest level that is known there."""
    low, high, constant, slope, bend = (resizeTo(values, level) for values in curve)
    level = level.clamp(low, high)
    return constant + level * (slope + level * bend)


def tukey(residual: np.ndarray, sd: float) -> np.ndarray:
    """Tukey's biweight: 1 for no residual, 0 beyond ``OUTLIER`` standard deviations."""
    return np.clip(1.0 - (residual / (OUTLIER * sd + 1e-12)) ** 2, 0.0, None) ** 2


def _shading(current: Tensor, prior: Tensor, mask: Tensor, sigmas: np.ndarray) -> Tensor:
    """The smooth factor between the images, by local robust least squares."""
    residual = current - prior
    sd = MAD_TO_SD * float(residual[mask > 0].abs().median())
    weights = (1.0 - (residual / (OUTLIER * sd + 1e-12)) ** 2).clamp_min(0) ** 2 * mask
    product, square = (broadMean(weights * prior * other, sigmas) for other in (current, prior))
    little = 1e-3 * float(square.max()) + 1e-12
    return resizeTo(((product + little) / (square + little)).clamp(0.5, 2.0), current)


def _correlation(first: Tensor, second: Tensor) -> float:
    first, second = (first - first.mean()).double(), (second - second.mean()).double()
    return float((first * second).sum() / ((first**2).sum() * (second**2).sum() + 1e-12).sqrt())
