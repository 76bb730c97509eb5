"""Learning from the images themselves, and from motion or labels where they are known."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from LDRRegistrationLib.flow import warp
from LDRRegistrationLib.similarity import boxMean, diceLoss, foldingLoss, gradientLoss, lnccLoss, weightedMean
from torch import Tensor, nn

from aldk.data.pairs import Pair

CONTENT = 0.03
CONTENT_MARGIN = 7
BACKGROUND_WEIGHT = 0.02


@dataclass(frozen=True)
class Unsupervised:
    """The network sees altered images, the similarity compares the clean ones: the alterations are learnt away.

    All weights multiply losses described in LDRRegistrationLib/similarity.py; ``truth`` that of the distance to the
    known flow, a voxel of the full grid. The flow is judged at half resolution wherever that is enough.
    """

    similarity: float = 1.0
    window: int = 7
    truth: float = 0.2
    dice: float = 1.0
    smoothness: float = 0.7
    folding: float = 10.0

    def losses(self, model: nn.Module, pair: Pair) -> dict[str, Tensor]:
        """The weighted terms of one step, by name; their sum is what is minimised."""
        flow = model(pair.fixed, pair.moving)
        half = F.avg_pool3d(flow, 2)
        in_half_voxels = half / 2.0
        content = (boxMean((pair.clean_fixed > CONTENT).float(), CONTENT_MARGIN) > 0.01).float() + BACKGROUND_WEIGHT
        terms = {
            "similarity": self.similarity
            * lnccLoss(pair.clean_fixed, warp(pair.clean_moving, flow), self.window, content),
            "smoothness": self.smoothness * gradientLoss(in_half_voxels),
            "folding": self.folding * foldingLoss(in_half_voxels),
        }
        if pair.forward is not None:
            # Smooth at 0, and less than quadratic: a region without texture cannot be known and must not dominate.
            distance = ((half - pair.forward).square().sum(1, keepdim=True) + 0.01).sqrt()
            terms["truth"] = self.truth * weightedMean(distance, F.avg_pool3d(content, 2))
        if pair.segments_fixed is not None and pair.segments_moving is not None:
            warped = warp(pair.segments_moving, in_half_voxels)
            terms["dice"] = self.dice * diceLoss(pair.segments_fixed, warped)
        return terms
