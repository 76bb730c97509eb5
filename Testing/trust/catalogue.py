"""What a case of bad or odd input is made of: the files, the arguments, and what must come.

The ordinary pair is the two bundled crops of the hippocampus. Where a case says where the moving image was moved to,
its answer is known: the points of the ordinary registration, moved likewise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nibabel
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "LDRRegistration" / "Resources" / "SampleData"
FIXED = SAMPLES / "msd_hippocampus" / "images" / "hippocampus_001.nii.gz"
MOVING = SAMPLES / "msd_hippocampus" / "images" / "hippocampus_014.nii.gz"
MOVING_LABELS = SAMPLES / "msd_hippocampus" / "labels" / "hippocampus_014.nii.gz"
CURRENT = SAMPLES / "ms_longitudinal_patient01" / "study2_FLAIR.nii.gz"
PRIOR = SAMPLES / "ms_longitudinal_patient01" / "study1_FLAIR.nii.gz"
MODELS = ROOT / "LDRRegistration" / "Resources" / "Models"
# Kinds of what may come.
REFUSED, NOTED, RIGHT, DOUBTFUL, FAILED = "refused", "noted", "right", "doubtful", "failed"


@dataclass(frozen=True)
class Expected:
    """Which outcomes are right: any of ``kinds``; and a ``word`` of the sentence of a refusal or a note.

    REFUSED: exit status 2, one line, nothing written. NOTED: done, and said. RIGHT: done, points within ``mm`` of the
    known answer. DOUBTFUL: done, the verdict is not "good". FAILED: exit status 3.
    """

    kinds: tuple[str, ...]
    word: str = ""
    mm: float = 2.0

    def __str__(self) -> str:
        said = f' "{self.word}"' if self.word else ""
        return " or ".join(self.kinds) + said


def refused(word: str) -> Expected:
    return Expected((REFUSED,), word)


def noted(word: str) -> Expected:
    return Expected((NOTED,), word)


def right(mm: float = 2.0) -> Expected:
    return Expected((RIGHT,), mm=mm)


def right_or_doubtful(mm: float = 2.0) -> Expected:
    return Expected((RIGHT, DOUBTFUL), mm=mm)


NOT_GOOD = Expected((DOUBTFUL, FAILED, REFUSED))
SANE = Expected((RIGHT, DOUBTFUL, REFUSED))
HOPELESS = Expected((FAILED,))


@dataclass
class Call:
    """Arguments of ``ldr-register`` without the output, which is ``output``.

    ``motion``: 4x4 in RAS mm, where what the ordinary moving image shows lies in this one; None: no answer is known.
    ``same``: both images are the ordinary fixed one. ``unknown``: voxels of this value show
    nothing. ``kept``: files that must stay as they are.
    """

    arguments: list[str]
    output: Path
    motion: np.ndarray | None = None
    same: bool = False
    unknown: float | None = None
    kept: list[Path] = field(default_factory=list)
    own_process: bool = False


class Place:
    """A folder of a case's own, and ways to fill it."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        self.folder, self.data = folder, data
        self.out = folder / "out"

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.path(name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def image(self, array: np.ndarray, affine: np.ndarray | None = None, name: str = "odd.nii.gz") -> Path:
        """A NIfTI file by nibabel; ``array`` (i, j, k)."""
        affine = moving()[1] if affine is None else affine
        nibabel.Nifti1Image(array, affine).to_filename(path := self.path(name))
        return path

    def call(self, fixed: Path = FIXED, moving: Path = MOVING, *more: str | Path, **how) -> Call:
        return Call([str(fixed), str(moving), *map(str, more)], self.out, **how)

    def as_moving(self, path: Path, *more: str | Path, motion: np.ndarray | None = None, **how) -> Call:
        """The ordinary fixed image, and this one, which shows what the ordinary moving one shows."""
        return self.call(FIXED, path, *more, motion=np.eye(4) if motion is None else motion, **how)

    def with_options(self, *more: str | Path, **how) -> Call:
        """The ordinary pair with options."""
        return self.call(FIXED, MOVING, *more, motion=np.eye(4), **how)


@dataclass(frozen=True)
class Case:
    name: str
    kind: str
    make: Callable[[Place], Call | None]
    expected: Expected
    quick: bool


CASES: dict[str, Case] = {}


def case(name: str, kind: str, expected: Expected, quick: bool = False):
    """Put a function that fills a Place and returns a Call (None: it cannot be tried here) into the catalogue."""

    def keep(make: Callable[[Place], Call | None]) -> Callable[[Place], Call | None]:
        if name in CASES:
            raise ValueError(f"two cases are called {name}")
        CASES[name] = Case(name, kind, make, expected, quick)
        return make

    return keep


def moving(dtype: type | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Voxels (i, j, k) and 4x4 to RAS of the ordinary moving image."""
    return _read(MOVING, dtype)


def fixed(dtype: type | None = None) -> tuple[np.ndarray, np.ndarray]:
    return _read(FIXED, dtype)


def _read(path: Path, dtype: type | None) -> tuple[np.ndarray, np.ndarray]:
    image = nibabel.load(path)
    array = np.asarray(image.dataobj)
    if dtype is None:
        # As whole numbers, so that every format can hold them; the bundled crops have up to a few hundred levels.
        return np.round(array).astype(np.int16), image.affine
    return array.astype(dtype), image.affine


def about_center(linear: np.ndarray, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """4x4: ``linear`` about the middle of the ordinary moving image, then ``shift``, RAS mm."""
    array, affine = moving()
    middle = affine[:3, :3] @ ((np.array(array.shape) - 1) / 2) + affine[:3, 3]
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = middle - linear @ middle + shift
    return matrix


def files_below(folder: Path) -> Iterator[Path]:
    for base, _, names in os.walk(folder):
        yield from (Path(base) / name for name in names)
