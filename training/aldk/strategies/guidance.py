"""On-the-Fly Guidance (OFG; Xin et al., arXiv 2308.15216): the network learns from its own prediction, refined.

Each step the prediction is improved by a few steps of the differentiable optimiser, the one of the module's refinement,
and the network is drawn to the result (eq. 3). Images alone are needed, no labels and no teacher. What the paper
compares it with, self-training, differs in whose fields are refined.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from LDRRegistrationLib.numerics.losses import gradientLoss
from LDRRegistrationLib.registration.energy import Energy
from LDRRegistrationLib.registration.refinement import Refinement, optimise
from torch import Tensor, nn

from aldk.data.draws import Draws
from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.teachers import Teacher

from .base import Strategy
from .reconstruction import Reconstruction

ENERGIES = ("lncc", "mse")
SOURCES = ("prediction", "teacher", "cycle")


@dataclass(frozen=True)
class GuidanceOptions:
    """Defaults are the paper's; the rest are its ablations.

    Parameters
    ----------
    source
        Whose field is refined: "prediction", the network's own of this step (OFG); "teacher", that of a trained network
        (self-training, if it is the network's own unsupervised run; plain with 0 steps, "optimised" with more);
        "cycle", that of the network as it was at the last epoch's end (cyclical self-training, Bigalke et al., MICCAI
        2023, as the paper compares it).
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
    energy
        Similarity of the optimiser: "lncc" or "mse".
    reduction
        How much coarser than the images the optimiser's grid is (2: the paper's "downsampled").
    """

    source: str = "prediction"
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
        if self.source not in SOURCES:
            raise TrainingError(f"OFG has no source called {self.source!r}; there are {', '.join(SOURCES)}.")
        least = 0 if self.source == "teacher" else 1
        if self.steps < least or self.every < 1 or self.reduction < 1 or self.epoch < 1:
            raise TrainingError("OFG: steps, every, reduction and the steps of an epoch are at least 1.")
        if not (0 <= self.blend <= 1 and 0 <= self.share <= 1):
            raise TrainingError("OFG: blend and share lie between 0 and 1.")

    def refinement(self, progress: float) -> Refinement:
        """The optimiser at a point of the run, 0 to 1."""
        return Refinement(
            steps=self.steps,
            stepVoxels=self.step_voxels * (1.0 - min(progress, 0.999)) ** 0.9,
            decay=False,
            reduction=self.reduction,
            energy=Energy(self.energy, smoothness=1.0, folding=0.0),
            updateSmoothness=0.0,
            amsgrad=True,
            settled=0.0,
        )


class Guidance(Strategy):
    """Mean squared distance, in voxels^2, to the refined field, plus what ``GuidanceOptions`` adds.

    Parameters
    ----------
    teacher
        For the source "teacher".

    :raises TrainingError: if there is a teacher but another source, or the other way round.
    """

    def __init__(
        self, reconstruction: Reconstruction, options: GuidanceOptions, teacher: Teacher | None = None
    ) -> None:
        super().__init__(reconstruction, teacher)
        if (teacher is None) == (options.source == "teacher"):
            raise TrainingError("OFG: a teacher and the source teacher (self-training) go together.")
        self.options = options
        # The source "cycle": the network of the last epoch's end, and its weights from a checkpoint.
        self.earlier: nn.Module | None = None
        self.restored: dict[str, Tensor] = {}

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        self.observed = {}
        if self.options.source == "cycle":
            self._renew(network, iteration)
        if not self.is_guided(iteration):
            return self.reconstruct(network, pair)[1]
        blend = self.options.blend
        if blend:
            prediction, unsupervised = self.reconstruct(network, pair)
        else:
            prediction, unsupervised = network(pair.fixed, pair.moving, details=True), {}
        refined = self.refined(prediction.flow, pair, progress)
        squared = (prediction.flow - refined).square().mean()
        self.observed = {"teacher_distance": (3.0 * squared.detach()).sqrt()}
        terms = {
            "distillation": (1.0 - blend) * squared,
            "smoothness": (1.0 - blend) * self.options.smoothness * gradientLoss(prediction.flow),
        }
        for name, term in unsupervised.items():
            terms[name] = blend * term + terms.get(name, torch.zeros_like(term))
        return terms

    def is_guided(self, iteration: int) -> bool:
        """Whether the pair of this step is refined: by its epoch, and by a draw that follows from its number."""
        in_epoch = (iteration // self.options.epoch) % self.options.every == 0
        return in_epoch and (self.options.share >= 1.0 or Draws(iteration).happens(self.options.share))

    def refined(self, flow: Tensor, pair: Pair, progress: float) -> Tensor:
        """The field (N, 3, k, j, i) after the optimiser, without gradient; it sees the clean images.

        :param flow: the network's prediction, which the source may leave aside.
        """
        if self.teacher is not None:
            flow = self.teacher.flow(pair)
        elif self.earlier is not None:
            with torch.no_grad():
                flow = self.earlier(pair.fixed, pair.moving)
        return optimise(pair.clean_fixed, pair.clean_moving, flow.float(), self.options.refinement(progress))

    def _renew(self, network: nn.Module, iteration: int) -> None:
        """Keep the network as it is at the beginning of each epoch."""
        inner = getattr(network, "module", network)
        if iteration % self.options.epoch == 0:
            self.earlier = copy.deepcopy(inner).requires_grad_(False)
        elif self.earlier is None:
            self.earlier = copy.deepcopy(inner).requires_grad_(False)
            self.earlier.load_state_dict(self.restored)

    def state(self) -> dict[str, Any]:
        return {**super().state(), **({} if self.earlier is None else {"earlier": self.earlier.state_dict()})}

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.restored = state.get("earlier", {})

    def provenance(self) -> dict[str, Any]:
        return {**super().provenance(), "ofg": vars(self.options)}
