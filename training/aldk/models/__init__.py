"""The networks, by the name used on the command lines and in the model cards."""

from collections.abc import Callable

from torch import nn

from .ldr import LDR, PublicLDR

MODELS: dict[str, Callable[[], nn.Module]] = {
    "LDR": LDR,
    "LDR-full": lambda: LDR(reading="full"),
    "LDR-public": PublicLDR,
}


def build_model(name: str) -> nn.Module:
    """A freshly initialised network; it maps (fixed, moving), each (N, 1, k, j, i), to a flow (N, 3, k, j, i)."""
    if name not in MODELS:
        raise ValueError(f"There is no network called {name}; there are {', '.join(MODELS)}.")
    return MODELS[name]()


def count_parameters(model: nn.Module) -> int:
    """Number of trainable values."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
