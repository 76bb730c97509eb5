"""The tables of docs/TRUST.md, from recorded results and nothing else.

    python Testing/trust/report.py --output runs/trust [--motions FILES]

What stands between the markers of a table is replaced; the text around it is written by people. A table without results
stays as it is.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

import judged
from records import read_rows

DOCUMENT = ROOT / "docs" / "TRUST.md"
PICTURE = "trust-motions.png"
LONGEST = 170


def write(output: Path, motions: Sequence[Path] | None = None, document: Path = DOCUMENT) -> None:
    """Fill the document from the results in ``output``, and from ``motions`` if given."""
    text = document.read_text(encoding="utf-8")
    tables = {
        "bad inputs": bad_inputs(read_rows(output / "bad_inputs.jsonl")),
        "endurance": endurance(read_rows(output / "endurance.jsonl")),
        "headers": headers(read_rows(output / "headers.jsonl")),
        "motions": known_motions(sorted(output.glob("motions-val-*.jsonl")) if motions is None else motions, document),
    }
    for name, lines in tables.items():
        if lines:
            text = replaced(text, name, lines)
    document.write_text(text, encoding="utf-8")


def replaced(text: str, name: str, lines: Iterable[str]) -> str:
    """``text`` with ``lines`` between the markers of the table ``name``.

    :raises ValueError: there are no such markers.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"the document needs the markers {begin} and {end}, once each")
    before, _, rest = text.partition(begin)
    return "\n".join([before + begin, *lines, end]) + rest.partition(end)[2]


def measured(rows: Iterable[dict[str, Any]]) -> str:
    """When, of which commits and on which machines the rows are."""
    rows = list(rows)
    dates = sorted({row["date"] for row in rows if "date" in row})
    days = "" if not dates else dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    commits = Counter(row["commit"] for row in rows if "commit" in row)
    machines = sorted({row["machine"] for row in rows if "machine" in row})
    return f"Measured {days}, commit {', '.join(commits)}, on {'; '.join(machines)}."


def bad_inputs(rows: dict[str, dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    tried = [row for row in rows.values() if row["passed"] is not None]
    right = sum(row["passed"] for row in tried)
    lines = [measured(tried), "", f"{right} of {len(tried)} inputs get what is right.", ""]
    if skipped := [case for case, row in rows.items() if row["passed"] is None]:
        lines += [f"Not tried there: {', '.join(skipped)}.", ""]
    for kind in dict.fromkeys(row["kind"] for row in tried):
        lines += [f"**{kind[:1].upper()}{kind[1:]}**", "", "| input | must be | got | s |", "|---|---|---|---|"]
        for case, row in rows.items():
            if row["kind"] == kind and row["passed"] is not None:
                mark = "" if row["passed"] else "**WRONG** "
                cells = (case, row["expected"], f"{mark}{_short(row['got'])}", f"{row.get('seconds', 0.0):.1f}")
                lines.append(f"| {' | '.join(map(_cell, cells))} |")
        lines.append("")
    return lines[:-1]


def endurance(rows: dict[str, dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = [measured(rows.values()), "", "| what | right | got |", "|---|---|---|"]
    kills = [row for row in rows.values() if row["kind"] == "kills"]
    for signal in sorted({row["signal"] for row in kills}):
        some = [row for row in kills if row["signal"] == signal]
        stands = Counter(row["stands"] for row in some)
        got = f"{stands['old']} times the old result stands, {stands['new']} times the new one"
        lines.append(f"| {len(some)} times {signal} at a random moment | {_yes(some)} | {got}{_faults(some)} |")
    for case, row in rows.items():
        if row["kind"] != "kills":
            lines.append(f"| {_cell(case)} | {_yes([row])} | {_cell(_short(row['got']))} |")
    return lines


def headers(rows: dict[str, dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    total: Counter[str] = Counter()
    for row in rows.values():
        total.update(row["counts"])
    lines = [measured(rows.values()), "", "| outcome | files |", "|---|---|"]
    return [*lines, *(f"| {outcome} | {number} |" for outcome, number in total.most_common())]


def known_motions(paths: Sequence[Path], document: Path) -> list[str]:
    by_preset = judged.read(paths)
    if not any(by_preset.values()):
        return []
    image = document.parent / PICTURE
    judged.picture(by_preset, image)
    rows = [row for some in by_preset.values() for row in some]
    lines = [measured(rows), "", f"![Error against margin, by grade]({image.name})"]
    for preset, some in sorted(by_preset.items()):
        for by, what in (("kind", "kind of images"), ("motion", "motion")):
            lines += ["", f"*{preset}*, by {what}:", "", *judged.table(some, by)]
    return lines


def _yes(rows: Sequence[dict[str, Any]]) -> str:
    tried = [row for row in rows if row["passed"] is not None]
    if not tried:
        return "not tried"
    right = sum(row["passed"] for row in tried)
    return "yes" if right == len(tried) else f"**{right} of {len(tried)}**"


def _faults(rows: Sequence[dict[str, Any]]) -> str:
    found = Counter(fault for row in rows for fault in row["faults"])
    return "".join(f"; {number} times {fault}" for fault, number in found.items())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _cell(text: str) -> str:
    """What a cell of Markdown can hold."""
    return re.sub(r"([|<>])", r"\\\1", " ".join(str(text).split()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT.parent / "runs" / "trust")
    parser.add_argument("--motions", type=Path, nargs="+")
    options = parser.parse_args()
    write(options.output, options.motions)
