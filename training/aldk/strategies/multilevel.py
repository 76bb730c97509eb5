"""The registration pyramid's loss: every level's estimate is compared with the images at that level.

Gunnarsson, Sjolund and Schon, Learn2Reg 2020, eq. 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import resize, warp
from LDRRegistrationLib.numerics.losses import gradientLoss, lnccLoss
from torch import Tensor, nn

from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.losses import dice_loss
from aldk.models import Prediction

from .base import Strategy
from .reconstruction import Reconstruction


@dataclass(frozen=True)
class MultilevelOptions:
    """Weights at level l, whose grid is 2^l times coarser than the images'; the defaults are the paper's.

    Parameters
    ----------
    similarity
        gamma: ``similarity`` / 2^l times the local correlation in windows of 9 voxels of the level, as in the code.
    smoothness
        beta: ``smoothness`` / 2^l times Grad-L2, in voxels of the level (10 in the public code).
    affine
        alpha: ``affine`` * 2^l times the mean squared displacement of the level's affine map, in voxels^2.
    dice
        lambda: of the overlap of labels under the finest flow, where there are any.
    """

    similarity: float = 5.0
    smoothness: float = 1.0
    affine: float = 1.0
    dice: float = 5.0


class Multilevel(Strategy):
    """Similarity and smoothness of each level, and label overlap of the finest; divided by ``similarity``, so that
    learning rates fit the other strategies.
    """

    def __init__(self, reconstruction: Reconstruction, options: MultilevelOptions) -> None:
        super().__init__(reconstruction)
        self.options = options

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        prediction = network(pair.fixed, pair.moving, details=True)
        return {name: term / self.options.similarity for name, term in self.terms(prediction, pair).items()}

    def terms(self, prediction: Prediction, pair: Pair) -> dict[str, Tensor]:
        """Eq. 1 by terms; segmentations lie at half resolution (see Pair).

        :raises TrainingError: if the network has no levels, or the grid is no multiple of its stride.
        """
        if not prediction.levels:
            raise TrainingError(
                "The strategy multilevel is for one pyramid without affine stem, on grids of multiples of its stride."
            )
        zero = prediction.flow.new_zeros(())
        terms = {"similarity": zero, "smoothness": zero, "affine": zero}
        flows = {pair.fixed.shape[2] // level.flow.shape[2]: level for level in prediction.levels}
        for coarseness, level in flows.items():
            fixed, moving = (_coarser(image, coarseness) for image in (pair.clean_fixed, pair.clean_moving))
            difference = lnccLoss(fixed, warp(moving, level.flow))
            terms["similarity"] = terms["similarity"] + self.options.similarity / coarseness * difference
            smoothness = self.options.smoothness / coarseness * gradientLoss(level.flow)
            terms["smoothness"] = terms["smoothness"] + smoothness
            if level.affine is not None:
                # Three components a voxel: the mean of their squares is a third of the squared length's.
                squared = 3.0 * level.affine.square().mean()
                terms["affine"] = terms["affine"] + self.options.affine * coarseness * squared
        if 1 not in flows:
            # A network that ends at half resolution is judged at the images' too.
            difference = lnccLoss(pair.clean_fixed, warp(pair.clean_moving, prediction.flow))
            terms["similarity"] = terms["similarity"] + self.options.similarity * difference
            terms["smoothness"] = terms["smoothness"] + self.options.smoothness * gradientLoss(prediction.flow)
        if self.options.dice and pair.segments_fixed is not None and pair.segments_moving is not None:
            k, j, i = pair.segments_fixed.shape[2:]
            half = resize(prediction.flow, (k, j, i))
            terms["dice"] = self.options.dice * dice_loss(pair.segments_fixed, warp(pair.segments_moving, half))
        return terms

    def provenance(self) -> dict[str, Any]:
        return {**super().provenance(), "multilevel": vars(self.options)}


def _coarser(image: Tensor, coarseness: int) -> Tensor:
    return F.avg_pool3d(image, coarseness) if coarseness > 1 else image
