"""Many pairs, one after the other: what became of each, and a table of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..registration.register import RegistrationResult
from .tables import setColumns
from .verdicts import verdictText


@dataclass
class PairOutcome:
    """One pair of a batch: its output nodes and result, or the sentence that says why there are none."""

    fixedVolumeNode: Any
    movingVolumeNode: Any
    outputTransformNode: Any = None
    outputVolumeNode: Any = None
    result: RegistrationResult | None = None
    error: str = ""
    # Copies of the moving volume's segmentations on the fixed one.
    carriedNodes: list[Any] = field(default_factory=list)


def fillPairsTable(tableNode: Any, outcomes: Iterable[PairOutcome]) -> None:
    """One row a pair, replacing what ``tableNode`` holds. Numbers of a pair that failed are NaN."""
    numbers = {
        "Similarity before": lambda r: r.similarityStart,
        "Similarity after": lambda r: r.similarity,
        "Folded (%)": lambda r: r.foldedPercent,
        "Largest displacement (mm)": lambda r: r.largestDisplacementMm,
        "Seconds": lambda r: sum(r.seconds.values()),
    }
    outcomes = list(outcomes)
    columns: dict[str, list[Any]] = {
        "Fixed": [_name(outcome.fixedVolumeNode) for outcome in outcomes],
        "Moving": [_name(outcome.movingVolumeNode) for outcome in outcomes],
        "Transform": [_name(outcome.outputTransformNode) for outcome in outcomes],
        "Verdict": ["" if outcome.result is None else verdictText(outcome.result.verdict) for outcome in outcomes],
    }
    for name, number in numbers.items():
        columns[name] = [None if outcome.result is None else number(outcome.result) for outcome in outcomes]
    columns["What went wrong"] = [outcome.error for outcome in outcomes]
    setColumns(tableNode, columns, ("Fixed", "Moving", "Transform", "Verdict", "What went wrong"))


def _name(node: Any) -> str:
    return node.GetName() if node is not None else ""
