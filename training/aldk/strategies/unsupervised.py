"""Learning from the images themselves, and from motion or labels where they are known."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lightning_fabric import Fabric
from torch import Tensor, nn

from aldk.data.pairs import Pair

from .reconstruction import Reconstruction


class Unsupervised:
    """How one training step is computed; the other strategies add to it.

    ``observed`` holds figures of the last step that are logged but not minimised.
    """

    def __init__(self, reconstruction: Reconstruction) -> None:
        self.reconstruction = reconstruction
        self.observed: dict[str, float] = {}

    def prepare(self, fabric: Fabric) -> None:
        """Bring what the strategy holds, beside the network being trained, to the run's device."""

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        """The weighted terms of one step, by name; their sum is what is minimised.

        Parameters
        ----------
        network
            A RegistrationNetwork (aldk.models), perhaps wrapped for several processes.
        iteration, progress
            Number of the step, and how far the run is, 0 to 1.
        """
        return self.reconstruction.losses(network(pair.fixed, pair.moving, details=True), pair)

    def state(self) -> dict[str, Any]:
        """What must be restored for a resumed run to go on with the same curve."""
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Restore ``state()``."""

    def provenance(self) -> dict[str, Any]:
        """What a model card must say about how it learnt, and what a resumed run must not change."""
        return {"losses": asdict(self.reconstruction)}
