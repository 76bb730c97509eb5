"""What the newest recorded run of accuracy.py says, and the places that repeat it.

    python benchmarks/recorded.py --write

After a new ``results/accuracy-DATE.txt``: writes its figures into the card of the default model, and of each model that
was run by ``--model``, and into the block ``shipped`` of training/RESULTS.md. The tables of README.md and
docs/benchmarks.md are written by hand; a test compares all with the recorded run.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORDS = ROOT / "benchmarks" / "results"
MODELS = ROOT / "LDRRegistration" / "Resources" / "Models"
RESULTS = ROOT / "training" / "RESULTS.md"
MARKS = "<!-- shipped -->\n", "<!-- end shipped -->"
# Of a card: its name of a set, and the set.
SETS = {
    "oasis_brains, 8 validation pairs": "oasis_brains",
    "msd_hippocampus, 37 validation pairs": "msd_hippocampus",
}


def newest() -> Path:
    return max(RECORDS.glob("accuracy-*.txt"))


def date() -> str:
    """Of the newest recorded run, as 2026-11-27."""
    return newest().stem.removeprefix("accuracy-")


def accuracy(model: str | None = None) -> dict[tuple[str, str, str], float]:
    """By set, preset and measure: the means of the newest recorded run; seconds are medians.

    :param model: of the runs that name it by ``--model``; None: of those that name none, so of the default. What was
        run with other passes or steps than a user gets is left out.
    """
    found = {}
    for run in newest().read_text(encoding="utf-8").split("\n$ ")[1:]:
        command = run.splitlines()[0]
        named = re.search(r"--model (\S+)", command)
        if (named.group(1) if named else None) != model or re.search(r"--(passes|steps|pairs)\b", command):
            continue
        which, preset = re.findall(r"--(?:set|preset) (\S+)", command)
        for measure, value in re.findall(r"^  (\S.*?) +([\d.]+)$", run, re.MULTILINE):
            found[which, preset, measure] = float(value)
    return found


def default_card() -> Path:
    (card,) = [p for p in MODELS.glob("*.json") if json.loads(p.read_text(encoding="utf-8")).get("default")]
    return card


def cards() -> dict[str | None, Path]:
    """The cards of the default model (None) and of all others that were run."""
    others = {path.stem: path for path in sorted(MODELS.glob("*.json")) if accuracy(path.stem)}
    return {None: default_card(), **others}


def metrics(model: str | None = None) -> dict[str, Any]:
    """As the card of a model holds them; see ``accuracy``."""
    said = accuracy(model)
    sets = {
        name: {
            "affineDice": said[which, "fast", "dice_aligned"],
            "fastDice": said[which, "fast", "dice"],
            "accurateDice": said[which, "accurate", "dice"],
            "fastFoldedPercent": said[which, "fast", "folds_percent"],
            "accurateFoldedPercent": said[which, "accurate", "folds_percent"],
        }
        for name, which in SETS.items()
    }
    how = f"benchmarks/accuracy.py: the whole registration, labels and folds at full resolution, {date()}"
    return {**sets, "measuredWith": how}


def shipped() -> str:
    """The block of training/RESULTS.md."""
    said = accuracy()
    rows = [
        ("brains of different people, 8 pairs, Dice", "oasis_brains", "dice_initial", "dice", 3),
        ("hippocampus crops, 37 pairs, Dice", "msd_hippocampus", "dice_initial", "dice", 3),
        ("liver, 4 pairs, mm", "liver_4dmri", "liver tre_initial", "liver tre", 1),
    ]
    lines = [
        f"The whole registration with `{default_card().stem}`, {date()}:",
        "",
        "| validation pairs | before | *Fast* | *Accurate* |",
        "|---|---|---|---|",
    ]
    for title, which, before, after, digits in rows:
        values = [said[which, "fast", before], said[which, "fast", after], said[which, "accurate", after]]
        cells = [f"{value:.{digits}f}".removeprefix("0" if digits == 3 else "") for value in values]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def with_block(text: str) -> str:
    """training/RESULTS.md with today's block."""
    before, _, rest = text.partition(MARKS[0])
    return before + MARKS[0] + shipped() + MARKS[1] + rest.partition(MARKS[1])[2]


def write() -> None:
    for model, card in cards().items():
        content = json.loads(card.read_text(encoding="utf-8"))
        content["metrics"] = metrics(model)
        card.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    RESULTS.write_text(with_block(RESULTS.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="the cards and the block of RESULTS.md")
    if parser.parse_args().write:
        write()
    else:
        print(shipped())


if __name__ == "__main__":
    main()
