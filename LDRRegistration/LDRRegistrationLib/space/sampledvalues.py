"""The values of an image where a transform leads: what is known of them, cubic or not, and their number types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..numerics.gridsample import cubicAtVoxels
from .image import Image, Modality
from .intensity import KNOWN_FROM
from .resample import insideFaces, sampleAt

if TYPE_CHECKING:
    from torch import Tensor

# Single precision holds all integers up to here.
LARGEST_SINGLE = 2**24
# What a CT shows where there is no patient.
AIR_HU = -1000.0
# Voxels on either side of the nearest one that a cubic value is made of.
CUBIC_REACH = 2


def backgroundOf(image: Image) -> float:
    """What stands for no measurement in ``image``, or else air in CT, or else its lowest value."""
    if image.padding is not None:
        return image.padding
    return AIR_HU if image.modality is Modality.CT else limitsOf(image)[0]


def limitsOf(image: Image) -> tuple[float, float]:
    """The lowest and the highest value that was measured."""
    measured = image.array if image.known is None else image.array[image.known > 0]
    return float(measured.min()), float(measured.max())


def grown(isMarked: Tensor, voxels: int) -> Tensor:
    """1.0 where a voxel of (k, j, i), or one up to so many voxels away along each axis, is marked; else 0.0."""
    import torch

    side = 2 * voxels + 1
    return torch.nn.functional.max_pool3d(isMarked.float()[None], side, stride=1, padding=voxels)[0]


def sampleCubic(
    source: Tensor, nearUnknown: Tensor | None, positions: Tensor, plain: Tensor, limits: tuple[float, float]
) -> Tensor:
    """Cubic values of ``source`` within ``limits``; ``plain`` ones beyond it, and where unknown voxels are near."""
    values = cubicAtVoxels(source, positions).clamp_(*limits)
    if nearUnknown is not None:
        values = values.where(sampleAt(nearUnknown, positions, 1.0, nearest=True) == 0, plain)
    return values.where(insideFaces(positions, source.shape), plain)


def sampleKnown(source: Tensor, known: Tensor, positions: Tensor, fill: float) -> Tensor:
    """Trilinear values of what is known of ``source``; where that is less than half, the nearest voxel as it is."""
    share = sampleAt(known, positions, 0.0)
    values = sampleAt((source * known).where(known > 0, 0), positions, fill) / share.clamp_min(KNOWN_FROM)
    return values.where(share >= KNOWN_FROM, sampleAt(source, positions, fill, nearest=True))


def sufficientType(array: np.ndarray) -> type[np.floating]:
    """The precision that holds the values of ``array``: double for integers that single precision would round."""
    isWide = array.dtype.kind in "iu" and array.dtype.itemsize >= 4
    return np.float64 if isWide and max(-int(array.min()), int(array.max())) > LARGEST_SINGLE else np.float32


def integerLimits(dtype: np.dtype) -> tuple[float, float]:
    """Smallest and largest integer of a type, as far as double precision reaches."""
    lowest, highest = (int(n) for n in (np.iinfo(dtype).min, np.iinfo(dtype).max))
    return float(lowest), float(highest) if int(float(highest)) == highest else float(np.nextafter(float(highest), 0.0))
