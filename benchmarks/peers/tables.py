"""What the benchmark says of its rows: a line a pair, means, paired differences with intervals, and the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from aldk.evaluation.runner import WHOLE
from scipy.stats import t as student

# Columns of a line of a pair: shown name, and name in the evaluation's rows.
COLUMNS = {
    "Dice": "dice",
    "folds in the body, %": "folds_percent_in_body",
    "SD log J in the body": "sd_log_j_in_body",
    "seconds": "seconds",
    "cold seconds": "cold_seconds",
    "CPU seconds": "cpu_seconds",
    "peak MB": "peak_mb",
    "loaded": "loaded",
    "others' cores": "others_cores",
    "failed": "failed",
    "tool": "version",
    "commit": "commit",
}
# What accuracy is in a set, the first that it has; whether more is better.
MEASURES = {"Dice": True, "TRE liver, mm": False, "TRE body, mm": False}
MEDIANS = ("seconds", "cold seconds", "CPU seconds")
REFERENCE = "LDR Accurate"
CONFIDENCE = 0.95


def pair_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """One line a set, method and pair, from the evaluation's rows with the columns ``set`` and ``method``."""
    keys = ["set", "method", "pair"]
    whole = rows[rows["structure"] == WHOLE]
    lines = whole[keys].assign(**{shown: whole[name] for shown, name in COLUMNS.items() if name in whole})
    marks = rows[rows["tre"].notna()] if "tre" in rows else rows[:0]
    for group in marks["structure"].unique():
        part = marks[marks["structure"] == group].set_index(keys)
        lines = lines.join(part["tre"].rename(f"TRE {group}, mm"), on=keys)
        lines = lines.join(part["tre_initial"].rename(f"before {group}, mm"), on=keys)
    measures = [name for name in lines if name.startswith(("Dice", "TRE", "before"))]
    rest = [name for name in lines if name not in (*keys, *measures)]
    return lines[[*keys, *measures, *rest]].reset_index(drop=True)


def measure_of(lines: pd.DataFrame) -> str:
    return next(name for name in MEASURES if name in lines and lines[name].notna().any())


def table(lines: pd.DataFrame) -> pd.DataFrame:
    """One line a method of one set: means over pairs, median seconds, the largest peak; how many were loaded."""
    answers = []
    for name in lines["method"].unique():
        mine = lines[lines["method"] == name]
        answer: dict[str, Any] = {"method": name, "pairs": len(mine)}
        for column in (c for c in mine if c not in ("set", "method", "pair", "tool", "commit", "others' cores")):
            if column in ("loaded", "failed"):
                answer[column] = int(mine[column].fillna(0).sum())
            elif mine[column].isna().all():
                continue
            elif column == "peak MB":
                answer[column] = mine[column].max()
            else:
                answer[column] = mine[column].median() if column in MEDIANS else mine[column].mean()
        answer["tool"] = ", ".join(mine["tool"].dropna().unique()) if "tool" in mine else ""
        answers.append(answer)
    found = pd.DataFrame(answers)
    return found[[*(c for c in found if c != "tool"), "tool"]]


def differences(lines: pd.DataFrame, reference: str = REFERENCE) -> pd.DataFrame:
    """Each method minus ``reference`` in accuracy and smoothness, over the pairs that both have; of one set.

    Mean and its 95 % interval by Student's t, of at least two pairs. Empty where the reference was not run.
    """
    measures = [measure_of(lines), "SD log J in the body"]
    wide = {measure: lines.pivot(index="pair", columns="method", values=measure) for measure in measures}
    answers = []
    for name in lines["method"].unique():
        if name == reference or reference not in wide[measures[0]]:
            continue
        answer: dict[str, Any] = {"method": name}
        for measure in measures:
            mean, half, count = paired(wide[measure][name] - wide[measure][reference])
            if count >= 2:
                answer |= {"pairs": count, measure: f"{mean:+.3f} ({mean - half:+.3f} to {mean + half:+.3f})"}
        if len(answer) > 1:
            answers.append(answer)
    found = pd.DataFrame(answers)
    found.attrs["title"] = f"Minus {reference}, over the same pairs: mean, and its 95 % interval."
    return found


def paired(values: pd.Series) -> tuple[float, float, int]:
    """Mean of what is known, half the width of its interval, and of how many; of one value the width is infinite."""
    known = values.dropna().to_numpy()
    if len(known) < 2:
        return (float(known.mean()) if len(known) else np.nan), np.inf, len(known)
    spread = known.std(ddof=1) / np.sqrt(len(known))
    return float(known.mean()), float(student.ppf((1 + CONFIDENCE) / 2, len(known) - 1) * spread), len(known)


def picture(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Accuracy against seconds, CPU seconds where the machine was loaded for any; rough fields have large marks."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    columns = 2 if len(tables) in (2, 4) else min(len(tables), 3)
    rows = -(-len(tables) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.6 * columns, 3.7 * rows), squeeze=False)
    for axis in axes.flat[len(tables) :]:
        axis.set_visible(False)
    for axis, (title, every) in zip(axes.flat, tables.items(), strict=False):
        measure = measure_of(every)
        time = "CPU seconds" if every.get("loaded", pd.Series([0])).sum() else "seconds"
        lines = every[every[measure].notna() & every[time].notna()]
        for _, line in lines.iterrows():
            place = (line[time], line[measure])
            size = 20 + 300 * line["SD log J in the body"] ** 2
            color = "tab:red" if line["method"].startswith("LDR") else "tab:blue"
            axis.scatter(*place, s=size, color=color, alpha=0.7, zorder=3)
            near = [
                lines[measure].sub(place[1]).abs().lt(0.05 * np.ptp(lines[measure])),
                lines["method"].lt(line["method"]),
                (np.log10(lines[time] / place[0])).abs() < 0.5,
            ]
            # Of points close to each other the first has its name above, the others theirs below, to the left.
            crowded = bool(np.logical_and.reduce(near).any())
            offset, side = ((-5, -9), "right") if crowded else ((5, 5), "left")
            few = f" ({line['pairs']} pair)" if line["pairs"] < lines["pairs"].max() else ""
            axis.annotate(line["method"] + few, place, xytext=offset, ha=side, textcoords="offset points", fontsize=7)
        axis.set_xscale("log")
        axis.margins(x=0.5, y=0.18)
        axis.set_xlabel(f"{time}, log")
        axis.set_ylabel(measure)
        if not MEASURES[measure]:
            axis.invert_yaxis()
        axis.set_title(f"{title} (up and left is better, small is smooth)", fontsize=9)
        axis.grid(alpha=0.3, which="both")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
