"""How well change is found: on two patients with experts' masks, on rescans of people in whom nothing changed, and on
known lesions painted into real scans.

    python benchmarks/change.py DATA [--alignment]

DATA is the folder with ms_longitudinal, oasis_brains and ms_brains_multicontrast, which are not bundled.
``--alignment`` adds what the deformable step does to the size of lesions.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1] / "Testing"),
    str(Path(__file__).resolve().parents[1] / "LDRRegistration"),
]

from LDRRegistrationLib.runtime.pytorch import importTorch

importTorch()

import SimpleITK as sitk
from LDRRegistrationLib.change.detection import detect
from LDRRegistrationLib.change.visits import compareVisits
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Prealignment, Settings
from LDRRegistrationLib.space.grid import transformPoints
from LDRRegistrationLib.space.image import Image
from support import itk
from support.data import read_image
from support.simulate import Lesion, Protocol, paint, quietPlaces, rescan

RESCANS = {"calibration": (("1003", "1023"), ("1004", "1024")), "judge": (("1005", "1025"),)}
SIZES = (3, 4, 5, 6, 7, 8, 10, 12, 15)
LEAST_OVERLAP = 0.1
models = ModelStore()


def compared(current: Image, prior: Image) -> tuple:
    start = time.perf_counter()
    aligned, changes = compareVisits(current, prior, models)
    found = detect(changes)
    return aligned, changes, found, time.perf_counter() - start


def average_precision(score: np.ndarray, truth: np.ndarray) -> float:
    """Mean over the true voxels of the precision at their score (scikit-learn's, without ties)."""
    hits = truth[np.argsort(-score, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / hits.sum())


def area_under_curve(score: np.ndarray, truth: np.ndarray) -> float:
    ranks = np.argsort(np.argsort(score))
    positives = truth.sum()
    return float((ranks[truth].mean() - (positives - 1) / 2) / (len(truth) - positives))


def patient(data: Path, name: str) -> dict[str, float]:
    """Two visits of one patient: the change map carried to the common space, against the experts' mask in the brain."""
    folder = data / "ms_longitudinal" / name
    current, prior = (read_image(folder / "raw" / f"study{n}_FLAIR.nii.gz") for n in (2, 1))
    _, changes, found, seconds = compared(current, prior)
    brain = sitk.ReadImage(str(folder / "common" / "brainmask.nii.gz"))
    inside = sitk.GetArrayFromImage(brain) > 0
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "common" / "gt.nii.gz"))) > 0
    affine = sitk.ReadTransform(str(folder / "raw" / "study2_FLAIR_to_common_space.txt"))

    def common(array: np.ndarray, method: int) -> np.ndarray:
        whole = itk.place(sitk.GetImageFromArray(changes.onFixedGrid(array)), changes.fixedGrid)
        return sitk.GetArrayFromImage(sitk.Resample(whole, brain, affine, method, 0.0))

    score = common(np.abs(changes.z), sitk.sitkLinear)[inside]
    regions = common(found.labels.astype(np.int16), sitk.sitkNearestNeighbor)
    lesions = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray((truth & inside).astype(np.uint8))))
    sizes = np.bincount(lesions.ravel())
    large = [n for n in range(1, len(sizes)) if sizes[n] >= 10]
    return {
        "precision": average_precision(score, truth[inside]),
        "areaUnderCurve": area_under_curve(score, truth[inside]),
        "lesions": len(large),
        "found": sum((regions[lesions == n] > 0).mean() >= LEAST_OVERLAP for n in large),
        "regions": len(found.regions),
        "false": sum(not (truth & (regions == region.rank)).any() for region in found.regions),
        "volumeMl": sum(region.volumeMm3 for region in found.regions) / 1000.0,
        "seconds": seconds,
    }


def patients(data: Path) -> None:
    for name in ("patient01", "patient12"):
        said = patient(data, name)
        print(
            f"{name}: AP {said['precision']:.3f}, AUC {said['areaUnderCurve']:.3f}; lesions of 10 mm3 or more found "
            f"{said['found']} of {said['lesions']}; {said['regions']} regions, {said['false']} of them false, "
            f"{said['volumeMl']:.2f} ml; {said['seconds']:.1f} s"
        )


def rescans(data: Path) -> None:
    """Two scans of a person in whom nothing changed."""
    for use, pairs in RESCANS.items():
        for names in pairs:
            current, prior = (read_image(data / "oasis_brains" / f"{name}_t1.nii.gz") for name in names)
            _, _, found, seconds = compared(current, prior)
            volume = sum(region.volumeMm3 for region in found.regions) / 1000.0
            print(f"rescan {'/'.join(names)} ({use}): {len(found.regions)} regions, {volume:.2f} ml; {seconds:.1f} s")
    rng = np.random.default_rng(99)
    for source, protocols in _simulated(data).items():
        for kind, (now, then) in protocols.items():
            image = read_image(data / source)
            current, _ = rescan(image, now, rng)
            prior, _ = rescan(image, then, rng)
            _, _, found, seconds = compared(current, prior)
            volume = sum(region.volumeMm3 for region in found.regions) / 1000.0
            print(f"simulated rescan {source}, {kind}: {len(found.regions)} regions, {volume:.2f} ml; {seconds:.1f} s")


