"""Run a method over pairs and measure what it did; one row a pair and structure, then means."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from LDRRegistrationLib.registration.selfcheck import MINIMUM_SHOWN_INTENSITY
from LDRRegistrationLib.space.intensity import normalised
from LDRRegistrationLib.space.transform import Transform

from ..errors import TrainingError
from .methods import Answer, Method, no_motion
from .metrics import (
    as_integers,
    carry_labels,
    counted_labels,
    hausdorff95,
    landmark_errors,
    overlap,
    plausibility,
)
from .pairs import EvaluationPair

# The "structure" of the row that holds what is true of a whole pair.
WHOLE = "all"
OVERLAPS = ("dice_initial", "dice_aligned", "dice", "jaccard", "hd95")
TIMES = ("seconds", "cpu_seconds", "gpu_seconds")
Report = Callable[[dict[str, Any], Answer], None]


def evaluate(
    method: Method,
    pairs: Iterable[EvaluationPair],
    *,
    hd95: bool = False,
    batch: int = 1,
    report: Report | None = None,
) -> pd.DataFrame:
    """What ``method`` does with ``pairs``, in long form.

    Columns ``pair``, ``structure``, and the measures. A structure is a label ("1", "2", ...; those of at least 50 mm^3
    in both maps), a group of landmarks ("liver"), or "all": the pair as a whole, with means over its labels.

    dice_initial, dice_aligned, dice
        Overlap where the headers place the images, after the method's own linear alignment (where it says so), and
        after the method.
    jaccard, hd95
        After the method; hd95 in mm, only if asked for.
    tre_initial, tre
        Mean landmark error of a group in mm, without and with the method.
    folds, folds_percent, sd_log_j, folds_percent_in_body, sd_log_j_in_body
        See ``metrics.plausibility``; of the whole pair, and of what the fixed image shows.
    seconds, cpu_seconds, gpu_seconds
        Wall seconds of the whole call, and of a network alone by device; ``warm_up`` marks the first call.

    Other values of an answer become columns of the pair's row as they are.

    :param batch: pairs a call, for methods that have ``together`` (see ``NetworkMethod``).
    :param report: called with the row of each pair as a whole, and the method's answer.
    :raises TrainingError: if there is no pair, or an answer is no finite field on the fixed image's grid.
    """
    names: list[str] = []

    def remembered() -> Iterator[EvaluationPair]:
        for pair in pairs:
            names.append(pair.name)
            yield pair

    rows: list[dict[str, Any]] = []
    for number, (pair, answer, seconds) in enumerate(_answers(method, remembered(), batch)):
        whole, parts = _measure(pair, answer, hd95)
        whole = {**whole, "seconds": seconds, **answer.values, "warm_up": number < batch}
        rows += [*parts, whole]
        if report:
            report(whole, answer)
    if not rows:
        raise TrainingError("There is no pair to evaluate.")
    frame = pd.DataFrame(rows)
    order = frame["pair"].map({name: number for number, name in enumerate(names)})
    return frame.loc[order.sort_values(kind="stable").index].reset_index(drop=True)


def _answers(
    method: Method, pairs: Iterator[EvaluationPair], batch: int
) -> Iterator[tuple[EvaluationPair, Answer, float]]:
    if batch > 1:
        together = getattr(method, "together", None)
        if together is None:
            raise ValueError(f"{method} takes one pair at a time.")
        for pair, answer in together(pairs, batch):
            yield pair, answer, math.nan
        return
    for pair in pairs:
        start = time.perf_counter()
        answer = method(pair)
        seconds = time.perf_counter() - start
        yield pair, answer if isinstance(answer, Answer) else Answer(answer), seconds


def _measure(pair: EvaluationPair, answer: Answer, hd95: bool) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of the whole pair, and those of its structures."""
    grid, u = pair.fixed.grid, answer.displacement
    if u.shape != (*grid.shape, 3):
        raise TrainingError(f"Pair {pair.name}: the displacement is {u.shape}, the fixed image {grid.shape}.")
    if not np.isfinite(u).all():
        raise TrainingError(f"Pair {pair.name}: the displacement is not finite everywhere.")
    labels = _measure_labels(pair, answer, hd95)
    landmarks = _measure_landmarks(pair, u)
    quality = plausibility(u, grid, normalised(pair.fixed).array > MINIMUM_SHOWN_INTENSITY)
    whole: dict[str, Any] = {"pair": pair.name, "structure": WHOLE}
    whole |= {key: float(np.mean([row[key] for row in labels])) for key in OVERLAPS if labels and key in labels[0]}
    whole |= asdict(quality)
    return whole, labels + landmarks


def _measure_labels(pair: EvaluationPair, answer: Answer, hd95: bool) -> list[dict[str, Any]]:
    if pair.fixed_labels is None or pair.moving_labels is None:
        return []
    grid, moving = pair.fixed.grid, pair.moving_labels
    fixed = as_integers(pair.fixed_labels)
    structures = counted_labels(pair.fixed_labels, moving)
    carried = carry_labels(moving, answer.displacement, grid)
    measures: dict[str, dict[int, float]] = {}
    measures["dice_initial"] = _dice(fixed, carry_labels(moving, no_motion(pair), grid), structures)
    if answer.aligned is not None:
        aligned = Transform(answer.aligned).displacement(grid)
        measures["dice_aligned"] = _dice(fixed, carry_labels(moving, aligned, grid), structures)
    reached = overlap(fixed, carried, structures)
    measures["dice"] = {n: value.dice for n, value in reached.items()}
    measures["jaccard"] = {n: value.jaccard for n, value in reached.items()}
    if hd95:
        measures["hd95"] = hausdorff95(fixed, carried, structures, grid)
    return [
        {"pair": pair.name, "structure": str(n), **{key: values[n] for key, values in measures.items()}}
        for n in structures
    ]


def _dice(fixed: np.ndarray, carried: np.ndarray, structures: list[int]) -> dict[int, float]:
    return {n: value.dice for n, value in overlap(fixed, carried, structures).items()}


def _measure_landmarks(pair: EvaluationPair, displacement: np.ndarray) -> list[dict[str, Any]]:
    return [
        {
            "pair": pair.name,
            "structure": group,
            "tre_initial": float(np.linalg.norm(fixed - moving, axis=1).mean()),
            "tre": float(landmark_errors(displacement, pair.fixed.grid, fixed, moving).mean()),
        }
        for group, (fixed, moving) in pair.landmarks.items()
    ]
