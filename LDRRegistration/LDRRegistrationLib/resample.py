"""Images onto grids: anti-aliased reduction, and sampling through an affine. A large volume is only read in slabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .geometry import Grid
from .image import Image
from .sampling import sampleAtPositions
from .tensors import toArray, toTensor

if TYPE_CHECKING:
    from torch import Tensor

SLAB_VOXELS = 4_000_000


def reduceToSpacing(image: Image, spacingMm: float) -> Image:
    """``image`` averaged over whole blocks of voxels, as float32, so that no axis is finer than it needs to be.

    Along each axis the block is the largest whole number of voxels not longer than ``spacingMm``; axes that are coarser
    already stay. Averaging before sampling is what keeps fine texture from aliasing. A rest that fills no block at the
    end of an axis is left out.
    """
    import torch

    grid = image.grid
    steps = np.clip(np.floor(spacingMm / grid.spacing + 1e-3).astype(int), 1, np.maximum(grid.sizeIjk // 4, 1))
    si, sj, sk = (int(s) for s in steps)
    nk = grid.shape[0] // sk
    slab = max(1, SLAB_VOXELS // (grid.shape[1] * grid.shape[2] * sk))
    parts = []
    for start in range(0, nk, slab):
        stop = min(start + slab, nk)
        tensor = toTensor(image.array[start * sk : stop * sk])
        parts.append(torch.nn.functional.avg_pool3d(tensor[None], (sk, sj, si))[0] if steps.max() > 1 else tensor)
    scale = np.eye(4)
    scale[:3, :3] = np.diag([si, sj, sk])
    scale[:3, 3] = (steps - 1) / 2.0
    return Image(toArray(torch.cat(parts)), grid.ijkToRas @ scale, image.name)


def affineSamplePositions(
    grid: Grid, toVoxels: np.ndarray, sourceShape: tuple[int, ...], start: int, stop: int
) -> Tensor:
    """Positions in a source volume, in grid_sample's normalised (i, j, k), for rows ``start:stop`` of ``grid``.

    :param toVoxels: (..., 4, 4) from RAS of the grid to (i, j, k) of the source.
    :returns: (..., 3, stop - start, j, i); -1 and 1 are the centres of the first and the last source voxel.
    """
    import torch

    matrices = toVoxels @ grid.ijkToRas
    halfSizes = np.maximum(np.array(sourceShape[::-1]) - 1, 1) / 2.0
    offsets = matrices[..., :3, 3] / halfSizes - 1.0
    offset, alongI, alongJ, alongK = (
        torch.tensor(column.tolist(), dtype=torch.float64)[..., None, None, None]
        for column in (offsets, *(matrices[..., :3, axis] / halfSizes for axis in range(3)))
    )
    k, j, i = (torch.arange(n, dtype=torch.float64) for n in (stop - start, *grid.shape[1:]))
    slow = offset + alongK * (k + start)[:, None, None] + alongJ * j[:, None]
    return slow.float() + (alongI * i).float()


def sampleAt(source: Tensor, positions: Tensor, fill: float, nearest: bool = False) -> Tensor:
    """``source`` (k, j, i) at normalised positions (3, d, h, w); ``fill`` beyond the outer faces of its voxels."""
    mode = "nearest" if nearest else "bilinear"
    sampled = sampleAtPositions(source[None, None], positions.movedim(0, -1)[None], mode)[0, 0]
    limits = positions.new_tensor([1.0 + 1.0 / max(size - 1, 1) + 1e-6 for size in reversed(source.shape)])
    beyond = positions.abs() > limits.view(3, 1, 1, 1)
    return sampled.masked_fill_(beyond.any(0), fill)


def sampleOnGrid(
    array: np.ndarray | Tensor,
    arrayIjkToRas: np.ndarray,
    grid: Grid,
    gridToImageRas: np.ndarray | None = None,
    fill: float = 0.0,
) -> Tensor:
    """Trilinear values of a volume at the points of ``grid``, moved by a 4x4 ``gridToImageRas``; (k, j, i) float32."""
    import torch

    source = toTensor(array) if isinstance(array, np.ndarray) else array
    toVoxels = np.linalg.inv(arrayIjkToRas) @ (np.eye(4) if gridToImageRas is None else gridToImageRas)
    slab = max(1, SLAB_VOXELS // (grid.shape[1] * grid.shape[2]))
    parts = []
    for start in range(0, grid.shape[0], slab):
        stop = min(start + slab, grid.shape[0])
        positions = affineSamplePositions(grid, toVoxels, tuple(source.shape), start, stop)
        parts.append(sampleAt(source, positions, fill))
    return torch.cat(parts)
