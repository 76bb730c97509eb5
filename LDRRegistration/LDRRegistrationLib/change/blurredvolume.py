"""How large something is that the image shows blurred."""

from __future__ import annotations

from functools import lru_cache
from math import erf, pi, sqrt

import numpy as np

RATIOS = np.geomspace(0.05, 60.0, 240)
STEPS = 400


def volumeFrom(total: float, squares: float, sigmaMm: float) -> float:
    """mm3 of a ball of even contrast, of which the blurred change and its square have these integrals over space.

    Of a ball with sharp edges, total^2 / squares is the volume, whatever the contrast. A Gaussian of standard deviation
    ``sigmaMm`` makes that larger, the more the smaller the ball is, and for a point it says nothing any more.

    :param total: integral of the change, units mm3; ``squares``: of its square, without that of the noise.
    """
    if squares <= 0.0 or total <= 0.0:
        return 0.0
    apparent, true = _curves()
    scaled = total**2 / squares / sigmaMm**3
    return float(np.interp(scaled, apparent, true)) * sigmaMm**3


@lru_cache(maxsize=1)
def _curves() -> tuple[np.ndarray, np.ndarray]:
    """(apparent, true) volumes of balls under a Gaussian of standard deviation 1."""
    true = 4.0 / 3.0 * pi * RATIOS**3
    apparent = np.array([volume**2 / _squares(radius) for radius, volume in zip(RATIOS, true, strict=True)])
    return apparent, true


def _squares(radius: float) -> float:
    """Integral over space of the square of a ball of height 1 under a Gaussian of standard deviation 1."""
    r = (np.arange(STEPS) + 0.5) / STEPS * (radius + 6.0)
    inner = np.array([erf((radius - x) / sqrt(2)) + erf((radius + x) / sqrt(2)) for x in r]) / 2.0
    edge = (np.exp(-0.5 * (r - radius) ** 2) - np.exp(-0.5 * (r + radius) ** 2)) / (r * sqrt(2 * pi))
    return float(4.0 * pi * ((inner - edge) ** 2 * r**2).sum() * (radius + 6.0) / STEPS)
