"""How well two images agree under an affine, by local correlation, and where the affine should go from there.

The measure is the squared correlation coefficient in a small window around every voxel of the fixed image (Avants et
al., Med Image Anal 2008), averaged over the overlap. Inside a small window the relation between the intensities of two
contrasts is nearly linear, rising or falling (Weese et al., MICCAI 1999): so one measure serves the same contrast,
unlike contrasts, inhomogeneous fields and CT.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .image import Image
from .masks import Masks, sampleMask
from .resample import affineSamplePositions
from .sampling import sampleAtPositions
from .tensors import toArray, toTensor

if TYPE_CHECKING:
    from torch import Tensor

# Standard deviation in a window, of intensities in [0, 1], around which it fades into a flat one that says nothing.
FLAT = 0.015
# Gauss and Newton's second derivative ignores that the windows' means and variances follow the moving image; this
# factor, found by trial, makes up for it: fewer iterations for the same result.
CURVATURE = 0.7
# Where the products of (i, j, k, 1) stand among their moments, as powers of (k, j, i), and those of the derivatives
# among the six that differ.
_POWERS = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]])
_PRODUCT = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])


class LocalCorrelation:
    """Two images at one resolution, intensities in [0, 1], compared in windows of 3^3 fixed voxels, within masks."""

    def __init__(self, fixed: Image, moving: Image, masks: Masks | None = None) -> None:
        self.fixed = fixed
        self.moving = moving
        self.grid = fixed.grid
        self.fixedValues = toTensor(fixed.array)
        self.movingValues = toTensor(moving.array)
        masks = masks or Masks()
        self.fixedMask = None if masks.fixed is None else sampleMask(masks.fixed, fixed.grid)
        self.movingMask = None if masks.moving is None else sampleMask(masks.moving, moving.grid)
        self.countable = float(fixed.array.size if self.fixedMask is None else self.fixedMask.sum().clamp_min(1e-3))
        """How many fixed voxels could be compared at best."""
        scale = float(np.linalg.norm(self.grid.extentMm)) / 4.0
        self.toUnit = np.diag([1 / scale, 1 / scale, 1 / scale, 1.0])
        """4x4 from RAS mm to coordinates with the origin in the middle of the fixed box and its size for unit."""
        self.toUnit[:3, 3] = -self.grid.centerRas / scale
        # Sums run over indices centred and scaled to -1..1, where float32 is at its best.
        centred = np.eye(4)
        centred[:3, :3] = np.diag(2.0 / (self.grid.sizeIjk - 1))
        centred[:3, 3] = -1.0
        self._centredToUnit = self.toUnit @ self.grid.ijkToRas @ np.linalg.inv(centred)
        self._powers = [self._powersOf(n) for n in self.grid.shape]

    @staticmethod
    def _powersOf(size: int) -> Tensor:
        """(size, 3) float64: 1, u and u^2 for ``size`` steps from -1 to 1."""
        import torch

        steps = torch.linspace(-1.0, 1.0, size, dtype=torch.float64)
        return torch.stack([torch.ones_like(steps), steps, steps * steps], dim=1)

    def at(self, matrix: np.ndarray) -> Agreement:
        """The agreement under ``matrix``, 4x4 from fixed to moving RAS mm."""
        return Agreement(self, matrix)

    @staticmethod
    def boxSum(values: Tensor) -> Tensor:
        """Sums of (c, k, j, i) over the window around every voxel; beyond the border counts as 0."""
        for axis in (1, 2, 3):
            last = values.shape[axis] - 1
            summed = values.clone()
            summed.narrow(axis, 1, last).add_(values.narrow(axis, 0, last))
            summed.narrow(axis, 0, last).add_(values.narrow(axis, 1, last))
            values = summed
        return values

    def moments(self, values: Tensor) -> np.ndarray:
        """(c, 4, 4) float64: sums of ``values`` (c, k, j, i) times the products of the centred (i, j, k, 1)."""
        import torch

        powersK, powersJ, powersI = self._powers
        rows = torch.matmul(values, powersI.float()).double()
        sums = toArray(torch.einsum("ckja,jb,kd->cdba", rows, powersJ, powersK))
        index = _POWERS[:, None, :] + _POWERS[None, :, :]
        return sums[:, index[..., 0], index[..., 1], index[..., 2]]

    def toUnitEquations(self, hessian: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From derivatives (3, 4, 3, 4) and (3, 4) by index to (12, 12) and (12,) in the coordinates of ``toUnit``."""
        derivatives = np.linalg.inv(self.toUnit[:3, :3] @ self.grid.ijkToRas[:3, :3]).T
        change = np.kron(derivatives, self._centredToUnit)
        return change @ hessian.reshape(12, 12) @ change.T, change @ gradient.reshape(12)


