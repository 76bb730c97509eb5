"""The means of an evaluation: one row a method and data set, or one a structure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from .runner import OVERLAPS, TIMES, WHOLE

ERRORS = ("tre_initial", "tre")
# Learn2Reg's measure of robustness: the mean of the worst cases, this share of all.
WORST_SHARE = 0.3


def summary(frame: pd.DataFrame) -> dict[str, Any]:
    """Means over the pairs of what ``evaluate`` returned; of seconds the median, without the first call.

    ``pairs`` and ``structures`` say of how many; ``dice30`` is the mean of the lowest 30 % of the pairs' Dice (rounded
    up; Learn2Reg, Hering et al., IEEE TMI 2023). Landmarks give ``tre GROUP`` and ``tre_initial GROUP``, each the mean
    of the pairs' means. What was not measured is left out.
    """
    whole = frame[frame["structure"] == WHOLE]
    parts = frame[frame["structure"] != WHOLE]
    labelled = parts[parts["dice"].notna()] if "dice" in parts else parts[:0]
    row: dict[str, Any] = {"pairs": len(whole), "structures": labelled["structure"].nunique()}
    row |= {key: _mean(whole, key) for key in OVERLAPS}
    if "dice" in whole:
        row["dice30"] = lowest_mean(whole["dice"].dropna().to_numpy())
    for group, rows in parts[parts["tre"].notna()].groupby("structure") if "tre" in parts else ():
        row |= {f"{key} {group}": _mean(rows, key) for key in ERRORS}
    row |= {key: _mean(whole, key) for key in ("folds", "folds_percent", "sd_log_j")}
    timed = whole[~whole["warm_up"].astype(bool)]
    timed = timed if len(timed) else whole
    row |= {key: float(timed[key].median()) for key in TIMES if key in timed}
    return {key: value for key, value in row.items() if not (isinstance(value, float) and math.isnan(value))}


def per_structure(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a label or group of landmarks: in how many ``pairs`` it counted, and its means over them."""
    parts = frame[frame["structure"] != WHOLE]
    keys = [key for key in (*OVERLAPS, *ERRORS) if key in parts]
    groups = parts.groupby("structure", sort=False)
    table = pd.concat([groups.size().rename("pairs"), groups[keys].mean()], axis=1).reset_index()
    # Labels in the order of their numbers, then landmarks.
    order = table["structure"].map(lambda name: (0, int(name), "") if name.isdigit() else (1, 0, name))
    return table.loc[order.sort_values().index].reset_index(drop=True)


def lowest_mean(values: np.ndarray) -> float:
    """Mean of the lowest 30 % of values (n,), rounded up to whole cases; NaN of none."""
    if not len(values):
        return math.nan
    count = math.ceil(WORST_SHARE * len(values) - 1e-9)
    return float(np.sort(values)[:count].mean())


def _mean(frame: pd.DataFrame, key: str) -> float:
    return float(frame[key].mean()) if key in frame else math.nan
