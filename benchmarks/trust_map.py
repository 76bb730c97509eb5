"""How well the map of trust tells the error: on pairs whose true motion is known, point by point.

    python benchmarks/trust_map.py --data ../shared/data [--split train] [--preset fast]

The train split, which sets LOG_ERROR_COEFFICIENTS and NINTH_DECILE_FACTOR of registration/trustmap.py, is scans of
training people moved by made-up motions of two sizes (see simulated.py); it prints what they would have to be. The val
split is the same of validation people, and the landmarks of livers. Printed for each pair, and over all: the mean true
and expected error, the rank correlation of both, and the share of points whose true error is at most
NINTH_DECILE_FACTOR times the expected one.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training", "benchmarks")]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

import numpy as np
from aldk.data.config import read_config
from aldk.data.io import read_image
from aldk.evaluation.pairs import EvaluationPair, read_pairs
from LDRRegistrationLib.registration import trustmap
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.space.grid import transformPoints
from scipy.stats import spearmanr
from simulated import BRAIN, Simulation, simulate

CONFIG = ROOT / "training" / "configs" / "evaluation.json"
MULTICONTRAST = "ms_brains_multicontrast/patient"
LARGER = ((28.0, 6.0), (12.0, 4.0))
MOVED = {
    "train": [
        ("ixi_brains/t1/IXI013.nii.gz", "ixi_brains/t1/IXI013.nii.gz", 21, BRAIN),
        ("ixi_brains/t1/IXI033.nii.gz", "ixi_brains/t1/IXI033.nii.gz", 22, LARGER),
    ],
    "val": [
        ("ixi_brains/t1/IXI012.nii.gz", "ixi_brains/t1/IXI012.nii.gz", 31, LARGER),
        (f"{MULTICONTRAST}19/T1.nii.gz", f"{MULTICONTRAST}19/T1.nii.gz", 32, BRAIN),
        (f"{MULTICONTRAST}19/T1.nii.gz", f"{MULTICONTRAST}19/FLAIR.nii.gz", 33, BRAIN),
    ],
}
LIVERS = 2
SPLITS = tuple(MOVED)
# Smaller errors than this are all alike: interpolation.
MINIMUM_ERROR_MM = 0.1


def pairs(data: Path, split: str) -> Iterator[EvaluationPair]:
    for fixed, moving, seed, waves in MOVED[split]:
        how = Simulation(fixed, moving, seed, waves)
        yield simulate(read_image(data / fixed), read_image(data / moving), how, f"{Path(fixed).parent.name} ")
    if split == "val":
        yield from read_pairs(data, read_config(CONFIG)["datasets"]["liver_4dmri"], LIVERS)


def measured(pair: EvaluationPair, settings: Settings, models: ModelStore) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At landmarks on the map: (n,) true errors, (n, 3) features, (n,) expected errors."""
    result = register(pair.fixed, pair.moving, settings, models)
    trust = trustmap.trustMap(pair.fixed, pair.moving, result, models)
    fixed, moving = (np.concatenate(points) for points in zip(*pair.landmarks.values(), strict=True))
    true = np.linalg.norm(result.transform.points(fixed) - moving, axis=1)
    kji = np.rint(transformPoints(trust.grid.rasToIjk, fixed)).astype(int)[:, ::-1]
    inside = ((kji >= 0) & (kji < trust.grid.shape)).all(axis=1)
    at = tuple(kji[inside].T)
    said = [array[at] for array in (trust.inconsistencyMm, 1.0 - trust.similarity)]
    known = np.isfinite(trust.expectedErrorMm[at])
    features = trustmap.features(*(values[known] for values in said))
    return true[inside][known], features, trust.expectedErrorMm[at][known]


def say(name: str, true: np.ndarray, expected: np.ndarray) -> None:
    covered = 100.0 * float((true <= trustmap.NINTH_DECILE_FACTOR * expected).mean())
    rank = float(spearmanr(true, expected).statistic)
    print(
        f"{name:40s} {len(true):6d} points  true {true.mean():.2f} mm  expected {expected.mean():.2f} mm  "
        f"rank correlation {rank:.2f}  covered {covered:.1f} %",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast")
    options = parser.parse_args()
    models, settings = ModelStore(), Settings(Preset(options.preset), warp=False)
    found = []
    for pair in pairs(options.data, options.split):
        found.append(measured(pair, settings, models))
        say(pair.name, found[-1][0], found[-1][2])
    true, features, expected = (np.concatenate(parts) for parts in zip(*found, strict=True))
    say("all", true, expected)
    if options.split == "train":
        # Each pair weighs the same, however many points it has.
        weights = np.concatenate([np.full(len(part[0]), len(part[0]) ** -0.5) for part in found])
        logarithm = np.log(np.maximum(true, MINIMUM_ERROR_MM))
        fitted = np.linalg.lstsq(features * weights[:, None], logarithm * weights, rcond=None)[0]
        # The logarithm's mean is that of the middle error; this is the factor from it to the mean.
        middle = np.exp(features @ fitted)
        fitted[0] += np.log(np.average(true / middle, weights=weights**2))
        ratios = true / np.exp(features @ fitted)
        order = np.argsort(ratios)
        share = np.cumsum(weights[order] ** 2) / (weights**2).sum()
        print("COEFFICIENTS =", tuple(round(float(value), 3) for value in fitted))
        print("NINTH_DECILE_FACTOR =", round(float(ratios[order][np.searchsorted(share, 0.9)]), 2))


if __name__ == "__main__":
    main()
