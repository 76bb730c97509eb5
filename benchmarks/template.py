"""A template of brains by ldr-template, and how well labels meet in it, against registration of each pair directly.

    python benchmarks/template.py LDR_DATA [--images 6] [--rounds 3] > benchmarks/results/template-DATE.txt

Of the OASIS brains of the train split, one of each person. Dice is the mean over all labels that both have: through the
template of both label maps as they are carried onto it (nearest), directly of the one as it is carried onto the other.
Seconds are of the processor, with one thread.
"""

import argparse
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "LDRRegistration"))

import numpy as np
from LDRRegistrationLib.commandline import templatecommand
from LDRRegistrationLib.imagefiles.reading import readImage
from LDRRegistrationLib.mrml import files, reading
from LDRRegistrationLib.mrml.starts import engineTransform
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.runtime.startup import loadLibraries
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Mean over the labels other than 0 that both maps have."""
    size = int(max(one.max(), other.max())) + 1
    counts = [np.bincount(array.ravel(), minlength=size) for array in (one, other, one[one == other])]
    both = (counts[0] > 0) & (counts[1] > 0)
    both[0] = False
    return float((2.0 * counts[2][both] / (counts[0][both] + counts[1][both])).mean())


def labels_of(path: Path) -> Image:
    image, _notes = readImage(path.with_name(path.name.replace("_t1", "_labels")))
    return Image(np.rint(image.array).astype(np.int32), image.ijkToRas)


def read_transform(path: Path, template: Image) -> Transform:
    """A written file, as the engine's transform."""
    node = reading.readTransform(files.newScene(), path)
    return engineTransform(node.GetTransformFromParent(), template.grid, path.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--images", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    loadLibraries(1)
    split = json.loads((options.data / "splits.json").read_text())["oasis_brains"]
    seen_twice = {second for _first, second in split["same_person"]}
    people = [number for number in split["train"] if number not in seen_twice][: options.images]
    paths = [options.data / "oasis_brains" / f"{number}_t1.nii.gz" for number in people]
    labels = [labels_of(path) for path in paths]
    print(f"OASIS train brains {', '.join(people)}; preset fast, {options.rounds} rounds, one thread")
    with tempfile.TemporaryDirectory() as folder:
        output, started = Path(folder), time.process_time()
        arguments = [*map(str, paths), "-o", folder, "--rounds", str(options.rounds), "--threads", "1"]
        assert templatecommand.main(arguments) == 0
        print(f"ldr-template: {time.process_time() - started:.0f} s of the processor")
        report = json.loads((output / "report.json").read_text())
        for number, one in enumerate(report["rounds"], 1):
            print(
                f"round {number}: moved {one['movedMm']:.2f} mm, mean displacement left {one['residualMm']:.3f} mm, "
                f"SD log J {one['sdLogJacobian']:.3f}"
            )
        template, _notes = readImage(output / "template.nii.gz")
        transforms = [read_transform(output / member["transform"], template) for member in report["images"]]
    points = template.grid.pointsRas()[template.array > 300][::500]
    each = [transform.points(points) - points for transform in transforms]
    lengths = [float(np.linalg.norm(one, axis=1).mean()) for one in each]
    print(f"displacement from the template to each image: {np.mean(lengths):.2f} mm on average")
    print(f"mean of all displacements: {np.linalg.norm(np.mean(each, axis=0), axis=1).mean():.3f} mm on average")
    carried = [
        transform.warp(image, template.grid, nearest=True) for transform, image in zip(transforms, labels, strict=True)
    ]
    pairs = list(itertools.combinations(range(len(paths)), 2))
    through = [dice(carried[one], carried[other]) for one, other in pairs]
    unmoved = Transform(np.eye(4))
    still = [
        dice(labels[one].array, unmoved.warp(labels[other], labels[one].grid, nearest=True)) for one, other in pairs
    ]
    direct, models, started = [], ModelStore(), time.process_time()
    for one, other in pairs:
        fixed, moving = (readImage(paths[number])[0] for number in (one, other))
        found = register(fixed, moving, Settings(warp=False, threads=1), models).transform
        direct.append(dice(labels[one].array, found.warp(labels[other], fixed.grid, nearest=True)))
    print(f"pairwise registration: {time.process_time() - started:.0f} s of the processor")
    print(f"mean pairwise Dice of {len(pairs)} pairs: {np.mean(still):.3f} as they were scanned,")
    print(f"{np.mean(through):.3f} through the template, {np.mean(direct):.3f} by registration of each pair directly")


if __name__ == "__main__":
    main()
