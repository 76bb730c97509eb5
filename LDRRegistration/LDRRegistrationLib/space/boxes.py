"""Parts of arrays as slices (k, j, i)."""

from __future__ import annotations

import numpy as np

Box = tuple[slice, slice, slice]


def boundingBox(mask: np.ndarray) -> Box | None:
    """The smallest part of ``mask`` that has all that is true; None if nothing is."""
    spans = []
    for axis in range(3):
        filled = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        if not len(filled):
            return None
        spans.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return spans[0], spans[1], spans[2]
