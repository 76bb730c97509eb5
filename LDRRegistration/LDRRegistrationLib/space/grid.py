"""Voxel grids in space, and the matrices between them.

Everything here is in millimetres and RAS. LPS, the convention of ITK files, appears only in functions that say so.
Arrays are indexed (k, j, i); matrices act on homogeneous columns (i, j, k, 1) or (R, A, S, 1).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .boxes import Box

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid of points: ``shape`` (k, j, i) and ``ijkToRas``, a 4x4 matrix from (i, j, k) to RAS mm."""

    shape: tuple[int, int, int]
    ijkToRas: np.ndarray

    @cached_property
    def rasToIjk(self) -> np.ndarray:
        return np.linalg.inv(self.ijkToRas)

    @cached_property
    def spacing(self) -> np.ndarray:
        """Distance in mm between neighbours along i, j and k."""
        return np.linalg.norm(self.ijkToRas[:3, :3], axis=0)

    @cached_property
    def direction(self) -> np.ndarray:
        """3x3, columns are the unit vectors of i, j and k in RAS. Left-handed grids are allowed."""
        return self.ijkToRas[:3, :3] / self.spacing

    @property
    def sizeIjk(self) -> np.ndarray:
        return np.array(self.shape[::-1])

    @property
    def extentMm(self) -> np.ndarray:
        """Length in mm along i, j and k, from the outer face of the first voxel to that of the last."""
        return self.sizeIjk * self.spacing

    @property
    def centerRas(self) -> np.ndarray:
        return transformPoints(self.ijkToRas, (self.sizeIjk - 1) / 2.0)

    @property
    def cornersRas(self) -> np.ndarray:
        """(8, 3): the outer corners of the corner voxels."""
        corners = np.array(list(itertools.product(*((-0.5, n - 0.5) for n in self.sizeIjk))))
        return transformPoints(self.ijkToRas, corners)

    def pointsRas(self) -> np.ndarray:
        """(k, j, i, 3): the position of every voxel centre. For tests and small grids."""
        k, j, i = np.meshgrid(*(np.arange(n) for n in self.shape), indexing="ij")
        return transformPoints(self.ijkToRas, np.stack([i, j, k], axis=-1))

    def shifted(self, offsetIjk: Sequence[float] | np.ndarray, shape: tuple[int, int, int] | None = None) -> Grid:
        """The same lattice from the voxel ``offsetIjk`` on, whole or not; with another ``shape`` (k, j, i) if given."""
        shift = np.eye(4)
        shift[:3, 3] = offsetIjk
        return Grid(shape or self.shape, self.ijkToRas @ shift)

    def cropped(self, box: Box) -> Grid:
        """The part in ``box``, slices (k, j, i) with a start and a stop, which may lie beyond the grid."""
        k, j, i = box
        return self.shifted((i.start, j.start, k.start), (k.stop - k.start, j.stop - j.start, i.stop - i.start))

    def padded(self, margins: tuple[int, ...]) -> Grid:
        """The same lattice with ``margins`` (k, j, i) more voxels at both ends of each axis."""
        k, j, i = (slice(-margin, n + margin) for n, margin in zip(self.shape, margins, strict=True))
        return self.cropped((k, j, i))

    def covering(self, other: Grid) -> Grid:
        """The smallest grid of this lattice that covers this one and ``other``, which is parallel to it."""
        ends = np.array(list(itertools.product(*((0, n - 1) for n in other.sizeIjk))))
        ijk = transformPoints(self.rasToIjk @ other.ijkToRas, ends)
        # What is off by less than a thousandth of a voxel is rounding.
        first = np.minimum(np.floor(ijk.min(axis=0) + 1e-3), 0).astype(int)
        last = np.maximum(np.ceil(ijk.max(axis=0) - 1e-3), self.sizeIjk - 1).astype(int)
        i, j, k = (last - first + 1).tolist()
        return self.shifted(first, (k, j, i))

    def coarsened(self, steps: tuple[int, int, int]) -> Grid:
        """Of each block of ``steps`` (k, j, i) voxels one in its middle; what is left over at the ends is left out."""
        k, j, i = (n // step for n, step in zip(self.shape, steps, strict=True))
        scale = np.diag([*steps[::-1], 1.0])
        scale[:3, 3] = (np.array(steps[::-1]) - 1) / 2.0
        return Grid((k, j, i), self.ijkToRas @ scale)


def ijkToRasOfItk(image: Any) -> np.ndarray:
    """4x4 from (i, j, k) to RAS mm of a three-dimensional SimpleITK image, or of its reader, which have it in LPS."""
    ijkToLps = np.eye(4)
    ijkToLps[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    ijkToLps[:3, 3] = image.GetOrigin()
    return LPS_FROM_RAS @ ijkToLps


def transformPoints(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a 4x4 matrix to points (..., 3)."""
    return np.asarray(points) @ matrix[:3, :3].T + matrix[:3, 3]


def linearAbout(linear: np.ndarray, center: np.ndarray, target: np.ndarray) -> np.ndarray:
    """4x4 with the 3x3 ``linear`` that carries the point ``center`` (3,) to ``target`` (3,)."""
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = target - linear @ center
    return matrix


def canonicalAxes(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Which index axis of ``grid`` runs closest to R, A and S, and whether it runs that way (+1) or against it (-1).

    Returns (axes, signs), both (3,): ``axes[0]`` is the index axis (0 = i, 1 = j, 2 = k) closest to R.
    """
    best = -1.0
    axes: tuple[int, ...] = (0, 1, 2)
    for candidate in itertools.permutations(range(3)):
        score = sum(abs(grid.direction[world, axis]) for world, axis in enumerate(candidate))
        if score > best + 1e-9:
            best, axes = score, candidate
    signs = np.array([1.0 if grid.direction[world, axis] >= 0 else -1.0 for world, axis in enumerate(axes)])
    return np.array(axes), signs


def canonicalGrid(grid: Grid, spacingMm: float) -> Grid:
    """An isotropic grid over the same box, its axes parallel to ``grid``'s but ordered and directed like R, A, S.

    Networks see every patient the same way up, whatever way the volume is stored. The grid is centred on the box;
    ``ceil`` keeps it at least as large as the box.
    """
    axes, signs = canonicalAxes(grid)
    directions = grid.direction[:, axes] * signs
    sizeIjk = np.maximum(np.ceil(grid.extentMm[axes] / spacingMm - 1e-6), 1).astype(int)
    ijkToRas = np.eye(4)
    ijkToRas[:3, :3] = directions * spacingMm
    ijkToRas[:3, 3] = grid.centerRas - ijkToRas[:3, :3] @ ((sizeIjk - 1) / 2.0)
    return Grid((int(sizeIjk[2]), int(sizeIjk[1]), int(sizeIjk[0])), ijkToRas)


def overlapFraction(fixed: Grid, moving: Grid, fixedToMovingRas: np.ndarray | None = None, samples: int = 12) -> float:
    """Share of the fixed box that lands in the moving box under the 4x4 ``fixedToMovingRas`` (default: identity)."""
    steps = [np.linspace(-0.5, n - 0.5, samples) for n in fixed.sizeIjk]
    ijk = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    matrix = np.eye(4) if fixedToMovingRas is None else fixedToMovingRas
    inMoving = transformPoints(moving.rasToIjk @ matrix @ fixed.ijkToRas, ijk)
    inside = np.all((inMoving >= -0.5 - 1e-6) & (inMoving <= moving.sizeIjk - 0.5 + 1e-6), axis=1)
    return float(inside.mean())
