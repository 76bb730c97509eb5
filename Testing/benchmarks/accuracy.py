"""Dice of the module's own registration on validation pairs with labels, at full resolution, affine stage alone beside.

    python Testing/benchmarks/accuracy.py --data ../shared/data [--set oasis_brains] [--model NAME] [--preset fast]

The data are not bundled: a folder with splits.json, as training/README.md describes it. Each pair goes through
engine.register as a click does; labels are carried nearest neighbor by the resulting transform.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("Testing", "LDRRegistration", "training")]

from LDRRegistrationLib.dependencies import importTorch

torch = importTorch()  # before anything else does, as the module imports it

from aldk.metrics import labels_in_both, mean_dice
from LDRRegistrationLib.engine import Preset, Settings, register
from LDRRegistrationLib.field import Transform
from LDRRegistrationLib.image import Image
from LDRRegistrationLib.student import MODELS_FOLDER, ModelStore
from support.data import read_image

FILES = {
    "oasis_brains": ("oasis_brains/{}_t1.nii.gz", "oasis_brains/{}_labels.nii.gz"),
    "msd_hippocampus": ("msd_hippocampus/images/{}.nii.gz", "msd_hippocampus/labels/{}.nii.gz"),
}


def dice(transform: Transform, fixed_labels: Image, moving_labels: Image) -> float:
    warped = transform.warp(moving_labels, fixed_labels.grid, nearest=True)
    fixed, moving, carried = (
        torch.from_numpy(np.ascontiguousarray(a, dtype=np.int16))
        for a in (fixed_labels.array, moving_labels.array, warped)
    )
    return mean_dice(fixed, carried, labels_in_both(fixed, moving, spacing=1.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--set", choices=sorted(FILES), default="oasis_brains")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER)
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast")
    parser.add_argument("--pairs", type=int, help="only the first so many")
    options = parser.parse_args()
    pairs = json.loads((options.data / "splits.json").read_text())[options.set]["val_pairs_fixed_moving"]
    image_name, label_name = (str(options.data / name) for name in FILES[options.set])
    models = ModelStore(options.models)
    settings = Settings(Preset(options.preset), options.model, warp=False)
    rows = []
    for fixed_name, moving_name in pairs[: options.pairs]:
        fixed, moving = (read_image(Path(image_name.format(name))) for name in (fixed_name, moving_name))
        labels = [read_image(Path(label_name.format(name))) for name in (fixed_name, moving_name)]
        start = time.perf_counter()
        result = register(fixed, moving, settings, models)
        seconds = time.perf_counter() - start
        row = {
            "before": dice(Transform(np.eye(4)), *labels),
            "affine": dice(Transform(result.transform.affine), *labels),
            "dice": dice(result.transform, *labels),
            "foldedPercent": result.foldedPercent,
            "sdLogJ": result.sdLogJacobian,
            "seconds": seconds,
        }
        rows.append(row)
        print(fixed_name, moving_name, *(f"{key} {value:.4f}" for key, value in row.items()), *result.notes)
    name = models.card(options.model).name
    print(f"{options.set}, {len(rows)} pairs, {name}, {options.preset}: means, and median seconds")
    for key in rows[0]:
        middle = statistics.median if key == "seconds" else statistics.mean
        print(f"  {key:14s} {middle(row[key] for row in rows):.4f}")


if __name__ == "__main__":
    main()
