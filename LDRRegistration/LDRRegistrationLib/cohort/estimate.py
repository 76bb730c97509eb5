"""What many pairs would cost, from what was measured on some of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ..runtime.errors import RegistrationError
from .record import RECORD, recordedRuns

FEWEST_PAIRS = 3
RESAMPLES = 2000


def estimateLines(output: Path, pairs: int, machines: int, price: float | None) -> list[str]:
    """Sentences on the time, the disk and, with a price for an hour of a machine, the cost of ``pairs``.

    Every machine is taken to be like the one that the runs in ``output`` were measured on, as busy as then, and to
    have as many workers. The interval is a bootstrap of the pairs' mean, 90 %: it knows nothing of other images.

    :raises RegistrationError: too little was measured there.
    """
    runs = [run for run in recordedRuns(output) if run.get("pairSeconds")]
    seconds = np.array([value for run in runs for value in run["pairSeconds"]], dtype=float)
    if len(seconds) < FEWEST_PAIRS:
        raise RegistrationError(
            f"{output / RECORD} has measured {len(seconds)} pairs: register at least {FEWEST_PAIRS} there first."
        )
    largest = max(runs, key=lambda run: len(run["pairSeconds"]))
    workers, threads = int(largest["workers"]), int(largest["threads"])
    loading = float(np.mean([value for run in runs for value in run["loadingSeconds"]]))
    # Handing out pairs, the table and the page, and workers that wait for the last pair.
    worked = sum(largest["pairSeconds"]) + sum(largest["loadingSeconds"])
    overhead = max(1.0, workers * largest["wallSeconds"] / worked)
    rng = np.random.default_rng(0)
    means = seconds[rng.integers(0, len(seconds), (RESAMPLES, len(seconds)))].mean(axis=1)
    each = math.ceil(pairs / (machines * workers))
    low, middle, high = (
        loading + overhead * each * mean
        for mean in (*np.quantile(means, [0.05]), seconds.mean(), *np.quantile(means, [0.95]))
    )
    bytes_ = _bytesPerPair(output, sum(int(run["pairs"]) for run in runs))
    rate = f"{seconds.mean():.2f} s each on one of {workers} workers with {threads} threads"
    size = f"{pairs * bytes_ / 1e9:.1f} GB of results"
    range_ = f"{_duration(middle)} ({_duration(low)} to {_duration(high)}), {_hours(middle * machines)} machine hours"
    lines = [
        f"Measured: {len(seconds)} pairs, {rate}, {loading:.1f} s of loading a worker, {overhead - 1:.0%} more.",
        f"{pairs} pairs on {machines} such machine{'s' * (machines > 1)}: {range_}; {size}.",
    ]
    if price is not None:
        lines.append(f"At {price:g} an hour of a machine: {price * machines * middle / 3600:.2f}.")
    return lines


def _bytesPerPair(output: Path, pairs: int) -> float:
    return sum(path.stat().st_size for path in output.rglob("*") if path.is_file()) / max(1, pairs)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f}"
