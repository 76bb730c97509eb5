"""Evaluate a checkpoint on the validation pairs of data sets with labels; one row a data set.

python training/eval.py --checkpoint runs/general -d training/configs/evaluation.json --output runs/general
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from aldk import checkpoint
from aldk.data.deformation import apply, sample, voxels
from aldk.data.loader import read_config
from aldk.data.subjects import Subject, align, data_root, read_subject, subject_names
from aldk.metrics import labels_in_both, mean_dice, plausibility
from aldk.models import build_model
from aldk.models.ldr import at_any_size
from torch import Tensor, nn

COLUMNS = (
    "checkpoint",
    "iterations",
    "dataset",
    "pairs",
    "dice_before",
    "dice",
    "folds_percent",
    "sd_log_j",
    "seconds",
)


def load_model(path: Path, weights: str = "average") -> tuple[nn.Module, dict[str, Any]]:
    """The network of a checkpoint with its averaged (or last, "model") weights, and the whole checkpoint."""
    state = checkpoint.load(path)
    if state is None:
        raise FileNotFoundError(f"There is no checkpoint at {path}.")
    model = build_model(state["model_name"])
    model.load_state_dict(state[weights])
    return model.eval(), state


@torch.no_grad()
def evaluate_pair(model: nn.Module, fixed: Subject, moving: Subject, way: str) -> dict[str, float]:
    """Overlap before (aligned as ``way`` says) and after the network, plausibility of its flow, and its seconds."""
    with torch.enable_grad():
        matrix = align(fixed, moving, way)
    shape = tuple(fixed.images.shape[1:])
    at = voxels(shape)
    moved = sample(moving.images[:1], apply(matrix, at))
    start = time.perf_counter()
    flow = at_any_size(model, fixed.images[:1][None], moved[None])
    seconds = time.perf_counter() - start
    if fixed.labels is None or moving.labels is None:
        raise ValueError(f"{fixed.name} or {moving.name} has no labels to evaluate on.")
    counted = labels_in_both(fixed.labels, moving.labels, fixed.spacing)

    def dice(positions: Tensor) -> float:
        labels = sample(moving.labels[None].float(), apply(matrix, positions), mode="nearest")[0]
        return mean_dice(fixed.labels, labels.round().to(fixed.labels.dtype), counted)

    folds, deviation = plausibility(flow, fixed.images[0] > 0.02)
    return {
        "dice_before": dice(at),
        "dice": dice(at + flow[0]),
        "folds_percent": folds,
        "sd_log_j": deviation,
        "seconds": seconds,
    }


def evaluate_dataset(model: nn.Module, root: Path, description: dict[str, Any]) -> dict[str, float]:
    """Means over the validation pairs of one data set."""
    pairs = subject_names(root, description, "val_pairs_fixed_moving")
    names = sorted({name for pair in pairs for name in pair})
    subjects = {name: read_subject(root, description, name) for name in names}
    rows = [evaluate_pair(model, subjects[a], subjects[b], description["align"]) for a, b in pairs]
    return {"pairs": len(rows), **{key: float(np.mean([row[key] for row in rows])) for key in rows[0]}}


def markdown(rows: list[dict[str, Any]]) -> str:
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(str(row[c]) for c in COLUMNS) + " |" for row in rows]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint file, or folder of a run")
    parser.add_argument("-d", "--data", type=Path, required=True, help="config of data sets (json)")
    parser.add_argument("--weights", choices=("average", "model"), default="average")
    parser.add_argument("--output", type=Path, help="folder for evaluation.csv (rows are added) and evaluation.md")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        model, state = load_model(options.checkpoint, options.weights)
        config = read_config(options.data)
        root = data_root(config, options.data)
        rows = []
        for name, description in config["datasets"].items():
            result = {k: round(v, 5) for k, v in evaluate_dataset(model, root, description).items()}
            row = {"checkpoint": options.checkpoint.name, "iterations": state["iteration"], "dataset": name, **result}
            rows.append(row)
    except FileNotFoundError as error:
        print(f"eval.py: {error}", file=sys.stderr)
        return 2
    print(markdown(rows))
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
        path = options.output / "evaluation.csv"
        fresh = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            if fresh:
                writer.writeheader()
            writer.writerows(rows)
        with path.open(newline="", encoding="utf-8") as file:
            path.with_suffix(".md").write_text(markdown(list(csv.DictReader(file))) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
