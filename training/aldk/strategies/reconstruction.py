"""The losses of a prediction against the images, labels and known motion of a pair: what every strategy builds on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import warp
from LDRRegistrationLib.numerics.filters import boxMean, weightedMean
from LDRRegistrationLib.numerics.losses import foldingLoss, gradientLoss, lnccLoss
from torch import Tensor

from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.losses import correlation_loss, determinant_loss, dice_loss, orthogonality_loss
from aldk.models import Prediction

CONTENT = 0.03
CONTENT_MARGIN = 7
BACKGROUND_WEIGHT = 0.02
SIMILARITIES = ("lncc", "correlation")


@dataclass(frozen=True)
class Reconstruction:
    """Weights of the losses that LDRRegistrationLib/numerics/losses.py and aldk/losses.py describe.

    The network sees altered images, the similarity compares the clean ones: the alterations are learnt away.

    Parameters
    ----------
    kind
        "lncc", local correlation in windows of ``window`` voxels, weighted to where there is content, or
        "correlation", over the whole grid: the reconstruction loss of Tran et al., TMI 2022, eq. 9 to 11.
    truth
        Of the distance to the known flow, a voxel of the full grid; where there is one.
    dice
        Of the overlap of labels, where there are any; 0, the default, learns without labels.
    smoothness
        Of each cascade's own flow, as in the public code (1.5 there: half the sum over three axes).
    determinant, orthogonality
        Of the affine stem's matrix, where there is one.
    inverse
        Of inverse consistency, which costs a second pass of the network (``Strategy.reconstruct``).
    """

    kind: str = "lncc"
    similarity: float = 1.0
    window: int = 7
    truth: float = 0.2
    dice: float = 0.0
    smoothness: float = 0.7
    folding: float = 10.0
    determinant: float = 0.1
    orthogonality: float = 0.1
    inverse: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in SIMILARITIES:
            raise TrainingError(f"There is no similarity called {self.kind!r}; there are {', '.join(SIMILARITIES)}.")
        for name, value in vars(self).items():
            if name != "kind" and not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
                raise TrainingError(f"The loss {name} has a number from 0 on as its weight, not {value!r}.")
        if self.window != int(self.window) or self.window < 3 or self.window % 2 == 0:
            raise TrainingError(f"The window of the loss has an odd number of voxels, at least 3, not {self.window!r}.")
        object.__setattr__(self, "window", int(self.window))  # --weight window=9 is read as 9.0

    def losses(self, prediction: Prediction, pair: Pair) -> dict[str, Tensor]:
        """The weighted terms of one pair, by name."""
        half = F.avg_pool3d(prediction.flow, 2)
        in_half_voxels = half / 2.0
        warped = warp(pair.clean_moving, prediction.flow)
        content = content_weights(pair.clean_fixed)
        if self.kind == "lncc":
            difference = lnccLoss(pair.clean_fixed, warped, self.window, content)
        else:
            difference = correlation_loss(pair.clean_fixed, warped)
        terms = {"similarity": self.similarity * difference, **self.regularisation(prediction)}
        if pair.forward is not None:
            # Smooth at 0, and less than quadratic: a region without texture cannot be known and must not dominate.
            distance = ((half - pair.forward).square().sum(1, keepdim=True) + 0.01).sqrt()
            terms["truth"] = self.truth * weightedMean(distance, F.avg_pool3d(content, 2))
        if self.dice and pair.segments_fixed is not None and pair.segments_moving is not None:
            terms["dice"] = self.dice * dice_loss(pair.segments_fixed, warp(pair.segments_moving, in_half_voxels))
        return terms

    def regularisation(self, prediction: Prediction) -> dict[str, Tensor]:
        """The weighted terms that look at the field only."""
        # At full resolution: what varies from voxel to voxel is gone from the half.
        terms = {"smoothness": self.smoothness * torch.stack([gradientLoss(part) for part in prediction.parts]).sum()}
        if self.folding:
            terms["folding"] = self.folding * foldingLoss(prediction.flow)
        if prediction.affine is not None:
            linear = prediction.affine[:, :, :3].float()
            terms["determinant"] = self.determinant * determinant_loss(linear)
            terms["orthogonality"] = self.orthogonality * orthogonality_loss(linear)
        return terms


def content_weights(image: Tensor) -> Tensor:
    """(N, 1, k, j, i): 1 where ``image`` has content or is near some, next to nothing in air."""
    return (boxMean((image > CONTENT).float(), CONTENT_MARGIN) > 0.01).float() + BACKGROUND_WEIGHT
