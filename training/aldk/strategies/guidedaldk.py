"""OFG and ALDK as one: the student's own refined prediction is the teacher that a discriminator knows."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from aldk.data.pairs import Pair

from .aldk import Aldk, AldkOptions
from .guidance import Guidance, GuidanceOptions
from .reconstruction import Reconstruction


class GuidedAldk(Aldk):
    """ALDK's losses, adversarial steps and discriminator; no network teaches, the optimiser of OFG does.

    The field to be taken for is ``Guidance.refined`` of the student's own: smoother and better aligned, and always
    within reach.
    """

    def __init__(self, reconstruction: Reconstruction, options: AldkOptions, guidance: GuidanceOptions) -> None:
        self.guidance = Guidance(reconstruction, guidance)
        super().__init__(reconstruction, None, options)

    def target(self, student: Tensor, pair: Pair, progress: float) -> Tensor:
        return self.guidance.refined(student, pair, progress)

    def provenance(self) -> dict[str, Any]:
        return {**self.guidance.provenance(), **super().provenance()}
