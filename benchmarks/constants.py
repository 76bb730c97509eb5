"""What happens at 0.8 and 1.25 times each constant of the engine, one at a time.

    python benchmarks/constants.py DATA [--only registration/selfcheck] [--evidence motions-fast.jsonl ...]
    python benchmarks/constants.py --write

Every trial is a process of its own, with a copy of the library in which one number is another. What it is judged by
goes with its place: constants of registration/verdict.py by the grades of the registrations that
Testing/trust/known_motions.py recorded (``--evidence``), those of change/ by one patient with experts' masks, all
others by a few validation pairs. A trial that is in results/constants.jsonl already, for the same library, is not
repeated. ``--write`` brings docs/thresholds.md up to date: values, rows, what was measured and what was not; what a new
constant does, and what set it, is left to write. DATA is not bundled (see accuracy.py).
"""

from __future__ import annotations

import argparse
import ast
import datetime as dt
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "LDRRegistration" / "LDRRegistrationLib"
DOCUMENT = ROOT / "docs" / "thresholds.md"
RESULTS = ROOT / "benchmarks" / "results" / "constants.jsonl"
FOLDERS = ("registration", "change", "numerics", "space")
FACTORS = (0.8, 1.25)
BASELINE = "as it is"
# Dice, mm, counts: what differs by less is the same.
SAME = {"Dice": 0.0005, "mm": 0.005, "F1": 0.0005, "F1 at 1.0": 0.0005, "ml": 0.005}


@dataclass(frozen=True)
class Constant:
    """A number, or a tuple of numbers, in the library: ``registration/settings.py:FAST_REFINEMENT.steps``."""

    file: str
    name: str
    node: ast.expr

    @property
    def key(self) -> str:
        return f"{self.file}:{self.name}"

    @property
    def value(self) -> Any:
        return ast.literal_eval(self.node)

    @property
    def judge(self) -> str:
        if self.file == "registration/verdict.py":
            return "verdict"
        return "change" if self.file.startswith("change/") else "registration"


def constants() -> Iterator[Constant]:
    """All of ``FOLDERS``: upper-case names, the settings in them, and defaults of data classes that are settings."""
    for folder in FOLDERS:
        for path in sorted((LIBRARY / folder).glob("*.py")):
            file = path.relative_to(LIBRARY).as_posix()
            for name, node in _named(ast.parse(path.read_text(encoding="utf-8")).body):
                yield from _numbers(file, name, node)


def _named(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef) and statement.name in ("Energy", "Refinement", "Adaptation", "Finish"):
            for field in statement.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.value is not None:
                    yield f"{statement.name}.{field.target.id}", field.value
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets = [statement.target]
        for target in targets:
            value = statement.value
            if isinstance(target, ast.Name) and target.id.isupper():
                yield target.id, value
            elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                yield from ((n.id, v) for n, v in zip(target.elts, value.elts, strict=True) if n.id.isupper())


def _numbers(file: str, name: str, node: ast.expr) -> Iterator[Constant]:
    if isinstance(node, ast.Call):
        lambdas = [k.value.body for k in node.keywords if isinstance(k.value, ast.Lambda)]
        for inner in lambdas:
            yield from _numbers(file, name, inner)
        for keyword in node.keywords:
            if keyword.arg is not None and not isinstance(keyword.value, ast.Lambda):
                yield from _numbers(file, f"{name}.{keyword.arg}", keyword.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant | ast.Attribute):
                word = key.value if isinstance(key, ast.Constant) else key.attr
                yield from _numbers(file, f"{name}.{word}", value)
    elif _isNumbers(node):
        yield Constant(file, name, node)


