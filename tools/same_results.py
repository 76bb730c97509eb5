"""Whether two checkouts come to the same results: to the bit, or within a tolerance.

    python tools/same_results.py BEFORE AFTER [--tolerance-mm 0.01] [--only NAME]

For changes of layout and names, which must change nothing. Each checkout registers the bundled images in its own
process, by its command line, in both presets, with masks, labels, adaptation and ``--change``; trains a student for a
few steps, and exports it. Compared are the numbers in transform.h5, the voxels of all images, the table of changes, the
report but for seconds, memory, versions and checksums, and what the exported network answers. The exit status is 0 if
all of it is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

SAMPLES = Path("LDRRegistration") / "Resources" / "SampleData"
HEAD = SAMPLES / "ms_longitudinal_patient01"
CROPS = SAMPLES / "msd_hippocampus"
HEADS = (HEAD / "study2_FLAIR.nii.gz", HEAD / "study1_FLAIR.nii.gz")
FIRST, SECOND = (CROPS / "images" / f"hippocampus_{number}.nii.gz" for number in ("001", "014"))
FIRST_LABELS, SECOND_LABELS = (CROPS / "labels" / f"hippocampus_{number}.nii.gz" for number in ("001", "014"))
CASES: dict[str, list[Any]] = {
    "heads, fast": [*HEADS],
    "heads, accurate": [*HEADS, "--preset", "accurate"],
    "heads, changes": [*HEADS, "--change"],
    "heads, rigid": [*HEADS, "--prealignment", "rigid"],
    "crops, fast": [FIRST, SECOND, "--labels", SECOND_LABELS],
    "crops, accurate": [SECOND, FIRST, "--preset", "accurate"],
    "crops, masks": [FIRST, SECOND, "--fixed-mask", FIRST_LABELS, "--moving-mask", SECOND_LABELS],
    "crops, adapted": [FIRST, SECOND, "--adapt", "3"],
    "crops, not aligned": [FIRST, SECOND, "--prealignment", "none"],
}
# Of a report: what differs from run to run.
PASSING = ("seconds", "peakMemoryMb", "versions", "outputs", "checksum", "platform", "processor")
TRAIN = ["-b", "LDR", "-g", "-1", "--round", "6", "--epochs", "1", "--threads", "1", "--workers", "0"]
ANSWER = """
import sys
import numpy as np
import torch
network = torch.jit.load(sys.argv[1]).float()
torch.manual_seed(0)
images = torch.rand(2, 1, 1, 32, 48, 32)
np.save(sys.argv[2], network(images[0], images[1]).detach().numpy())
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="a checkout")
    parser.add_argument("after", type=Path, help="another one")
    parser.add_argument("--tolerance-mm", type=float, default=0.0, help="that displacements may differ by")
    parser.add_argument("--only", default="", help="cases whose name holds this; 'training' is one")
    options = parser.parse_args()
    differences = 0
    with tempfile.TemporaryDirectory(prefix="same-results-") as folder:
        for name in [*CASES, "training"]:
            if options.only not in name:
                continue
            places = [Path(folder) / side / name.replace(", ", "-") for side in ("before", "after")]
            run = train if name == "training" else register
            for checkout, place in zip((options.before, options.after), places, strict=True):
                place.mkdir(parents=True)
                run(checkout.resolve(), place, CASES.get(name, []))
            found = list(compared(*places, options.tolerance_mm))
            differences += len(found)
            print(f"{name}: {'; '.join(found) or 'the same'}", flush=True)
    return 1 if differences else 0


