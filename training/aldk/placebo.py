"""The placebo: a teacher whose fields belong to another pair. What is gained from it was not taught."""

from __future__ import annotations

from typing import Any

import torch
from LDRRegistrationLib.numerics.displacement import resize
from lightning_fabric import Fabric
from torch import Tensor

from .data.pairs import Pair
from .teachers import Teacher


class Placebo:
    """Hands out what ``teacher`` said two questions ago.

    Every item serves two steps, the second with the roles exchanged; so two questions back it was another item, the
    same way round. Before the third question there is no motion.
    """

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher
        self.earlier: list[Tensor] = []

    def prepare(self, fabric: Fabric) -> None:
        self.teacher.prepare(fabric)

    @torch.no_grad()
    def flow(self, pair: Pair) -> Tensor:
        """(N, 3, k, j, i) in voxels of the pair's grid."""
        k, j, i = pair.fixed.shape[2:]
        answer = self.earlier[0].to(pair.fixed.device) if len(self.earlier) == 2 else None
        self.earlier = [*self.earlier, self.teacher.flow(pair).float()][-2:]
        if answer is None:
            return pair.fixed.new_zeros((len(pair.fixed), 3, k, j, i))
        answer = resize(answer, (k, j, i))
        # Items of another task may be more or fewer.
        return torch.stack([answer[n % len(answer)] for n in range(len(pair.fixed))])

    def provenance(self) -> dict[str, Any]:
        return {**self.teacher.provenance(), "placebo": True}

    def state(self) -> dict[str, Any]:
        return {"earlier": self.earlier, **self.teacher.state()}

    def load(self, state: dict[str, Any]) -> None:
        self.earlier = list(state["earlier"])
        self.teacher.load(state)
