"""One fixed image, a template, and every image that a pattern finds."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from ..runtime.errors import RegistrationError
from .pair import Pair, checkNames

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".img.gz", ".img", ".gipl", ".gipl.gz", ".mgz")


def findPairs(template: Path, pattern: str, fixedMask: Path | None) -> tuple[list[Pair], list[str]]:
    """A pair for every file that ``pattern`` finds (``**`` stands for any folders), and notes.

    A pair is named after the file's path from where the pattern begins to vary, so that further images never change
    the name of an earlier one: ``data/*/T1.nii.gz`` finds data/sub-01/T1.nii.gz, which is called sub-01_T1.

    :raises RegistrationError: nothing is found, or two files would have one name.
    """
    root = _root(pattern)
    found = sorted(Path(path) for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))
    notes, images = [], []
    for path in found:
        if template.exists() and path.samefile(template):
            notes.append(f"{path} is the template itself, and was left out.")
        else:
            images.append(path)
    if not images:
        raise RegistrationError(f"No file is named like {pattern}.")
    files = {} if fixedMask is None else {"fixed_mask": fixedMask}
    pairs = []
    for path in images:
        name = "_".join(_withoutEnding(path.relative_to(root)).parts)
        pairs.append(Pair(name=name, folder=name, fixed=template, moving=path, files=files))
    checkNames(pairs, f"The pattern {pattern}")
    return pairs, notes


def _root(pattern: str) -> Path:
    """The last folder of a pattern before anything in it varies."""
    fixed: list[str] = []
    for part in Path(pattern).parent.parts:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _withoutEnding(path: Path) -> Path:
    for ending in ENDINGS:
        if path.name.lower().endswith(ending):
            return path.with_name(path.name[: -len(ending)])
    return path
