"""Places that somebody named, and the regions that lie there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..change.regions import Region


def nearestRegions(
    regions: Sequence[Region], places: Mapping[int, Sequence[float] | np.ndarray], nearMm: float
) -> dict[int, int]:
    """Which of ``places`` each region is, by its rank: the nearest pairs of all first, none of either taken twice.

    :param places: RAS mm, in the scan that the regions lie in, by any numbers.
    :param nearMm: so far, and half a region's size, its middle may lie from the place.
    """
    pairs = sorted(
        (away, region.rank, number)
        for region in regions
        for number, place in places.items()
        if (away := float(np.linalg.norm(np.subtract(region.centroidRas, place))))
        <= nearMm + region.largestDiameterMm / 2
    )
    found: dict[int, int] = {}
    for _, rank, number in pairs:
        if rank not in found and number not in found.values():
            found[rank] = number
    return found