def _isNumbers(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return all(_isNumbers(element) for element in node.elts)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and _isNumbers(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def scaled(name: str, value: Any, factor: float) -> Any:
    """``factor`` times a number, or each of a tuple; whole numbers go to the next whole number in its direction.

    Windows stay odd, and what is at least 1 does not become 0.
    """
    if isinstance(value, tuple):
        return tuple(scaled(name, each, factor) for each in value)
    if not isinstance(value, int):
        return float(f"{value * factor:.6g}")
    whole = math.floor(value * factor) if factor < 1.0 else math.ceil(value * factor)
    if name.lower().endswith("window") and whole % 2 == 0:
        whole += -1 if factor < 1.0 else 1
    return max(min(value, 1), whole)


def copyWith(constant: Constant | None, value: Any, folder: Path) -> Path:
    """A copy of the library in ``folder`` in which ``constant`` is ``value``; the folder to put on the path."""
    there = folder / "LDRRegistration"
    shutil.copytree(LIBRARY, there / LIBRARY.name, ignore=shutil.ignore_patterns("__pycache__"))
    (there / "Resources").symlink_to(LIBRARY.parent / "Resources")
    if constant is not None:
        path = there / LIBRARY.name / constant.file
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        first, last = constant.node.lineno - 1, constant.node.end_lineno - 1
        before, after = lines[first][: constant.node.col_offset], lines[last][constant.node.end_col_offset :]
        # A tuple without brackets stands for itself.
        text = repr(value)
        lines[first : last + 1] = [before + text + after]
        path.write_text("".join(lines), encoding="utf-8")
    return there


def digest() -> str:
    """Of the library's sources that results depend on."""
    content = hashlib.sha256()
    for folder in FOLDERS:
        for path in sorted((LIBRARY / folder).glob("*.py")):
            content.update(path.read_bytes())
    return content.hexdigest()[:12]


def trial(judge: str, data: Path, evidence: list[Path]) -> dict[str, Any]:
    """What ``judge`` says of the library that comes first on the path, by name and unit."""
    # Before anything that puts this checkout's own library in front.
    import LDRRegistrationLib

    if Path(LDRRegistrationLib.__file__).is_relative_to(ROOT):
        raise SystemExit("the library is this checkout's own, not the changed copy")
    if judge == "verdict":
        return _verdicts(evidence)
    return _change(data) if judge == "change" else _registrations(data)


def _verdicts(evidence: list[Path]) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT / "Testing" / "trust"))
    import judged
    from records import read_rows
    from thresholds import regraded

    count = judged.Count()
    for path in evidence:
        for row in read_rows(path).values():
            count.add(regraded(row))
    return {
        "right but not good": count.right_not_good,
        "wrong but good": count.wrong_good,
        "wrong and failed": count.wrong_failed,
    }


def _registrations(data: Path) -> dict[str, Any]:
    from LDRRegistrationLib.runtime.pytorch import importTorch

    importTorch()
    from aldk.data.config import read_config
    from aldk.evaluation.methods import EngineMethod
    from aldk.evaluation.pairs import read_pairs
    from aldk.evaluation.runner import WHOLE, evaluate
    from LDRRegistrationLib.registration.models import ModelStore
    from LDRRegistrationLib.registration.settings import Preset, Settings
    from simulated import simulated_pairs

    models = ModelStore()
    datasets = read_config(ROOT / "training" / "configs" / "evaluation.json")["datasets"]
    asked = [("hippocampus", "msd_hippocampus", 3), ("brain", "oasis_brains", 1), ("liver", "liver_4dmri", 1)]
    cases = [
        *((name, Preset.FAST, read_pairs(data, datasets[entry], number)) for name, entry, number in asked),
        ("hippocampus, Accurate", Preset.ACCURATE, read_pairs(data, datasets["msd_hippocampus"], 3)),
        ("contrasts", Preset.FAST, simulated_pairs(data, "contrasts", 1)),
    ]
    found: dict[str, Any] = {}
    for name, preset, pairs in cases:
        frame = evaluate(EngineMethod(Settings(preset, warp=False), models), pairs)
        if "tre" in frame:
            for group, rows in frame[frame["tre"].notna()].groupby("structure"):
                label = name if group in ("body", name) else f"{name}, {group}"
                found[f"{label}, mm"] = round(float(rows["tre"].mean()), 4)
        else:
            found[f"{name}, Dice"] = round(float(frame[frame["structure"] == WHOLE]["dice"].mean()), 5)
    return found


def _change(data: Path) -> dict[str, Any]:
    sys.path.insert(0, str(ROOT / "benchmarks" / "change"))
    from judged import patient

    scanned = patient(data, "patient01")
    usual, everything = scanned.judge(0.5), scanned.judge(1.0)
    return {
        "F1": round(usual.f1, 5),
        "F1 at 1.0": round(everything.f1, 5),
        "regions": len(usual.found.regions),
        "false": usual.false,
        "ml": round(sum(region.volumeMm3 for region in usual.found.regions) / 1000.0, 4),
    }


def run(constant: Constant | None, judge: str, value: Any, options: argparse.Namespace) -> dict[str, Any]:
    """What is measured by a process with the changed copy, or the last line of why it failed."""
    with tempfile.TemporaryDirectory(prefix="constants-") as folder:
        library = copyWith(constant, value, Path(folder))
        paths = [library, *(ROOT / name for name in ("training", "benchmarks", "Testing"))]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, __file__, str(options.data), "--trial", judge]
        command += ["--evidence", *map(str, options.evidence)] if options.evidence else []
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1800)
    if ran.returncode:
        return {"failed": (ran.stderr.strip().splitlines() or [f"status {ran.returncode}"])[-1][:200]}
    return json.loads(ran.stdout.strip().splitlines()[-1])


def recorded() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.is_file() else []


