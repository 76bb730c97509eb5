"""Registrations under known motions (known_motions.py): how often the verdict is wrong, as tables and a picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from records import read_rows

# mm, mean over what the fixed image shows. Right is also what is within a voxel; between the two is either.
WRONG_MM, RIGHT_MM = 5.0, 2.0
RIGHT, WRONG, BETWEEN, REFUSED = "right", "wrong", "between", "refused"
GRADE_COLORS = {"good": "tab:green", "check": "tab:orange", "failed": "tab:red"}
# Where the placement was beyond doubt, no other was tried.
BEYOND_DOUBT = 10.0
LARGEST_MARGIN = 6.0
STRANGERS_MM = 1000.0


@dataclass
class Count:
    """Of one kind of images in one preset."""

    right: int = 0
    right_not_good: int = 0
    wrong: int = 0
    wrong_good: int = 0
    wrong_failed: int = 0
    between: int = 0
    refused: int = 0

    def add(self, row: dict[str, Any]) -> None:
        outcome = outcome_of(row)
        if outcome == REFUSED:
            self.refused += 1
        elif outcome == RIGHT:
            self.right += 1
            self.right_not_good += row["verdict"] != "good"
        elif outcome == WRONG:
            self.wrong += 1
            self.wrong_good += row["verdict"] == "good"
            self.wrong_failed += row["verdict"] == "failed"
        else:
            self.between += 1

    def __add__(self, other: Count) -> Count:
        return Count(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    @property
    def pairs(self) -> int:
        return self.right + self.wrong + self.between + self.refused


def outcome_of(row: dict[str, Any]) -> str:
    """What a registration is, whatever its verdict says.

    A refusal is said, so it is neither right nor wrong. Of a mirrored image, and of different things, no result is
    right.
    """
    if "refused" in row:
        return REFUSED
    if row["kind"] == "strangers" or row["motion"] == "mirror" or row["error"] is None:
        return WRONG
    if row["error"] <= max(RIGHT_MM, row["voxel"]):
        return RIGHT
    # What is no number is wrong.
    return BETWEEN if row["error"] <= WRONG_MM else WRONG


def read(paths: Iterable[Path]) -> dict[str, list[dict[str, Any]]]:
    """By preset, which is the last part of the file's name (motions-val-fast.jsonl)."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in paths:
        found[path.stem.rpartition("-")[2]] += read_rows(path).values()
    return dict(found)


def counts(rows: Iterable[dict[str, Any]], by: str) -> dict[str, Count]:
    """``by``: "kind" (of images) or "motion"."""
    found: dict[str, Count] = defaultdict(Count)
    for row in rows:
        found["strangers" if row["kind"] == "strangers" else row[by]].add(row)
    return dict(found)


def table(rows: list[dict[str, Any]], by: str) -> list[str]:
    """Lines of Markdown: a line for each kind, and their sum."""
    heads = [by, "pairs", "right", "not graded good", "wrong", "graded good", "graded failed", "between", "refused"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    of_kind = counts(rows, by)
    total = sum(of_kind.values(), Count())
    for name, count in [*sorted(of_kind.items()), ("all", total)]:
        cells = [
            name, count.pairs, count.right, _share(count.right_not_good, count.right),
            count.wrong, _share(count.wrong_good, count.wrong), _share(count.wrong_failed, count.wrong),
            count.between, count.refused,
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)" if whole else ""


def margin(row: dict[str, Any]) -> float:
    """How many times better the best placement is than the next; BEYOND_DOUBT where no other was tried."""
    evidence = row.get("evidence")
    if evidence is None:
        return BEYOND_DOUBT
    return min(evidence["total"] / max(evidence["runnerUp"], 1e-9), LARGEST_MARGIN)


def picture(by_preset: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Error against margin, colored by grade, one panel a preset."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(by_preset), figsize=(6.2 * len(by_preset), 4.6), squeeze=False)
    for axis, (preset, rows) in zip(axes.flat, sorted(by_preset.items()), strict=True):
        shown = [row for row in rows if "refused" not in row]
        for grade, color in GRADE_COLORS.items():
            for is_stranger, marker in ((False, "o"), (True, "x")):
                some = [r for r in shown if r["verdict"] == grade and (r.get("error") is None) == is_stranger]
                axis.scatter(
                    [margin(row) for row in some],
                    [STRANGERS_MM if is_stranger else max(row["error"], 0.01) for row in some],
                    s=12,
                    marker=marker,
                    color=color,
                    alpha=0.6,
                    linewidths=0.8,
                    label=None if is_stranger else f"{grade} ({sum(r['verdict'] == grade for r in shown)})",
                )
        for line in (RIGHT_MM, WRONG_MM):
            axis.axhline(line, color="gray", linewidth=0.8, linestyle="--")
        axis.set_xscale("log")
        axis.set_yscale("log")
        ticks = [1, 1.2, 1.5, 2, 3, 6, BEYOND_DOUBT]
        axis.set_xticks(ticks, [*(f"{tick:g}" for tick in ticks[:-2]), "6+", "beyond\ndoubt"])
        axis.minorticks_off()
        axis.set_xlabel("margin of the placement over the next (log)")
        axis.set_ylabel("mean error, mm (log); crosses: images of different things")
        axis.set_title(f"{preset}, {len(shown)} pairs", fontsize=10)
        axis.legend(fontsize=8, loc="lower left")
        axis.grid(alpha=0.3)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    plt.close(figure)
