"""Shapes in arrays of voxels: distances, holes, parts that hang together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..space.boxes import Box

if TYPE_CHECKING:
    from collections.abc import Sequence


def depth(
    mask: np.ndarray, spacing: Sequence[float] | np.ndarray | None = None, beyond: Literal["out", "edge", None] = "out"
) -> np.ndarray:
    """(k, j, i): distance of every voxel inside ``mask`` from the outside, negative outside.

    :param spacing: mm along i, j, k; without it distances are in voxels.
    :param beyond: the array is outside, or ("edge") what its border is; with None nothing is known of it.
    """
    import SimpleITK as sitk

    padded = mask if beyond is None else np.pad(mask, 1, mode="edge" if beyond == "edge" else "constant")
    image = asItk(padded)
    if spacing is not None:
        image.SetSpacing([float(s) for s in spacing])
    distance = sitk.SignedMaurerDistanceMap(image, insideIsPositive=True, squaredDistance=False, useImageSpacing=True)
    array = sitk.GetArrayFromImage(distance)
    return array if beyond is None else array[1:-1, 1:-1, 1:-1]


def near(mask: np.ndarray, spacing: np.ndarray, mm: float) -> np.ndarray:
    """Voxels not farther than ``mm`` from ``mask``; spacing along i, j, k."""
    return depth(mask, spacing, beyond=None) >= -mm


def closedByBall(mask: np.ndarray) -> np.ndarray:
    """``mask`` (k, j, i) closed by the ball of the voxels up to the square root of 6 away: two, as ITK counts them."""
    padded = np.pad(mask, 4)
    wide = _widenedByBall(padded)
    return ~_widenedByBall(~wide)[(slice(4, -4),) * 3]


def _widenedByBall(mask: np.ndarray) -> np.ndarray:
    """Of ``closedByBall``; two voxels at each end of the array stay false."""
    rows = {0: mask.copy()}
    for reach in (1, 2):
        rows[reach] = rows[reach - 1].copy()
        rows[reach][..., reach:] |= mask[..., :-reach]
        rows[reach][..., :-reach] |= mask[..., reach:]
    result = np.zeros_like(mask)
    inner = result[2:-2, 2:-2]
    n, m = mask.shape[:2]
    for k in range(5):
        for j in range(5):
            away = (k - 2) ** 2 + (j - 2) ** 2
            if away <= 5:
                inner |= rows[2 if away <= 2 else 1][k : n - 4 + k, j : m - 4 + j]
    return result


def withoutHoles(mask: np.ndarray) -> np.ndarray:
    """``mask`` (k, j, i) with its holes."""
    import SimpleITK as sitk

    return asMask(sitk.BinaryFillhole(asItk(mask)))


def largestPart(mask: np.ndarray) -> np.ndarray:
    """The part of ``mask`` that hangs together by faces and has the most voxels."""
    import SimpleITK as sitk

    return asMask(sitk.RelabelComponent(sitk.ConnectedComponent(asItk(mask)), sortByObjectSize=True) == 1)


def parts(mask: np.ndarray, byCorners: bool = False) -> np.ndarray:
    """(k, j, i): the parts of ``mask`` that hang together by faces, or by corners too, numbered from 1."""
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(sitk.ConnectedComponent(asItk(mask), byCorners))


def widened(
    box: Box, voxels: np.ndarray, spacing: np.ndarray, mm: float, shape: tuple[int, ...]
) -> tuple[Box, np.ndarray]:
    """``box`` with ``mm`` more at each side in an array of ``shape``, and ``voxels`` in it; spacing along k, j, i."""
    margins = np.ceil(mm / spacing).astype(int) + 1
    k, j, i = (
        slice(max(part.start - int(m), 0), min(part.stop + int(m), n))
        for part, m, n in zip(box, margins, shape, strict=True)
    )
    wide = np.zeros([part.stop - part.start for part in (k, j, i)], dtype=bool)
    wide[tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, (k, j, i), strict=True))] = voxels
    return (k, j, i), wide


def asItk(mask: np.ndarray) -> Any:
    """A mask (k, j, i) as a SimpleITK image of uint8."""
    import SimpleITK as sitk

    return sitk.GetImageFromArray(np.asarray(mask, dtype=np.uint8))


def asMask(image: Any) -> np.ndarray:
    """A SimpleITK image as a bool array (k, j, i)."""
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(image) > 0
