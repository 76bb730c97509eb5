"""What the thresholds of verdict.py stand on: the evidence that known_motions.py recorded, judged by today's rule.

    python Testing/trust/thresholds.py motions-train-fast.jsonl [--write FOLDER]

The grade is a function of what was measured; so a changed rule needs no registration anew. Thresholds are set on the
train split. ``--write`` puts the rows with today's grades into a folder, for ``everything.py --motions``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HERE), str(ROOT / "LDRRegistration")]

import judged
import numpy as np
from LDRRegistrationLib.registration.placement import PlacementComparison
from LDRRegistrationLib.registration.verdict import PART_ALIKE, PART_COVERED, verdictOn
from records import read_rows


def regraded(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the grade that its evidence gets today; a refusal stays one."""
    if "refused" in row:
        return row
    evidence = row["evidence"]
    placement = None if evidence is None else PlacementComparison(np.eye(4), **evidence)
    return {**row, "verdict": verdictOn(placement, row["similarity"][1], row["coverage"]).grade}


def mirror_ratios(rows: list[dict[str, Any]]) -> tuple[list[float], dict[str, float]]:
    """How many times better the mirror image fits: of right results, the highest first; and of mirrored cases."""
    compared = [row for row in rows if row.get("evidence")]
    ratios = {row["case"]: row["evidence"]["mirrored"] / max(row["evidence"]["total"], 1e-6) for row in compared}
    right = [ratios[r["case"]] for r in compared if judged.outcome_of(r) == judged.RIGHT]
    return sorted(right, reverse=True), {r["case"]: ratios[r["case"]] for r in compared if r["motion"] == "mirror"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--write", type=Path, help="folder for the rows with today's grades")
    options = parser.parse_args()
    for path in options.files:
        recorded = list(read_rows(path).values())
        rows = [regraded(row) for row in recorded]
        print(f"{path.name}: {len(rows)} registrations")
        changed = [
            (old, new) for old, new in zip(recorded, rows, strict=True) if old.get("verdict") != new.get("verdict")
        ]
        for old, new in changed:
            print(f"  {old['verdict']} -> {new['verdict']}: {old['case']}, {judged.outcome_of(old)}")
        outcomes = Counter((judged.outcome_of(row), row.get("verdict", "")) for row in rows)
        print(
            "  "
            + ", ".join(f"{count} {outcome} {grade}".rstrip() for (outcome, grade), count in sorted(outcomes.items()))
        )
        right, mirrored = mirror_ratios(rows)
        print(f"  mirror image, right results: at most {', '.join(f'{ratio:.3f}' for ratio in right[:3])}")
        for case, ratio in sorted(mirrored.items(), key=lambda item: item[1]):
            print(f"  mirror image, {case}: {ratio:.3f}")
        small = [
            r for r in rows if "refused" not in r and r["coverage"] < PART_COVERED and r["similarity"][1] < PART_ALIKE
        ]
        told = Counter(judged.outcome_of(row) for row in small)
        print(f"  covered below {PART_COVERED} and alike below {PART_ALIKE}: {dict(told)}")
        if options.write is not None:
            options.write.mkdir(parents=True, exist_ok=True)
            (options.write / path.name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
