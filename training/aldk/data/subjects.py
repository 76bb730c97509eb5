"""What a data set's json describes, read into memory at the training spacing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from LDRRegistrationLib.intensity import Modality
from LDRRegistrationLib.intensity import normalise as normalise_as_engine
from torch import Tensor

from .affine import affine_between, center_of_mass, shift_between
from .io import read_labels_on_canonical_grid, read_on_canonical_grid

ROOT_VARIABLE = "LDR_DATA"


@dataclass(frozen=True)
class Subject:
    """One person or specimen.

    ``images`` (c, k, j, i) are aligned contrasts in [0, 1], ``labels`` (k, j, i) int16 or None; ``spacing`` in mm;
    ``to_common`` (4, 4) carries voxels (k, j, i) of a common brain to voxels of this one.
    """

    name: str
    images: Tensor
    labels: Tensor | None
    spacing: float
    to_common: np.ndarray

    @property
    def center(self) -> np.ndarray:
        """(3,): the middle of what is not air, in voxels along k, j, i."""
        return center_of_mass((self.images[0] > 0.1).float()).double().numpy()


def data_root(config: dict[str, Any], config_path: Path) -> Path:
    """The folder of the data sets: the environment's ``LDR_DATA``, or the config's ``root`` relative to its file."""
    root = os.environ.get(ROOT_VARIABLE)
    path = Path(root) if root else (config_path.parent / config["root"]).resolve()
    if not path.is_dir():
        raise FileNotFoundError(f"There is no data folder {path}; set {ROOT_VARIABLE} to the folder of the data sets.")
    return path


def subject_names(root: Path, description: dict[str, Any], part: str) -> list[str]:
    """The names of a data set's ``part`` ("train" or "val"), from the one file of splits."""
    splits = json.loads((root / "splits.json").read_text(encoding="utf-8"))
    return list(splits[description["split"]][part])


def read_subject(root: Path, description: dict[str, Any], name: str) -> Subject:
    """One subject of a data set.

    Parameters
    ----------
    description
        ``images``: patterns below ``root`` with {name}; ``labels``: one more, optional; ``spacing`` mm; ``modality``.
    """
    spacing = float(description["spacing"])
    modality = Modality(description.get("modality", "MR"))
    images = []
    for pattern in description["images"]:
        array, _ = read_on_canonical_grid(root / pattern.format(name=name), spacing)
        images.append(torch.from_numpy(normalise_as_engine(array.numpy(), modality)))
    labels = None
    if "labels" in description:
        labels = read_labels_on_canonical_grid(root / description["labels"].format(name=name), spacing)
    return Subject(name, torch.stack(images), labels, spacing, np.eye(4))


def align(fixed: Subject, moving: Subject, way: str) -> np.ndarray:
    """(4, 4): voxels of ``fixed`` to those of ``moving``; ``way`` is "affine", "content" or "grids" (their centres)."""
    if way == "affine":
        return affine_between(fixed.images[0], moving.images[0])
    if way == "content":
        return shift_between(fixed.center, moving.center)
    return shift_between(*((np.array(s.images.shape[1:]) - 1) / 2.0 for s in (fixed, moving)))


def read_subjects(root: Path, description: dict[str, Any], part: str) -> list[Subject]:
    """All subjects of a data set's part, each aligned to the first of them as the description's ``align`` says."""
    names = subject_names(root, description, part)
    subjects = [read_subject(root, description, name) for name in names]
    return [replace(s, to_common=align(subjects[0], s, description.get("align", "grids"))) for s in subjects]
