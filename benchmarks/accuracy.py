"""How well the module's own registration does on validation pairs: Dice of labels, or errors of landmarks.

    python benchmarks/accuracy.py --data ../shared/data [--set oasis_brains] [--model NAME] [--preset fast]
        [--passes 4 2 1] [--steps N]

The data are not bundled: a folder with splits.json, as training/README.md describes it; "contrasts" and "ct" are made
by simulated.py, and "contrasts_people" from the whole heads of ixi_brains. Each pair goes through register() as a click
does; labels are carried nearest neighbor by the resulting transform, at full resolution.
``--passes`` and ``--steps`` try other passes of the network and other steps of refinement than card and preset say.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training", "benchmarks")]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()  # before anything else does, as the module imports it

from aldk.data.config import read_config
from aldk.evaluation.methods import Answer, EngineMethod
from aldk.evaluation.pairs import read_pairs
from aldk.evaluation.runner import WHOLE, evaluate
from LDRRegistrationLib.registration.modelcards import MODELS_FOLDER
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Preset, Settings
from simulated import SIMULATIONS, in_another_contrast, simulated_pairs

CONFIG = ROOT / "training" / "configs" / "evaluation.json"
# Columns of the evaluation that are true of a whole pair, and those of a group of landmarks.
IN_BODY = ("folds_percent_in_body", "sd_log_j_in_body")
PRINTED = ("dice_initial", "dice_aligned", "dice", "folds_percent", "sd_log_j", *IN_BODY, "seconds")
PEOPLE = "contrasts_people"
OF_LANDMARKS = ("tre_initial", "tre")


def with_passes(folder: Path, name: str, passes: list[int], into: Path) -> ModelStore:
    """A copy of a model whose card says other passes."""
    card = ModelStore(folder).card(name)
    shutil.copy(card.path, into)
    content = {**card.content, "passes": passes, "default": True}
    (into / f"{card.name}.json").write_text(json.dumps(content), encoding="utf-8")
    return ModelStore(into)


def main() -> None:
    datasets = read_config(CONFIG)["datasets"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--set", choices=[*sorted(datasets), *SIMULATIONS, PEOPLE], default="oasis_brains")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER)
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast")
    parser.add_argument("--pairs", type=int, help="only the first so many")
    parser.add_argument("--passes", type=int, nargs="+", help="how many times coarser each pass of the network looks")
    parser.add_argument("--steps", type=int, help="steps of refinement")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
        models = ModelStore(options.models)
        if options.passes:
            models = with_passes(options.models, options.model, options.passes, Path(folder))
        settings = Settings(Preset(options.preset), options.model, warp=False, refinementSteps=options.steps)
        if options.set in SIMULATIONS:
            pairs = simulated_pairs(options.data, options.set, options.pairs)
        elif options.set == PEOPLE:
            pairs = in_another_contrast(read_pairs(options.data, datasets["ixi_brains"], options.pairs))
        else:
            pairs = read_pairs(options.data, datasets[options.set], options.pairs)
        frame = evaluate(EngineMethod(settings, models), pairs, report=say)
        name = models.card(options.model).name
    whole = frame[frame["structure"] == WHOLE]
    print(f"{options.set}, {len(whole)} pairs, {name}, {options.preset}: means, and median seconds")
    for column in (column for column in PRINTED if column in whole and whole[column].notna().any()):
        middle = whole[column].median() if column == "seconds" else whole[column].mean()
        print(f"  {column:24s} {middle:.4f}")
    if "tre" in frame:
        for group, rows in frame[frame["tre"].notna()].groupby("structure"):
            for column in OF_LANDMARKS:
                print(f"  {group + ' ' + column:24s} {rows[column].mean():.4f}")


def say(row: dict, answer: Answer) -> None:
    print(row["pair"], *(f"{key} {row[key]:.4f}" for key in PRINTED if key in row), *answer.notes, flush=True)


if __name__ == "__main__":
    main()
