"""Validation while a run trains: the averaged network alone, on the validation pairs of the run's own data.

Pairs lie on the training grid, as ``aldk.data.pairs.plain_pair`` makes them: a second or two a validation. What the
whole registration reaches at the images' resolution is eval.py's question.
"""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from LDRRegistrationLib.numerics.displacement import foldedFraction, jacobianDeterminant, warp
from LDRRegistrationLib.numerics.losses import lnccLoss
from torch import Tensor, nn

from .data.pairs import MINIMUM_STRUCTURE_VOXELS, Pair, labels_of_pair, plain_pair
from .data.subjectlists import has_validation, spread_evenly, validation_pairs
from .data.subjects import Subjects, read_subjects
from .errors import TrainingError
from .strategies.reconstruction import content_weights

NAME = "validation.csv"
COLUMNS = ("iteration", "seconds", "pairs", "dice", "similarity", "folded_percent", "best")
MAXIMUM_STEPS_BETWEEN = 1000


@dataclass(frozen=True)
class ValidationOptions:
    """When a run is validated, on what, and when it ends because nothing gets better.

    Parameters
    ----------
    every
        Steps between two validations; 0: an epoch, at most 1000 steps. The run's last step is always one.
    pairs
        Validation pairs of each data set, spread evenly over its list; 0: no validation.
    patience
        Validations in a row without a better one that end the run; 0: it goes to its end.
    least
        By how much the measure, Dice or without labels similarity, must rise to count as better.
    """

    every: int = 0
    pairs: int = 8
    patience: int = 0
    least: float = 1e-4

    def __post_init__(self) -> None:
        if min(self.every, self.pairs, self.patience, self.least) < 0:
            raise TrainingError("Validation: every, pairs, patience and least are not below 0.")
        if self.patience and not self.pairs:
            raise TrainingError("Validation: a run without validation pairs cannot end early: give --validation.pairs.")


@dataclass(frozen=True)
class Score:
    """Means over the validation pairs; ``dice`` is NaN where nothing has labels, ``similarity`` is 0 to 1."""

    pairs: int
    dice: float
    similarity: float
    folded_percent: float

    @property
    def measure(self) -> float:
        """What is better when it is higher."""
        return self.similarity if math.isnan(self.dice) else self.dice


@dataclass
class BestSoFar:
    """The best validation so far, and how many have come since."""

    best: float = -math.inf
    best_iteration: int = 0
    since: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, iteration: int, seconds: float, score: Score, least: float) -> bool:
        """Whether this one is the best."""
        is_best = score.measure > self.best + (least if math.isfinite(self.best) else 0.0)
        if is_best:
            self.best, self.best_iteration, self.since = score.measure, iteration, 0
        else:
            self.since += 1
        self.rows.append({"iteration": iteration, "seconds": round(seconds, 1), **vars(score), "best": int(is_best)})
        return is_best


class Validation:
    """The validation pairs of a data description's tasks, read once.

    :raises TrainingError: if a list of pairs or a file does not fit.
    """

    def __init__(self, config: dict[str, Any], root: Path | None, options: ValidationOptions) -> None:
        self.pairs: list[tuple[Pair, Tensor | None, Tensor | None]] = []
        if root is None or not options.pairs:
            return
        for task in validated_tasks(config, root):
            description, grid = config["datasets"][task["dataset"]], task["grids"][0]
            chosen = spread_evenly(validation_pairs(root, description), options.pairs)
            subjects = read_subjects(root, description, "val", names=list(dict.fromkeys(n for p in chosen for n in p)))
            shape, spacing = tuple(grid["shape"]), sum(grid["spacing"]) / 2.0
            self.pairs += [_made(subjects, fixed, moving, shape, spacing) for fixed, moving in chosen]

    @torch.no_grad()
    def score(self, network: nn.Module, device: torch.device) -> Score:
        """What ``network`` reaches; its mode is left as it was."""
        was_training = network.training
        network.eval()
        measured = [_measured(network, *pair, device) for pair in self.pairs]
        network.train(was_training)
        dice, similarity, folded = (np.array(values) for values in zip(*measured, strict=True))
        known = dice[~np.isnan(dice)]
        mean = float(known.mean()) if len(known) else math.nan
        return Score(len(measured), mean, float(similarity.mean()), float(100.0 * folded.mean()))


def validated_tasks(config: dict[str, Any], root: Path) -> list[dict[str, Any]]:
    """The tasks on pairs of subjects whose data set has validation pairs, one a data set."""
    tasks = {
        task["dataset"]: task
        for task in reversed(config["tasks"])
        if task["kind"] == "subjects" and has_validation(root, config["datasets"][task["dataset"]])
    }
    return list(tasks.values())[::-1]


def _made(
    subjects: Subjects, fixed: str, moving: str, shape: tuple[int, ...], spacing: float
) -> tuple[Pair, Tensor | None, Tensor | None]:
    k, j, i = shape
    pair = plain_pair(subjects, fixed, moving, (k, j, i), spacing)
    return pair, *labels_of_pair(subjects, fixed, moving, (k, j, i), spacing)


def _measured(
    network: nn.Module, pair: Pair, fixed_labels: Tensor | None, moving_labels: Tensor | None, device: torch.device
) -> tuple[float, float, float]:
    """Dice (NaN without labels), similarity, and the share of cells that are folded."""
    fixed, moving = pair.fixed[None].to(device), pair.moving[None].to(device)
    flow = network(fixed, moving).float()
    similarity = 1.0 - float(lnccLoss(fixed, warp(moving, flow), 7, content_weights(fixed)))
    folded = foldedFraction(jacobianDeterminant(flow))
    if fixed_labels is None or moving_labels is None:
        return math.nan, similarity, folded
    carried = warp(moving_labels[None, None].float().to(device), flow, mode="nearest")[0, 0].cpu()
    return mean_dice(fixed_labels, carried.round().long(), moving_labels), similarity, folded


def mean_dice(fixed: Tensor, carried: Tensor, moving: Tensor) -> float:
    """Over the labels of at least ``MINIMUM_STRUCTURE_VOXELS`` voxels in both maps as they were; NaN of none."""
    first, second = fixed.flatten().long(), carried.flatten().long()
    count = 1 + int(max(first.max(), second.max(), moving.max()))
    of_first, of_second = (torch.bincount(labels, minlength=count) for labels in (first, second))
    of_moving = torch.bincount(moving.flatten().long(), minlength=count)
    both = torch.bincount(first[first == second], minlength=count)
    counted = (of_first >= MINIMUM_STRUCTURE_VOXELS) & (of_moving >= MINIMUM_STRUCTURE_VOXELS)
    counted[0] = False
    if not bool(counted.any()):
        return math.nan
    return float((2.0 * both / (of_first + of_second).clamp_min(1))[counted].mean())


def write_history(folder: Path, rows: list[dict[str, Any]]) -> None:
    """All validations of a run as validation.csv, whole or not at all."""
    part = (folder / NAME).with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows:
            writer.writerow({name: f"{v:.6g}" if isinstance(v, float) else v for name, v in row.items()})
    os.replace(part, folder / NAME)
