"""What a reader said of the regions, out of a changes.csv or changes.json in which it was filled in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..change.regions import Region
from ..change.table import Opinion
from ..runtime.errors import RegistrationError
from .changecsv import plainText
from .nearest import nearestRegions

# A region is the one that was judged if its middle lies within this and half its size of it.
NEAR_MM = 3.0
PLACES = ("R (mm)", "A (mm)", "S (mm)")
LARGEST_BYTES = 10_000_000


@dataclass(frozen=True)
class Judged:
    """One line: its number, its place (RAS mm; None if it is not given), and what was said."""

    rank: int
    middleRas: tuple[float, float, float] | None
    opinion: Opinion


@dataclass(frozen=True)
class Verdicts:
    """All lines of a file; who judged and for whom, where the file says it."""

    judged: list[Judged]
    reader: str = ""
    organization: str = ""


def readVerdicts(path: Path) -> Verdicts:
    """A changes.csv, as a spreadsheet of any locale saves it, or a changes.json.

    :raises RegistrationError: it is neither, or a verdict is neither "accepted" nor "rejected" nor empty.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise RegistrationError(f"{path} is too large for a list of verdicts.")
        content = path.read_bytes()
    except OSError as error:
        raise RegistrationError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    try:
        return _fromJson(text) if text.lstrip().startswith("{") else Verdicts(_fromCsv(text))
    except (KeyError, TypeError, ValueError, AttributeError, csv.Error) as error:
        if isinstance(error, RegistrationError):
            raise
        raise RegistrationError(f"{path} is no changes.csv or changes.json with verdicts.") from error


def opinionsOn(regions: Sequence[Region], verdicts: Verdicts) -> tuple[dict[int, Opinion], list[str]]:
    """What was said of each region, by rank, and sentences on what was said of regions that are not there (any more).

    A region is found by its place, and by its number only where the file gives no places.
    """
    said = [judged for judged in verdicts.judged if judged.opinion != Opinion()]
    places = {number: judged.middleRas for number, judged in enumerate(said) if judged.middleRas is not None}
    opinions = {rank: said[number].opinion for rank, number in nearestRegions(regions, places, NEAR_MM).items()}
    ranks = {region.rank for region in regions}
    for judged in said:
        if judged.middleRas is None and judged.rank in ranks and judged.rank not in opinions:
            opinions[judged.rank] = judged.opinion
    lost = len(said) - len(opinions)
    if not lost:
        return opinions, []
    is_ = "1 verdict is of a region that is" if lost == 1 else f"{lost} verdicts are of regions that are"
    return opinions, [f"{is_} not among those found now, and had no effect."]


def _fromCsv(text: str) -> list[Judged]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    if not {"Region", "Verdict"} <= set(rows.fieldnames or ()):
        raise ValueError("no table of regions")
    return [
        Judged(
            int(row["Region"]),
            _place([row.get(name) for name in PLACES]),
            _opinion(row.get("Verdict"), row.get("Note")),
        )
        for row in rows
    ]


def _fromJson(text: str) -> Verdicts:
    content = json.loads(text)
    judged = [
        Judged(
            int(one["region"]),
            _place(one.get("middleRas") or [None] * 3),
            _opinion(one.get("verdict"), one.get("note")),
        )
        for one in content["regions"]
    ]
    return Verdicts(judged, str(content.get("reader") or ""), str(content.get("organization") or ""))


def _place(values: Sequence[Any]) -> tuple[float, float, float] | None:
    if any(value in (None, "") for value in values):
        return None
    r, a, s = (float(str(value).replace(",", ".")) for value in values)
    return r, a, s


def _opinion(verdict: Any, note: Any) -> Opinion:
    return Opinion(str(verdict or "").strip().lower(), plainText(str(note or "")))
