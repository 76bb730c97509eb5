"""The self-check: whether a flow makes the images more alike without folding or fleeing the mask.

A moving image is (1, C, k, j, i): the image in [0, 1] and, where there is a moving mask, its shares. Flows are
(1, 3, k, j, i) in voxels of the grid compared on (see flow.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .flow import foldedFraction, spreadOfLogJ, warp
from .masks import jointMask
from .similarity import gaussianMean, lncc, nonlinearity, weightedMean, windows
from .unfold import unfold

if TYPE_CHECKING:
    from torch import Tensor

# A field that folds more than this, or that does not make the images more alike, is not worth its risk.
MAXIMUM_FOLDED_FRACTION = 0.001
# Standard deviation of log J above which a flow strains tissue more than it can be; then it is smoothed by so many
# voxels, again and again.
MAXIMUM_SPREAD = 0.42
CALMING_VOXELS = 0.5
CALMING_ROUNDS = 6
# What single precision can feign by sampling an image where it already is.
LEAST_GAIN = 1e-5
# A flow may not make the images more alike by carrying what is unlike out of the moving mask.
LEAST_SHARE_KEPT = 0.8
# Of intensities in [0, 1]: below it an image shows nothing.
FOREGROUND = 0.02
# Fewer say nothing about how the intensities of two images relate.
LEAST_VOXELS_FOR_CONTRAST = 1000
# Between what pairs of one contrast and pairs of different ones come to: Testing/benchmarks/contrasts.py.
UNLIKE_CONTRASTS = 0.05
# Of the voxels along each axis every second says how alike images are as well as all do: windows are nine wide.
STRIDE = 2


@dataclass(frozen=True, eq=False)
class Judged:
    """A flow, None if it is none, what the moving image is under it, and how alike that is to the fixed one.

    ``cells`` are the Jacobian determinants of the flow.
    """

    flow: Tensor | None
    warped: Tensor
    similarity: float
    cells: Tensor | None = None


class Comparison:
    """The fixed image (1, 1, k, j, i) in [0, 1], and in ``mask``, of its shape or None, where it counts."""

    def __init__(self, fixed: Tensor, mask: Tensor | None = None) -> None:
        self.fixed = fixed
        self.mask = mask
        self._foreground = (fixed > FOREGROUND).to(fixed.dtype)[:, :, ::STRIDE, ::STRIDE, ::STRIDE]
        self._windows = windows(fixed, stride=STRIDE)

    def reduced(self, factor: int) -> Comparison:
        """The same on a grid ``factor`` times coarser; the sides are multiples of ``factor``."""
        return Comparison(reduced(self.fixed, factor), None if self.mask is None else reduced(self.mask, factor))

    def still(self, moved: Tensor) -> Judged:
        """No flow: ``moved`` as it is."""
        return Judged(None, moved, self.similarity(moved))

    def similarity(self, moved: Tensor) -> float:
        """Mean squared local correlation of ``moved`` with the fixed image over its foreground, 0 to 1."""
        mask = jointMask(self.mask, moved[:, 1:])
        values = lncc(self.fixed, moved[:, :1], mask=mask, stride=STRIDE, known=self._windows)
        if mask is not None:
            mask = mask[:, :, ::STRIDE, ::STRIDE, ::STRIDE]
        return float(weightedMean(values, self._foreground if mask is None else self._foreground * mask))

    def showsAnotherContrast(self, moved: Tensor) -> bool:
        """Whether ``moved`` is of another contrast than the fixed image: another sequence, another modality."""
        return self.unlikeness(moved) > UNLIKE_CONTRASTS

    def unlikeness(self, moved: Tensor) -> float:
        """``nonlinearity`` where both images show something; 0 where that is too little to tell."""
        fixed, moving = (image[:, :1, ::STRIDE, ::STRIDE, ::STRIDE] for image in (self.fixed, moved))
        both = (fixed > FOREGROUND) & (moving > FOREGROUND)
        if int(both.sum()) < LEAST_VOXELS_FOR_CONTRAST:
            return 0.0
        return nonlinearity(fixed[both], moving[both])

    def judge(self, moving: Tensor, flow: Tensor) -> Judged:
        """The flow without its folds, and calm; the similarity is -1 if it still folds, or flees the mask."""
        flow, cells = unfold(flow)
        for _ in range(CALMING_ROUNDS):
            if spreadOfLogJ(cells) <= MAXIMUM_SPREAD:
                break
            flow, cells = unfold(gaussianMean(flow, [CALMING_VOXELS] * 3))
        warped = warp(moving, flow)
        flees = float(warped[:, 1:].sum()) < LEAST_SHARE_KEPT * float(moving[:, 1:].sum())
        folds = foldedFraction(cells) > MAXIMUM_FOLDED_FRACTION
        return Judged(flow, warped, -1.0 if flees or folds else self.similarity(warped), cells)

    def better(self, moving: Tensor, candidate: Tensor, before: Judged) -> Judged:
        """``candidate`` judged, if it reaches more than what was there ``before``; else that."""
        judged = self.judge(moving, candidate)
        return judged if judged.similarity > before.similarity + LEAST_GAIN else before


def reduced(image: Tensor, factor: int) -> Tensor:
    """(N, C, k, j, i) on a grid ``factor`` times coarser over the same box, by means of blocks."""
    import torch

    return image if factor == 1 else torch.nn.functional.avg_pool3d(image, factor)
