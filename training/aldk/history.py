"""What a run writes down while it trains: a csv file, TensorBoard's events, and what further loggers are given."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from LDRRegistrationLib.numerics.displacement import warp
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from .data.pairs import Pair
from .loggers import Logger
from .validation import Score

LOG_EVERY = 20
TERMS = (
    "loss",
    "similarity",
    "smoothness",
    "folding",
    "truth",
    "dice",
    "determinant",
    "orthogonality",
    "inverse",
    "affine",
    "distillation",
    "structures",
    "adversarial",
    "cycle",
    "discriminator",
    "penalty",
    "critic_gap",
    "adversarial_scale",
    "teacher_distance",
)
COLUMNS = ("iteration", "seconds", "waiting_percent", "task", "learning_rate", *TERMS)


class History:
    """Both steps of every tenth pair, and a running mean of the loss for the eye.

    Parameters
    ----------
    iteration
        Where the run goes on: rows beyond it, of steps that a killed run made after its last checkpoint, are dropped.
    loggers
        Are given what TensorBoard is given, but for pictures.
    """

    def __init__(self, folder: Path, iteration: int, loggers: Sequence[Logger] = ()) -> None:
        self.path, self.loggers = folder / "log.csv", loggers
        rows = []
        if self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as file:
                # A row that was being written when the run was killed may lack its end.
                rows = [row for row in csv.DictReader(file) if None not in row.values() and _number(row) <= iteration]
        temporary = self.path.with_suffix(".csv.part")
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        os.replace(temporary, self.path)
        self.file = self.path.open("a", newline="", encoding="utf-8")
        self.writer = csv.DictWriter(self.file, COLUMNS, restval="")
        self.board = SummaryWriter(folder, purge_step=iteration + 1)
        self.smooth = math.nan

    def add(
        self, iteration: int, seconds: float, waiting: float, task: str, rate: float, terms: dict[str, float]
    ) -> None:
        """One step; ``waiting`` is the share of the run's time, 0 to 1, that the network waited for data."""
        self.smooth = terms["loss"] if math.isnan(self.smooth) else 0.99 * self.smooth + 0.01 * terms["loss"]
        if iteration % LOG_EVERY not in (1, 2):
            return
        values = {name: f"{value:.6g}" for name, value in terms.items()}
        place = {"iteration": iteration, "seconds": f"{seconds:.1f}", "waiting_percent": f"{100 * waiting:.2f}"}
        self.writer.writerow({**place, "task": task, "learning_rate": f"{rate:.3g}", **values})
        self.file.flush()
        figures = {f"{task}/{name}": value for name, value in terms.items()}
        self._tell({**figures, "run/learning_rate": rate, "run/waiting_percent": 100 * waiting}, iteration)

    def add_validation(self, iteration: int, score: Score) -> None:
        self._tell({f"validation/{n}": v for n, v in vars(score).items() if not math.isnan(v)}, iteration)

    @torch.no_grad()
    def add_picture(self, iteration: int, name: str, pair: Pair, flow: Tensor) -> None:
        """The middle slices of fixed, moving, warped, and the two differences, of a pair (1, k, j, i) and its flow."""
        warped = warp(pair.moving[None].to(flow.device), flow).cpu()[0, 0]
        fixed, moving = pair.fixed[0], pair.moving[0]
        shown = [fixed, moving, warped, (moving - fixed).abs(), (warped - fixed).abs()]
        # Rows run from the head down: k points up, j to the front.
        rows = [torch.cat([image[image.shape[0] // 2].flip(0) for image in shown], dim=1)]
        rows.append(torch.cat([image[:, image.shape[1] // 2].flip(0) for image in shown], dim=1))
        self.board.add_image(f"validation/{name}", torch.cat(rows).clamp(0, 1)[None], iteration)

    def _tell(self, figures: dict[str, float], iteration: int) -> None:
        for name, value in figures.items():
            self.board.add_scalar(name, value, iteration)
        for logger in self.loggers:
            logger.log_metrics(figures, iteration)

    def close(self, status: str = "success") -> None:
        self.file.close()
        self.board.close()
        for logger in self.loggers:
            logger.finalize(status)


def _number(row: dict[str, Any]) -> int:
    return int(row["iteration"]) if row["iteration"].isdigit() else 2**62
