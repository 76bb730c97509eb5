"""What became of each pair, as rows: outliers first in the page, the order of the table in the table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..registration.verdict import GRADES
from .pair import Pair

FAILED, UNREAD = "failed", "not registered"
# The verdicts as somebody has to look at them: the most urgent one first.
GRADES_BY_URGENCY = (UNREAD, *reversed(GRADES))
# Iglewicz and Hoaglin (1993): a modified z-score beyond this is an outlier.
OUTLIER = 3.5
# The median absolute deviation of a normal distribution of standard deviation 1.
SD_TO_MAD = 0.6745
# The columns that make an outlier, and which way is bad: -1 is a low value, 1 a high one.
OUTLIER_SIGNS = {"similarity": -1, "sdLogJacobian": 1, "foldedPercent": 1, "largestDisplacementMm": 1}
COLUMNS = (
    "name",
    "verdict",
    "why",
    "outlier",
    "similarityStart",
    "similarityPrealigned",
    "similarity",
    "sdLogJacobian",
    "foldedPercent",
    "largestDisplacementMm",
    "coverage",
    "placementMargin",
    "seconds",
    "folder",
    "fixed",
    "moving",
)


@dataclass
class Row:
    """``values`` by COLUMNS; ``score``: how far from the others it lies, in robust standard deviations."""

    pair: Pair
    values: dict[str, Any]
    score: float = 0.0

    @property
    def grade(self) -> str:
        return str(self.values["verdict"])


def rowsOf(pairs: Sequence[Pair], reports: Mapping[str, dict[str, Any]], errors: Mapping[str, str]) -> list[Row]:
    """A row a pair, in their order, with outliers marked."""
    rows = [_row(pair, reports.get(pair.name), errors.get(pair.name, "It was not registered yet.")) for pair in pairs]
    scores = np.zeros(len(rows))
    named: list[list[str]] = [[] for _ in rows]
    for column, sign in OUTLIER_SIGNS.items():
        values = np.array([_number(row.values.get(column)) for row in rows])
        z = sign * _modifiedZ(values)
        for index in np.flatnonzero(z > OUTLIER):
            named[index].append(column)
        scores = np.fmax(scores, np.nan_to_num(z))
    for row, score, columns in zip(rows, scores, named, strict=True):
        row.score = float(score)
        row.values["outlier"] = ", ".join(columns)
    return rows


def outliersFirst(rows: Sequence[Row]) -> list[Row]:
    """By verdict, and within one by how far from the others a pair lies."""
    return sorted(rows, key=lambda row: (GRADES_BY_URGENCY.index(row.grade), -row.score, row.pair.name))


def tableText(rows: Sequence[Row]) -> str:
    """Tab-separated; the columns of the input that only travel along come last; empty cells are n/a, as in BIDS."""
    extra = list(dict.fromkeys(name for row in rows for name in row.pair.extra))
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow([*COLUMNS, *(f"{name}_given" if name in COLUMNS else name for name in extra)])
    for row in rows:
        cells = [row.values.get(column) for column in COLUMNS] + [row.pair.extra.get(name) for name in extra]
        writer.writerow(["n/a" if cell in (None, "") else cell for cell in cells])
    return text.getvalue()


def _row(pair: Pair, report: dict[str, Any] | None, error: str) -> Row:
    values: dict[str, Any] = {
        "name": pair.name,
        "folder": pair.folder,
        "fixed": str(pair.fixed),
        "moving": str(pair.moving),
    }
    if report is None:
        return Row(pair, {**values, "verdict": UNREAD, "why": error})
    similarity = report["similarity"]
    return Row(
        pair,
        {
            **values,
            "verdict": report["verdict"]["grade"],
            "why": " ".join([report["verdict"]["sentence"], *report["notes"]]),
            "similarityStart": similarity["start"],
            "similarityPrealigned": similarity["prealigned"],
            "similarity": similarity["registered"],
            **{
                name: report[name]
                for name in ("sdLogJacobian", "foldedPercent", "largestDisplacementMm", "coverage", "placementMargin")
            },
            "seconds": round(sum(report["seconds"].values()), 3),
        },
    )


def _modifiedZ(values: np.ndarray) -> np.ndarray:
    """0.6745 (x - median) / MAD; NaN stays NaN, and all is 0 where more than half are one value."""
    known = values[np.isfinite(values)]
    if len(known) < 3:
        return np.zeros(len(values))
    median = np.median(known)
    spread = np.median(np.abs(known - median))
    return SD_TO_MAD * (values - median) / spread if spread > 0 else np.zeros(len(values))


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
