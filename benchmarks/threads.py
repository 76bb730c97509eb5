"""How far results lie apart that ought to be one, on the first validation pair of each set.

python benchmarks/threads.py DATA

With one and with two threads; with a moving image whose voxels are changed by a ten-millionth of their value, about
what another order of additions does; and with the network in bfloat16 (minutes where the processor has none).
"""

import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

import numpy as np
from aldk.data.config import read_config
from aldk.evaluation.pairs import read_pairs
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.runtime import device
from LDRRegistrationLib.runtime.device import Device
from LDRRegistrationLib.space.image import Image


def main() -> None:
    models = ModelStore()
    if not device.computesInBfloat16():
        print("bfloat16 is computed by torch's slowest code: this processor has none")
        device.computesInBfloat16 = lambda: True
    for name, description in read_config(ROOT / "training" / "configs" / "evaluation.json")["datasets"].items():
        pair = next(iter(read_pairs(Path(sys.argv[1]), description, 1)))
        noise = np.random.default_rng(0).standard_normal(pair.moving.array.shape)
        array = pair.moving.array.astype(np.float32)
        plain, changed = (
            replace(pair.moving, array=a) for a in (array, (array * (1 + 1e-7 * noise)).astype(np.float32))
        )
        for preset in Preset:

            def field(moving: Image, settings: Settings, fixed: Image = pair.fixed) -> np.ndarray:
                return register(fixed, moving, settings, models).displacementField()

            two = Settings(preset, warp=False, threads=2)
            others = {
                "one thread": (plain, replace(two, threads=1)),
                "changed voxels": (changed, two),
                "bfloat16": (plain, replace(two, device=Device.CPU_BFLOAT16)),
            }
            expected = field(plain, two)
            for what, (moving, settings) in others.items():
                apart = np.linalg.norm(field(moving, settings) - expected, axis=-1)
                print(
                    f"{name}, {preset.value}, {what}: mean {apart.mean():.1e} mm, 99.9 % below "
                    f"{np.quantile(apart, 0.999):.1e} mm, largest {apart.max():.1e} mm",
                    flush=True,
                )


if __name__ == "__main__":
    main()
