"""What a run writes down while it trains: a csv file and TensorBoard's events."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

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
    "affine",
    "distillation",
    "adversarial",
    "cycle",
    "discriminator",
    "penalty",
    "critic_gap",
    "teacher_distance",
)
COLUMNS = ("iteration", "seconds", "waiting_percent", "task", "learning_rate", *TERMS)


class History:
    """Both steps of every tenth pair, and a running mean of the loss for the eye.

    Parameters
    ----------
    iteration
        Where the run goes on: rows beyond it, of steps that a killed run made after its last checkpoint, are dropped.
    """

    def __init__(self, folder: Path, iteration: int) -> None:
        self.path = folder / "log.csv"
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
        for name, value in terms.items():
            self.board.add_scalar(f"{task}/{name}", value, iteration)

    def close(self) -> None:
        self.file.close()
        self.board.close()


def _number(row: dict[str, str]) -> int:
    return int(row["iteration"]) if row["iteration"].isdigit() else 2**62
