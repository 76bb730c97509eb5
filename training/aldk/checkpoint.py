"""The state of a run in one file, written so that a crash at any moment leaves a whole one."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .errors import TrainingError
from .models import Architecture, RegistrationNetwork, build_model

NAME = "checkpoint.pt"
REQUIRED = {"architecture", "model", "average", "iteration", "config"}


def save(folder: Path, state: dict[str, Any], name: str = NAME) -> None:
    """Replace the file at once, never in place.

    :raises TrainingError: if it cannot be written, for example on a full disk; the file from before is still there.
    """
    temporary, target = folder / (name + ".part"), folder / name
    try:
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:
        temporary.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        kept = "the one from before is kept" if target.exists() else "there was none before"
        raise TrainingError(f"The checkpoint {target} could not be written ({reason}); {kept}.") from error


def load(path: Path) -> dict[str, Any] | None:
    """The state in a checkpoint file, or in the folder of a run; None if there is none.

    :raises TrainingError: if the file is not a checkpoint.
    """
    path = Path(path) / NAME if Path(path).is_dir() else Path(path)
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, IndexError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path} is not a checkpoint of train.py, or is damaged ({type(error).__name__})."
        ) from error
    if not isinstance(state, dict) or not REQUIRED <= state.keys() or not isinstance(state["architecture"], dict):
        raise TrainingError(f"{path} is not a checkpoint of this version of train.py.")
    return state


def load_network(path: Path, weights: str = "average") -> tuple[RegistrationNetwork, dict[str, Any]]:
    """The network of a run's folder or of a checkpoint file, on the CPU and ready to infer, and the whole checkpoint.

    :param weights: "average", the moving average of the weights, or "model", those after the last step.
    :raises TrainingError: if there is no checkpoint, or its weights are not those of the architecture it names.
    """
    state = load(path)
    if state is None:
        raise TrainingError(f"There is no checkpoint at {path}.")
    try:
        model = build_model(Architecture.from_dict(state["architecture"]))
    except (KeyError, TypeError, TrainingError) as error:
        raise TrainingError(
            f"The checkpoint at {path} is of a network that this version cannot build: {state.get('architecture')}."
        ) from error
    try:
        model.load_state_dict(state[weights])
    except (KeyError, RuntimeError) as error:
        raise TrainingError(
            f"The weights in {path} do not fit the architecture {state['architecture']}: they are of another "
            "architecture, or of an older version."
        ) from error
    return model.eval(), state


def training_data(state: dict[str, Any]) -> list[dict[str, str]]:
    """What the weights of a checkpoint have seen, including what the run they started from, and teachers, had seen."""
    entries = list(state.get("training_data_before", []))
    used = [task["dataset"] for task in state["config"].get("tasks", []) if "dataset" in task]
    for name in dict.fromkeys(used):
        description = state["config"]["datasets"][name]
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
            if value.is_floating_point():
                self.weights[name].lerp_(value.detach().to(self.weights[name].dtype), 1.0 - decay)
            else:
                # The number of batches that a normalisation has seen.
                self.weights[name].copy_(value)
