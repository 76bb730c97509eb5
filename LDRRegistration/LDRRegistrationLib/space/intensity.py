"""Intensities to the range networks and similarity measures expect: 0 to 1, whatever the scanner."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .image import Image, Modality

# CT keeps air, soft tissue and bone apart in one monotone curve: Hounsfield units and what they become.
CT_CURVE_HU = (-1000.0, -200.0, 300.0, 1500.0)
CT_CURVE_VALUE = (0.0, 0.25, 0.85, 1.0)
# Outliers lie beyond the middle 96 % of an image by more than so many of its widths; those of the foreground, beyond
# its 95th percentile by more than so many of its widths.
OUTLIER_WIDTHS, FOREGROUND_OUTLIER_WIDTHS = 4.0, 2.0
# A share of the voxels that all have the lowest value is no tissue.
PLAIN_BACKGROUND_SHARE = 0.3
# Of a block of voxels: from here on its mean counts as known.
KNOWN_FROM = 0.5
# Of normalised values: what is brighter counts as the body.
BODY_SHARE = 0.15


def guessModality(image: Image) -> Modality:
    """What the image says itself, or else what its values look like.

    CT has Hounsfield units with air in them, below -500 in over 1 % of the known voxels, none below -10000; and with
    soft tissue, from -100 to 250 in over 1 %. So an MR image whose file subtracts 1024 is none.
    """
    if image.modality is not None:
        return image.modality
    sample = sampleOf(image.array)
    if image.known is not None:
        sample = sample[sampleOf(image.known) > KNOWN_FROM]
    if sample.size == 0:
        return Modality.MR
    hasAir = float((sample < -500).mean()) > 0.01 and float(sample.min()) > -10000
    hasTissue = float(((sample > -100) & (sample < 250)).mean()) > 0.01
    return Modality.CT if hasAir and hasTissue else Modality.MR


def normalised(image: Image) -> Image:
    """``image`` with its values in [0, 1], by its own modality; see ``guessModality`` and ``normalise``."""
    return replace(image, array=normalise(image.array, guessModality(image), image.known), modality=None)


def normalise(array: np.ndarray, modality: Modality = Modality.MR, known: np.ndarray | None = None) -> np.ndarray:
    """``array`` (any shape) as float32 in [0, 1].

    CT goes through a fixed curve of Hounsfield units. MR, and whatever else has arbitrary units, is scaled so that the
    background is 0 and the 99.5th percentile of the foreground is 1; foreground is what exceeds the background by 5 %
    of the range. A few percent of outliers, however far out, do not decide: they are cut off. Neither do voxels that
    are not ``known`` (shares of the array's shape).
    """
    values = np.asarray(array, dtype=np.float32)
    if modality is Modality.CT:
        return np.interp(values, CT_CURVE_HU, CT_CURVE_VALUE).astype(np.float32)
    sample = sampleOf(values)
    if known is not None:
        sample = sample[sampleOf(np.asarray(known)) > KNOWN_FROM]
    if sample.size == 0:
        return np.zeros_like(values)
    low, high, most = _range(sample)
    foreground = sample[sample > low + 0.05 * (high - low)]
    if foreground.size > 100:
        fifth, ninetyfifth, high = (float(v) for v in np.percentile(foreground, (5.0, 95.0, 99.5)))
        if ninetyfifth > fifth:
            most = min(most, ninetyfifth + FOREGROUND_OUTLIER_WIDTHS * (ninetyfifth - fifth))
        high = min(high, most)
    scaled = values - low
    scaled /= max(high - low, 1e-12)
    return np.clip(scaled, 0.0, 1.0, out=scaled)


def sampleOf(array: np.ndarray, count: int = 200_000) -> np.ndarray:
    """(n,): about ``count`` voxels of every slice, row and column of ``array``, or all if there are no more."""
    # A step that shares no factor with the length of a row, or the sample would be a few columns of the image.
    step = max(1, array.size // count)
    while math.gcd(step, array.shape[-1]) > 1:
        step += 1
    return array.ravel()[::step]


def _range(sample: np.ndarray) -> tuple[float, float, float]:
    """The range of a sample without outliers, and how far it may reach: beyond that values are outliers.

    Outliers lie far beyond the middle 96 % of all that is no plain background, as that of a stripped head is.
    """
    low, high = (float(v) for v in np.percentile(sample, (0.5, 99.5)))
    least = float(sample.min())
    if high <= low:
        low, high = least, float(sample.max())
    content = sample[sample > least]
    if content.size < 100 or sample.size - content.size < PLAIN_BACKGROUND_SHARE * sample.size:
        content = sample
    first, last = (float(v) for v in np.percentile(content, (2.0, 98.0)))
    if last <= first:
        return low, high, np.inf
    most = last + OUTLIER_WIDTHS * (last - first)
    return max(low, first - OUTLIER_WIDTHS * (last - first)), min(high, most), most
