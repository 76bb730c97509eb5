"""Dice of the module's own registration on validation pairs with labels, at full resolution, affine stage alone beside.

    python Testing/benchmarks/accuracy.py --data ../shared/data [--set oasis_brains] [--model NAME] [--preset fast]

The data are not bundled: a folder with splits.json, as training/README.md describes it. Each pair goes through
engine.register as a click does; labels are carried nearest neighbor by the resulting transform.
"""

import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

from LDRRegistrationLib.dependencies import importTorch

importTorch()  # before anything else does, as the module imports it

from aldk.data.config import read_config
from aldk.evaluation.methods import Answer, EngineMethod
from aldk.evaluation.pairs import read_pairs
from aldk.evaluation.runner import evaluate
from LDRRegistrationLib.settings import Preset, Settings
from LDRRegistrationLib.student import MODELS_FOLDER, ModelStore

CONFIG = ROOT / "training" / "configs" / "evaluation.json"
# What is printed, and the evaluation's column it is; folds and SD of log J are the engine's, on the model's grid.
PRINTED = {
    "before": "dice_initial",
    "affine": "dice_aligned",
    "dice": "dice",
    "foldedPercent": "grid_folds_percent",
    "sdLogJ": "grid_sd_log_j",
    "seconds": "seconds",
}


def main() -> None:
    datasets = read_config(CONFIG)["datasets"]
    sets = sorted(name for name, description in datasets.items() if "labels" in description)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--set", choices=sets, default="oasis_brains")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER)
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast")
    parser.add_argument("--pairs", type=int, help="only the first so many")
    options = parser.parse_args()
    models = ModelStore(options.models)
    method = EngineMethod(Settings(Preset(options.preset), options.model, warp=False), models)
    rows = []

    def report(row: dict, answer: Answer) -> None:
        rows.append({shown: row[column] for shown, column in PRINTED.items()})
        print(row["pair"], *(f"{key} {value:.4f}" for key, value in rows[-1].items()), *answer.notes)

    evaluate(method, read_pairs(options.data, datasets[options.set], options.pairs), report=report)
    name = models.card(options.model).name
    print(f"{options.set}, {len(rows)} pairs, {name}, {options.preset}: means, and median seconds")
    for key in rows[0]:
        middle = statistics.median if key == "seconds" else statistics.mean
        print(f"  {key:14s} {middle(row[key] for row in rows):.4f}")


if __name__ == "__main__":
    main()