class Agreement:
    """One affine T judged; ``normalEquations`` says how a small affine D before it, T(D(x)), would do better."""

    mean: float
    """Mean squared local correlation over the overlap, 0 to 1."""
    overlap: float
    """Share of the fixed voxels (in the mask) that land inside the moving box (and mask)."""

    def __init__(self, level: LocalCorrelation, matrix: np.ndarray) -> None:
        import torch

        self.matrix = matrix
        self._level = level
        fixed = level.fixedValues
        positions = affineSamplePositions(
            level.grid, level.moving.grid.rasToIjk @ matrix, level.moving.array.shape, 0, level.grid.shape[0]
        )
        places = positions.movedim(0, -1)[None]
        self._moved = moved = sampleAtPositions(level.movingValues[None, None], places)[0, 0]
        self._inside = inside = torch.ones_like(moved)
        for axis, size in enumerate(reversed(level.moving.array.shape)):
            inside *= positions[axis].abs() <= 1.0 + 1.0 / (size - 1)
        if level.fixedMask is not None:
            inside *= level.fixedMask
        if level.movingMask is not None:
            inside *= sampleAtPositions(level.movingMask[None, None], places)[0, 0]
        f, m = fixed * inside, moved * inside
        sums = level.boxSum(torch.stack([inside, f, m, f * fixed, m * moved, f * moved]))
        self._count = sums[0].clamp_min(1e-3)
        self._meanF, self._meanM, squareF, squareM, product = (sums[1:] / self._count).unbind()
        varianceF = (squareF - self._meanF * self._meanF).clamp_min(0) + FLAT**2
        self._varianceM = (squareM - self._meanM * self._meanM).clamp_min(0) + FLAT**2
        self._covariance = product - self._meanF * self._meanM
        self._slope = self._covariance / (varianceF * self._varianceM)
        self._rho2 = inside * self._covariance * self._slope
        self._voxels = max(float(inside.sum(dtype=torch.float64)), 1.0)
        self.mean = float(self._rho2.sum(dtype=torch.float64)) / self._voxels
        self.overlap = self._voxels / level.countable

    @property
    def total(self) -> float:
        """Mean over all fixed voxels, those outside the overlap counting as 0: fair between unlike overlaps."""
        return self.mean * self.overlap

    @cached_property
    def normalEquations(self) -> tuple[np.ndarray, np.ndarray]:
        """Second (12, 12) and first derivatives (12,) of ``-mean / 2`` by P, where D(x) = x + P (x, 1).

        P (3, 4), row by row, in the coordinates of ``LocalCorrelation.toUnit``.
        """
        import torch

        level, moved, inside = self._level, self._moved, self._inside
        a = inside * self._slope / self._count
        b = a * self._covariance / self._varianceM
        c = self._rho2 / (self._varianceM * self._count)
        back = level.boxSum(torch.stack([a, a * self._meanF, b, b * self._meanM, c]))
        # Derivative of the sum of rho^2 / 2 over all windows by each moved voxel, and its second derivative.
        force = inside * (level.fixedValues * back[0] - back[1] - moved * back[2] + back[3])
        weight = inside * back[4] * CURVATURE
        slopes = torch.zeros((3, *moved.shape))
        slopes[0, :, :, 1:-1] = moved[:, :, 2:] - moved[:, :, :-2]
        slopes[1, :, 1:-1] = moved[:, 2:] - moved[:, :-2]
        slopes[2, 1:-1] = moved[2:] - moved[:-2]
        slopes *= 0.5
        rows = torch.empty((9, *moved.shape))
        for n, (p, q) in enumerate(zip(*np.triu_indices(3), strict=True)):
            torch.mul(slopes[p], slopes[q], out=rows[n])
        rows[:6] *= weight
        torch.mul(slopes, force, out=rows[6:])
        moments = level.moments(rows) / self._voxels
        hessian = moments[_PRODUCT].transpose(0, 2, 1, 3)
        return level.toUnitEquations(hessian, -moments[6:, :, 3])
