"""changes.csv: one line a region, for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..change.regions import Region
from ..change.table import COLUMNS, Opinion, row

# Beside the columns of the table, whose R, A and S are RAS: the same place as DICOM and ITK count.
LPS_COLUMNS = ("L (mm, LPS)", "P (mm, LPS)", "S (mm, LPS)")
# What a spreadsheet takes for the beginning of a formula, or strips before it looks for one.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
GUARD = "'"


def writeCsv(path: Path, regions: Iterable[Region], opinions: Mapping[int, Opinion] | None = None) -> None:
    """By rank; ``opinions`` by rank. In UTF-8 with a byte order mark, without which Excel takes it for something else.

    :raises OSError: it cannot be written.
    """
    rows = [csvRow(region, (opinions or {}).get(region.rank)) for region in regions]
    columns = list(rows[0]) if rows else csvColumns()
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def csvColumns() -> list[str]:
    """All columns, in order."""
    return list(_withLps(dict.fromkeys(COLUMNS), dict.fromkeys(LPS_COLUMNS)))


def csvRow(region: Region, opinion: Opinion | None) -> dict[str, Any]:
    """The values of one line; texts can be no formulas."""
    r, a, s = region.centroidRas
    lps = dict(zip(LPS_COLUMNS, (round(-r, 1), round(-a, 1), round(s, 1)), strict=True))
    values = _withLps(row(region, opinion), lps)
    return {name: defused(value) if isinstance(value, str) else value for name, value in values.items()}


def defused(text: str) -> str:
    """``text`` that no spreadsheet takes for a formula: in doubt behind an apostrophe."""
    return GUARD + text if text.startswith((*FORMULAS, GUARD)) else text


def plainText(text: str) -> str:
    """What ``defused`` was given."""
    return text[1:] if text.startswith(GUARD) and text[1:].startswith((*FORMULAS, GUARD)) else text


def _withLps(values: dict[str, Any], lps: dict[str, Any]) -> dict[str, Any]:
    """With the columns of LPS behind those of RAS."""
    together: dict[str, Any] = {}
    for name, value in values.items():
        together[name] = value
        if name == "S (mm)":
            together.update(lps)
    return together
