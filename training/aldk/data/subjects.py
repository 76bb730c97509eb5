"""What a data set's json describes, read into memory at the training spacing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.intensity import Modality
from LDRRegistrationLib.space.intensity import normalise as normalise_as_engine
from torch import Tensor

from aldk.errors import TrainingError

from .affine import affine_between, center_of_mass, shift_between
from .cache import cached, file_identity, is_cached
from .draws import Draws
from .io import (
    Hdf5Files,
    check_same_grid,
    labels_on_canonical_grid,
    on_canonical_grid,
    read_grid,
    read_labels,
    read_scan,
)
from .subjectlists import data_root, one_subject_only, subject_names, training_pairs, validation_pairs

__all__ = [
    "NativeSubject", "Subject", "Subjects", "align", "check_subject", "data_root", "native_subject", "read_subject",
    "read_subjects", "subject_names", "training_pairs", "validation_pairs",
]  # fmt: skip

# What one process keeps of a data set; the rest is read again when it is drawn.
MEMORY_BYTES = 2_000_000_000
IDENTITY = np.eye(4)


@dataclass(frozen=True)
class NativeSubject:
    """One person or specimen as stored: ``images`` are aligned contrasts, ``labels`` int16 on their grid or None."""

    name: str
    images: list[Image]
    labels: Image | None


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

    @cached_property
    def center(self) -> np.ndarray:
        """(3,): the middle of what is not air, in voxels along k, j, i."""
        return center_of_mass((self.images[0] > 0.1).float()).double().numpy()

    @property
    def middle(self) -> np.ndarray:
        """(3,): the middle of the grid, in voxels along k, j, i."""
        return (np.array(self.images.shape[1:]) - 1) / 2.0

    @property
    def size(self) -> int:
        """Bytes in memory."""
        tensors = [self.images, *([] if self.labels is None else [self.labels])]
        return sum(t.numel() * t.element_size() for t in tensors)


def _files(root: Path, description: dict[str, Any], name: str) -> tuple[list[Path], Path | None]:
    images = [root / pattern.replace("{name}", name) for pattern in description["images"]]
    labels = description.get("labels")
    return images, root / labels.replace("{name}", name) if labels else None


def check_subject(root: Path, description: dict[str, Any], name: str) -> None:
    """:raises TrainingError: if a file of the subject is missing or lies on another grid; reads headers only."""
    if "hdf5" in description:
        Hdf5Files(description["hdf5"]).check(name)
        return
    images, labels = _files(root, description, name)
    grid = read_grid(images[0])
    for path in [*images[1:], *([labels] if labels else [])]:
        check_same_grid(grid, read_grid(path), images[0], path)


def native_subject(root: Path, description: dict[str, Any], name: str) -> NativeSubject:
    """One subject of a data set as it is stored, placed in RAS mm."""
    check_subject(root, description, name)
    if "hdf5" in description:
        volume, labels = Hdf5Files(description["hdf5"]).read(name, description.get("classes"))
        return NativeSubject(name, [volume], labels)
    images, path = _files(root, description, name)
    labels = read_labels(path) if path else None
    if labels is not None and "classes" in description:
        chosen = np.where(np.isin(labels.array, description["classes"]), labels.array, 0).astype(labels.array.dtype)
        labels = replace(labels, array=chosen)
    return NativeSubject(name, [read_scan(image) for image in images], labels)


def read_subject(root: Path, description: dict[str, Any], name: str) -> Subject:
    """One subject of a data set at the training spacing, intensities normalised.

    Parameters
    ----------
    description
        ``images``: patterns below ``root`` with {name}, and ``labels``: one more, optional; or ``hdf5``: the public
        repository's files. ``classes``: the labels that count, if not all. ``spacing`` mm; ``modality``.
    """
    spacing = float(description["spacing"])
    if "hdf5" in description:
        arrays = _prepared(root, description, name)
    else:
        arrays = cached(_identity(root, description, name), lambda: _prepared(root, description, name))
    labels = torch.from_numpy(arrays["labels"]) if "labels" in arrays else None
    return Subject(name, torch.from_numpy(arrays["images"]), labels, spacing, IDENTITY)


def _identity(root: Path, description: dict[str, Any], name: str) -> dict[str, Any]:
    images, labels = _files(root, description, name)
    check_subject(root, description, name)
    chosen = {"classes": description["classes"]} if "classes" in description else {}
    return {
        **chosen,
        "images": [file_identity(path) for path in images],
        "labels": file_identity(labels) if labels else None,
        "spacing": float(description["spacing"]),
        "modality": description.get("modality", "MR"),
    }


def _prepared(root: Path, description: dict[str, Any], name: str) -> dict[str, np.ndarray]:
    native = native_subject(root, description, name)
    spacing = float(description["spacing"])
    images = [on_canonical_grid(image, spacing)[0].numpy() for image in native.images]
    if "hdf5" in description:
        # These volumes were normalised by who made the files, and stored as 0 to 255.
        images = [(image / 255.0).astype(np.float32) for image in images]
    else:
        modality = Modality(description.get("modality", "MR"))
        images = [normalise_as_engine(image, modality) for image in images]
    arrays = {"images": np.stack(images)}
    if native.labels is not None:
        arrays["labels"] = labels_on_canonical_grid(native.labels, spacing).numpy()
    return arrays


def align(fixed: Subject, moving: Subject, way: str) -> np.ndarray:
    """(4, 4): voxels of ``fixed`` to those of ``moving``; ``way`` is "affine", "content" or "grids" (their centres)."""
    if way == "affine":
        return affine_between(fixed.images[0], moving.images[0])
    if way == "content":
        return shift_between(fixed.center, moving.center)
    return shift_between(fixed.middle, moving.middle)


class Subjects(Sequence[Subject]):
    """The subjects of a data set's part, each aligned to one of them, the common brain: the atlas, or the first.

    Parameters
    ----------
    load
        Reads the subject of a name.
    place
        (common brain, subject) -> (4, 4), voxels of the one to voxels of the other.
    way
        As of ``align``; decides where the middle of the common brain is.
    """

    def __init__(
        self,
        names: list[str],
        load: Callable[[str], Subject],
        place: Callable[[Subject, Subject], np.ndarray],
        way: str = "grids",
        atlas: str | None = None,
        memory: int = MEMORY_BYTES,
    ) -> None:
        self.names, self.atlas = [name for name in names if name != atlas], atlas
        self._load, self._place, self._memory = load, place, memory
        self._kept: OrderedDict[str, Subject] = OrderedDict()
        self.common = load(atlas or names[0])
        # With "grids" whole grids lie on each other: 128^3 voxels trained on at their own spacing stay as they are.
        self.middle = self.common.middle if way == "grids" else self.common.center
        for name in self.names:
            if self._size() > memory:
                break
            self.named(name)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, number: Any) -> Any:
        return self.named(self.names[number])

    def named(self, name: str) -> Subject:
        if name == self.common.name:
            return self.common
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        subject = self._load(name)
        subject = replace(subject, to_common=self._place(self.common, subject))
        self._kept[name] = subject
        while self._size() > self._memory and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return subject

    def _size(self) -> int:
        return sum(subject.size for subject in self._kept.values())

    def draw_two(self, draws: Draws) -> tuple[Subject, Subject]:
        """(fixed, moving): two different ones; the atlas is always the fixed one."""
        if self.atlas:
            return self.common, self[draws.integer(0, len(self) - 1)]
        first, second = draws.numbers.permutation(len(self))[:2]
        return self[first], self[second]


def _placed(root: Path, description: dict[str, Any], common: Subject, subject: Subject) -> np.ndarray:
    """As ``align`` has it, affine matrices from the cache."""
    way = description.get("align", "grids")
    if way != "affine" or "hdf5" in description:
        return align(common, subject, way)
    made_from = _alignment_of(root, description, common.name, subject.name)
    return cached(made_from, lambda: {"matrix": align(common, subject, way)})["matrix"]


def _alignment_of(root: Path, description: dict[str, Any], common: str, name: str) -> list[Any]:
    return [description.get("align", "grids"), *(_identity(root, description, n) for n in (common, name))]


def is_prepared(root: Path, description: dict[str, Any], name: str, common: str | None) -> bool:
    """Whether the cache has a subject and, where it is to have one, its affine alignment to ``common``."""
    needs_affine = common is not None and description.get("align", "grids") == "affine"
    aligned = not needs_affine or is_cached(_alignment_of(root, description, str(common), name))
    return aligned and is_cached(_identity(root, description, name))


def prepare_subject(root: Path, description: dict[str, Any], name: str, common: str | None) -> None:
    """Read a subject and align it, so that the cache has both."""
    subject = read_subject(root, description, name)
    if common is not None and description.get("align", "grids") == "affine":
        _placed(root, description, read_subject(root, description, common), subject)


def read_subjects(root: Path, description: dict[str, Any], part: str, names: list[str] | None = None) -> Subjects:
    """All subjects of a data set's part, or those of ``names``, aligned as the description's ``align`` says."""
    way = description.get("align", "grids")

    def place(common: Subject, subject: Subject) -> np.ndarray:
        return _placed(root, description, common, subject)

    names = subject_names(root, description, part) if names is None else names
    if not names:
        raise TrainingError(one_subject_only(description, names, part))
    return Subjects(names, lambda n: read_subject(root, description, n), place, way, description.get("atlas"))
