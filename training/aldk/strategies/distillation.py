"""Plain distillation of fields: the student is drawn to its teacher's displacements. The yardstick for ALDK."""

from __future__ import annotations

from typing import Any

from lightning_fabric import Fabric
from torch import Tensor, nn

from aldk.data.pairs import Pair
from aldk.teachers import Teacher

from .reconstruction import Reconstruction
from .unsupervised import Unsupervised


class Distillation(Unsupervised):
    """gamma * reconstruction + (1 - gamma) * mean squared distance to the teacher's flow, in voxels^2."""

    def __init__(self, reconstruction: Reconstruction, teacher: Teacher, gamma: float) -> None:
        super().__init__(reconstruction)
        self.teacher, self.gamma = teacher, gamma

    def prepare(self, fabric: Fabric) -> None:
        self.teacher.prepare(fabric)

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        prediction = network(pair.fixed, pair.moving, details=True)
        terms = {n: self.gamma * t for n, t in self.reconstruction.losses(prediction, pair).items()}
        squared = (prediction.flow - self.teacher.flow(pair)).square().mean()
        # Of three components: the length of the difference has three times their mean square.
        self.observed = {"teacher_distance": (3.0 * float(squared.detach())) ** 0.5}
        return {**terms, "distillation": (1.0 - self.gamma) * squared}

    def provenance(self) -> dict[str, Any]:
        return {**super().provenance(), "teacher": self.teacher.provenance(), "gamma": self.gamma}
