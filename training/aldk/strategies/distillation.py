"""Plain distillation of fields: the student is drawn to its teacher's displacements. The yardstick for ALDK."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from aldk.data.pairs import Pair
from aldk.teachers import Teacher

from .base import Strategy
from .reconstruction import Reconstruction


class Distillation(Strategy):
    """gamma * reconstruction + (1 - gamma) * mean squared distance to the teacher's flow, in voxels^2."""

    teacher: Teacher

    def __init__(self, reconstruction: Reconstruction, teacher: Teacher, gamma: float) -> None:
        super().__init__(reconstruction, teacher)
        self.gamma = gamma

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        prediction, terms = self.reconstruct(network, pair)
        terms = {n: self.gamma * t for n, t in terms.items()}
        squared = (prediction.flow - self.teacher.flow(pair)).square().mean()
        # Of three components: the length of the difference has three times their mean square.
        self.observed = {"teacher_distance": (3.0 * squared.detach()).sqrt()}
        return {**terms, "distillation": (1.0 - self.gamma) * squared}

    def provenance(self) -> dict[str, Any]:
        return {**super().provenance(), "gamma": self.gamma}
