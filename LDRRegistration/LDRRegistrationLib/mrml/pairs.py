"""Many pairs, one after the other: what became of each, and a table of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import vtk

from ..engine import RegistrationResult


@dataclass
class PairOutcome:
    """One pair of a batch: its output nodes and result, or the sentence that says why there are none."""

    fixedVolumeNode: Any
    movingVolumeNode: Any
    outputTransformNode: Any = None
    outputVolumeNode: Any = None
    result: RegistrationResult | None = None
    error: str = ""


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
    columns = [
        _texts("Fixed", [o.fixedVolumeNode.GetName() if o.fixedVolumeNode else "" for o in outcomes]),
        _texts("Moving", [o.movingVolumeNode.GetName() if o.movingVolumeNode else "" for o in outcomes]),
        _texts("Transform", [o.outputTransformNode.GetName() if o.outputTransformNode else "" for o in outcomes]),
    ]
    for name, number in numbers.items():
        column = vtk.vtkDoubleArray()
        column.SetName(name)
        for outcome in outcomes:
            column.InsertNextValue(float("nan") if outcome.result is None else float(number(outcome.result)))
        columns.append(column)
    columns.append(_texts("What went wrong", [o.error for o in outcomes]))
    table = vtk.vtkTable()
    for column in columns:
        table.AddColumn(column)
    tableNode.SetAndObserveTable(table)


def _texts(name: str, values: list[str]) -> vtk.vtkStringArray:
    array = vtk.vtkStringArray()
    array.SetName(name)
    for value in values:
        array.InsertNextValue(value)
    return array
