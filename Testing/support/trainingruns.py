"""Runs of train.py for tests: the command of a short one, and what it logged."""

import csv
import sys

from support import scripts

STEPS = 42


def command(training_folder, config, output, *more):
    return [
        sys.executable, training_folder / "train.py", "-b", "LDR", "-d", config, "--output", output, "-g", "-1",
        "--round", str(STEPS // 2), "--epochs", "2", "--threads", "1", "--workers", "0", *map(str, more),
    ]  # fmt: skip


def run(*arguments):
    answer = scripts.run(arguments)
    assert answer.returncode == 0, answer.stderr


def curve(output):
    """(iteration, loss) of every row of the log."""
    with (output / "log.csv").open(newline="") as file:
        return [(row["iteration"], row["loss"]) for row in csv.DictReader(file)]
