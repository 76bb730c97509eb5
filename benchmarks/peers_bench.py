"""Accuracy against seconds: the module's presets and its peers, on the same pairs, in the same run, on the same cores.

    python benchmarks/peers_bench.py DATA [--quick] [--pairs SET=N ...] [--sets ...] [--only ...] [--output FOLDER]

Each peer runs as a process in its own environment below .bench (made when it is missing), with two threads. Answers are
kept in .bench/results by set, tool, version (of the module: the digest of its code) and pair: a run that is stopped
goes on where it was, and what failed is tried again with ``--again``. ``--quick`` takes one pair of brains and livers
and two of hippocampi, without full SyN, which otherwise is run on few pairs only. DATA is not bundled. "contrasts" and
"ct" are made by simulated.py. Written are pairs.csv (every pair by itself), benchmark.md and benchmark.png.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import math
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training", "benchmarks")]

from LDRRegistrationLib.runtime.pytorch import importTorch

torch = importTorch()

import pandas as pd
from aldk.data.config import read_config
from aldk.errors import TrainingError
from aldk.evaluation.pairs import EvaluationPair, read_pairs
from aldk.evaluation.runner import WHOLE, evaluate
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.runtime.errors import RegistrationError
from peers.ours import Ours
from peers.peer import BENCH, PEERS, Peer, PeerFailed
from peers.tables import differences, pair_rows, picture, table
from simulated import in_another_contrast, simulated_pairs

CONFIG = ROOT / "training" / "configs" / "evaluation.json"
# By shown name: the data set of CONFIG; None: simulated pairs.
SETS = {
    "brains": "oasis_brains",
    "whole heads": "ixi_brains",
    "hippocampus": "msd_hippocampus",
    "liver": "liver_4dmri",
    "contrasts": None,
    "contrasts, people": "ixi_brains",
    "ct": None,
}
QUICK = {"brains": 1, "hippocampus": 2, "liver": 1}
# Twenty minutes a brain: so many pairs of these sets, and none of others.
SLOW = {"ANTs SyN": {"brains": 3, "hippocampus": 3}}
OURS = {"LDR Fast": Preset.FAST, "LDR Accurate": Preset.ACCURATE, "LDR Best": Preset.BEST}


def methods(models: ModelStore, title: str) -> dict[str, Any]:
    """By shown name; on brains also the model for T1 brains."""
    found: dict[str, Any] = {name: Ours(Settings(preset, "auto", warp=False), models) for name, preset in OURS.items()}
    if title == "brains":
        for card in models.cards():
            if "brain" in card.name:
                for name, preset in OURS.items():
                    found[f"{name}, {card.name}"] = Ours(Settings(preset, card.name, warp=False), models)
    peers = dict(PEERS)
    if title.startswith("contrasts"):
        peers = {name: peer.for_contrasts() for name, peer in PEERS.items() if not peer.within_only}
    return {**found, **peers}


def pairs(root: Path, title: str, limit: int | None) -> Iterator[EvaluationPair]:
    entry = SETS[title]
    if entry is None:
        return simulated_pairs(root, title, limit)
    found = read_pairs(root, read_config(CONFIG)["datasets"][entry], limit)
    return in_another_contrast(found) if title == "contrasts, people" else found


@functools.cache
def engine_digest() -> Any:
    """Of the library's code; taken once, when it is imported, since a checkout may change under a run of hours."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "LDRRegistration" / "LDRRegistrationLib").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest


def key(method: Any, models: ModelStore) -> str:
    """What a kept answer depends on besides the pair."""
    if isinstance(method, Ours):
        engine, card = engine_digest().copy(), models.card(method.settings.model)
        engine.update(json.dumps({**card.content, "metrics": None}).encode())
        return f"ours-{method.settings.preset.value}-{card.name}-{engine.hexdigest()[:12]}"
    return method.key()


def version_of(method: Any, models: ModelStore) -> str:
    return f"model {models.card(method.settings.model).name}" if isinstance(method, Ours) else method.version()


