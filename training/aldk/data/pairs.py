"""Pairs: what one training step sees, made from scenes (with a known answer) or from two subjects (with labels)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .augmentation import random_appearance, random_curve
from .chance import Chance
from .deformation import about, affine_matrix, apply, random_motion, sample, voxels
from .scenes import SceneSource, random_strength
from .subjects import Subject


@dataclass(frozen=True)
class Pair:
    """Tensors of one item, each with a leading batch axis once collated.

    ``fixed`` and ``moving`` (1, k, j, i) are what the network sees, the ``clean`` ones what the loss compares.
    ``forward`` and ``backward`` (3, k/2, j/2, i/2), the true flows at half resolution in voxels of the full grid, and
    the soft segmentations (structures, k/2, j/2, i/2), are there where they are known.
    """

    fixed: Tensor
    moving: Tensor
    clean_fixed: Tensor
    clean_moving: Tensor
    forward: Tensor | None = None
    backward: Tensor | None = None
    segments_fixed: Tensor | None = None
    segments_moving: Tensor | None = None

    def swapped(self) -> Pair:
        """The same pair with the roles exchanged."""
        return Pair(
            self.moving, self.fixed, self.clean_moving, self.clean_fixed,
            self.backward, self.forward, self.segments_moving, self.segments_fixed,
        )  # fmt: skip


def collate(pairs: list[Pair]) -> Pair:
    """Pairs of one task and size as one batch."""
    values = {f.name: [getattr(pair, f.name) for pair in pairs] for f in fields(Pair)}
    return Pair(**{name: None if v[0] is None else torch.stack(v) for name, v in values.items()})


class PairSource(Protocol):
    def draw(self, chance: Chance, shape: tuple[int, int, int], spacing: float) -> Pair: ...


@dataclass(frozen=True)
class View:
    """How a training grid lies over a source: turned, mirrored, shifted by at most so much."""

    rotation: float = 10.0
    shift_mm: float = 12.0
    mirror: list[bool] = field(default_factory=lambda: [False, False, True])

    def matrix(
        self, chance: Chance, center: np.ndarray, spacing: float, shape: tuple[int, int, int], voxel_mm: float
    ) -> np.ndarray:
        """(4, 4): from voxels of a training grid of ``shape`` and ``voxel_mm`` to voxels of a source of ``spacing``."""
        flips = np.diag([-1.0 if m and chance.happens(0.5) else 1.0 for m in self.mirror] + [1.0])
        scale = np.diag([voxel_mm / spacing] * 3 + [1.0])
        turn = affine_matrix(chance, self.rotation, 0.0, self.shift_mm / spacing)
        return about(turn @ scale @ flips, (np.array(shape) - 1) / 2.0, center)


class Simulated:
    """A scene seen twice, the second time moved: the true flow is known."""

    def __init__(self, scenes: SceneSource, view: View, deformation: list[list[float]]) -> None:
        self.scenes, self.view, self.deformation = scenes, view, deformation

    def draw(self, chance: Chance, shape: tuple[int, int, int], spacing: float) -> Pair:
        scene = self.scenes.draw(chance)
        center = (np.array(scene.volume.shape[1:]) - 1) / 2.0
        view = self.view.matrix(chance, center, scene.spacing, shape, spacing)
        motion = random_motion(chance, shape, spacing, self.deformation)
        clean_fixed, fixed = sample(scene.volume[[0, 1]], apply(view, motion.positions))
        clean_moving, moving = sample(scene.volume[[0, 2]], apply(view, voxels(shape)))
        if not scene.absolute and chance.happens(0.3):
            # One curve for both: another contrast, which the pair has in common.
            content = torch.stack([fixed, moving])
            fixed, moving = random_curve(content, chance, monotone=False) * (content > 0.01)
        images = [
            random_appearance(image, chance, spacing, scene.strength, scene.absolute) for image in (fixed, moving)
        ]
        return Pair(
            images[0][None], images[1][None], clean_fixed[None], clean_moving[None], motion.forward, motion.backward
        )


class BetweenSubjects:
    """Two different subjects, about aligned; there is no true flow, but there are labels.

    Parameters
    ----------
    structures
        How many labels of a pair take part in the Dice loss, drawn anew each time.
    """

    def __init__(
        self, subjects: list[Subject], view: View, deformation: list[list[float]], structures: int, strength: float
    ) -> None:
        self.subjects, self.view, self.deformation = subjects, view, deformation
        self.structures, self.strength = structures, strength

    def draw(self, chance: Chance, shape: tuple[int, int, int], spacing: float) -> Pair:
        first, second = chance.numbers.permutation(len(self.subjects))[:2]
        fixed, moving = self.subjects[first], self.subjects[second]
        # The view is chosen on the common brain; each subject's own affine leads from there.
        common = np.linalg.inv(fixed.to_common) @ np.append(fixed.center, 1.0)
        view = self.view.matrix(chance, common[:3], fixed.spacing, shape, spacing)
        motion = random_motion(chance, shape, spacing, self.deformation)
        at_fixed = apply(fixed.to_common @ view, motion.positions)
        at_moving = apply(moving.to_common @ view, voxels(shape))
        clean_fixed, clean_moving = sample(fixed.images[:1], at_fixed), sample(moving.images[:1], at_moving)
        strength = self.strength * random_strength(chance)
        return Pair(
            random_appearance(clean_fixed[0], chance, spacing, strength)[None],
            random_appearance(clean_moving[0], chance, spacing, strength)[None],
            clean_fixed, clean_moving, None, None,
            *self._segments(chance, fixed.labels, moving.labels, at_fixed, at_moving),
        )  # fmt: skip

    def _segments(
        self, chance: Chance, fixed: Tensor | None, moving: Tensor | None, at_fixed: Tensor, at_moving: Tensor
    ) -> tuple[Tensor, Tensor] | tuple[None, None]:
        if fixed is None or moving is None:
            return None, None
        maps = [
            sample(labels[None].float(), at, mode="nearest")[0].to(torch.int16)
            for labels, at in ((fixed, at_fixed), (moving, at_moving))
        ]
        present = [np.bincount(m.flatten().numpy().astype(np.int64), minlength=256) >= 24 for m in maps]
        common = np.flatnonzero(present[0] & present[1])
        common = common[common > 0]
        # Always as many channels, so that items of a batch fit together: left over ones stay empty.
        chosen = chance.numbers.permutation(common)[: self.structures].tolist()
        chosen += [-1] * (self.structures - len(chosen))
        halves = [F.avg_pool3d(torch.stack([(m == label).float() for label in chosen])[None], 2)[0] for m in maps]
        return halves[0], halves[1]


def view_from(options: dict[str, Any]) -> View:
    return View(**options.get("view", {}))
