"""Where a registration is least to be believed: the largest expected errors of a map of trust, some way apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..space.grid import transformPoints
from .trustmap import TrustMap

# So far two doubtful places lie apart at least, and so many are named at most.
MINIMUM_APART_MM, MAXIMUM_PLACES = 15.0, 20
# A place of a smaller expected error is none to look at.
MINIMUM_EXPECTED_MM = 2.0


@dataclass(frozen=True)
class DoubtfulPlace:
    """``ras`` (3,) in world RAS mm, the error that is expected there, and how alike the images are, 0 to 1."""

    ras: tuple[float, float, float]
    expectedErrorMm: float
    similarity: float


def doubtfulPlaces(trust: TrustMap) -> list[DoubtfulPlace]:
    """The local maxima of the expected error, the largest first; none below ``MINIMUM_EXPECTED_MM``."""
    from scipy.ndimage import maximum_filter

    known = np.isfinite(trust.expectedErrorMm)
    errors = np.where(known, trust.expectedErrorMm, 0.0)
    reach = 2 * max(1, round(0.5 * MINIMUM_APART_MM / float(trust.grid.spacing.min()))) + 1
    peaks = np.argwhere((errors >= MINIMUM_EXPECTED_MM) & (errors == maximum_filter(errors, reach)))
    found: list[DoubtfulPlace] = []
    for k, j, i in peaks[np.argsort(-errors[tuple(peaks.T)], kind="stable")]:
        ras = transformPoints(trust.grid.ijkToRas, np.array((i, j, k), float))
        # Of a plateau one place is enough.
        if all(np.linalg.norm(ras - other.ras) >= MINIMUM_APART_MM for other in found):
            r, a, s = (float(mm) for mm in ras)
            found.append(DoubtfulPlace((r, a, s), float(errors[k, j, i]), float(trust.similarity[k, j, i])))
        if len(found) == MAXIMUM_PLACES:
            break
    return found
