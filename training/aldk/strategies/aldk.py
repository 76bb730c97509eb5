"""Adversarial learning with distilled knowledge (ALDK; Tran et al., IEEE TMI 2022, section 3.4, Algorithm 1).

A discriminator learns to tell the student's fields from the teacher's; the student learns to be taken for the teacher,
and to align the images. What the paper leaves open, and where the authors' public code differs, is in
training/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from aldk.data.pairs import Pair
from aldk.errors import TrainingError
from aldk.models.discriminator import Discriminator
from aldk.teachers import Teacher

from .adversary import descend, frozen
from .base import Strategy
from .reconstruction import Reconstruction

FORMS = ("paper", "public")
SCORES = ("scalar", "vector")


@dataclass(frozen=True)
class AldkOptions:
    """The paper's parameters; their defaults are those of the authors' public code, the only values that are known.

    Parameters
    ----------
    beta
        Share of the teacher in the joint deformation (eq. 8).
    gamma
        Share of the reconstruction in the loss of an adversarial step (eq. 6).
    penalty
        Weight of the gradient penalty (lambda in eq. 7).
    every
        Algorithm 1 favours the generator: one step in so many is adversarial, the others reconstruct only.
    until
        Share of the run after which no step is adversarial (the public code: 0.08).
    form
        Which ALDK. "paper": l_dis = |D(student) - D(teacher)|^2, discriminator of the paper. "public": the signed
        difference of a Wasserstein critic, discriminator of the public code.
    score
        What of the discriminator's features is compared: "scalar", their mean, or "vector", all of them.
    learning_rate
        Of the discriminator.
    grid
        (k, j, i) voxels that the linear layer of the public discriminator is made for; None: pooled, any size.
    """

    beta: float = 0.1
    gamma: float = 0.3
    penalty: float = 0.1
    every: int = 3
    until: float = 1.0
    form: Literal["paper", "public"] = "paper"
    score: str = "scalar"
    learning_rate: float = 1e-4
    grid: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise TrainingError(f"ALDK has no form called {self.form!r}; there are {', '.join(FORMS)}.")
        if self.score not in SCORES:
            raise TrainingError(f"ALDK has no score called {self.score!r}; there are {', '.join(SCORES)}.")
        if not (0 <= self.beta <= 1 and 0 <= self.gamma <= 1 and self.every >= 1):
            raise TrainingError("ALDK: beta and gamma lie between 0 and 1, and every is at least 1.")


class Aldk(Strategy):
    """The student's losses of eq. 6; the discriminator is updated on the way, by an optimiser of its own.

    ``teacher`` is None only where ``target`` has another source.
    """

    def __init__(self, reconstruction: Reconstruction, teacher: Teacher | None, options: AldkOptions) -> None:
        super().__init__(reconstruction, teacher)
        self.options = options
        self.discriminator = Discriminator(options.form, options.grid)
        self.optimizer = torch.optim.Adam(self.discriminator.parameters(), lr=options.learning_rate, betas=(0.5, 0.9))
        self.fabric: Fabric | None = None

    def prepare(self, fabric: Fabric) -> None:
        super().prepare(fabric)
        self.fabric = fabric
        self.discriminator.to(fabric.device)

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        prediction, terms = self.reconstruct(network, pair)
        if not self.is_adversarial(iteration, progress):
            self.observed = {}
            return terms
        student = prediction.flow.float()
        teacher = self.target(student, pair, progress).float()
        self.update_discriminator(student.detach(), teacher)
        gamma = self.options.gamma
        terms = {name: gamma * term for name, term in terms.items()}
        return {**terms, "adversarial": (1.0 - gamma) * self.adversarial(student, teacher)}

    def target(self, student: Tensor, pair: Pair, progress: float) -> Tensor:
        """The field (N, 3, k, j, i), without gradient, that the student's is to be taken for."""
        if self.teacher is None:
            raise TrainingError("ALDK needs a teacher.")
        return self.teacher.flow(pair)

    def is_adversarial(self, iteration: int, progress: float) -> bool:
        """Algorithm 1 as far as it is known: every third step, while ``progress`` is below ``until``."""
        return (iteration + 1) % self.options.every == 0 and progress < self.options.until

    def score(self, flow: Tensor) -> Tensor:
        """(N, 1) or (N, features): the discriminator's mean feature, D in eq. 7, or all of them, of flows
        (N, 3, k, j, i) in voxels. As long as the mean, a vector of n features is divided by the root of n.
        """
        features = self.discriminator(flow)
        if self.options.score == "vector":
            return features / features.shape[1] ** 0.5
        return features.mean(1, keepdim=True)

    def adversarial(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The discrimination loss as the student sees it; gradients reach ``student``, not the discriminator."""
        with frozen(self.discriminator):
            score = self.score(student)
            if self.options.form == "public":
                return -score.mean()
            with torch.no_grad():
                target = self.score(teacher)
            return (score - target).square().sum(1).mean()

    def discriminator_loss(self, student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
        """What the discriminator minimises: how badly it parts the two, and the weighted gradient penalty (eq. 7)."""
        scores = self.score(torch.cat([student, teacher]))
        first, second = scores.chunk(2)
        squared = (first - second).square().sum(1).mean()
        apart = -squared if self.options.form == "paper" else (first - second).sum(1).mean()
        return apart, self.options.penalty * self.gradient_penalty(student, teacher)

    def gradient_penalty(self, student: Tensor, teacher: Tensor) -> Tensor:
        """(|grad D| - 1)^2 at the joint field beta * teacher + (1 - beta) * student (eq. 7 and 8).

        The gradient is that by the *field*. Its norm is the one dual to the root mean square displacement, so that
        slope 1 means: D changes by 1 when the field changes by one voxel, on a grid of any size. (The plain Euclidean
        norm would ask a bounded D to change by hundreds.)
        """
        joint = self.options.beta * teacher + (1.0 - self.options.beta) * student
        joint = joint.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(self.score(joint).sum(), joint, create_graph=True)
        # A voxel's displacement is one vector: n is the number of voxels, not of their components.
        count = joint[0, 0].numel()
        norm = (count * gradient.square().sum((1, 2, 3, 4)) + 1e-12).sqrt()
        return (norm - 1.0).square().mean()

    def update_discriminator(self, student: Tensor, teacher: Tensor) -> None:
        """One step of the discriminator on fields that carry no gradient to the student."""
        apart, penalty = self.discriminator_loss(student, teacher)
        descend(apart + penalty, self.discriminator, self.optimizer, self.fabric)
        distance = (student - teacher).square().sum(1).mean().sqrt()
        self.observed = {
            "discriminator": (apart + penalty).detach(),
            "penalty": penalty.detach(),
            "critic_gap": apart.detach().abs() ** (0.5 if self.options.form == "paper" else 1.0),
            "teacher_distance": distance,
        }

    def state(self) -> dict[str, Any]:
        own = {"discriminator": self.discriminator.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {**super().state(), **own}

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])

    def provenance(self) -> dict[str, Any]:
        options = {**vars(self.options), "grid": list(self.options.grid) if self.options.grid else None}
        return {**super().provenance(), "aldk": options}
