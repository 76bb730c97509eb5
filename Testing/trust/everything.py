"""Everything that ``make trust`` runs, one check after the other, and then the tables of docs/TRUST.md.

    python Testing/trust/everything.py [--data ../shared/data] [--output ../runs/trust] [--only NAME] [--motions FILES]

Goes on where it stopped: what has a result in the output folder is not run again (``--again``: but what went wrong is).
Without the data, which are not bundled, the known motions are left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HERE), str(ROOT / "LDRRegistration")]

import bad_inputs
import endurance
import fuzz_headers
import report
from records import Records

CHECKS = ("bad_inputs", "endurance", "headers", "motions")
MUTATIONS = 1000
CHUNK = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the images that are not bundled")
    parser.add_argument("--output", type=Path, default=ROOT.parent / "runs" / "trust")
    parser.add_argument("--only", choices=CHECKS, help="one check")
    parser.add_argument("--again", action="store_true", help="run again what went wrong")
    parser.add_argument("--kills", type=int, default=endurance.KILLS)
    parser.add_argument("--registrations", type=int, default=endurance.REGISTRATIONS)
    parser.add_argument("--motions", type=Path, nargs="+", help="results of known_motions.py, in place of running it")
    options = parser.parse_args()
    checks = CHECKS if options.only is None else (options.only,)
    if "bad_inputs" in checks:
        bad_inputs.run(options.output, options.data, again=options.again)
    if "endurance" in checks:
        endurance.run(options.output, options.kills, options.registrations, options.again)
    if "headers" in checks:
        headers(options.output, options.again)
    if "motions" in checks and options.motions is None:
        if options.data is None:
            print("skipped known motions: --data, the folder of the images, is not given")
        else:
            motions(options.output, options.data)
    report.write(options.output, options.motions)


def headers(output: Path, again: bool) -> None:
    """MUTATIONS spoilt headers; every CHUNK of them is a case."""
    records = Records(output, "headers")
    for seed in range(MUTATIONS // CHUNK):
        name = f"seed {seed}"
        if records.is_done(name, again):
            continue
        counts: dict[str, int] = {}
        wrong = []
        for one in fuzz_headers.outcomes(CHUNK, seed):
            counts[one["outcome"]] = counts.get(one["outcome"], 0) + 1
            if one["outcome"] in (*fuzz_headers.FAULTS, fuzz_headers.UNJUDGED):
                wrong.append(one)
        failed = any(outcome in fuzz_headers.FAULTS for outcome in counts)
        got = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
        records.keep(name, {"passed": not failed, "got": got, "counts": counts, "wrong": wrong})


def motions(output: Path, data: Path) -> None:
    for preset in ("fast", "accurate"):
        arguments = ["--data", data, "--split", "val", "--preset", preset, "--output", output]
        subprocess.run([sys.executable, HERE / "known_motions.py", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
