"""Losses that only training needs; those that instance optimisation shares are in LDRRegistrationLib.numerics.losses.

Images and segmentations are tensors (N, C, k, j, i). Every loss is a differentiable scalar tensor, smaller is better.
"""

from __future__ import annotations

import torch
from LDRRegistrationLib.numerics.filters import weightedMean
from torch import Tensor


def correlation_loss(fixed: Tensor, warped: Tensor, weights: Tensor | None = None) -> Tensor:
    """1 - correlation coefficient over the whole grid, averaged over N and C (Tran et al., TMI 2022, eq. 9 to 11)."""
    axes = (2, 3, 4)
    weights = torch.ones_like(fixed) if weights is None else weights.expand_as(fixed)
    weights = weights / weights.sum(axes, keepdim=True).clamp_min(1e-6)
    first = fixed - (weights * fixed).sum(axes, keepdim=True)
    second = warped - (weights * warped).sum(axes, keepdim=True)
    covariance = (weights * first * second).sum(axes)
    variances = (weights * first * first).sum(axes) * (weights * second * second).sum(axes)
    return 1.0 - (covariance / (variances + 1e-12).sqrt()).mean()


def dice_loss(fixed: Tensor, warped: Tensor) -> Tensor:
    """1 - mean soft Dice of soft segmentations (N, C, k, j, i), over the channels that are not empty in ``fixed``."""
    axes = (2, 3, 4)
    size_fixed, size_warped = fixed.sum(axes), warped.sum(axes)
    dice = 2.0 * (fixed * warped).sum(axes) / (size_fixed + size_warped).clamp_min(1e-3)
    return 1.0 - weightedMean(dice, (size_fixed > 0).to(dice.dtype))


def determinant_loss(matrices: Tensor) -> Tensor:
    """Mean of (det A - 1)^2 / 2 over linear maps (N, 3, 3): a pre-alignment keeps volumes (VTN, Zhao et al. 2019)."""
    return 0.5 * (torch.linalg.det(matrices) - 1.0).square().mean()


def orthogonality_loss(matrices: Tensor, epsilon: float = 1e-5) -> Tensor:
    """Mean over A (N, 3, 3) of sum(l + 1 / l) - 6, l the eigenvalues of A^T A: 0 for rotations (VTN, Zhao et al. 2019).

    By traces, sum(l) = tr C and sum(1 / l) = tr C^-1, with C = A^T A + epsilon I and the constants that make I a zero.
    """
    identity = torch.eye(3, dtype=matrices.dtype, device=matrices.device)
    metric = matrices.transpose(1, 2) @ matrices + epsilon * identity
    traces = (metric * identity).sum((1, 2)), (torch.linalg.inv(metric) * identity).sum((1, 2))
    return (traces[0] + (1.0 + epsilon) ** 2 * traces[1] - 6.0 * (1.0 + epsilon)).mean()
