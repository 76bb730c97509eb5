"""How far results lie apart that ought to be one, on the first validation pair of each set.

python Testing/benchmarks/threads.py DATA

With one and with two threads; and with a moving image whose voxels are changed by a ten-millionth of their value, about
what another order of additions does.
"""

import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

from LDRRegistrationLib.dependencies import importTorch

importTorch()

import numpy as np
from aldk.data.config import read_config
from aldk.evaluation.pairs import read_pairs
from LDRRegistrationLib.engine import register
from LDRRegistrationLib.image import Image
from LDRRegistrationLib.settings import Preset, Settings
from LDRRegistrationLib.student import ModelStore


def main() -> None:
    models = ModelStore()
    for name, description in read_config(ROOT / "training" / "configs" / "evaluation.json")["datasets"].items():
        pair = next(iter(read_pairs(Path(sys.argv[1]), description, 1)))
        noise = np.random.default_rng(0).standard_normal(pair.moving.array.shape)
        array = pair.moving.array.astype(np.float32)
        plain, changed = (
            replace(pair.moving, array=a) for a in (array, (array * (1 + 1e-7 * noise)).astype(np.float32))
        )
        for preset in Preset:

            def field(moving: Image, threads: int, preset: Preset = preset, fixed: Image = pair.fixed) -> np.ndarray:
                settings = Settings(preset, warp=False, threads=threads)
                return register(fixed, moving, settings, models).displacementField()

            expected = field(plain, 2)
            for what, other in (("one thread", field(plain, 1)), ("changed voxels", field(changed, 2))):
                apart = np.linalg.norm(other - expected, axis=-1)
                print(
                    f"{name}, {preset.value}, {what}: mean {apart.mean():.1e} mm, 99.9 % below "
                    f"{np.quantile(apart, 0.999):.1e} mm, largest {apart.max():.1e} mm",
                    flush=True,
                )


if __name__ == "__main__":
    main()
