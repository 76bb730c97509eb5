"""What every strategy with a discriminator does: train it beside the network, and ask it without training it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn


def descend(loss: Tensor, network: nn.Module, optimizer: torch.optim.Optimizer, fabric: Fabric | None) -> None:
    """One step of ``network`` by its own ``optimizer``; processes that train together take the mean gradient.

    Parameters that the loss does not reach stay as they are.
    """
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    if fabric is not None and fabric.world_size > 1:
        for parameter in network.parameters():
            if parameter.grad is not None:
                mean: Any = fabric.all_reduce(parameter.grad, reduce_op="mean")
                parameter.grad = mean
    optimizer.step()


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Gradients pass through ``network`` to what it sees, but its own weights get none."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)
