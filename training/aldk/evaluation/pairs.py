"""What a method is judged on: pairs of images as they were stored, with their labels and landmarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from LDRRegistrationLib.space.image import Image

from ..data.io import check_same_grid
from ..data.subjects import NativeSubject, native_subject, validation_pairs
from ..errors import TrainingError

RAS_FROM_LPS = np.array([-1.0, -1.0, 1.0])
# Subjects occur in several pairs, mostly in a row; a brain with its labels is some 30 MB.
SUBJECTS_KEPT = 4

Landmarks = dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class EvaluationPair:
    """Two images at native resolution, in RAS mm, and what is known about them.

    ``fixed_labels`` lie on the grid of ``fixed``, ``moving_labels`` anywhere. ``landmarks`` holds, for each group,
    corresponding points (n, 3) in RAS mm: first those in the fixed, then those in the moving image.

    :raises TrainingError: if the fixed labels lie on another grid than the fixed image, or if landmarks do not
        correspond one to one.
    """

    name: str
    fixed: Image
    moving: Image
    fixed_labels: Image | None = None
    moving_labels: Image | None = None
    landmarks: Landmarks = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.fixed_labels is not None:
            image, labels = self.fixed, self.fixed_labels
            check_same_grid(image.grid, labels.grid, Path(image.name), Path(labels.name))
        for group, (fixed, moving) in self.landmarks.items():
            if fixed.shape != moving.shape or fixed.ndim != 2 or fixed.shape[1] != 3:
                raise TrainingError(
                    f"Pair {self.name}: the landmarks '{group}' do not correspond: {len(fixed)} in the fixed and "
                    f"{len(moving)} in the moving image."
                )


def read_landmarks(path: Path) -> dict[str, np.ndarray]:
    """The points (n, 3) of each group in RAS mm, from a csv with columns group, x, y, z in LPS mm, order kept.

    :raises TrainingError: if the file or one of its columns is missing, or a coordinate is not a number.
    """
    try:
        table = pd.read_csv(path, dtype={"group": str})
        points = table[["x", "y", "z"]].to_numpy(dtype=np.float64) * RAS_FROM_LPS
        groups = table["group"].to_numpy()
    except FileNotFoundError as error:
        raise TrainingError(f"There is no landmark file {path}.") from error
    except (KeyError, ValueError) as error:
        raise TrainingError(f"{path} is not a csv of landmarks with the columns group, x, y, z.") from error
    if not np.isfinite(points).all():
        raise TrainingError(f"{path} has a landmark without three coordinates.")
    return {str(group): points[groups == group] for group in dict.fromkeys(groups)}


def pair_names(root: Path, description: dict[str, Any], limit: int | None = None) -> list[tuple[str, str]]:
    """(fixed, moving) of the validation pairs of a data set, at most the first ``limit``."""
    return [(fixed, moving) for fixed, moving in validation_pairs(root, description)[:limit]]


def read_pairs(root: Path, description: dict[str, Any], limit: int | None = None) -> Iterator[EvaluationPair]:
    """The validation pairs of a data set of a config, each read when it is asked for; their names are "FIXED MOVING".

    Of a subject with several contrasts it is the first that is registered.

    :param description: as ``native_subject`` takes it; besides, ``landmarks``, optional: a pattern below ``root`` with
        {name}, a csv as ``read_landmarks`` takes it.
    :raises TrainingError: if a file is missing or something in it does not fit; the message says which.
    """

    @lru_cache(maxsize=SUBJECTS_KEPT)
    def subject(name: str) -> NativeSubject:
        return native_subject(root, description, name)

    def landmarks(name: str) -> dict[str, np.ndarray]:
        pattern = description.get("landmarks")
        return read_landmarks(root / pattern.format(name=name)) if pattern else {}

    for fixed_name, moving_name in pair_names(root, description, limit):
        fixed, moving = subject(fixed_name), subject(moving_name)
        fixed_points, moving_points = landmarks(fixed_name), landmarks(moving_name)
        yield EvaluationPair(
            f"{fixed_name} {moving_name}",
            fixed.images[0],
            moving.images[0],
            fixed.labels,
            moving.labels,
            {group: (points, moving_points.get(group, points[:0])) for group, points in fixed_points.items()},
        )
