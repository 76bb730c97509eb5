"""Bad and odd inputs of the command line: for each, whether what comes is what must come.

    python Testing/trust/bad_inputs.py --output runs/trust [--data ../shared/data] [--case NAME]

Every case runs in a worker process, so that a crash or a hang is an outcome, not an end.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "LDRRegistration")]

import nibabel
import numpy as np
import odd_companions
import odd_files
import odd_options
import odd_places
import odd_values
from catalogue import CASES, FIXED, MOVING, Call, Case, Place, files_below
from records import Records
from workers import Worker

CATALOGUE = (odd_files, odd_places, odd_values, odd_options, odd_companions)
SECONDS = 300
EXIT_FAILED = 3
SIGNS = np.array([-1.0, -1.0, 1.0])


@dataclass
class Ran:
    """What the command did."""

    status: int
    said: str
    chatter: str
    seconds: float
    report: dict


def execute(call: Call) -> Ran:
    """The command on these arguments, in this process where nothing speaks against it."""
    start = time.perf_counter()
    arguments = [*call.arguments, "-o", str(call.output)] if call.arguments else []
    status, out, err, chatter = (_apart if call.own_process else _here)(arguments)
    seconds = time.perf_counter() - start
    report = {}
    if status in (0, EXIT_FAILED):
        report = json.loads((call.output / "report.json").read_text(encoding="utf-8"))
    return Ran(status, err if status not in (0, EXIT_FAILED) else out, chatter, seconds, report)


def _here(arguments: list[str]) -> tuple[int, str, str, str]:
    from LDRRegistrationLib.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryFile() as raw:
        kept = os.dup(2)
        os.dup2(raw.fileno(), 2)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    status = main(arguments)
                except SystemExit as ended:
                    status = int(ended.code or 0)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        raw.seek(0)
        chatter = raw.read().decode("utf-8", "replace")
    return status, out.getvalue(), err.getvalue(), chatter


def _apart(arguments: list[str]) -> tuple[int, str, str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration")}
    command = [sys.executable, "-m", "LDRRegistrationLib", *arguments]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", timeout=SECONDS / 2, check=False
    )
    return ended.returncode, ended.stdout, ended.stderr, ""


def judged(case: Case, folder: Path, data: Path | None = None) -> dict:
    """Run a case in ``folder`` and say whether what came is right: {"passed", "got", ...}; None: it cannot be tried."""
    place = Place(folder, data)
    call = case.make(place)
    row: dict = {"kind": case.kind, "expected": str(case.expected)}
    if call is None:
        return {**row, "passed": None, "got": "cannot be tried here"}
    kept = {path: _digest(path) for path in call.kept}
    before = set(files_below(folder))
    ran = execute(call)
    row |= {"status": ran.status, "seconds": round(ran.seconds, 2)}
    row["said"] = _shortened(ran.said, folder)
    faults, kinds = [], set()
    if any(_digest(path) != digest for path, digest in kept.items()):
        faults.append("a file was changed that had to stay")
    if ran.chatter.strip():
        faults.append("libraries wrote to the standard error")
    if ran.status == 2:
        kinds.add("refused")
        if ran.said.count("\n") != 1 or not ran.said.startswith("ldr-register: "):
            faults.append("the refusal is not one line")
        if case.expected.word.lower() not in ran.said.lower():
            faults.append("another reason is given")
        if left := set(files_below(folder)) - before:
            faults.append(f"left behind: {', '.join(sorted(path.name for path in left))}")
    elif ran.status in (0, EXIT_FAILED):
        row["grade"], row["notes"] = ran.report["verdict"]["grade"], ran.report["notes"]
        kinds |= _kinds_of_result(case, call, ran, row)
        faults += _outputs(call)
    else:
        faults.append(f"exit status {ran.status}")
    if not kinds & set(case.expected.kinds):
        faults.append(f"not {' or '.join(case.expected.kinds)}")
    row["got"] = _in_words(row, faults)
    return {**row, "passed": not faults, "faults": faults}


def _kinds_of_result(case: Case, call: Call, ran: Ran, row: dict) -> set[str]:
    kinds = {"good"} if row["grade"] == "good" else {"doubtful"}
    if ran.status == EXIT_FAILED:
        kinds.add("failed")
    if any(case.expected.word.lower() in note.lower() for note in row["notes"]):
        kinds.add("noted")
    error = error_mm(call)
    if error is not None:
        row["error"] = round(error, 3) if np.isfinite(error) else None
        if error <= case.expected.mm:
            kinds |= {"right", f"right and {row['grade']}"}
    if "noted" in kinds and kinds & {"right", "doubtful"}:
        kinds.add("noted, and right or doubtful")
    return kinds


def _outputs(call: Call) -> list[str]:
    """What is wrong with the files of a result: nibabel must find the warped image on the fixed image's grid."""
    import SimpleITK as sitk

    warped = nibabel.load(call.output / "warped.nii.gz")
    sitk.ReadTransform(str(call.output / "transform.h5"))
    from LDRRegistrationLib.imagefiles.reading import readImage

    fixed = readImage(Path(call.arguments[0]))[0]
    faults = []
    if warped.shape != fixed.array.shape[::-1] or not np.allclose(warped.affine, fixed.ijkToRas, atol=1e-3, rtol=1e-5):
        faults.append("the warped image is not on the fixed image's grid")
    if [path for path in call.output.iterdir() if path.name.startswith(".ldr")]:
        faults.append("a work folder is left behind")
    return faults


