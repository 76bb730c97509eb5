"""Parts of arrays as slices (k, j, i)."""

from __future__ import annotations

from collections.abc import Iterable

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


def sizeOf(box: Box) -> tuple[int, int, int]:
    k, j, i = (part.stop - part.start for part in box)
    return k, j, i


def separate(boxes: Iterable[Box]) -> list[Box]:
    """The same places in boxes that do not overlap: those that do become the one around both. Empty ones are gone."""
    found: list[Box] = []
    for box in boxes:
        if min(sizeOf(box)) <= 0:
            continue
        whole = box
        while touched := [other for other in found if _overlap(whole, other)]:
            found = [other for other in found if not _overlap(whole, other)]
            k, j, i = (
                slice(min(part.start for part in parts), max(part.stop for part in parts))
                for parts in zip(whole, *touched, strict=True)
            )
            whole = k, j, i
        found.append(whole)
    return found


def _overlap(one: Box, other: Box) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))
