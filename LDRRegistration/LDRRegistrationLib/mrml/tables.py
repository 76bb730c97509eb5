"""Table nodes from columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import vtk


def setColumns(tableNode: Any, columns: Mapping[str, Sequence[Any]], texts: Sequence[str]) -> None:
    """Let ``tableNode`` hold ``columns``, in their order, in place of what it holds.

    :param texts: the columns of text; all others are numbers, None among them NaN.
    """
    table = vtk.vtkTable()
    for name, values in columns.items():
        column = vtk.vtkStringArray() if name in texts else vtk.vtkDoubleArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(value if name in texts else float("nan") if value is None else float(value))
        table.AddColumn(column)
    tableNode.SetAndObserveTable(table)
