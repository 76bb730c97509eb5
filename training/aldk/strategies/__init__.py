"""How one training step is computed."""

from __future__ import annotations

from typing import Any

from .unsupervised import Unsupervised

STRATEGIES = {"unsupervised": Unsupervised}


def make_strategy(name: str, weights: dict[str, float] | None = None) -> Any:
    """A strategy by name, with the weights of its losses as a config gives them."""
    if name not in STRATEGIES:
        raise ValueError(f"There is no strategy called {name}; there are {', '.join(STRATEGIES)}.")
    return STRATEGIES[name](**(weights or {}))
