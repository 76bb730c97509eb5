"""What helps on images of a kind that a student never saw: its last layers adapted, the field refined, or both.

    python benchmarks/adaptation.py --models FOLDER --student NAME --set liver_4dmri [--pairs 8] [--data FOLDER]

``FOLDER`` holds exported students (training/export.py). All else is as in a click: pre-alignment, self-check, and the
Fast preset where nothing is refined. Rows go into --output, a table that says where they come from.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()  # before anything else does, as the module imports it

import pandas as pd
import torch
from aldk.data.config import read_config
from aldk.evaluation.methods import EngineMethod
from aldk.evaluation.pairs import read_pairs
from aldk.evaluation.runner import WHOLE, evaluate
from aldk.evaluation.tables import Provenance, markdown, update_table
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.refinement import Adaptation
from LDRRegistrationLib.registration.settings import Preset, Settings

CONFIG = ROOT / "training" / "configs" / "evaluation.json"
WAYS = {
    "student alone": {},
    "last layer adapted": {"adaptation": Adaptation(layers=1)},
    "last two layers adapted": {"adaptation": Adaptation(layers=2)},
    "field refined": {"preset": Preset.ACCURATE},
    "adapted, then refined": {"preset": Preset.ACCURATE, "adaptation": Adaptation()},
}
MEANS = ("dice_aligned", "dice", "grid_folds_percent", "grid_sd_log_j")


def measured(table: pd.DataFrame) -> dict[str, float]:
    """Means over the pairs, the landmark errors by group, and median seconds."""
    whole = table[table.structure == WHOLE]
    row = {name: float(whole[name].mean()) for name in MEANS if name in whole and whole[name].notna().any()}
    if "tre" in table:
        for group, errors in table[table.tre.notna() & (table.structure != WHOLE)].groupby("structure"):
            row |= {f"tre_initial_{group}": float(errors.tre_initial.mean()), f"tre_{group}": float(errors.tre.mean())}
    return {**row, "seconds": float(whole.seconds.median())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--student", required=True)
    parser.add_argument("--set", required=True)
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--output", type=Path, default=Path("runs/adaptation"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    models, description = ModelStore(options.models), read_config(CONFIG)["datasets"][options.set]
    provenance = Provenance.here(["python", *sys.argv])
    for way, settings in WAYS.items():
        method = EngineMethod(Settings(model=options.student, warp=False, **settings), models)
        row = measured(evaluate(method, read_pairs(options.data, description, options.pairs)))
        keys = {"dataset": options.set, "student": options.student, "way": way}
        table = update_table(options.output, pd.DataFrame([{**keys, **row}]), list(keys), provenance, "Adaptation")
    print(markdown(table))


if __name__ == "__main__":
    main()
