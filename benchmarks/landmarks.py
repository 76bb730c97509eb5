"""Registration led by landmarks: 5 of a pair's are given, the others judge; and one of the 5 is put 20 mm off.

    python benchmarks/landmarks.py [--data FOLDER] [--draws 5] [--threads 1]

On the validation pairs of liver_4dmri. CPU seconds are of this process, beside those of the registration before.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LDRRegistration"), str(ROOT / "training")]

import numpy as np
from aldk.data.config import read_config
from aldk.evaluation.pairs import read_pairs
from LDRRegistrationLib.registration.guided import guide
from LDRRegistrationLib.registration.landmarks import Landmarks
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Settings

GIVEN = 5
OFF_MM = 20.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("LDR_DATA"), required="LDR_DATA" not in os.environ)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    settings, models = Settings(warp=False, threads=options.threads), ModelStore()
    description = read_config(ROOT / "training" / "configs" / "evaluation.json")["datasets"]["liver_4dmri"]
    rows, wrong = [], []
    for pair in read_pairs(Path(options.data), description):
        started = time.process_time()
        plain = register(pair.fixed, pair.moving, settings, models)
        alone = time.process_time() - started
        for group, (fixed, moving) in pair.landmarks.items():
            for draw in range(options.draws):
                rng = np.random.default_rng(draw)
                given = rng.choice(len(fixed), GIVEN, replace=False)
                others = np.setdiff1d(np.arange(len(fixed)), given)
                started = time.process_time()
                landmarks = Landmarks.of(fixed[given], moving[given])
                led = guide(pair.fixed, pair.moving, settings, models, plain, landmarks)
                seconds = time.process_time() - started
                before, after = (
                    np.linalg.norm(r.transform.points(fixed) - moving, axis=1)[others].mean() for r in (plain, led)
                )
                rows.append((group, before, after, led.landmarks.afterMm.max(), _folds(led, plain), seconds, alone))
                rows[-1] += (float(led.landmarks.doubted.mean()),)
                spoilt = moving[given].copy()
                turn = rng.normal(size=3)
                spoilt[0] += OFF_MM * turn / np.linalg.norm(turn)
                led = guide(pair.fixed, pair.moving, settings, models, plain, Landmarks.of(fixed[given], spoilt))
                wrong.append((led.landmarks.doubted[0], led.landmarks.doubted[1:].mean(), _folds(led, plain)))
        print(pair.name, flush=True)
    for group in dict.fromkeys(row[0] for row in rows):
        mine = np.array([row[1:] for row in rows if row[0] == group])
        mean = mine.mean(axis=0)
        print(
            f"{group}: the others {mean[0]:.2f} -> {mean[1]:.2f} mm; the given at most {mine[:, 2].max():.2f} mm off; "
            f"{int(mine[:, 3].sum())} folds more; {mean[4]:.2f} CPU s after {mean[5]:.2f}; "
            f"{mean[6]:.0%} of the right doubted"
        )
    found, others, folds = np.array(wrong, dtype=float).T
    print(
        f"one {OFF_MM:g} mm off: pointed out in {int(found.sum())} of {len(found)}; "
        f"{others.mean():.0%} of the others doubted; {int(folds.sum())} folds more"
    )


def _folds(result, plain) -> int:
    """Folded cells more than without landmarks, what fades out beyond the fixed volume included."""
    fields = [r.transform.field for r in (result, plain)]
    counts = [0 if field is None else int((field.jacobianDeterminant() <= 0).sum()) for field in fields]
    return max(counts[0] - counts[1], 0)


if __name__ == "__main__":
    main()
