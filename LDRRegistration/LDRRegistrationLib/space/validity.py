"""Where the values of an image are known. No data is not black tissue.

Padding beyond the field of view, the corners outside a scanner's circle, voxels that are no number and metal hold
values that nobody measured. They are found here once, and from then on are unknown: ``Image.known`` weighs every voxel
in reduction, resampling, pre-alignment, the network's input, the self-check, the refinement and change detection.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..numerics.filling import fillUnknown
from .image import LARGEST_VALUE, Image, checkGeometry, checkValues
from .intensity import guessModality, sampleOf

SAMPLE_VOXELS = 200_000
# Of the sample: a value that fewer voxels share is no padding.
PADDING_SHARE = 0.001
# How far below the 10th percentile of all else padding lies, in ranges from there to the 90th percentile. The black
# background of an image that somebody normalised is nearer. Where all else is 0 or more, a round number below this is.
SPREADS_BELOW, NEGATIVE_PADDING = 10.0, -100.0
# Air in CT has about -1000 HU, with noise; what lies so far below it is no air. Metal is above all bone and enamel.
AIR_HU, BELOW_AIR_HU, METAL_HU = -500.0, 150.0, 3000.0
# So much of the way from padding to the image's values an interpolated voxel at its rim may still be off.
RIM_TOLERANCE = 0.1
# Values further from the rest than this share of the way to the padding are mixtures with it.
MIXTURE_SHARE = 0.3


def checkedImage(image: Image, fewSlices: bool = False) -> Image:
    """``image`` with what is known of it and its modality, after all checks that say whether it can be registered.

    :param fewSlices: whether it may have fewer than four slices (see registration/fewslices.py).
    :raises RegistrationError: its geometry is degenerate, or its known voxels are too few or constant.
    """
    checkGeometry(image, fewSlices)
    image = withValidity(image)
    checkValues(image)
    return replace(image, modality=guessModality(image))


def withValidity(image: Image) -> Image:
    """``image`` with ``known`` (k, j, i) bool where some of its voxels hold no measurement; itself where all do.

    Unknown are voxels that are no number or beyond what single precision holds, padding (one value far outside all
    others that many voxels share), and in CT whatever lies below air, and metal.
    """
    if image.known is not None:
        return image
    low, high, padding = _limits(image)
    isFloat = image.array.dtype.kind == "f"
    if not isFloat and (low, high) == (-LARGEST_VALUE, LARGEST_VALUE):
        return image
    known = np.empty(image.array.shape, dtype=bool)
    hasNan = False
    for k, plane in enumerate(image.array):
        with np.errstate(invalid="ignore"):
            np.logical_and(plane >= low, plane <= high, out=known[k])
        hasNan = hasNan or (isFloat and bool(np.isnan(plane).any()))
    if known.all():
        return image
    return replace(image, known=known, padding=float("nan") if hasNan else padding)


def _limits(image: Image) -> tuple[float, float, float | None]:
    """The lowest and the highest value that was measured, and the one that stands for no measurement, if any."""
    sample = sampleOf(image.array, SAMPLE_VOXELS).astype(np.float64)
    finite = sample[np.abs(sample) <= LARGEST_VALUE]
    low, high = -LARGEST_VALUE, LARGEST_VALUE
    padding: float | None = None
    # Two sides, and as many kinds of padding as there may be on each: a circle within a rim.
    for _ in range(3):
        if len(finite) < 64:
            break
        least, most = float(finite.min()), float(finite.max())
        limit = _paddingLimit(finite, least)
        if limit is not None:
            low, padding = limit, least
        else:
            limit = _paddingLimit(-finite, -most, high=True)
            if limit is None:
                break
            high, padding = -limit, most
        finite = finite[(finite >= low) & (finite <= high)]
    if len(finite) and _showsAir(finite) and float((finite > METAL_HU).mean()) < 0.02:
        high = min(high, METAL_HU)
    return low, high, padding


def _paddingLimit(values: np.ndarray, least: float, high: bool = False) -> float | None:
    """Below which value ``values`` are padding, if ``least`` is: many voxels share it, and it is far from the rest."""
    rest = values[values > least]
    if len(rest) < 64 or np.count_nonzero(values == least) < PADDING_SHARE * len(values):
        return None
    tenth, ninetieth = (float(v) for v in np.percentile(rest, (10.0, 90.0)))
    # Of an image that is mostly plain background the rest says how far values reach.
    spread = ninetieth - tenth if ninetieth > tenth else float(rest.max() - rest.min())
    if spread == 0:
        return None
    gap = tenth - least
    if high:
        isPadding = gap > 4.0 * spread and float(np.percentile(rest, 1.0)) - least > spread
    elif _showsAir(rest):
        isPadding = gap > BELOW_AIR_HU and least < AIR_HU
    elif least >= 0 or (least > -1100 and float((rest < 0).mean()) > 0.01 and tenth > -200):
        # Black background; or the air around a CT of which the rest was cut away.
        isPadding = False
    else:
        isRound = least <= NEGATIVE_PADDING and least == round(least) and float(np.percentile(rest, 1.0)) >= 0
        isPadding = isRound or gap > SPREADS_BELOW * spread
    if not isPadding:
        return None
    lowest = float(rest.min())
    # Whoever interpolated a padded image left values at the rim that lie anywhere between the two.
    hasRim = tenth - lowest > MIXTURE_SHARE * gap
    return tenth - min(RIM_TOLERANCE * gap, 0.25 * spread) if hasRim else 0.5 * (least + lowest)


def _showsAir(values: np.ndarray) -> bool:
    """Whether ``values`` are Hounsfield units with air among them; padding below it does not count."""
    return float(((values < AIR_HU) & (values > -1200)).mean()) > 0.01 and float(values.max()) > -AIR_HU / 10


def filled(image: Image) -> Image:
    """``image`` (float32, ``known`` in shares) whose unknown voxels continue the known ones around them.

    What they hold has no weight anywhere; but a trilinear sample beside them reads a part of it.
    """
    if image.known is None:
        return image
    weights = toTensor(image.known)
    values = toTensor(np.where(image.known > 0, image.array, 0.0))
    return replace(image, array=toArray(fillUnknown(values[None, None], weights[None, None])[0, 0]))