def error_mm(call: Call) -> float | None:
    """Mean distance of the points from the known answer, in mm of the ordinary images; None: it is not known."""
    if call.same:
        points = _ordinary()[0]
        return float(np.linalg.norm(_mapped(call.output, points) - points, axis=1).mean())
    if call.motion is None:
        return None
    points, answer = _ordinary()
    truth = answer @ call.motion[:3, :3].T + call.motion[:3, 3]
    scale = abs(np.linalg.det(call.motion[:3, :3])) ** (1 / 3)
    errors = np.linalg.norm(_mapped(call.output, points) - truth, axis=1) / scale
    # What the moving image does not show cannot be found in it.
    shown = _shown(Path(call.arguments[1]), truth, call.unknown)
    return float(errors[shown].mean()) if shown.any() else None


def _shown(path: Path, points: np.ndarray, unknown: float | None) -> np.ndarray:
    """Which points (n, 3), RAS mm, lie between the outermost voxels of an image file, and on a voxel that is known."""
    from LDRRegistrationLib.imagefiles.reading import readImage

    image = readImage(path)[0]
    ijk = points @ image.grid.rasToIjk[:3, :3].T + image.grid.rasToIjk[:3, 3]
    inside = np.all((ijk >= 0) & (ijk <= image.grid.sizeIjk - 1), axis=1)
    i, j, k = np.clip(np.rint(ijk).astype(int), 0, image.grid.sizeIjk - 1).T
    values = image.array[k, j, i]
    return inside & np.isfinite(values) & (values != (np.nan if unknown is None else unknown))


def _mapped(output: Path, points: np.ndarray) -> np.ndarray:
    import SimpleITK as sitk

    transform = sitk.ReadTransform(str(output / "transform.h5"))
    return np.array([transform.TransformPoint(point) for point in (points * SIGNS).tolist()]) * SIGNS


@cache
def _ordinary() -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 3) of what the ordinary fixed image shows, RAS mm, and where the ordinary result puts them."""
    image = nibabel.load(FIXED)
    array = image.get_fdata()
    inside = np.argwhere(array > 0.1 * np.percentile(array, 99.5))
    chosen = np.random.default_rng(0).permutation(len(inside))[:1000]
    points = inside[chosen] @ image.affine[:3, :3].T + image.affine[:3, 3]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        execute(Call([str(FIXED), str(MOVING)], output))
        return points, _mapped(output, points)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _shortened(said: str, folder: Path) -> str:
    """Without the folders, which are other ones each time."""
    for place in (folder, FIXED.parent):
        said = said.replace(f"{place}/", "").replace(str(place), ".")
    return said.encode("utf-8", "replace").decode().removeprefix("ldr-register: ").strip()


def _in_words(row: dict, faults: list[str]) -> str:
    status = f"status {row['status']}"
    if "grade" not in row:
        first = row["said"].splitlines()[-1] if row["said"] else ""
        words = [f"{status}: {first}"]
    else:
        words = [f"{status}, {row['grade']}"]
        if row.get("error") is not None:
            words.append(f"error {row['error']:.2g} mm")
        words += [f"note: {note}" for note in row["notes"][:2]]
    return "; ".join(words) + (f" FAULT: {', '.join(faults)}" if faults else "")


def _in_worker(name: str, data: Path | None) -> dict:
    with tempfile.TemporaryDirectory(prefix="trust-") as folder:
        return judged(CASES[name], Path(folder), data)


def run(output: Path, data: Path | None = None, only: str | None = None, again: bool = False) -> None:
    """All cases that have no result yet, or, again, a wrong one."""
    records, worker = Records(output, "bad_inputs"), Worker(SECONDS)
    try:
        for name, one in CASES.items():
            if records.is_done(name, again) or (only is not None and only not in name):
                continue
            start = time.perf_counter()
            row = worker.call(_in_worker, name, data)
            if isinstance(row, Exception):
                got = "hung" if isinstance(row, TimeoutError) else "crashed"
                row = {"kind": one.kind, "expected": str(one.expected), "passed": False, "got": got, "faults": [got]}
                row["seconds"] = round(time.perf_counter() - start, 2)
            records.keep(name, row)
    finally:
        worker.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT.parent / "runs" / "trust")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--case", help="only cases whose name holds this")
    parser.add_argument("--again", action="store_true", help="run again what went wrong")
    options = parser.parse_args()
    run(options.output, options.data, options.case, options.again)