@functools.cache
def commit() -> str:
    """Of the checkout when the run began."""
    said = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(said, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def measured(title: str, name: str, method: Any, pair: Any, models: ModelStore, again: bool) -> pd.DataFrame:
    """The evaluation's rows of one pair, from the file or from a run."""
    path = BENCH / "results" / title.replace(" ", "-") / key(method, models) / f"{pair.name.replace(' ', '-')}.csv"
    kept = pd.read_csv(path, dtype={"structure": str}) if path.is_file() else None
    if kept is None or (again and "failed" in kept):
        try:
            kept = evaluate(method, [pair])
        except (PeerFailed, TrainingError, RegistrationError) as error:
            print(f"  {name} failed on {pair.name}: {error}", flush=True)
            kept = pd.DataFrame([{"pair": pair.name, "structure": WHOLE, "seconds": math.nan, "failed": 1}])
        kept = kept.assign(version=version_of(method, models), commit=commit())
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        kept.to_csv(part, index=False)
        part.replace(path)
        whole = kept[kept["structure"] == WHOLE].iloc[0]
        processor = whole.get("cpu_seconds", math.nan)
        print(f"  {name}, {pair.name}: {whole['seconds']:.2f} s, {processor:.1f} of the processor", flush=True)
    return kept.assign(method=name)


def circumstances() -> str:
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return (
        f"{processor}, {torch.get_num_threads()} threads, torch {torch.__version__}; commit {commit()}. Dice is the "
        "mean over all structures of at least 50 mm3; folds and SD of log J are those of the dense field on the fixed "
        "grid, the affine part included, in the body: where the fixed image shows something. Seconds are medians of "
        "the call in memory, cold seconds those of a whole process with its start and its files. Of the pairs counted "
        "as loaded the machine did other work meanwhile: their seconds are not to be compared, CPU seconds are. Peak "
        "MB is that of the peer's whole process."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", nargs="+", default=[], metavar="SET=N", help="at most so many pairs of a set")
    parser.add_argument("--sets", nargs="+", choices=SETS)
    parser.add_argument("--only", nargs="+", help="methods by shown name")
    parser.add_argument("--again", action="store_true", help="try again what failed")
    parser.add_argument("--output", type=Path, default=BENCH / "tables")
    options = parser.parse_args()
    asked = {title: int(number) for title, _, number in (entry.partition("=") for entry in options.pairs)}
    models = ModelStore()
    _ = engine_digest(), commit()
    every = []
    for title in options.sets or (QUICK if options.quick else SETS):
        for name, method in methods(models, title).items():
            slow = name in SLOW
            if (options.only and name not in options.only) or (slow and (options.quick or title not in SLOW[name])):
                continue
            if isinstance(method, Peer):
                method.prepare()
            limit = QUICK.get(title, 1) if options.quick else asked.get(title)
            if slow:
                limit = min(SLOW[name][title], limit or SLOW[name][title])
            for pair in pairs(options.data, title, limit):
                every.append(measured(title, name, method, pair, models, options.again).assign(set=title))
    if not every:
        raise SystemExit("Nothing was asked for that exists.")
    write(pair_rows(pd.concat(every)), options.output, f"Registration benchmark{', quick' if options.quick else ''}")


def write(rows: pd.DataFrame, folder: Path, title: str) -> None:
    """pairs.csv, benchmark.md and benchmark.png."""
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / "pairs.csv", index=False, float_format="%.4f")
    text, tables = [f"# {title}\n", circumstances()], {}
    for name in rows["set"].unique():
        mine = rows[rows["set"] == name]
        tables[name] = table(mine)
        text += [f"\n## {name}\n", tables[name].to_markdown(index=False, floatfmt=".3f")]
        against = differences(mine)
        if len(against):
            text += [f"\n{against.attrs['title']}\n", against.to_markdown(index=False, floatfmt=".3f")]
    (folder / "benchmark.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    picture(tables, folder / "benchmark.png")
    print("\n".join(text))


if __name__ == "__main__":
    main()
