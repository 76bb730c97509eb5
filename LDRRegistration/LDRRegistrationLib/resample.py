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

    :param toVoxels: 4x4 from RAS of the grid to (i, j, k) of the source.
    :returns: (3, stop - start, j, i); -1 and 1 are the centres of the first and the last source voxel.
    """
    import torch

    matrix = toVoxels @ grid.ijkToRas
    halfSizes = np.maximum(np.array(sourceShape[::-1]) - 1, 1) / 2.0
    columns = matrix[:3, :3] / halfSizes[:, None]
    offset = matrix[:3, 3] / halfSizes - 1.0
    axes = [torch.arange(n, dtype=torch.float64) for n in (stop - start, *grid.shape[1:])]
    k, j, i = ((axes[0] + start)[:, None, None], axes[1][None, :, None], axes[2][None, None, :])
    rows = [
        (float(offset[a]) + float(columns[a, 2]) * k + float(columns[a, 1]) * j).float()
        + (float(columns[a, 0]) * i).float()
        for a in range(3)
    ]
    return torch.stack(rows)


def sampleAt(source: Tensor, positions: Tensor, fill: float, nearest: bool = False) -> Tensor:
    """``source`` (k, j, i) at normalised positions (3, d, h, w); ``fill`` beyond the outer faces of its voxels."""
    mode = "nearest" if nearest else "bilinear"
    sampled = sampleAtPositions(source[None, None], positions.movedim(0, -1)[None], mode)[0, 0]
    for axis, size in enumerate(reversed(source.shape)):
        limit = 1.0 + 1.0 / max(size - 1, 1) + 1e-6
        sampled.masked_fill_(positions[axis].abs() > limit, fill)
    return sampled


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
