"""Spoilt headers of image files: each must be refused with a sentence, or read as nibabel or SimpleITK reads it.

python Testing/trust/fuzz_headers.py --count 1000 --output fuzz.json
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "LDRRegistration")]

from spoilt import mutant, valid_files
from workers import Worker, quiet

SECONDS = 20
# What is right: said no, or read as the judge reads it, or said what was done.
REFUSED, SAME, NOTED = "refused", "same as the judge", "other than the judge, and said so"
# What is wrong. A judge that refuses what is read in silence is looked at by a person.
FAULTS = DIFFERS, CRASHED, HUNG, BROKE = "other than the judge, in silence", "crashed", "hung", "unexpected error"
UNJUDGED = "read, and the judge refuses"


def read(path: Path) -> tuple[str, str, list[str]]:
    """What became of a file: the outcome, a sentence, and the notes. The values are left beside it, for the judge."""
    from LDRRegistrationLib.imagefiles.reading import readImage
    from LDRRegistrationLib.runtime.errors import RegistrationError

    try:
        with _limited():
            image, notes = readImage(path)
    except RegistrationError as error:
        return REFUSED, str(error), []
    except TimeoutError:
        return HUNG, "", []
    except Exception as error:
        return BROKE, f"{type(error).__name__}: {error}", []
    np.savez(path.parent / "read.npz", array=image.array, affine=image.ijkToRas)
    return "", "", notes


def judge(path: Path) -> tuple[str, str]:
    """Whether nibabel (NIfTI) or SimpleITK, or either, agrees with what was read."""
    with np.load(path.parent / "read.npz") as ours:
        array, affine = ours["array"], ours["affine"]
    refusals, differences = [], []
    for reader in (_by_nibabel, _by_itk) if path.suffix in (".nii", ".gz", ".hdr") else (_by_itk,):
        try:
            with _limited():
                values, placed = reader(path)
        except Exception as error:
            refusals.append(f"{type(error).__name__}: {str(error)[-200:]}")
            continue
        difference = _difference(array, affine, values, placed)
        if not difference:
            return SAME, ""
        differences.append(difference)
        if reader is _by_nibabel:
            break
    return (DIFFERS, "; ".join(differences)) if differences else (UNJUDGED, "; ".join(refusals))


def _difference(array: np.ndarray, affine: np.ndarray, values: np.ndarray, placed: np.ndarray) -> str:
    if array.shape != values.shape:
        return f"{array.shape} voxels, not {values.shape}"
    # To 1e-3 mm, or in proportion where a header says something huge.
    if not np.allclose(affine, placed, rtol=1e-6, atol=1e-3):
        return f"placed {affine.round(3).tolist()}, not {placed.round(3).tolist()}"
    if not np.allclose(
        array, values, rtol=1e-5, atol=1e-6 * (1 + np.abs(values[np.isfinite(values)]).max(initial=0)), equal_nan=True
    ):
        return "other values"
    return ""


def _by_nibabel(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import logging

    import nibabel

    logging.disable(logging.CRITICAL)
    image = nibabel.load(path)
    array = np.asarray(image.dataobj)
    return array.reshape(array.shape[:3]).T if array.size == np.prod(array.shape[:3]) else array.T, image.affine


def _by_itk(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    image = sitk.ReadImage(str(path))
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[..., 0]
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image), np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """TimeoutError after SECONDS, where there are alarms."""
    if os.name == "nt":
        yield
        return

    def late(_number, _frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcomes(count: int, seed: int = 0) -> Iterator[dict]:
    """``count`` spoilt files one after the other: {"number", "file", "outcome", "sentence", "notes"}."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "valid").mkdir()
        files = list(valid_files(Path(folder) / "valid").values())
        worker = Worker(3 * SECONDS, quiet)
        try:
            for number in range(count):
                rng = np.random.default_rng((seed, number))
                place = Path(folder) / str(number)
                place.mkdir()
                path = mutant(rng, files[number % len(files)], place)
                yield {"number": number, "file": path.name, **_outcome(worker, path)}
        finally:
            worker.close()


def _outcome(worker: Worker, path: Path) -> dict:
    ours = worker.call(read, path)
    if isinstance(ours, Exception):
        return {"outcome": HUNG if isinstance(ours, TimeoutError) else CRASHED, "sentence": "", "notes": []}
    outcome, sentence, notes = ours
    if not outcome:
        judged = worker.call(judge, path)
        outcome, sentence = (UNJUDGED, "it crashed") if isinstance(judged, Exception) else judged
        if outcome in (DIFFERS, UNJUDGED) and notes:
            outcome = NOTED
    return {"outcome": outcome, "sentence": sentence, "notes": notes}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="JSON with counts and every case")
    options = parser.parse_args()
    cases = list(outcomes(options.count, options.seed))
    counts = Counter(case["outcome"] for case in cases)
    for outcome, number in counts.most_common():
        print(f"{number:6d}  {outcome}")
    wrong = [case for case in cases if case["outcome"] in (*FAULTS, UNJUDGED)]
    for case in wrong:
        print(case)
    if options.output:
        options.output.write_text(json.dumps({"seed": options.seed, "counts": counts, "cases": cases}, indent=1) + "\n")
    return 1 if any(case["outcome"] in FAULTS for case in wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
