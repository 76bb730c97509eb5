"""The state of a run in one file, written so that a crash at any moment leaves a whole one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import nn

NAME = "checkpoint.pt"


def save(folder: Path, state: dict[str, Any], name: str = NAME) -> None:
    """Replace the file at once, never in place."""
    temporary = folder / (name + ".part")
    torch.save(state, temporary)
    os.replace(temporary, folder / name)


def load(path: Path) -> dict[str, Any] | None:
    """The state in a checkpoint file, or in the folder of a run; None if there is none."""
    path = Path(path) / NAME if Path(path).is_dir() else Path(path)
    return torch.load(path, map_location="cpu", weights_only=True) if path.is_file() else None


def training_data(state: dict[str, Any]) -> list[dict[str, str]]:
    """What the weights of a checkpoint have seen, including what the run they started from had seen."""
    entries = list(state.get("training_data_before", []))
    for name, description in state["config"].get("datasets", {}).items():
        entry = {"name": name, "licence": description["licence"], "credit": description["credit"]}
        if entry not in entries:
            entries.append(entry)
    return entries


class MovingAverage:
    """Exponential moving average of a network's weights: steadier than the last step's, at no cost in inference."""

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, iteration: int) -> None:
        decay = min(self.decay, (1 + iteration) / (10 + iteration))
        for name, value in model.state_dict().items():
            self.weights[name].lerp_(value.detach(), 1.0 - decay)
