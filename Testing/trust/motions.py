"""Pairs of every kind of image under known motions: what is said of a result, against how wrong it is.

A base pair has a known answer T0: one image under a made-up diffeomorphism, two contrasts of one person, or, for two
people or visits, what the accurate preset finds where they lie well. A motion then moves, turns, scales, mirrors, cuts
or pads the moving image, so that the right answer is G(T0(x)). Splits are those of the data's splits.json.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from aldk.data.io import read_image
from LDRRegistrationLib.registration.levenbergmarquardt import rotationMatrix
from LDRRegistrationLib.space.grid import transformPoints
from LDRRegistrationLib.space.image import Image

from benchmarks.simulated import Simulation, lattice, simulate

BRAIN = ((28.0, 3.0), (14.0, 2.0))
ABDOMEN = ((40.0, 6.0), (18.0, 2.5))
CROP = ((12.0, 1.5),)
THICK = ((40.0, 3.0),)
PADDINGS = (-32768.0, -9999.0, -1000.0, np.nan, 65535.0)
ALL_POINTS = 3000
# Of the range of intensities: above it a voxel shows the body.
BODY = 0.1


@dataclass(frozen=True)
class Base:
    """Two images, and the waves of the diffeomorphism between them; () where their answer is found, not made."""

    kind: str
    fixed: str
    moving: str
    waves: tuple[tuple[float, float], ...] = ()
    seed: int = 0

    @property
    def name(self) -> str:
        ends = [Path(n).name.split(".")[0] + "@" + Path(n).parent.name for n in (self.fixed, self.moving)]
        return f"{self.kind} {ends[0]} {ends[1]} {self.seed}"


@dataclass(frozen=True)
class Motion:
    """A kind of change of the moving image and its size: degrees, mm, a factor, an axis, a value."""

    kind: str
    amount: float
    axis: int = 0

    @property
    def name(self) -> str:
        return f"{self.kind} {self.amount:g} {'RAS'[self.axis]}"


def bases(data: Path, split: str) -> list[Base]:
    """All base pairs of "train" or "val"."""
    splits = json.loads((data / "splits.json").read_text())
    found: list[Base] = []
    if split == "train":
        for folder, path, suffix, count in (
            ("oasis_brains", "{}_t1", "oasis", 2),
            ("ixi_brains", "t1/{}", "ixi", 2),
            ("msd_hippocampus", "images/{}", "hippocampus", 3),
        ):
            names = splits[folder]["train"]
            for n in range(count):
                pair = [f"{folder}/{path.format(names[i])}.nii.gz" for i in (2 * n, 2 * n + 1)]
                found.append(Base(suffix, *pair))
        scans = "ms_brains_multicontrast/patient07"
        found += [Base("contrasts", f"{scans}/T1.nii.gz", f"{scans}/{m}.nii.gz", BRAIN, 11) for m in ("T2", "FLAIR")]
        found += [Base("same contrast", f"{scans}/{m}.nii.gz", f"{scans}/{m}.nii.gz", BRAIN, 12) for m in ("T2",)]
        found += [Base("ct", "abdomen_ct/ct.nii.gz", "abdomen_ct/ct.nii.gz", ABDOMEN, seed) for seed in (3, 5)]
        found.append(Base("head ct", "head_neck_ct/0002.nii.gz", "head_neck_ct/0002.nii.gz", BRAIN, 6))
        found += [_tumour(name) for name in splits["brain_tumor_followup"]["calibrate"][:2]]
        return found
    for folder, path, kind, count in (
        ("oasis_brains", "{}_t1", "oasis", 3),
        ("ixi_brains", "t1/{}", "ixi", 3),
        ("msd_hippocampus", "images/{}", "hippocampus", 3),
        ("liver_4dmri", "{}", "liver", 4),
    ):
        for fixed, moving in splits[folder]["val_pairs_fixed_moving"][:count]:
            found.append(Base(kind, *(f"{folder}/{path.format(n)}.nii.gz" for n in (fixed, moving))))
    scans = "ms_brains_multicontrast/patient19"
    found += [Base("contrasts", f"{scans}/T1.nii.gz", f"{scans}/{m}.nii.gz", BRAIN, 21) for m in ("T2", "FLAIR")]
    found.append(Base("same contrast", f"{scans}/T1.nii.gz", f"{scans}/T1.nii.gz", BRAIN, 22))
    found += [_visits(name) for name in splits["ms_longitudinal"]["val"]]
    found.append(Base("head ct", "head_neck_ct/0006.nii.gz", "head_neck_ct/0006.nii.gz", BRAIN, 7))
    found += [_tumour(name) for name in splits["brain_tumor_followup"]["report"]]
    return found


def _tumour(name: str) -> Base:
    return Base("tumour", *(f"brain_tumor_followup/{name}/{visit}_Scan_T1.nii.gz" for visit in ("Post", "Pre")))


def _visits(name: str) -> Base:
    return Base("visits", *(f"ms_longitudinal/{name}/raw/study{n}_FLAIR.nii.gz" for n in (2, 1)))


def strangers(data: Path, split: str) -> list[tuple[str, str]]:
    """Pairs of images that show different things: no answer is right."""
    splits = json.loads((data / "splits.json").read_text())
    crop = f"msd_hippocampus/images/{splits['msd_hippocampus'][split][0]}.nii.gz"
    head = f"ixi_brains/t1/{splits['ixi_brains'][split][0]}.nii.gz"
    brain = f"oasis_brains/{splits['oasis_brains'][split][0]}_t1.nii.gz"
    thorax = {"train": "abdomen_ct/ct.nii.gz", "val": "liver_4dmri/dataset18/exhMaster.nii.gz"}[split]
    odd = {"train": "prostate_mr_us/moving_images/case000010.nii.gz", "val": "porcine_ct_mr/MR_T2.nii.gz"}[split]
    images = [n for n in (crop, head, brain, thorax, odd) if (data / n).exists()]
    alike = {frozenset((head, brain))}
    return [pair for pair in itertools.permutations(images, 2) if frozenset(pair) not in alike]


def motions(number: int) -> list[Motion]:
    """Of base pair ``number``: every angle about one axis, which goes round with the number, and the rest."""
    found = [Motion("none", 0.0)]
    found += [Motion("turn", 15.0 * n, (n + number) % 3) for n in range(1, 13)]
    found += [Motion("shift", mm, (n + number) % 3) for n, mm in enumerate((25.0, 60.0, 200.0))]
    found += [Motion("scale", factor) for factor in (0.5, 0.65, 0.8, 1.3, 1.6, 2.0)]
    found += [Motion("mirror", 1.0, number % 3)]
    found += [Motion("slab", share, (n + number) % 3) for n, share in enumerate((0.2, 0.35, 0.5))]
    found += [Motion("pad", float(number % len(PADDINGS)), n) for n in (0, 2)]
    return found


def settled(base: Base, data: Path) -> tuple[Image, Image, np.ndarray, np.ndarray | None]:
    """Both images, points (n, 3) in the fixed one, and T0 of them where it is made; else None."""
    fixed, still = read_image(data / base.fixed), read_image(data / base.moving)
    fixed, still = replace(fixed, name="fixed"), replace(still, name="moving")
    if not base.waves:
        points = lattice(fixed, BODY)
        return fixed, still, points[np.random.default_rng(0).permutation(len(points))[:ALL_POINTS]], None
    pair = simulate(fixed, still, Simulation(base.fixed, base.moving, base.seed, base.waves))
    points, moved = pair.landmarks["body"]
    chosen = np.random.default_rng(0).permutation(len(points))[:ALL_POINTS]
    return fixed, pair.moving, points[chosen], moved[chosen]


def moved(moving: Image, points: np.ndarray, motion: Motion) -> tuple[Image, np.ndarray, np.ndarray]:
    """The moving image after a motion, where ``points`` (n, 3) of it then are, and which of them it still shows."""
    matrix = np.eye(4)
    if motion.kind == "turn":
        matrix[:3, :3] = rotationMatrix(np.deg2rad(motion.amount) * np.eye(3)[motion.axis])
    elif motion.kind == "scale":
        matrix[:3, :3] *= motion.amount
    elif motion.kind == "mirror":
        matrix[motion.axis, motion.axis] = -1.0
    middle = moving.grid.centerRas
    matrix[:3, 3] = middle - matrix[:3, :3] @ middle
    if motion.kind == "shift":
        matrix[motion.axis, 3] += motion.amount
    image = replace(moving, ijkToRas=matrix @ moving.ijkToRas)
    index = int(np.argmax(np.abs(moving.grid.direction[motion.axis])))
    size = int(moving.grid.sizeIjk[index])
    box = [slice(0, n) for n in moving.array.shape]
    if motion.kind == "slab":
        thick = max(round(motion.amount * size), 5)
        start = min(int(0.5 * (size - thick) + 0.15 * size * (motion.axis - 1)), size - thick)
        box[2 - index] = slice(max(start, 0), max(start, 0) + thick)
        image = image.part((box[0], box[1], box[2]))
        image = replace(image, array=np.ascontiguousarray(image.array))
    elif motion.kind == "pad":
        padding = PADDINGS[int(motion.amount)]
        array = image.array.astype(np.float32)
        for end in (slice(0, max(size // 7, 1)), slice(size - max(size // 12, 1), size)):
            rim = [slice(None)] * 3
            rim[2 - index] = end
            array[tuple(rim)] = padding
        image = replace(image, array=array)
    where = transformPoints(matrix, points)
    ijk = transformPoints(image.grid.rasToIjk, where)
    return image, where, np.all((ijk >= 0) & (ijk <= image.grid.sizeIjk - 1), axis=1)


def cases(data: Path, split: str) -> Iterator[tuple[int, Base, list[Motion]]]:
    for number, base in enumerate(bases(data, split)):
        yield number, base, motions(number)
