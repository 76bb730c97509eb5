"""Learning from the images themselves, and from motion or labels where they are known."""

from __future__ import annotations

from torch import Tensor, nn

from aldk.data.pairs import Pair

from .base import Strategy


class Unsupervised(Strategy):
    """The reconstruction alone."""

    def losses(self, network: nn.Module, pair: Pair, iteration: int, progress: float) -> dict[str, Tensor]:
        return self.reconstruct(network, pair)[1]
