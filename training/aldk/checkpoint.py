"""The state of a run in one file, written so that a crash at any moment leaves a whole one."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from .errors import TrainingError
from .models import Architecture, RegistrationNetwork, build_model
from .shipped import find_card, load_exported, shipped_names

NAME = "checkpoint.pt"
BEST = "best.pt"
WEIGHTS = ("average", "model", "best")
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


def stamp(path: Path) -> tuple[int, int] | None:
    """Which checkpoint the folder of a run holds now; None if it holds none."""
    try:
        found = (path / NAME).stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino


def check_unchanged(path: Path, before: tuple[int, int] | None) -> None:
    """To be asked by who alone may write there.

    :raises TrainingError: another command ended there since ``stamp``: going on from ``before`` would undo its steps.
    """
    if stamp(path) != before:
        raise TrainingError(
            f"Another train.py has just ended in {path}: start this one again, and it goes on from there."
        )


def load_network(path: Path, weights: str = "average") -> tuple[RegistrationNetwork, dict[str, Any]]:
    """The network of a run's folder, a checkpoint file or an exported model, on the CPU and ready to infer, and its
    state: the whole checkpoint.

    A shipped model is given by its name, another exported one by its file, which has its card beside it.

    :param weights: "average", the moving average of the weights; "model", those after the last step; "best", the
        average where validation was best. An exported model has one set of weights.
    :raises TrainingError: if there is no checkpoint, or its weights are not those of the architecture it names.
    """
    path = Path(path)
    card = find_card(path)
    if card is not None:
        return load_exported(card)
    if weights == "best":
        path, weights = (path / BEST if path.is_dir() else path.with_name(BEST)), "average"
    state = load(path)
    if state is None:
        others = f"; the shipped models are {', '.join(shipped_names())}" if len(path.parts) == 1 else ""
        raise TrainingError(f"There is no checkpoint at {path}{others}.")
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


def file_of(path: Path) -> Path:
    """The file in which a checkpoint or an exported model is kept."""
    card = find_card(path)
    return card.path if card is not None else Path(path) / NAME if Path(path).is_dir() else Path(path)


def moving_average(network: nn.Module, decay: float = 0.999) -> AveragedModel:
    """An exponential moving average of a network's weights: steadier than the last step's, at no cost in inference.

    ``decay`` is approached from below, so that the first steps' weights are soon forgotten.
    """

    def average(averaged: Tensor, current: Tensor, steps: Any) -> Tensor:
        if not current.is_floating_point():
            # The number of batches that a normalisation has seen.
            return current
        # As tensors: nobody waits for a GPU to say a number.
        kept = ((1.0 + steps) / (10.0 + steps)).clamp(max=decay)
        return averaged.lerp(current.to(averaged.dtype), 1.0 - kept)

    model = AveragedModel(network, avg_fn=average, use_buffers=True)
    model.requires_grad_(False).eval()
    return counted_from(model, 0)


def counted_from(average: AveragedModel, iteration: int) -> AveragedModel:
    """The average as after ``iteration`` updates. Counted from 1, since torch copies the weights at 0."""
    average.n_averaged.fill_(iteration + 1)
    return average
