"""A skull-stripped head of two tissues and ventricles, made up, with known lesions: for tests of change."""

from dataclasses import replace
from functools import cache

import numpy as np
from LDRRegistrationLib.space.image import Image
from scipy.ndimage import gaussian_filter

SHAPE = (88, 104, 92)
SPACING = 1.5
RADII_MM = (58.0, 70.0, 60.0)


def head(seed: int = 4) -> Image:
    """(k, j, i) at 1.5 mm around the origin, RAS: white matter 600, gray 420, ventricles 150, nothing outside 0.

    Whoever asks gets voxels of his own.
    """
    made = _made(seed)
    return replace(made, array=made.array.copy(), ijkToRas=made.ijkToRas.copy())


@cache
def _made(seed: int) -> Image:
    rng = np.random.default_rng(seed)
    axes = [(np.arange(n) - (n - 1) / 2) * SPACING for n in SHAPE]
    s, a, r = np.meshgrid(*axes, indexing="ij")
    depth = 1.0 - np.sqrt((r / RADII_MM[0]) ** 2 + (a / RADII_MM[1]) ** 2 + (s / RADII_MM[2]) ** 2)
    folds = gaussian_filter(rng.normal(size=SHAPE), 2.5)
    folds /= folds.std()
    white = 1.0 / (1.0 + np.exp(-(depth - 0.22 + 0.05 * folds) / 0.02))
    ventricle = 1.0 / (1.0 + np.exp(((r / 14.0) ** 2 + ((a + 8.0) / 24.0) ** 2 + (s / 12.0) ** 2 - 1.0) / 0.15))
    values = (420.0 + 180.0 * white) * (1.0 - ventricle) + 150.0 * ventricle
    values *= 1.0 + 0.02 * gaussian_filter(rng.normal(size=SHAPE), 6.0) * 40.0
    values[depth < 0.0] = 0.0
    ijkToRas = np.diag([SPACING, SPACING, SPACING, 1.0])
    ijkToRas[:3, 3] = [axis[0] for axis in axes[::-1]]
    return Image(values.astype(np.float32), ijkToRas, "head")
