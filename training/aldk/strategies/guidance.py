"""On-the-Fly Guidance (OFG; Xin et al., arXiv 2308.15216): the network learns from its own prediction, refined.

Each step the prediction is improved by a few steps of the differentiable optimiser, the one of the module's refinement,
and the network is drawn to the result (eq. 3). Images alone are needed, no labels and no teacher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from LDRRegistrationLib.refine import Refinement, optimise
from LDRRegistrationLib.similarity import gradientLoss
from torch import Tensor, nn

from aldk.data.chance import Chance
from aldk.data.pairs import Pair
from aldk.errors import TrainingError

from .reconstruction import Reconstruction
from .unsupervised import Unsupervised

ENERGIES = ("lncc", "mse")


@dataclass(frozen=True)
class GuidanceOptions:
    """Defaults are the paper's; the rest are its ablations.

    Parameters
    ----------
    steps
        Of the optimiser, for each prediction; 5 to 10 are the paper's best.
    step_voxels
        Adam's step at the start of the run; it shrinks with the run as (1 - progress)^0.9, as in the public code.
    smoothness
        Of the prediction, beside its distance to the refined field (0.02 in the public code; the paper's text calls it
        weight decay).
    every
        Guidance in every n-th epoch only; the others are unsupervised. An epoch is ``epoch`` steps.
    blend
        Share of the unsupervised loss in every step.
    share
        Of the pairs that are guided, drawn at random; the others are unsupervised.
    energy, reduction
        Similarity of the optimiser, and how much coarser than the images its grid is (2: the paper's "downsampled").
    """

    steps: int = 10
    step_voxels: float = 0.1
    smoothness: float = 0.02
    every: int = 1
    blend: float = 0.0
    share: float = 1.0
    energy: str = "lncc"
    reduction: int = 1
    epoch: int = 1000

    def __post_init__(self) -> None:
        if self.energy not in ENERGIES:
            raise TrainingError(f"OFG has no energy called {self.energy!r}; there are {', '.join(ENERGIES)}.")
        if self.steps < 1 or self.every < 1 or self.reduction < 1 or self.epoch < 1:
            raise TrainingError("OFG: steps, every, reduction and the steps of an epoch are at least 1.")
        if not (0 <= self.blend <= 1 and 0 <= self.share <= 1):
            raise TrainingError("OFG: blend and share lie between 0 and 1.")


class Guidance(Unsupervised):
    """Mean squared distance, in voxels^2, to the refined prediction, plus what ``GuidanceOptions`` adds."""

    def __init__(self, reconstruction: Reconstruction, options: GuidanceOptions) -> None:
        super().__init__(reconstruction)
        self.options = options

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        prediction = network(pair.fixed, pair.moving, details=True)
        self.observed = {}
        if not self.is_guided(iteration):
            return self.reconstruction.losses(prediction, pair)
        refined = self.refined(prediction.flow, pair, progress)
        squared = (prediction.flow - refined).square().mean()
        self.observed = {"teacher_distance": (3.0 * float(squared.detach())) ** 0.5}
        blend = self.options.blend
        terms = {
            "distillation": (1.0 - blend) * squared,
            "smoothness": (1.0 - blend) * self.options.smoothness * gradientLoss(prediction.flow),
        }
        if blend:
            for name, term in self.reconstruction.losses(prediction, pair).items():
                terms[name] = blend * term + terms.get(name, torch.zeros_like(term))
        return terms

    def is_guided(self, iteration: int) -> bool:
        """Whether the pair of this step is refined: by its epoch, and by a draw that follows from its number."""
        in_epoch = (iteration // self.options.epoch) % self.options.every == 0
        return in_epoch and (self.options.share >= 1.0 or Chance(iteration).happens(self.options.share))

    def refined(self, flow: Tensor, pair: Pair, progress: float) -> Tensor:
        """The prediction (N, 3, k, j, i) after the optimiser, without gradient; it sees the clean images."""
        how = Refinement(
            steps=self.options.steps,
            stepVoxels=self.options.step_voxels * (1.0 - min(progress, 0.999)) ** 0.9,
            decay=False,
            reduction=self.options.reduction,
            energy=self.options.energy,
            smoothness=1.0,
            folding=0.0,
            amsgrad=True,
        )
        return optimise(pair.clean_fixed, pair.clean_moving, flow.float(), how)

    def provenance(self) -> dict[str, Any]:
        return {**super().provenance(), "ofg": vars(self.options)}
