"""Register every base pair under every motion, and write a line of JSON for each: error, verdict and its evidence.

    python Testing/trust/known_motions.py --data ../shared/data --split val --preset fast --output runs/trust

Goes on where it stopped. ``everything.py`` makes the table and the picture.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training", "Testing")]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

import numpy as np
from aldk.data.io import read_image
from LDRRegistrationLib.registration import register
from LDRRegistrationLib.registration.levenbergmarquardt import sizeOf
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.runtime.errors import RegistrationError
from trust.motions import cases, moved, settled, strangers
from trust.records import circumstances


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--split", choices=["train", "val"], default="val")
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast")
    parser.add_argument("--output", type=Path, default=ROOT / "runs" / "trust")
    parser.add_argument("--only", help="only base pairs whose name holds this")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"motions-{options.split}-{options.preset}.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    done = {json.loads(line)["case"] for line in lines}
    models, settings = ModelStore(), Settings(Preset(options.preset), warp=False, threads=1)

    def keep(row: dict) -> None:
        with path.open("a") as file:
            file.write(json.dumps(row | circumstances()) + "\n")
        print(row["case"], row.get("error"), row.get("verdict"), row.get("refused", ""), flush=True)

    for _, base, motions in cases(options.data, options.split):
        if all(f"{base.name} | {m.name}" in done for m in motions) or (options.only and options.only not in base.name):
            continue
        fixed, still, points, answer = settled(base, options.data)
        if answer is None:
            reference = register.register(fixed, still, Settings(Preset.ACCURATE, warp=False, threads=1), models)
            answer = reference.transform.points(points)
        for motion in motions:
            case = f"{base.name} | {motion.name}"
            if case in done:
                continue
            moving, truth, seen = moved(still, answer, motion)
            row = {"case": case, "kind": base.kind, "motion": motion.kind, "amount": motion.amount, "axis": motion.axis}
            row["voxel"] = float(fixed.grid.spacing.max())
            if seen.sum() >= 30:
                scale = motion.amount if motion.kind == "scale" else 1.0
                row["before"] = _mean(points[seen], truth[seen], scale)
                keep(row | run(fixed, moving, settings, models, points[seen], truth[seen], scale))
    for fixed, moving in strangers(options.data, options.split):
        case = f"strangers {fixed} {moving}"
        if case not in done and not options.only:
            images = read_image(options.data / fixed), read_image(options.data / moving)
            row = {"case": case, "kind": "strangers", "motion": "none", "amount": 0.0, "axis": 0, "voxel": 1.0}
            keep(row | run(*images, settings, models, None, None, 1.0))


def run(fixed, moving, settings, models, points, truth, scale) -> dict:
    """What one registration came to."""
    start = time.process_time()
    try:
        result = register.register(fixed, moving, settings, models)
    except RegistrationError as error:
        return {"refused": str(error), "seconds": time.process_time() - start}
    evidence = None
    if result.placement is not None:
        evidence = {k: float(v) for k, v in vars(result.placement).items() if k != "matrix"}
    affine = None if points is None else _mean(_affine(result, points), truth, scale)
    return {
        "error": None if points is None else _mean(result.transform.points(points), truth, scale),
        "affineError": affine,
        "sizeFound": sizeOf(result.transform.affine),
        "similarity": [result.similarityStart, result.similarityPrealigned, result.similarity],
        "folded": result.foldedPercent,
        "sdLogJ": result.sdLogJacobian,
        "largest": result.largestDisplacementMm,
        "verdict": result.verdict.grade,
        "coverage": result.coverage,
        "evidence": evidence,
        "notes": result.notes,
        "seconds": time.process_time() - start,
    }


def _affine(result, points: np.ndarray) -> np.ndarray:
    return points @ result.transform.affine[:3, :3].T + result.transform.affine[:3, 3]


def _mean(found: np.ndarray, truth: np.ndarray, scale: float) -> float:
    return float(np.linalg.norm(found - truth, axis=1).mean() / scale)


if __name__ == "__main__":
    main()
