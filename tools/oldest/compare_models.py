"""Do models say the same in another version of PyTorch? The shipped ones, or those of ``--models FOLDER``.

    python compare_models.py --write FILE    in one environment, then
    python compare_models.py --check FILE    in the other

Needs torch and numpy only, and loads and adapts as the module does.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "LDRRegistration"))

from LDRRegistrationLib.numerics.dlpack import toArray, toTensor
from LDRRegistrationLib.registration.modelcards import MODELS_FOLDER
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.refinement import Adaptation, adapt

TOLERANCE_VOXELS = 1e-3


def flows(folder: Path) -> dict[str, list[float]]:
    """For each model thinned-out flows on two smooth made-up images of two sizes, also after some adaptation."""
    answers = {}
    for shape in ((64, 64, 64), (64, 128, 64)):
        k, j, i = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
        fixed = np.exp(-3 * (k**2 + j**2 + i**2)) * (1 + 0.3 * np.sin(9 * i))
        moving = np.exp(-3 * (k**2 + (j - 0.1) ** 2 + i**2)) * (1 + 0.3 * np.sin(9 * i + 0.5))
        store, images = ModelStore(folder), (toTensor(fixed), toTensor(moving))
        for card in store.cards():
            student = store.load(card.name)
            results = {"": student.predict(*images)}
            if folder == MODELS_FOLDER:
                results[", adapted"] = adapt(student, *images, None, how=Adaptation(iterations=3, rate=1e-4))
            for what, flow in results.items():
                values = toArray(flow)[:, :, ::8, ::8, ::8].ravel()
                answers[f"{card.name} {shape}{what}"] = [float(v) for v in values]
    return answers


def main() -> int:
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--models", type=Path, default=MODELS_FOLDER)
    options = parser.parse_args()
    if options.write:
        options.write.write_text(json.dumps({"torch": torch.__version__, "flows": flows(options.models)}))
        return 0
    expected = json.loads(options.check.read_text())
    worst = 0.0
    for name, values in flows(options.models).items():
        difference = float(np.abs(np.array(values) - expected["flows"][name]).max())
        worst = max(worst, difference)
        largest = max(map(abs, values))
        versions = f"torch {expected['torch']} and {torch.__version__}"
        print(f"{name}: largest flow {largest:.2f}, largest difference {difference:.2e} voxels, {versions}")
    print("1 passed, 0 failed" if worst < TOLERANCE_VOXELS else "0 passed, 1 failed")
    return int(worst >= TOLERANCE_VOXELS)


if __name__ == "__main__":
    sys.exit(main())
