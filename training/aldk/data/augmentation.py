"""Random appearance: what scanners, protocols and disease do to an image without moving it.

Volumes are (k, j, i), intensities about 0 to 1; every function returns a new tensor of the same shape.
"""

from __future__ import annotations

import numpy as np
import torch
from LDRRegistrationLib.numerics.filters import boxMean
from torch import Tensor

from .draws import Draws, smooth_noise

CURVE_STEPS = 1023
LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.5
FOREGROUND_SHARE = 0.05


def normalise_variably(image: Tensor, high: float = HIGH_PERCENTILE) -> Tensor:
    """As LDRRegistrationLib.space.intensity.normalise does for MR, with the upper percentile free to vary."""
    # numpy selects where torch.quantile sorts, which takes five times as long.
    values = image.flatten()[:: max(1, image.numel() // 40_000)].numpy()
    least, most = (float(v) for v in np.percentile(values, (LOW_PERCENTILE, HIGH_PERCENTILE)))
    foreground = values[values > least + FOREGROUND_SHARE * (most - least)]
    if foreground.size > 100:
        most = float(np.percentile(foreground, high))
    return ((image - least) / max(most - least, 1e-6)).clamp(0.0, 1.0)


def random_curve(image: Tensor, draws: Draws, monotone: bool) -> Tensor:
    """Intensities through a random piecewise linear curve; a rising one, or any one, as between MR contrasts."""
    knots = draws.levels(draws.integer(4, 9))
    if monotone:
        knots = (knots + 0.1).cumsum(0)
        knots = knots - knots[0]
    knots = (knots - knots.min()) / (knots.max() - knots.min()).clamp_min(1e-3)
    table = torch.nn.functional.interpolate(knots[None, None], size=CURVE_STEPS + 1, mode="linear", align_corners=True)
    return table[0, 0][(image.clamp(0.0, 1.0) * CURVE_STEPS).long()]


def bias_field(image: Tensor, draws: Draws, spacing: float, strength: float) -> Tensor:
    """Multiplied by a smooth positive field; ``strength`` is the SD of its logarithm."""
    field = smooth_noise(draws, 1, tuple(image.shape), draws.uniform(40.0, 120.0) / spacing)[0]
    return image * torch.exp(strength * field)


def noise(image: Tensor, draws: Draws, deviation: float) -> Tensor:
    """Gaussian noise, white or correlated over three voxels."""
    grain = draws.volume(*image.shape)
    if draws.happens(0.3):
        grain = 4.0 * boxMean(grain[None, None], 3)[0, 0]
    return (image + deviation * grain).clamp_min(0.0)


def slice_matrix(size: int, thickness: float, offset: float) -> Tensor:
    """(size, size): averaging into slices ``thickness`` voxels thick, then linear interpolation between their centres.

    Parameters
    ----------
    offset
        Where the first slice begins before voxel 0, as a fraction of the thickness.
    """
    count = int(np.ceil(size / thickness)) + 1
    edges = (np.arange(count + 1) - offset) * thickness - 0.5
    voxel = np.arange(size)
    overlap = np.minimum(edges[1:, None], voxel + 0.5) - np.maximum(edges[:-1, None], voxel - 0.5)
    profile = np.clip(overlap, 0.0, None)
    covered = profile.sum(1) > 1e-6
    profile, centers = profile[covered], ((edges[1:] + edges[:-1]) / 2.0)[covered]
    profile /= profile.sum(1, keepdims=True)
    place = np.interp(voxel, centers, np.arange(len(centers)))
    below = np.minimum(place.astype(int), len(centers) - 1)
    above = np.minimum(below + 1, len(centers) - 1)
    matrix = np.zeros((size, len(centers)))
    matrix[voxel, below] += 1.0 - (place - below)
    matrix[voxel, above] += place - below
    return torch.from_numpy((matrix @ profile).astype(np.float32))


def thick_slices(image: Tensor, axis: int, thickness: float, offset: float) -> Tensor:
    """As scanned in slices of ``thickness`` voxels along ``axis`` and interpolated back to the grid."""
    matrix = slice_matrix(image.shape[axis], thickness, offset)
    return torch.tensordot(image, matrix, dims=([axis], [1])).movedim(-1, axis).contiguous()


def lose_resolution(image: Tensor, draws: Draws, spacing: float) -> Tensor:
    """Thick slices of 3 to 6 mm along one axis, or coarser voxels along all of them."""
    if draws.happens(0.6):
        return thick_slices(image, draws.integer(0, 2), draws.uniform(3.0, 6.5) / spacing, draws.uniform(0, 1))
    for axis in range(3):
        image = thick_slices(image, axis, max(draws.uniform(2.0, 4.0) / spacing, 1.0), draws.uniform(0, 1))
    return image


def lesions(image: Tensor, draws: Draws, spacing: float) -> Tensor:
    """A few soft blobs, 3 to 12 mm in radius, darker or brighter than the tissue around them."""
    image = image.clone()
    tissue = torch.nonzero(image > 0.1)
    if not len(tissue):
        return image
    for _ in range(draws.integer(1, 10)):
        center = tissue[draws.integer(0, len(tissue) - 1)].tolist()
        radii = draws.uniform(3.0, 12.0) / spacing * (1.0 + draws.vector(0.4))
        spans = [slice(max(0, int(c - 2 * r)), int(c + 2 * r) + 2) for c, r in zip(center, radii, strict=True)]
        axes = [
            torch.exp(-(((torch.arange(s.start, min(s.stop, n)) - c) / r) ** 2))
            for s, n, c, r in zip(spans, image.shape, center, radii, strict=True)
        ]
        blob = (2.0 * axes[0][:, None, None] * axes[1][None, :, None] * axes[2]).clamp(max=1.0)
        region = image[spans[0], spans[1], spans[2]]
        region += blob * (region > 0.05) * (draws.uniform(0.0, 1.0) - region) * draws.uniform(0.3, 1.0)
    return image


def cut_field_of_view(image: Tensor, draws: Draws, most: float = 0.25) -> Tensor:
    """Zero beyond a plane across one axis, as at the end of a scanner's field of view."""
    axis = draws.integer(0, 2)
    size = image.shape[axis]
    cut = int(size * draws.uniform(0.05, most))
    start = 0 if draws.happens(0.5) else size - cut
    image = image.clone()
    image.narrow(axis, start, cut).zero_()
    return image


def random_appearance(
    image: Tensor, draws: Draws, spacing: float, strength: float = 1.0, absolute: bool = False
) -> Tensor:
    """One image as another scanner might have shown it, normalised as for the network.

    Parameters
    ----------
    image
        (k, j, i), 0 to 1, 0 in air.
    spacing
        mm a voxel.
    strength
        0 leaves all but the normalisation out, 1 is the full range.
    absolute
        The scale has a meaning (CT): intensities keep their level, and only resolution, noise and lesions vary.
    """
    content = image > 0.01
    if draws.happens(0.25 * strength):
        image = lesions(image, draws, spacing)
    if not absolute:
        if draws.happens(0.5 * strength):
            image = random_curve(image, draws, monotone=strength < 0.5 or draws.happens(0.6))
            if draws.happens(0.75):
                image = image * content
        if draws.happens(0.5 * strength):
            image = image.clamp(0.0, 1.0) ** float(np.exp(draws.uniform(-0.5, 0.5)))
        if draws.happens(0.6 * strength):
            image = bias_field(image, draws, spacing, draws.uniform(0.0, 0.35))
    if draws.happens(0.45 * strength):
        image = lose_resolution(image, draws, spacing)
    if draws.happens(0.8 * strength):
        image = noise(image, draws, 0.08 * draws.uniform(0.0, 1.0) ** 2)
        if draws.happens(0.3):
            image = image * content
    if draws.happens(0.1 * strength):
        image = cut_field_of_view(image, draws)
    if absolute:
        return image.clamp(0.0, 1.0)
    return normalise_variably(image, high=HIGH_PERCENTILE + strength * draws.uniform(-1.5, 0.4))
