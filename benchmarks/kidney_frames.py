"""How well a sequence of changing contrast is aligned: by two measures that the registration does not know.

    ldr-register --sequence ../shared/data/kidney_molli/MOLLI_xyzt.nii.gz --towards 7 -o OUT
    python benchmarks/kidney_frames.py --data ../shared/data --registered OUT

Both look at a box around each kidney, in each of the two slices, before and after. The shift is that by which the box
of a frame has to be moved, in steps of half a pixel, to have most mutual information with that of the reference (the
last frame). The misfit is what is left of the 8 values of a pixel after the best recovery a - b exp(-t / T), of either
sign, was taken off: what moves recovers badly.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import map_coordinates

REFERENCE = 7
PIXEL_MM = 1.5
# (j, i) of the file, drawn by hand on the last frame.
KIDNEYS = {"kidney at low i": (slice(81, 171), slice(55, 115)), "kidney at high i": (slice(66, 176), slice(145, 195))}
SHIFT_STEPS = (np.arange(-12.0, 13.0), np.arange(-5.0, 6.0))
RECOVERY_TIMES_MS = np.geomspace(150, 4000, 40)


def frames_in(path: Path) -> np.ndarray:
    """(t, k, j, i); the file has 16 bits without sign as if they had one."""
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(float)
    return np.where(values < 0, values + 65536, values)


def mutual_information(one: np.ndarray, other: np.ndarray) -> float:
    counts = np.histogram2d(one.ravel(), other.ravel(), 32)[0]
    joint = counts / counts.sum()
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    shared = joint > 0
    return float((joint[shared] * np.log(joint[shared] / apart[shared])).sum())


def clipped(values: np.ndarray) -> np.ndarray:
    return np.clip(values, *np.percentile(values, (1, 99)))


def shift_mm(frame: np.ndarray, reference: np.ndarray, box: tuple[slice, slice]) -> float:
    """How far the box of ``frame`` (j, i) lies from where the reference has it."""
    j, i = np.mgrid[box].astype(float)
    wanted = clipped(reference[box])

    def worth(step: tuple[float, float]) -> float:
        return mutual_information(wanted, clipped(map_coordinates(frame, [j + step[0], i + step[1]], order=1)))

    best = max(itertools.product(*SHIFT_STEPS), key=worth)
    near = np.arange(-1.0, 1.01, 0.5)
    best = max(itertools.product(best[0] + near, best[1] + near), key=worth)
    return PIXEL_MM * float(np.hypot(*best))


def misfit(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(j, i) of (t, j, i): root mean square of what no recovery explains, as a share of the largest value."""
    order = np.argsort(times)
    signal, times = values[order].reshape(len(times), -1), times[order]
    least = np.full(signal.shape[1], np.inf)
    for recovery in RECOVERY_TIMES_MS:
        basis = np.stack([np.ones(len(times)), -np.exp(-times / recovery)], axis=1)
        explained = basis @ np.linalg.pinv(basis)
        for negative in range(5):
            signed = signal * np.where(np.arange(len(times)) < negative, -1.0, 1.0)[:, None]
            least = np.minimum(least, ((signed - explained @ signed) ** 2).sum(0))
    return (np.sqrt(least / len(times)) / np.maximum(signal.max(0), 1.0)).reshape(values.shape[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--registered", type=Path, required=True, help="what ldr-register --sequence wrote")
    options = parser.parse_args()
    folder = options.data / "kidney_molli"
    times = np.array(json.loads((folder / "meta.json").read_text())["TI_ms"])
    states = [frames_in(folder / "MOLLI_xyzt.nii.gz"), frames_in(options.registered / "warped.nii.gz")]
    reference = states[0][REFERENCE]
    shifts: list[list[float]] = []
    for (name, box), k in itertools.product(KIDNEYS.items(), range(2)):
        before, after = (float(np.median(misfit(one[:, k][:, *box], times))) for one in states)
        print(f"{name}, slice {k}: misfit {before:.4f} -> {after:.4f} (median); shift in mm, by frames:")
        for number in range(len(times)):
            if number != REFERENCE:
                shifts.append([shift_mm(one[number, k], reference[k], box) for one in states])
                print(f"  {number}: {shifts[-1][0]:.1f} -> {shifts[-1][1]:.1f}")
    mean, worst, near = np.mean(shifts, 0), np.max(shifts, 0), (np.array(shifts) <= PIXEL_MM).sum(0)
    print(f"mean shift {mean[0]:.2f} -> {mean[1]:.2f} mm; worst {worst[0]:.1f} -> {worst[1]:.1f} mm;")
    print(f"at most a pixel: {near[0]} -> {near[1]} of {len(shifts)}")


if __name__ == "__main__":
    main()