def register(checkout: Path, place: Path, arguments: list[Any]) -> None:
    """One registration, by the checkout's command line, on one thread, so that sums have one order."""
    words = [str(checkout / word) if isinstance(word, Path) else word for word in arguments]
    command = [sys.executable, "-m", "LDRRegistrationLib", *words, "-o", str(place), "--threads", "1"]
    done = subprocess.run(command, env=_environment(checkout), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        (place / "failed.txt").write_text(f"status {done.returncode}: {done.stderr[-2000:]}")


def train(checkout: Path, place: Path, unused: list[Any]) -> None:
    """A student of a few steps on the bundled crops, exported, and what it answers to random images."""
    config = next((checkout / "training").rglob("sample.json"))
    steps = [
        [_script(checkout, "train"), *TRAIN, "-d", config, "--output", place / "run"],
        [
            _script(checkout, "export"),
            "--checkpoint",
            place / "run",
            "--name",
            "s",
            "--title",
            "S",
            "--output",
            place / "models",
        ],
        ["-c", ANSWER, place / "models" / "s.pt", place / "answer.npy"],
    ]
    for words in steps:
        command = [sys.executable, *map(str, words)]
        done = subprocess.run(command, env=_environment(checkout), capture_output=True, text=True, check=False)
        if done.returncode:
            (place / "failed.txt").write_text(f"status {done.returncode}: {done.stderr[-2000:]}")
            return


def _script(checkout: Path, name: str) -> Path:
    """A training command, wherever the layout has it."""
    return next(path for path in sorted((checkout / "training").rglob(f"{name}.py")) if "aldk" not in path.parts)


def _environment(checkout: Path) -> dict[str, str]:
    folders = [checkout / "LDRRegistration", checkout / "training"]
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders)), "OMP_NUM_THREADS": "1"}


def compared(before: Path, after: Path, tolerance: float) -> Iterator[str]:
    """What differs between two folders of results, in words."""
    for place in (before, after):
        if (place / "failed.txt").exists():
            yield f"{place.parent.name} failed, {(place / 'failed.txt').read_text().strip()}"
    names = [{path.name for path in place.iterdir() if path.is_file()} for place in (before, after)]
    if names[0] != names[1]:
        yield f"files: {sorted(names[0] ^ names[1])}"
    for name in sorted(names[0] & names[1]):
        yield from _difference(before / name, after / name, tolerance)


def _difference(before: Path, after: Path, tolerance: float) -> Iterator[str]:
    name = before.name
    if name == "transform.h5":
        largest = float(np.abs(np.subtract(*(_displacements(path) for path in (before, after)))).max())
        if largest > tolerance:
            yield f"{name} by {largest:.3g} mm"
    elif name.endswith(".nii.gz"):
        arrays = [sitk.GetArrayFromImage(sitk.ReadImage(str(path))) for path in (before, after)]
        if arrays[0].shape != arrays[1].shape or arrays[0].dtype != arrays[1].dtype:
            yield f"{name} in shape or type"
        elif not np.array_equal(*arrays):
            share = float(np.mean(arrays[0] != arrays[1]))
            if tolerance == 0.0 or "region" in name or "label" in name:
                yield f"{name} in {share:.2%} of its voxels"
    elif name == "answer.npy":
        largest = float(np.abs(np.load(before) - np.load(after)).max())
        if largest > tolerance:
            yield f"the exported network's answer by {largest:.3g}"
    elif name == "report.json":
        contents = [json.loads(path.read_text(encoding="utf-8")) for path in (before, after)]
        different = sorted(
            key
            for key in {*contents[0], *contents[1]} - set(PASSING)
            if not _alike(contents[0].get(key), contents[1].get(key), tolerance)
        )
        if different:
            yield f"{name}: {', '.join(different)}"
    elif name in ("changes.csv", "changes.html") and tolerance == 0.0 and before.read_bytes() != after.read_bytes():
        yield name


def _displacements(path: Path) -> np.ndarray:
    """(n, 3) in mm, at points all over the place, with those of the field itself."""
    transform = sitk.ReadTransform(str(path))
    parameters = np.array(transform.GetParameters())
    points = np.random.default_rng(0).uniform(-120.0, 120.0, (2000, 3))
    moved = np.array([transform.TransformPoint(point) for point in points.tolist()])
    return np.concatenate([(moved - points).ravel(), parameters])


def _alike(one: Any, other: Any, tolerance: float) -> bool:
    """Numbers in a report may differ where displacements may: they follow them."""
    if tolerance and isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key], tolerance) for key in one)
    if tolerance and isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= max(tolerance, 0.01 * abs(one))
    return bool(one == other)


if __name__ == "__main__":
    sys.exit(main())
