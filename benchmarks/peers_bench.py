"""Accuracy against seconds: the module's presets and its peers, on the same pairs, in the same run, on the same cores.

    python benchmarks/peers_bench.py DATA [--quick] [--pairs SET=N ...] [--sets ...] [--output FOLDER]

Each peer runs as a process in its own environment below .bench (made when it is missing); what is timed is the call in
memory. Answers are kept pair by pair in .bench/results: a run that is stopped goes on where it was. ``--quick`` takes
one pair of brains and livers and two of hippocampi, without full SyN, which otherwise is run on two pairs only. DATA is
not bundled. "contrasts" and "ct" are made by simulated.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import platform
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training", "benchmarks")]

from LDRRegistrationLib.runtime.pytorch import importTorch

torch = importTorch()

import numpy as np
import pandas as pd
from aldk.data.config import read_config
from aldk.evaluation.pairs import EvaluationPair, read_pairs
from aldk.evaluation.runner import WHOLE, evaluate
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Preset, Settings
from peers.ours import Ours
from peers.peer import BENCH, PEERS, Peer, PeerFailed
from simulated import simulated_pairs

CONFIG = ROOT / "training" / "configs" / "evaluation.json"
# By shown name: the data set of CONFIG; None: simulated pairs.
SETS = {
    "brains": "oasis_brains",
    "hippocampus": "msd_hippocampus",
    "liver": "liver_4dmri",
    "contrasts": None,
    "ct": None,
}
QUICK = {"brains": 1, "hippocampus": 2, "liver": 1}
# Twenty minutes a brain: so many pairs of these sets, and none of others.
SLOW = {"ANTs SyN": {"brains": 1, "hippocampus": 1}}
MEASURES = ("Dice", "TRE liver, mm", "TRE body, mm")
OURS = {"LDR Fast": Preset.FAST, "LDR Accurate": Preset.ACCURATE, "LDR Best": Preset.BEST}


def prepare(peer: Peer) -> None:
    if peer.python.is_file():
        return
    print(f"making {peer.python.parent.parent} with {', '.join(peer.packages)}")
    venv.create(peer.python.parent.parent, with_pip=True)
    command = [peer.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *peer.packages]
    subprocess.run(command, check=True)


def methods(models: ModelStore, title: str) -> dict[str, Any]:
    """By shown name; on brains also the model for T1 brains."""
    found: dict[str, Any] = {name: Ours(Settings(preset, "auto", warp=False), models) for name, preset in OURS.items()}
    if title == "brains":
        for card in models.cards():
            if "brain" in card.name:
                for name, preset in OURS.items():
                    found[f"{name}, {card.name}"] = Ours(Settings(preset, card.name, warp=False), models)
    peers = {n: peer.for_contrasts() if title == "contrasts" else peer for n, peer in PEERS.items()}
    return {**found, **peers}


def pairs(root: Path, title: str, limit: int | None) -> Iterator[EvaluationPair]:
    entry = SETS[title]
    if entry is None:
        return simulated_pairs(root, title, limit)
    return read_pairs(root, read_config(CONFIG)["datasets"][entry], limit)


def key(method: Any, models: ModelStore) -> str:
    """What a kept answer depends on besides the pair."""
    if isinstance(method, Ours):
        engine = hashlib.sha256()
        for path in sorted((ROOT / "LDRRegistration" / "LDRRegistrationLib").rglob("*.py")):
            engine.update(path.read_bytes())
        card = models.card(method.settings.model)
        engine.update(json.dumps({**card.content, "metrics": None}).encode())
        return f"ours-{method.settings.preset.value}-{card.name}-{engine.hexdigest()[:12]}"
    return f"{method.script}-{method.how}"


def measured(name: str, method: Any, pair: Any, models: ModelStore) -> pd.DataFrame:
    """The evaluation's rows of one pair, from the file or from a run."""
    path = BENCH / "results" / key(method, models) / f"{pair.name.replace(' ', '-')}.csv"
    if not path.is_file():
        try:
            rows = evaluate(method, [pair])
        except PeerFailed as error:
            print(f"  {name} failed on {pair.name}: {error}", flush=True)
            rows = pd.DataFrame([{"pair": pair.name, "structure": WHOLE, "seconds": math.nan, "failed": 1}])
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        rows.to_csv(part, index=False)
        part.replace(path)
        whole = rows[rows["structure"] == WHOLE].iloc[0]
        print(f"  {name}, {pair.name}: {whole['seconds']:.2f} s", flush=True)
    return pd.read_csv(path, dtype={"structure": str}).assign(method=name)


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """One line a method: means over pairs, median seconds."""
    whole = rows[rows["structure"] == WHOLE]
    lines = []
    for name in rows["method"].unique():
        mine = whole[whole["method"] == name]
        line: dict[str, Any] = {"method": name, "pairs": len(mine)}
        if "failed" in rows:
            line["failed"] = int(mine["failed"].fillna(0).sum())
        if "dice" in mine and mine["dice"].notna().any():
            line["Dice"] = mine["dice"].mean()
        for group in ("liver", "outside", "body"):
            part = rows[(rows["method"] == name) & (rows["structure"] == group)]
            if len(part):
                line[f"TRE {group}, mm"] = part["tre"].mean()
                line[f"before {group}, mm"] = part["tre_initial"].mean()
        line["folds, %"] = mine["folds_percent"].mean() if "folds_percent" in mine else math.nan
        line["SD log J"] = mine["sd_log_j"].mean() if "sd_log_j" in mine else math.nan
        line["SD log J in the body"] = mine["sd_log_j_in_body"].mean() if "sd_log_j_in_body" in mine else math.nan
        line["seconds"] = mine["seconds"].median()
        if "cpu_seconds" in mine:
            line["CPU seconds"] = mine["cpu_seconds"].median()
        if "peak_mb" in mine:
            line["peak MB"] = mine["peak_mb"].max()
        lines.append(line)
    return pd.DataFrame(lines)


