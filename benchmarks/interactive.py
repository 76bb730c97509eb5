"""How long a correction by hand takes: five points that are followed, and a box of 80 mm that is refined.

    python benchmarks/interactive.py [--data FOLDER] [--repeats 5] [--threads 2]

On two brains of 1 mm: a train pair of different people where ``--data`` has oasis_brains, else the bundled pair at that
size. Medians of the clock, after one run that is not counted, and shares of what *Fast* took in the same run. Nothing
else may run meanwhile: the load at the start is printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "Testing", "benchmarks")]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

import numpy as np
from brainsized import brain_sized
from LDRRegistrationLib.registration.box import RefinementBox
from LDRRegistrationLib.registration.boxrefinement import refineInBox
from LDRRegistrationLib.registration.guided import guide
from LDRRegistrationLib.registration.landmarks import Landmarks
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.space.image import Image
from support.data import CURRENT_FLAIR, PRIOR_FLAIR, read_image

TRAIN_PAIR = ("1000_t1", "1001_t1")
POINTS, OFF_MM, BOX_MM = 5, 3.0, 80.0


def brains(data: Path | None) -> tuple[Image, Image]:
    if data is None:
        return brain_sized(read_image(CURRENT_FLAIR)), brain_sized(read_image(PRIOR_FLAIR))
    fixed, moving = (read_image(data / "oasis_brains" / f"{name}.nii.gz") for name in TRAIN_PAIR)
    return fixed, moving


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("LDR_DATA"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    fixed, moving = brains(options.data and Path(options.data))
    settings, models = Settings(warp=False, threads=options.threads), ModelStore()
    plain = register(fixed, moving, settings, models)
    numbers = np.random.default_rng(0)
    shown = np.argwhere(fixed.array > np.percentile(fixed.array, 90))[:, ::-1]
    points = shown[numbers.choice(len(shown), POINTS, replace=False)] @ fixed.ijkToRas[:3, :3].T + fixed.ijkToRas[:3, 3]
    wanted = plain.transform.points(points)
    wanted = wanted + OFF_MM * numbers.normal(size=wanted.shape) / np.sqrt(3.0)
    box = RefinementBox(fixed.grid.centerRas, np.eye(3), np.full(3, BOX_MM))
    steps: dict[str, Callable[[], object]] = {
        "Fast": lambda: register(fixed, moving, settings, models),
        f"{POINTS} points": lambda: guide(fixed, moving, settings, models, plain, Landmarks.of(points, wanted)),
        f"a box of {BOX_MM:g} mm": lambda: refineInBox(fixed, moving, settings, models, plain, box),
    }
    print(f"load {os.getloadavg()[0]:.2f}, {options.threads} threads, {' x '.join(map(str, fixed.array.shape))} voxels")
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(options.repeats + 1):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if repeat:
                seconds[name].append(time.perf_counter() - started)
    alone = statistics.median(seconds["Fast"])
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(f"{name}: {middle:.2f} s ({min(taken):.2f} to {max(taken):.2f}), {middle / alone:.2f} of Fast")


if __name__ == "__main__":
    main()
