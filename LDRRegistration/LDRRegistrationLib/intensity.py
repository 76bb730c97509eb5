"""Intensities to the range networks and similarity measures expect: 0 to 1, whatever the scanner."""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from .image import Image

# CT keeps air, soft tissue and bone apart in one monotone curve: Hounsfield units and what they become.
CT_CURVE_HU = (-1000.0, -200.0, 300.0, 1500.0)
CT_CURVE_VALUE = (0.0, 0.25, 0.85, 1.0)


class Modality(Enum):
    MR = "MR"
    CT = "CT"


def guessModality(image: Image) -> Modality:
    """CT if the values are Hounsfield units with air in them: below -500 in over 1 % of voxels, none below -10000."""
    sample = image.array[:: max(1, image.array.shape[0] // 32), ::4, ::4]
    hasAir = float((sample < -500).mean()) > 0.01
    return Modality.CT if hasAir and float(sample.min()) > -10000 else Modality.MR


def normalise(array: np.ndarray, modality: Modality = Modality.MR) -> np.ndarray:
    """``array`` (any shape) as float32 in [0, 1].

    CT goes through a fixed curve of Hounsfield units. MR, and whatever else has arbitrary units, is scaled so that the
    background is 0 and the 99.5th percentile of the foreground is 1; foreground is what exceeds the background by 5 %
    of the range.
    """
    values = np.asarray(array, dtype=np.float32)
    if modality is Modality.CT:
        return np.interp(values, CT_CURVE_HU, CT_CURVE_VALUE).astype(np.float32)
    # A step that shares no factor with the length of a row, or the sample would be a few columns of the image.
    step = max(1, values.size // 200_000)
    while math.gcd(step, values.shape[-1]) > 1:
        step += 1
    sample = values.ravel()[::step]
    low, high = (float(v) for v in np.percentile(sample, (0.5, 99.5)))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    foreground = sample[sample > low + 0.05 * (high - low)]
    if foreground.size > 100:
        high = float(np.percentile(foreground, 99.5))
    scaled = values - low
    scaled /= max(high - low, 1e-12)
    return np.clip(scaled, 0.0, 1.0, out=scaled)