def measure(options: argparse.Namespace) -> None:
    library, done = digest(), {(row["constant"], row["factor"], row["library"]) for row in recorded()}
    chosen = [constant for constant in constants() if options.only in constant.key]
    trials: list[tuple[str, float, Constant | None, str, Any]] = [
        (f"{BASELINE}, {judge}", 1.0, None, judge, None) for judge in sorted({constant.judge for constant in chosen})
    ]
    for constant in chosen:
        values = [(factor, scaled(constant.name, constant.value, factor)) for factor in FACTORS]
        trials += [(constant.key, f, constant, constant.judge, value) for f, value in values if value != constant.value]
    for key, factor, constant, judge, value in trials:
        if (key, factor, library) in done or (judge == "verdict" and not options.evidence):
            continue
        row = {"constant": key, "factor": factor, "tried": value, "judge": judge, "library": library}
        row |= {"date": dt.date.today().isoformat(), "measured": run(constant, judge, value, options)}
        print(json.dumps(row), flush=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    """In words: what of ``after`` is not as it was."""
    if "failed" in after:
        return "fails"
    words = []
    for name, value in after.items():
        unit = name.rpartition(", ")[2]
        if abs(value - before[name]) > SAME.get(unit, 0):
            change = f"{value - before[name]:+d}" if isinstance(value, int) else f"{value - before[name]:+.3f}"
            words.append(f"{name} {change}")
    return ", ".join(words) or "the same"


HEADING = "| constant | value | what it does | what set it | at 0.8; at 1.25 times |\n|---|---|---|---|---|\n"


def explanations(text: str) -> dict[str, tuple[str, str]]:
    """What the document says of each constant, by its key: what it does, and what set it."""
    found, file = {}, ""
    for line in text.splitlines():
        if line.startswith("### `"):
            file = line.split("`")[1]
        elif line.startswith("| `"):
            name, _value, does, by, *_measured = (cell.strip() for cell in line[1:-1].split(" | "))
            found[f"{file}:{name.strip('`')}"] = does, by
    return found


def shown(value: Any) -> str:
    """As Python reads it: 0.5, 1e-06, or 1, 2 for a tuple."""
    return ", ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)


def tables(before: str) -> str:
    """All tables; ``before`` is the document whose explanations stay. A constant that moved takes its own along."""
    rows = recorded()
    latest = {(row["constant"], row["factor"]): row for row in rows}
    baselines = {(row["judge"], row["library"]): row["measured"] for row in rows if row["factor"] == 1.0}
    explained = explanations(before)
    elsewhere = {key.partition(":")[2]: words for key, words in explained.items()}
    parts: dict[str, str] = {}
    for constant in constants():
        does, by = explained.get(constant.key, elsewhere.get(constant.name, ("", "")))
        measured = [latest[constant.key, factor] for factor in FACTORS if (constant.key, factor) in latest]
        said = [
            f"{row['factor']:g}: {difference(baselines[row['judge'], row['library']], row['measured'])}"
            for row in measured
        ]
        parts.setdefault(constant.file, "")
        cells = (f"`{constant.name}`", shown(constant.value), does, by, "; ".join(said))
        parts[constant.file] += f"| {' | '.join(cells)} |\n"
    return "\n".join(f"### `{file}`\n\n{HEADING}{lines}" for file, lines in parts.items())


MARKS = "<!-- tried -->\n", "<!-- end tried -->"


def tried() -> str:
    """Which constants were tried at both factors: a sentence of the document."""
    done = {(row["constant"], row["factor"]) for row in recorded()}
    by_file: dict[str, list[bool]] = {}
    for constant in constants():
        by_file.setdefault(constant.file, []).append(all((constant.key, factor) in done for factor in FACTORS))
    counted = [
        f"{'all' if all(found) else f'{sum(found)} of the'} {len(found)} of `{file}`"
        for file, found in by_file.items()
        if any(found)
    ]
    if all(all(found) for found in by_file.values()):
        return "All of them were tried.\n"
    return f"Tried so far: {', '.join(counted) or 'none'}. **No other constant has been tried.**\n"


def with_tried(text: str) -> str:
    before, _, rest = text.partition(MARKS[0])
    return before + MARKS[0] + tried() + MARKS[1] + rest.partition(MARKS[1])[2]


def write() -> None:
    text = with_tried(DOCUMENT.read_text(encoding="utf-8"))
    DOCUMENT.write_text(text.partition("### ")[0] + tables(text), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--only", default="", help="constants whose place and name hold this")
    parser.add_argument("--evidence", type=Path, nargs="+", default=[], help="what known_motions.py recorded")
    parser.add_argument("--write", action="store_true", help="the table, of what was recorded")
    parser.add_argument("--trial", choices=["registration", "verdict", "change"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write()
    elif options.data is None:
        parser.error("DATA or --write is needed")
    elif options.trial:
        print(json.dumps(trial(options.trial, options.data.resolve(), options.evidence)))
    else:
        options.data = options.data.resolve()
        options.evidence = [path.resolve() for path in options.evidence]
        measure(options)


if __name__ == "__main__":
    main()
