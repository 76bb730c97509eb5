"""Random numbers of one training item: everything an item draws follows from one seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

T = TypeVar("T")


class Draws:
    """Draws from numpy for single numbers and from torch for volumes.

    Parameters
    ----------
    seed
        Numbers that together name the item, such as (run, index).
    """

    def __init__(self, *seed: int) -> None:
        self.numbers = np.random.default_rng(seed)
        self.generator = torch.Generator().manual_seed(int(self.numbers.integers(2**31)))

    def happens(self, probability: float) -> bool:
        return bool(self.numbers.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        return float(self.numbers.uniform(low, high))

    def integer(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return int(self.numbers.integers(low, high + 1))

    def choice(self, items: Sequence[T]) -> T:
        return items[int(self.numbers.integers(len(items)))]

    def vector(self, limit: float) -> np.ndarray:
        """(3,): each uniform in +-``limit``."""
        return self.numbers.uniform(-limit, limit, 3)

    def volume(self, *shape: int) -> Tensor:
        """Independent standard normal values."""
        return torch.randn(shape, generator=self.generator)

    def levels(self, count: int) -> Tensor:
        """(count,): independent values, uniform in 0 to 1."""
        return torch.rand(count, generator=self.generator)


def smooth_noise(draws: Draws, channels: int, shape: tuple[int, int, int], scale: float) -> Tensor:
    """(channels, k, j, i): normal noise of unit variance whose correlation length is about ``scale`` voxels.

    Knots one ``scale`` apart, spread by Gaussians, one small matrix an axis.
    """
    matrices = []
    for size in shape:
        knots = np.arange(-2 * scale, size + 2 * scale, scale)
        distance = (np.arange(size)[:, None] - knots[None, :] - draws.uniform(0, scale)) / (0.7 * scale)
        weights = np.exp(-0.5 * distance**2)
        matrices.append(torch.from_numpy((weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32)))
    k, j, i = matrices
    coarse = draws.volume(channels, k.shape[1], j.shape[1], i.shape[1])
    return torch.einsum("kK,cKJI->ckJI", k, coarse).movedim(-1, -2).matmul(j.T).movedim(-1, -2).matmul(i.T)