def picture(tables: dict[str, pd.DataFrame], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    columns = 2 if len(tables) in (2, 4) else min(len(tables), 3)
    rows = -(-len(tables) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.6 * columns, 3.7 * rows), squeeze=False)
    for axis in axes.flat[len(tables) :]:
        axis.set_visible(False)
    for axis, (title, lines) in zip(axes.flat, tables.items(), strict=False):
        measure = next(name for name in MEASURES if name in lines)
        for _, line in lines.iterrows():
            ours = line["method"].startswith("LDR")
            axis.scatter(line["seconds"], line[measure], s=50, color="tab:red" if ours else "tab:blue", zorder=3)
            place = (line["seconds"], line[measure])
            near = [
                lines[measure].sub(place[1]).abs().lt(0.05 * np.ptp(lines[measure])),
                lines["method"].lt(line["method"]),
            ]
            near.append((np.log10(lines["seconds"] / place[0])).abs() < 0.5)
            # Of points close to each other the first has its name above, the others theirs below, to the left.
            crowded = bool(np.logical_and.reduce(near).any())
            offset, side = ((-5, -9), "right") if crowded else ((5, 5), "left")
            few = f" ({line['pairs']} pair)" if line["pairs"] < lines["pairs"].max() else ""
            axis.annotate(line["method"] + few, place, xytext=offset, ha=side, textcoords="offset points", fontsize=7)
        axis.set_xscale("log")
        axis.margins(x=0.5, y=0.18)
        axis.set_xlabel("seconds, log")
        axis.set_ylabel(measure)
        if measure != "Dice":
            axis.invert_yaxis()
        axis.set_title(f"{title} (up and left is better)", fontsize=10)
        axis.grid(alpha=0.3, which="both")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def circumstances(used: list[Peer]) -> str:
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    versions = ", ".join(sorted({peer.version() for peer in used}))
    return (
        f"{processor}, {torch.get_num_threads()} cores, torch {torch.__version__}; {versions}; commit "
        f"{commit.stdout.strip()}. Dice is the mean over all structures of at least 50 mm3; seconds are medians of the "
        "call in memory; folds and SD of log J of the dense field on the fixed grid, the affine part included; peak MB "
        "of the peer's whole process."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", nargs="+", default=[], metavar="SET=N", help="at most so many pairs of a set")
    parser.add_argument("--sets", nargs="+", choices=SETS)
    parser.add_argument("--only", nargs="+", help="methods by shown name")
    parser.add_argument("--output", type=Path, default=ROOT / "Testing" / "benchmarks" / "results")
    options = parser.parse_args()
    asked = {title: int(number) for title, _, number in (entry.partition("=") for entry in options.pairs)}
    models = ModelStore()
    options.output.mkdir(parents=True, exist_ok=True)
    tables, used = {}, []
    for title in options.sets or (QUICK if options.quick else SETS):
        rows = []
        for name, method in methods(models, title).items():
            slow = name in SLOW
            if (options.only and name not in options.only) or (slow and (options.quick or title not in SLOW[name])):
                continue
            if isinstance(method, Peer):
                prepare(method)
                used.append(method)
            limit = QUICK.get(title, 1) if options.quick else asked.get(title)
            if slow:
                limit = SLOW[name][title]
            for pair in pairs(options.data, title, limit):
                rows.append(measured(name, method, pair, models))
        tables[title] = table(pd.concat(rows))
        print(f"\n{title}\n{tables[title].to_string(index=False, float_format='%.3f')}\n")
    text = [f"# Registration benchmark{', quick' if options.quick else ''}\n", circumstances(used)]
    for title, lines in tables.items():
        text += [f"\n## {title}\n", lines.to_markdown(index=False, floatfmt=".3f")]
        lines.to_csv(options.output / f"{title}.csv", index=False, float_format="%.4f")
    (options.output / "benchmark.md").write_text("\n".join(text) + "\n", encoding="utf-8")
    picture(tables, options.output / "benchmark.png")


if __name__ == "__main__":
    main()
