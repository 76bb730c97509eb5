"""How far the results with one and with two threads lie apart, on the first validation pair of each set.

python Testing/benchmarks/threads.py DATA
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

from LDRRegistrationLib.dependencies import importTorch

importTorch()

import numpy as np
from aldk.data.config import read_config
from aldk.evaluation.pairs import read_pairs
from LDRRegistrationLib.engine import register
from LDRRegistrationLib.settings import Preset, Settings
from LDRRegistrationLib.student import ModelStore


def main() -> None:
    models = ModelStore()
    for name, description in read_config(ROOT / "training" / "configs" / "evaluation.json")["datasets"].items():
        pair = next(iter(read_pairs(Path(sys.argv[1]), description, 1)))
        for preset in Preset:
            one, two = (
                register(pair.fixed, pair.moving, Settings(preset, warp=False, threads=threads), models)
                for threads in (1, 2)
            )
            apart = np.linalg.norm(one.displacementField() - two.displacementField(), axis=-1)
            print(f"{name}, {preset.value}: mean {apart.mean():.6f} mm, largest {apart.max():.4f} mm", flush=True)


if __name__ == "__main__":
    main()
