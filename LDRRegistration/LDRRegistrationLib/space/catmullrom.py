"""Cubic (Catmull-Rom) interpolation of vector fields, with the kernel of vtkGridTransform, 0 beyond the grid.

A transform node that Slicer reads from a file interpolates its grid cubically, so the engine does the same: what it
warps is what the node does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from .grid import Grid, transformPoints

if TYPE_CHECKING:
    from torch import Tensor

POINTS_PER_CHUNK = 50_000


def kernelWeights(fraction: np.ndarray) -> np.ndarray:
    """(..., 4): weights of the samples at -1, 0, 1, 2 for a position ``fraction`` in [0, 1) after sample 0.

    Keys, IEEE TASSP 1981, a = -1/2.
    """
    f = fraction
    return np.stack(
        [
            -0.5 * f * (1 - f) ** 2,
            1 + f * f * (1.5 * f - 2.5),
            f * (0.5 + f * (2 - 1.5 * f)),
            -0.5 * f * f * (1 - f),
        ],
        axis=-1,
    )


def interpolateAtPoints(vectors: np.ndarray, pointsIjk: np.ndarray) -> np.ndarray:
    """``vectors`` (k, j, i, c) at points (..., 3) given in voxels (i, j, k) of their grid."""
    shape, points = pointsIjk.shape[:-1], pointsIjk.reshape(-1, 3)
    result = np.empty((len(points), vectors.shape[-1]))
    for start in range(0, len(points), POINTS_PER_CHUNK):
        chunk = slice(start, start + POINTS_PER_CHUNK)
        result[chunk] = _interpolateChunk(vectors, points[chunk])
    return result.reshape(*shape, vectors.shape[-1])


def _interpolateChunk(vectors: np.ndarray, points: np.ndarray) -> np.ndarray:
    """At points (n, 3) in voxels (i, j, k): those well within the grid at once, the others with care."""
    sizes = np.array(vectors.shape[2::-1])
    inner = np.all((points >= 1) & (points < sizes - 2), axis=1)
    total = np.empty((len(points), vectors.shape[-1]))
    if inner.any():
        total[inner] = _interpolateWithin(vectors, points[inner])
    total[~inner] = _interpolateAnywhere(vectors, points[~inner])
    return total


def _interpolateWithin(vectors: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where all 4^3 samples lie on the grid: the four along i follow each other in memory, and are read at once."""
    flat = toTensor(np.ascontiguousarray(vectors)).reshape(-1)
    _, nj, ni, channels = vectors.shape
    rows = flat.as_strided((len(flat) // channels - 3, 4 * channels), (channels, 1))
    base = np.floor(points)
    weights = toTensor(kernelWeights(points - base)).to(flat.dtype)  # (n, axis, tap)
    i, j, k = toTensor(base).long().unbind(1)
    first = ((k - 1) * nj + j - 1) * ni + i - 1
    total = flat.new_zeros(len(points), 4 * channels)
    for dk in range(4):
        for dj in range(4):
            total.addcmul_(rows[first + (dk * nj + dj) * ni], (weights[:, 2, dk] * weights[:, 1, dj])[:, None])
    return toArray((total.view(-1, 4, channels) * weights[:, 0, :, None]).sum(1))


def _interpolateAnywhere(vectors: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where samples lie beyond the grid, and are 0."""
    sizes = np.array(vectors.shape[2::-1])
    far = np.any((points < -2) | (points > sizes + 1), axis=1)
    base = np.floor(np.where(far[:, None], 0.0, points)).astype(int)
    weights = kernelWeights(np.where(far[:, None], 0.0, points) - base)  # (n, axis, tap)
    taps = base[:, :, None] + np.arange(-1, 3)
    weights = np.where((taps >= 0) & (taps < sizes[:, None]) & ~far[:, None, None], weights, 0.0)
    taps = np.clip(taps, 0, sizes[:, None] - 1)
    total = np.zeros((len(points), vectors.shape[-1]))
    for k in range(4):
        for j in range(4):
            for i in range(4):
                weight = weights[:, 2, k] * weights[:, 1, j] * weights[:, 0, i]
                total += weight[:, None] * vectors[taps[:, 2, k], taps[:, 1, j], taps[:, 0, i]]
    return total


def interpolateOnGrid(vectors: np.ndarray, vectorGrid: Grid, grid: Grid, start: int, stop: int) -> Tensor:
    """``vectors`` (k, j, i, c), living on ``vectorGrid``, at rows ``start:stop`` of ``grid``: (c, stop - start, j, i).

    Where the two grids are parallel, as a field and its fixed volume are, the kernel separates into one small matrix
    an axis: a full-resolution field costs hundredths of a second.
    """
    import torch

    toVectorIjk = vectorGrid.rasToIjk @ grid.ijkToRas
    dominant = np.argmax(np.abs(toVectorIjk[:3, :3]), axis=0)
    rest = np.abs(toVectorIjk[:3, :3]).copy()
    rest[dominant, np.arange(3)] = 0
    if len(set(dominant)) < 3 or (rest * grid.sizeIjk).max() > 1e-4:
        k, j, i = np.meshgrid(np.arange(start, stop), *(np.arange(n) for n in grid.shape[1:]), indexing="ij")
        points = transformPoints(toVectorIjk, np.stack([i, j, k], axis=-1))
        return toTensor(interpolateAtPoints(vectors, points)).movedim(-1, 0)

    # Array axis of `vectors` (k, j, i) that each array axis of the result runs along.
    sources = [2 - int(dominant[2 - axis]) for axis in range(3)]
    ranges = [np.arange(start, stop), np.arange(grid.shape[1]), np.arange(grid.shape[2])]
    tensor, matrices = toTensor(vectors).permute(3, *sources), []
    for axis, source in enumerate(sources):
        row = 2 - source
        positions = toVectorIjk[row, 2 - axis] * ranges[axis] + toVectorIjk[row, 3]
        # Only what these rows reach into: a slab needs few of the vectors' slices.
        first, last = (
            int(np.clip(n, 0, vectors.shape[source] - 1)) for n in (positions.min() - 1, positions.max() + 2)
        )
        tensor = tensor.narrow(axis + 1, first, last - first + 1)
        matrices.append(toTensor(_weightMatrix(positions - first, last - first + 1)))
    channels, _, rows, columns = tensor.shape
    alongK = torch.matmul(matrices[0], tensor.flatten(2)).view(channels, -1, rows, columns)
    return torch.matmul(torch.matmul(matrices[1], alongK), matrices[2].T)


def _weightMatrix(positions: np.ndarray, size: int) -> np.ndarray:
    """(len(positions), size): row n holds the kernel's weights at ``positions[n]``, 0 beyond the samples."""
    base = np.floor(positions).astype(int)
    weights = kernelWeights(positions - base)
    matrix = np.zeros((len(positions), size), dtype=np.float32)
    for tap in range(4):
        column = base + tap - 1
        inside = (column >= 0) & (column < size)
        matrix[np.flatnonzero(inside), column[inside]] = weights[inside, tap]
    return matrix
