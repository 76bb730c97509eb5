"""Images onto grids: anti-aliased reduction, and sampling through an affine. A large volume is only read in slabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..numerics.gridsample import sampleAtVoxels
from .grid import Grid
from .image import Image

if TYPE_CHECKING:
    from torch import Tensor

SLAB_VOXELS = 4_000_000
# Voxels: what single precision may be off where a position lies on a face.
FACE_TOLERANCE = 1e-4
# Of a block of voxels: where less is known nothing is.
MINIMUM_KNOWN_SHARE = 1e-3


def reduceToSpacing(image: Image, spacingMm: float) -> Image:
    """``image`` averaged over whole blocks of voxels, as float32, so that no axis is finer than it needs to be.

    Along each axis the block is the largest whole number of voxels not longer than ``spacingMm``; axes that are coarser
    already stay. Averaging before sampling is what keeps fine texture from aliasing. A rest that fills no block at the
    end of an axis is left out. Where not every voxel is known, a block is the mean of the known ones, and ``known`` of
    the result says their share.
    """
    import torch

    grid = image.grid
    steps = np.clip(np.floor(spacingMm / grid.spacing + 1e-3).astype(int), 1, np.maximum(grid.sizeIjk // 4, 1))
    si, sj, sk = (int(s) for s in steps)
    nk, nj, ni = (size // step for size, step in zip(grid.shape, (sk, sj, si), strict=True))
    slab = max(1, SLAB_VOXELS // (grid.shape[1] * grid.shape[2] * sk))
    reduced = np.empty((nk, nj, ni), np.float32)
    shares = None if image.known is None else np.empty((nk, nj, ni), np.float32)

    def blocks(tensor: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool3d(tensor[None], (sk, sj, si))[0] if steps.max() > 1 else tensor

    for start in range(0, nk, slab):
        stop = min(start + slab, nk)
        rows = slice(start * sk, stop * sk)
        if image.known is None or shares is None:
            reduced[start:stop] = toArray(blocks(toTensor(image.array[rows])))
            continue
        known = image.known[rows]
        share = blocks(toTensor(known))
        values = toTensor(np.where(known > 0, image.array[rows], 0).astype(np.float32) * known)
        reduced[start:stop] = toArray(blocks(values) / share.clamp_min(MINIMUM_KNOWN_SHARE))
        shares[start:stop] = toArray(share)
    return replace(image, array=reduced, ijkToRas=grid.coarsened((sk, sj, si)).ijkToRas, known=shares)


def affineSamplePositions(grid: Grid, toVoxels: np.ndarray, start: int, stop: int) -> Tensor:
    """Positions in a source volume, in its voxels along k, j and i, for rows ``start:stop`` of ``grid``.

    :param toVoxels: (..., 4, 4) from RAS of the grid to (i, j, k) of the source.
    :returns: (..., 3, stop - start, j, i) float32.
    """
    import torch

    matrices = (toVoxels @ grid.ijkToRas)[..., 2::-1, :]
    alongI, alongJ, alongK, offset = (
        torch.tensor(matrices[..., axis].tolist(), dtype=torch.float64)[..., None, None, None] for axis in range(4)
    )
    k, j, i = (torch.arange(n, dtype=torch.float64) for n in (stop - start, *grid.shape[1:]))
    slow = offset + alongK * (k + start)[:, None, None] + alongJ * j[:, None]
    return slow.float() + (alongI * i).float()


def sampleAt(source: Tensor, positions: Tensor, fill: float | None, nearest: bool = False) -> Tensor:
    """``source`` (k, j, i) at positions (3, d, h, w) in its voxels; ``fill`` beyond the outer faces of its voxels.

    Without ``fill`` it goes on there as it is at the border.
    """
    sampled = sampleAtVoxels(source[None, None], positions[None], "nearest" if nearest else "bilinear")[0, 0]
    if fill is None:
        return sampled
    return sampled.masked_fill_(insideFaces(positions, source.shape).logical_not_(), fill)


def nearestAt(source: np.ndarray, positions: Tensor, fill: float, dtype: np.dtype | None = None) -> np.ndarray:
    """The nearest voxels of ``source`` (k, j, i) at positions (3, d, h, w); ``fill`` beyond its faces.

    :param dtype: of the result, by default the source's.
    """
    places = [
        toArray(axis.round().clamp_(0, size - 1).long()) for axis, size in zip(positions, source.shape, strict=True)
    ]
    values = source.reshape(-1)[np.ravel_multi_index(places, source.shape)].astype(dtype or source.dtype, copy=False)
    values[~toArray(insideFaces(positions, source.shape))] = fill
    return values


def insideFaces(positions: Tensor, shape: Sequence[int]) -> Tensor:
    """(...): whether positions (3, ...) in voxels along k, j and i lie within the outer faces of a volume's voxels."""
    k, j, i = (
        (axis - (size - 1) / 2.0).abs_() <= size / 2.0 + FACE_TOLERANCE
        for axis, size in zip(positions, shape, strict=True)
    )
    return k.logical_and_(j).logical_and_(i)


def sampleOnGrid(
    array: np.ndarray | Tensor,
    arrayIjkToRas: np.ndarray,
    grid: Grid,
    gridToImageRas: np.ndarray | None = None,
    fill: float | None = 0.0,
) -> Tensor:
    """Trilinear values of a volume at the points of ``grid``, moved by a 4x4 ``gridToImageRas``; (k, j, i) float32.

    For ``fill`` see ``sampleAt``.
    """
    import torch

    source = toTensor(array) if isinstance(array, np.ndarray) else array
    toVoxels = np.linalg.inv(arrayIjkToRas) @ (np.eye(4) if gridToImageRas is None else gridToImageRas)
    slab = max(1, SLAB_VOXELS // (grid.shape[1] * grid.shape[2]))
    parts = []
    for start in range(0, grid.shape[0], slab):
        stop = min(start + slab, grid.shape[0])
        positions = affineSamplePositions(grid, toVoxels, start, stop)
        parts.append(sampleAt(source, positions, fill))
    return torch.cat(parts)


def insideOnGrid(shape: Sequence[int], arrayIjkToRas: np.ndarray, grid: Grid, gridToImageRas: np.ndarray) -> Tensor:
    """(k, j, i) float32 on ``grid``: 1 where its points, moved by a 4x4, lie within the faces of a volume, else 0."""
    positions = affineSamplePositions(grid, np.linalg.inv(arrayIjkToRas) @ gridToImageRas, 0, grid.shape[0])
    return insideFaces(positions, shape).float()
