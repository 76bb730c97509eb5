"""What becomes of images that it was not made for: ultrasound with MR of one prostate, CT with MR of one piece of meat.

    python benchmarks/unlike.py DATA [--preset accurate]

A right answer is not expected here, but that the verdict says so. Of the prostates: Dice of the gland as the images
lie, after the pre-alignment alone and after all, and the distance of the glands' middles. Of the meat, whose CT was
scanned feet first: the mean distance of points in it from where an estimated rigid transform by mutual information puts
them. The data are not bundled.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "LDRRegistration"))

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

from LDRRegistrationLib.imagefiles.reading import readImage
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import RegistrationResult, register
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.labelwarp import warpLabels
from LDRRegistrationLib.space.transform import Transform


def gland(path: Path, like: Image) -> Image:
    """The gland alone, the first of a label file's channels, on the grid of its image."""
    import nibabel

    voxels = np.asarray(nibabel.load(path).dataobj)
    channel = voxels[..., 0] if voxels.ndim == 4 else voxels
    return Image(np.ascontiguousarray(channel.T > 0.5).astype(np.uint8), like.ijkToRas)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2.0 * float((one & other).sum()) / max(float(one.sum() + other.sum()), 1.0)


def middle(mask: Image) -> np.ndarray:
    return mask.ijkToRas[:3, :3] @ np.argwhere(mask.array > 0).mean(axis=0)[::-1] + mask.ijkToRas[:3, 3]


def prostates(data: Path, settings: Settings, models: ModelStore) -> None:
    folder = data / "prostate_mr_us"
    names = json.loads((data / "splits.json").read_text(encoding="utf-8"))["prostate_mr_us"]["val"]
    rows = []
    print("| prostate | Dice before | pre-aligned | after | glands' middles apart, mm | verdict |")
    print("|---|---|---|---|---|---|")
    for name in names:
        fixed, moving = (readImage(folder / f"{side}_images" / f"{name}.nii.gz")[0] for side in ("fixed", "moving"))
        glands = [
            gland(folder / f"{side}_labels" / f"{name}.nii.gz", image)
            for side, image in (("fixed", fixed), ("moving", moving))
        ]
        try:
            result = register(fixed, moving, settings, models)
        except RegistrationError as error:
            print(f"| {name} | | | | | refused: {error} |", flush=True)
            continue
        transforms = [Transform(np.eye(4)), Transform(result.transform.affine), result.transform]
        carried = [warpLabels(glands[1], fixed.grid, transform)[0] > 0 for transform in transforms]
        row = [dice(glands[0].array > 0, mask) for mask in carried]
        apart = np.linalg.norm(result.transform.points(middle(glands[0])[None])[0] - middle(glands[1]))
        rows.append((*row, apart, result.verdict.grade))
        print(f"| {name} | {row[0]:.2f} | {row[1]:.2f} | {row[2]:.2f} | {apart:.1f} | {said(result)} |", flush=True)
    means = np.mean([row[:4] for row in rows], axis=0)
    grades = [row[4] for row in rows]
    counted = ", ".join(f"{grades.count(grade)} {grade}" for grade in ("good", "check", "failed"))
    print(f"| mean | {means[0]:.2f} | {means[1]:.2f} | {means[2]:.2f} | {means[3]:.1f} | {counted} |")


def said(result: RegistrationResult) -> str:
    return f"{result.verdict.grade}: {result.verdict.sentence}".replace("\n", " ").replace("|", "/")


def meat(data: Path, settings: Settings, models: ModelStore) -> None:
    import SimpleITK

    folder = data / "porcine_ct_mr"
    found = {path.name: path for path in folder.iterdir()}
    ct, mr = (
        readImage(next(path for name, path in found.items() if name.startswith(kind)))[0] for kind in ("CT", "MR")
    )
    estimate = SimpleITK.ReadTransform(str(folder / "rigid_mr_to_ct_mi_estimate.tfm"))
    lps = np.diag([-1.0, -1.0, 1.0])
    for fixed, moving, turned in ((mr, ct, estimate), (ct, mr, estimate.GetInverse())):
        inside = np.argwhere(fixed.array > np.percentile(fixed.array, 70))[::997, ::-1]
        points = inside @ fixed.ijkToRas[:3, :3].T + fixed.ijkToRas[:3, 3]
        wanted = np.array([turned.TransformPoint((lps @ point).tolist()) for point in points]) @ lps
        try:
            result = register(fixed, moving, settings, models)
        except RegistrationError as error:
            print(f"{fixed.name} and {moving.name}: refused: {error}")
            continue
        for what, transform in (("before", Transform(np.eye(4))), ("after", result.transform)):
            error = np.linalg.norm(transform.points(points) - wanted, axis=1)
            print(f"{fixed.name} and {moving.name}, {what}: {error.mean():.1f} mm from the estimate")
        print(f"   {said(result)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default="fast")
    options = parser.parse_args()
    settings, models = Settings(Preset(options.preset), warp=False), ModelStore()
    prostates(options.data, settings, models)
    meat(options.data, settings, models)


if __name__ == "__main__":
    main()
