"""What every strategy is: how one training step is computed, and what of it a checkpoint and a model card must hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any

from LDRRegistrationLib.numerics.displacement import compose
from lightning_fabric import Fabric
from torch import Tensor, nn

from aldk.data.pairs import Pair
from aldk.models import Prediction
from aldk.teachers import Teacher

from .reconstruction import Reconstruction


class Strategy(ABC):
    """How one training step is computed.

    Checkpoints hold the name of the class: a class that is renamed leaves its runs behind.

    Parameters
    ----------
    reconstruction
        The losses against images, labels and known motion.
    teacher
        Whose fields are learnt from; None for strategies that have none.

    ``observed`` holds figures of the last step that are logged but not minimised: numbers, or tensors without axes,
    which nobody reads before a line of the log is written.
    """

    def __init__(self, reconstruction: Reconstruction, teacher: Teacher | None = None) -> None:
        self.reconstruction, self.teacher = reconstruction, teacher
        self.observed: dict[str, float | Tensor] = {}

    def prepare(self, fabric: Fabric) -> None:
        """Bring what the strategy holds, beside the network being trained, to the run's device."""
        if self.teacher is not None:
            self.teacher.prepare(fabric)

    @abstractmethod
    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        """The weighted terms of one step, by name; their sum is what is minimised.

        Parameters
        ----------
        network
            A RegistrationNetwork (aldk.models), perhaps wrapped for several processes.
        iteration, progress
            Number of the step, and how far the run is, 0 to 1.
        """

    def reconstruct(self, network: nn.Module, pair: Pair) -> tuple[Prediction, dict[str, Tensor]]:
        """The network's prediction and the terms of its reconstruction, with inverse consistency where it has a weight.

        For the latter the network also sees the pair the other way round: the two flows, one after the other, should
        lead back; measured in voxels^2 (ICON, Greer et al., ICCV 2021, without its noise).
        """
        prediction: Prediction = network(pair.fixed, pair.moving, details=True)
        terms = self.reconstruction.losses(prediction, pair)
        if self.reconstruction.inverse:
            back = network(pair.moving, pair.fixed)
            there_and_back = compose(prediction.flow, back.float())
            terms["inverse"] = self.reconstruction.inverse * there_and_back.square().sum(1).mean()
        return prediction, terms

    def state(self) -> dict[str, Any]:
        """What must be restored for a resumed run to go on with the same curve."""
        of_teacher = {} if self.teacher is None else self.teacher.state()
        return {"teacher": of_teacher} if of_teacher else {}

    def load(self, state: dict[str, Any]) -> None:
        """Restore ``state()``."""
        if self.teacher is not None and "teacher" in state:
            self.teacher.load(state["teacher"])

    def provenance(self) -> dict[str, Any]:
        """What a model card must say about how it learnt, and what a resumed run must not change."""
        teacher = {} if self.teacher is None else {"teacher": self.teacher.provenance()}
        return {"losses": asdict(self.reconstruction), **teacher}
