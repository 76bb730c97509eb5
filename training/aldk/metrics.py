"""How good a registration is: overlap of labels, and how plausible the flow."""

from __future__ import annotations

import math

import torch
from LDRRegistrationLib.flow import jacobianDeterminant
from torch import Tensor

MINIMUM_VOLUME_MM3 = 50.0


def mean_dice(fixed: Tensor, moved: Tensor, counted: list[int]) -> float:
    """Mean Dice of two label maps (k, j, i) over the labels ``counted``."""
    size = 1 + max(int(fixed.max()), int(moved.max()), *counted)
    both = torch.bincount(fixed[fixed == moved].flatten().long(), minlength=size)
    first, second = (torch.bincount(m.flatten().long(), minlength=size) for m in (fixed, moved))
    dice = 2.0 * both / (first + second).clamp_min(1)
    return float(dice[counted].mean())


def labels_in_both(first: Tensor, second: Tensor, spacing: float) -> list[int]:
    """The labels above 0 that fill at least 50 mm^3 (50 voxels of 1 mm) in both maps."""
    least = MINIMUM_VOLUME_MM3 / spacing**3
    size = 1 + max(int(first.max()), int(second.max()))
    counts = [torch.bincount(m.flatten().long(), minlength=size) for m in (first, second)]
    large = (counts[0] >= least) & (counts[1] >= least)
    return [n for n in torch.nonzero(large).flatten().tolist() if n > 0]


def plausibility(flow: Tensor, inside: Tensor) -> tuple[float, float]:
    """Percent of folded cells, and the standard deviation of log det J over the others, where ``inside`` (k, j, i)."""
    jacobian = jacobianDeterminant(flow)[0][inside[:-1, :-1, :-1]]
    positive = jacobian[jacobian > 0]
    deviation = float(positive.log().std(unbiased=False)) if len(positive) else math.nan
    return 100.0 * float((jacobian <= 0).float().mean()), deviation