def _simulated(data: Path) -> dict[str, dict[str, tuple[Protocol, Protocol]]]:
    plain = Protocol(noise=0.02, degrees=2, shiftMm=3)
    return {
        "ms_brains_multicontrast/patient07/FLAIR.nii.gz": {
            "1 mm, same protocol": (plain, Protocol(noise=0.02, degrees=6, shiftMm=5, bias=0.1)),
            "1 mm, another protocol": (plain, Protocol(noise=0.03, degrees=6, shiftMm=5, bias=0.2, gamma=0.7)),
            "thick slices, another scanner": (
                Protocol((0.8, 0.8, 3), noise=0.015, degrees=2, shiftMm=3),
                Protocol(
                    (0.9, 0.9, 4.5), noise=0.03, degrees=6, shiftMm=5, bias=0.25, gamma=1.6, gain=3, distortionMm=0.7
                ),
            ),
        },
        "oasis_brains/1000_t1.nii.gz": {
            "1 mm, same protocol": (plain, Protocol(noise=0.02, degrees=6, shiftMm=5, bias=0.05)),
            "another protocol, slices of 3 mm": (
                Protocol(noise=0.02, degrees=2, shiftMm=3, bias=0.2),
                Protocol((1, 1, 3), noise=0.03, degrees=6, shiftMm=5, bias=0.2, gamma=1.5, gain=0.3),
            ),
        },
    }


def painted(data: Path) -> None:
    """New and gone lesions of known size: found or not, and the error of their volume."""
    for source, protocols in _simulated(data).items():
        image = read_image(data / source)
        image = Image(image.array.astype(np.float32), image.ijkToRas, image.name)
        inside = image.array > 0.05 * image.array.max()
        bright = "FLAIR" in source
        levels, contrast = ((0.5, 0.9), (0.25, 0.5)) if bright else ((0.75, 0.98), (0.2, 0.4))
        usual = float(np.quantile(image.array[inside], 0.6)) * (1 if bright else -1)
        for kind, (now, then) in protocols.items():
            hits: dict[int, list[float | None]] = {size: [] for size in SIZES}
            false = 0
            for seed in range(3):
                rng = np.random.default_rng(1000 + seed)
                places = quietPlaces(image, inside, len(SIZES), rng, levels)
                lesions = [
                    Lesion(place, float(size), usual * rng.uniform(*contrast))
                    for place, size in zip(places, rng.permutation(SIZES), strict=False)
                ]
                new, gone = lesions[::2], lesions[1::2]
                current, moved = rescan(paint(image, new), now, rng)
                prior, _ = rescan(paint(image, gone), then, rng)
                _, _, found, _ = compared(current, prior)
                used = set()
                for lesion in lesions:
                    center = transformPoints(moved, lesion.centerRas)
                    close = [
                        r
                        for r in found.regions
                        if np.linalg.norm(np.array(r.centroidRas) - center) < lesion.diameterMm / 2 + 2
                    ]
                    used |= {r.rank for r in close}
                    error = 100 * (close[0].volumeMm3 / lesion.volumeMm3 - 1) if close else None
                    hits[int(lesion.diameterMm)].append(error)
                false += len(found.regions) - len(used)
            print(f"painted, {source}, {kind}: {false} false regions in 3 pairs")
            for size, errors in hits.items():
                known = [error for error in errors if error is not None]
                spread = (
                    f", volume {np.mean(known):+.0f} % (mean of |error| {np.mean(np.abs(known)):.0f} %)"
                    if known
                    else ""
                )
                print(f"    {size:2d} mm: {len(known)} of {len(errors)} found{spread}")


def alignment(data: Path) -> None:
    """Volume of a ball under the deformation alone, lesion in the prior scan only, by kind of registration."""
    source = "ms_brains_multicontrast/patient07/FLAIR.nii.gz"
    image = read_image(data / source)
    image = Image(image.array.astype(np.float32), image.ijkToRas, image.name)
    inside = image.array > 0.05 * image.array.max()
    rng = np.random.default_rng(11)
    places = quietPlaces(image, inside, 6, rng, (0.5, 0.9))
    usual = float(np.quantile(image.array[inside], 0.6))
    lesions = [Lesion(p, float(d), 0.5 * usual) for p, d in zip(places, (5, 8, 12, 16, 20, 25), strict=True)]
    current, _ = rescan(image, Protocol(noise=0.015), rng)
    prior, moved = rescan(paint(image, lesions), Protocol(noise=0.015, degrees=4, shiftMm=4, distortionMm=1.5), rng)
    rigid = Settings(prealignment=Prealignment.RIGID, warp=False)
    for name, settings in (
        ("follow-up", Settings(prealignment=Prealignment.RIGID, warp=False, followUp=True)),
        ("fast", rigid),
        ("accurate", Settings(prealignment=Prealignment.RIGID, warp=False, refinementSteps=30)),
    ):
        transform = register(current, prior, settings, models).transform
        ratios = []
        for lesion in lesions:
            axis = np.linspace(-1, 1, 41) * (lesion.diameterMm / 2 + 4)
            points = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3) + lesion.centerRas
            away = np.linalg.norm(transform.points(points) - transformPoints(moved, lesion.centerRas), axis=1)
            ratios.append((away <= lesion.diameterMm / 2).sum() * (axis[1] - axis[0]) ** 3 / lesion.volumeMm3)
        print(f"alignment {name}: volumes of lesions of 5 to 25 mm {np.round(ratios, 3)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--alignment", action="store_true")
    options = parser.parse_args()
    patients(options.data)
    rescans(options.data)
    if options.alignment:
        alignment(options.data)
    painted(options.data)


if __name__ == "__main__":
    main()
