"""A table of pairs, as text: what each column means, and what makes a table unusable."""

from __future__ import annotations

import csv
import difflib
import io
from pathlib import Path

from ..imagefiles.reading import stem
from ..runtime.errors import RegistrationError
from .pair import FILES, Pair, checkNames

NEEDED = ("fixed", "moving")
OPTIONAL = ("name", *FILES, "fixed_date", "moving_date")
# How BIDS and others write that a cell is empty.
EMPTY = {"", "n/a", "na", "nan", "none"}
LARGEST_TABLE_BYTES = 100_000_000


def readPairs(path: Path) -> tuple[list[Pair], list[str]]:
    """The pairs of a table with tabs or, where its name ends in .csv, commas; and notes on it.

    The first line names the columns: ``fixed``, ``moving`` and, as wanted, ``name`` (of the result's folder; by default
    the moving image's), ``fixed_mask``, ``moving_mask``, ``labels``, ``initial``, ``change_mask``, ``fixed_date`` and
    ``moving_date``. Every other column travels into the table of results. Relative paths begin at the table's folder.

    :raises RegistrationError: the table cannot be used, and no pair was looked at.
    """
    header, rows = _cells(path)
    _checkHeader(path, header)
    extra = [name for name in header if name not in (*NEEDED, *OPTIONAL)]
    pairs = [_pair(path, number, dict(zip(header, row, strict=True)), extra) for number, row in rows]
    if not pairs:
        raise RegistrationError(f"{path} names no pair: below its first line there is nothing.")
    checkNames(pairs, str(path))
    notes = []
    if extra:
        notes.append(f"{_listed(extra)} of the table: carried into the table of results, and not used otherwise.")
    return pairs, notes


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The first line, and the number and cells of every other line that is not empty."""
    try:
        if path.stat().st_size > LARGEST_TABLE_BYTES:
            raise RegistrationError(f"{path} is too large for a table of pairs.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RegistrationError(f"The table {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RegistrationError(f"{path} is no table of pairs: it is not text in UTF-8.") from error
    if "\0" in text:
        raise RegistrationError(f"{path} is no table of pairs: it is not text in UTF-8.")
    delimiter = "," if path.suffix.lower() == ".csv" else "\t"
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [
            (reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise RegistrationError(f"{path} is no table of pairs: {error}.") from error
    if not lines:
        raise RegistrationError(f"{path} is empty: its first line has to name the columns fixed and moving.")
    header = lines[0][1]
    for number, row in lines[1:]:
        if len(row) != len(header):
            raise RegistrationError(
                f"Line {number} of {path} has {len(row)} cells, its first line {len(header)} columns: "
                f"{'commas' if delimiter == ',' else 'tabs'} have to separate them."
            )
    return header, lines[1:]


def _checkHeader(path: Path, header: list[str]) -> None:
    for name in NEEDED:
        if name not in header:
            separator = "commas" if path.suffix.lower() == ".csv" else "tabs"
            raise RegistrationError(
                f"{path} has no column {name!r}: its first line has to name the columns, separated by {separator} "
                f"(there are: {', '.join(header)})."
            )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise RegistrationError(f"{path} has two columns named {twice[0]!r}.")
    for name in header:
        near = [] if name in (*NEEDED, *OPTIONAL) else difflib.get_close_matches(name, (*NEEDED, *OPTIONAL), 1, 0.8)
        if near:
            raise RegistrationError(f"{path} has a column {name!r}, which is unknown: is {near[0]!r} meant?")


def _pair(path: Path, number: int, row: dict[str, str], extra: list[str]) -> Pair:
    given = {name: value for name, value in row.items() if value.lower() not in EMPTY}
    for name in NEEDED:
        if name not in given:
            raise RegistrationError(f"Line {number} of {path} names no {name} image.")
    files = {name: path.parent / given[name] for name in (*NEEDED, *FILES) if name in given}
    name = given.get("name", stem(files["moving"]))
    return Pair(
        name=name,
        folder=name,
        fixed=files.pop("fixed"),
        moving=files.pop("moving"),
        files=files,
        dates=(given.get("fixed_date"), given.get("moving_date")),
        extra={column: row[column] for column in extra},
    )


def _listed(names: list[str]) -> str:
    return f"Column{'s' if len(names) > 1 else ''} {', '.join(names)}"
