"""How well two images agree under an affine, by local correlation, and where the affine should go from there.

The measure is the squared correlation coefficient in a small window around every voxel of the fixed image (Avants et
al., Med Image Anal 2008), averaged over the overlap. Inside a small window the relation between the intensities of two
contrasts is nearly linear, rising or falling (Weese et al., MICCAI 1999): so one measure serves the same contrast,
unlike contrasts, inhomogeneous fields and CT.

This is not ``numerics.losses.lncc``: that one is differentiated by autograd for dense flows, at one pair a time. Here
many affines are judged at once, in windows of 3^3 voxels, with derivatives by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..numerics.gridsample import sampleAtVoxels
from ..space.image import Image
from ..space.masks import Masks, weightsOf
from ..space.resample import affineSamplePositions, insideFaces

if TYPE_CHECKING:
    from torch import Tensor

# Standard deviation in a window, of intensities in [0, 1], around which it fades into a flat one that says nothing.
FLAT_WINDOW_SD = 0.015
# Gauss and Newton's second derivative ignores that the windows' means and variances follow the moving image; this
# factor, found by trial, makes up for it: fewer iterations for the same result.
CURVATURE_FACTOR = 0.7
# So many voxels are judged at once, of as many affines as that makes: on small images the single call is what costs.
BATCH_VOXELS = 400_000
# Where the products of (i, j, k, 1) stand among their moments, as powers of (k, j, i), and those of the derivatives
# among the six that differ.
_POWERS = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]])
_PRODUCT = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])


class AffineLncc:
    """Two images at one resolution, intensities in [0, 1], compared in windows of 3^3 fixed voxels.

    Only what is known of both, and inside both masks, has any weight.
    """

    def __init__(
        self, fixed: Image, moving: Image, masks: Masks | None = None, across: np.ndarray | None = None
    ) -> None:
        self.across = across
        """(3,): a unit vector, RAS, along which nothing may move; None where everything may."""
        self.fixed = fixed
        self.moving = moving
        self.grid = fixed.grid
        self.fixedValues = toTensor(fixed.array)
        self.movingValues = toTensor(moving.array)
        masks = masks or Masks()
        self.fixedMask, self.movingMask = weightsOf(fixed, masks.fixed), weightsOf(moving, masks.moving)
        both = masks.fixed is not None and masks.moving is not None
        # One mask alone says which part of one image counts, not that the other is of that part.
        self.masked = ((fixed, masks.fixed), (moving, masks.moving)) if both else ((fixed, None), (moving, None))
        """Both images, and the masks within which their foregrounds correspond."""
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
        centredToUnit = self.toUnit @ self.grid.ijkToRas @ np.linalg.inv(centred)
        self._change = np.kron(np.linalg.inv(self.toUnit[:3, :3] @ self.grid.ijkToRas[:3, :3]).T, centredToUnit)
        self._powers = [self._powersOf(n) for n in self.grid.shape]

    @staticmethod
    def _powersOf(size: int) -> Tensor:
        """(size, 3) float64: 1, u and u^2 for ``size`` steps from -1 to 1."""
        import torch

        steps = torch.linspace(-1.0, 1.0, size, dtype=torch.float64)
        return torch.stack([torch.ones_like(steps), steps, steps * steps], dim=1)

    def at(self, matrices: Sequence[np.ndarray]) -> list[AffineSimilarity]:
        """The similarity under each of ``matrices``, 4x4 from fixed to moving RAS mm."""
        size = max(1, BATCH_VOXELS // self.fixedValues.numel())
        batches = [_Batch(self, np.stack(matrices[n : n + size])) for n in range(0, len(matrices), size)]
        return [batch.similarity(n) for batch in batches for n in range(len(batch.matrices))]

    @staticmethod
    def boxSum(values: Tensor) -> Tensor:
        """Sums of (..., k, j, i) over the window around every voxel; beyond the border counts as 0."""
        for axis in (-3, -2, -1):
            last = values.shape[axis] - 1
            summed = values.clone()
            summed.narrow(axis, 1, last).add_(values.narrow(axis, 0, last))
            summed.narrow(axis, 0, last).add_(values.narrow(axis, 1, last))
            values = summed
        return values

    def moments(self, values: Tensor) -> np.ndarray:
        """(n, c, 4, 4) float64: sums of ``values`` (n, c, k, j, i) times the products of the centred (i, j, k, 1)."""
        import torch

        powersK, powersJ, powersI = self._powers
        rows = torch.matmul(values, powersI.float()).double()
        sums = toArray(torch.einsum("nckja,jb,kd->ncdba", rows, powersJ, powersK))
        index = _POWERS[:, None, :] + _POWERS[None, :, :]
        return sums[:, :, index[..., 0], index[..., 1], index[..., 2]]

    def toUnitEquations(self, hessian: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """From derivatives (3, 4, 3, 4) and (3, 4) by index to (12, 12) and (12,) in the coordinates of ``toUnit``."""
        change = self._change
        return change @ hessian.reshape(12, 12) @ change.T, change @ gradient.reshape(12)


@dataclass(frozen=True, eq=False)
class AffineSimilarity:
    """One affine T judged.

    ``mean`` is the mean squared local correlation over the overlap, 0 to 1; ``overlap`` the share of the fixed voxels
    (in the mask) that land inside the moving box (and mask).
    """

    matrix: np.ndarray
    mean: float
    overlap: float
    _batch: _Batch
    _place: int

    @property
    def total(self) -> float:
        """Mean over all fixed voxels, those outside the overlap counting as 0: fair between unlike overlaps."""
        return self.mean * self.overlap

    @property
    def normalEquations(self) -> tuple[np.ndarray, np.ndarray]:
        """How a small affine D(x) = x + P (x, 1) before T, T(D(x)), would do better.

        Second (12, 12) and first derivatives (12,) of ``-mean / 2`` by P (3, 4), row by row, in the coordinates of
        ``AffineLncc.toUnit``.
        """
        return self._batch.normalEquations[self._place]


class _Batch:
    """Affines (n, 4, 4) judged at once."""

    def __init__(self, level: AffineLncc, matrices: np.ndarray) -> None:
        import torch

        self.matrices = matrices
        self._level = level
        fixed, count = level.fixedValues, len(matrices)
        toVoxels = level.moving.grid.rasToIjk @ matrices
        positions = affineSamplePositions(level.grid, toVoxels, 0, level.grid.shape[0]).transpose(0, 1)
        # The slices of all of them, as if they were of one volume.
        slices = positions.flatten(1, 2)

        def moved(values: Tensor) -> Tensor:
            return sampleAtVoxels(values[None, None], slices[None]).view(count, *fixed.shape)

        self._moved = moving = moved(level.movingValues)
        self._inside = inside = insideFaces(positions, level.moving.array.shape).float()
        if level.fixedMask is not None:
            inside *= level.fixedMask
        if level.movingMask is not None:
            inside *= moved(level.movingMask)
        f, m = fixed * inside, moving * inside
        sums = level.boxSum(torch.stack([inside, f, m, f * fixed, m * moving, f * moving]))
        self._count = sums[0].clamp_min(1e-3)
        self._meanF, self._meanM, squareF, squareM, product = (sums[1:] / self._count).unbind()
        varianceF = (squareF - self._meanF * self._meanF).clamp_min(0) + FLAT_WINDOW_SD**2
        self._varianceM = (squareM - self._meanM * self._meanM).clamp_min(0) + FLAT_WINDOW_SD**2
        self._covariance = product - self._meanF * self._meanM
        self._slope = self._covariance / (varianceF * self._varianceM)
        self._rho2 = inside * self._covariance * self._slope
        self._voxels = inside.sum((1, 2, 3), dtype=torch.float64).clamp_min(1.0).tolist()
        self._sums = self._rho2.sum((1, 2, 3), dtype=torch.float64).tolist()

    def similarity(self, n: int) -> AffineSimilarity:
        """That of the affine ``n``."""
        voxels = self._voxels[n]
        return AffineSimilarity(self.matrices[n], self._sums[n] / voxels, voxels / self._level.countable, self, n)

    @cached_property
    def normalEquations(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Those of each affine, see ``AffineSimilarity``."""
        import torch

        level, moved, inside = self._level, self._moved, self._inside
        a = inside * self._slope / self._count
        b = a * self._covariance / self._varianceM
        c = self._rho2 / (self._varianceM * self._count)
        back = level.boxSum(torch.stack([a, a * self._meanF, b, b * self._meanM, c]))
        # Derivative of the sum of rho^2 / 2 over all windows by each moved voxel, and its second derivative.
        force = inside * (level.fixedValues * back[0] - back[1] - moved * back[2] + back[3])
        weight = inside * back[4] * CURVATURE_FACTOR
        slopes = torch.zeros((3, *moved.shape))
        slopes[0, ..., 1:-1] = moved[..., 2:] - moved[..., :-2]
        slopes[1, ..., 1:-1, :] = moved[..., 2:, :] - moved[..., :-2, :]
        slopes[2, :, 1:-1] = moved[:, 2:] - moved[:, :-2]
        slopes *= 0.5
        rows = torch.empty((9, *moved.shape))
        for n, (p, q) in enumerate(zip(*np.triu_indices(3), strict=True)):
            torch.mul(slopes[p], slopes[q], out=rows[n])
        rows[:6] *= weight
        torch.mul(slopes, force, out=rows[6:])
        equations = []
        for moments, voxels in zip(level.moments(rows.transpose(0, 1)), self._voxels, strict=True):
            hessian = moments[_PRODUCT].transpose(0, 2, 1, 3)
            equations.append(level.toUnitEquations(hessian / voxels, -moments[6:, :, 3] / voxels))
        return equations
