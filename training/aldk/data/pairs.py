"""Pairs: what one training step sees, made from scenes (with a known answer) or from two subjects (with labels)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from .augmentation import random_appearance, random_curve
from .deformation import (
    about,
    affine_matrix,
    apply_matrix,
    bspline_displacement,
    bspline_motion,
    random_motion,
    random_positions,
    sample,
    sample_at,
    sampling_grid,
    voxels,
)
from .draws import Draws
from .scenes import SceneSource, random_strength
from .subjects import Subject, Subjects

# Fewer voxels of a structure than this say little about where it is.
MINIMUM_STRUCTURE_VOXELS = 24


@dataclass(frozen=True)
class Pair:
    """Tensors of one item, each with a leading batch axis once collated.

    ``fixed`` and ``moving`` (1, k, j, i) are what the network sees, the ``clean`` ones what the loss compares.
    ``forward`` and ``backward`` (3, k/2, j/2, i/2), the true flows at half resolution in voxels of the full grid, and
    the soft segmentations (structures, k/2, j/2, i/2), are there where they are known. ``names``: (fixed, moving) of
    every element of the batch.
    """

    fixed: Tensor
    moving: Tensor
    clean_fixed: Tensor
    clean_moving: Tensor
    forward: Tensor | None = None
    backward: Tensor | None = None
    segments_fixed: Tensor | None = None
    segments_moving: Tensor | None = None
    names: tuple[tuple[str, str], ...] = ()

    def pin_memory(self) -> Pair:
        """The same tensors in page-locked memory, from which a GPU fetches them beside its work."""
        tensors = {f.name: v for f in fields(Pair) if isinstance(v := getattr(self, f.name), Tensor)}
        return replace(self, **{name: tensor.pin_memory() for name, tensor in tensors.items()})

    def swapped(self) -> Pair:
        """The same pair with the roles exchanged."""
        return Pair(
            self.moving, self.fixed, self.clean_moving, self.clean_fixed,
            self.backward, self.forward, self.segments_moving, self.segments_fixed,
            tuple((moving, fixed) for fixed, moving in self.names),
        )  # fmt: skip


def collate(pairs: list[Pair]) -> Pair:
    """Pairs of one task and size as one batch; what one of them lacks, the batch lacks."""
    values = {f.name: [getattr(pair, f.name) for pair in pairs] for f in fields(Pair) if f.name != "names"}
    tensors = {name: None if any(v is None for v in all_) else torch.stack(all_) for name, all_ in values.items()}
    return Pair(**tensors, names=tuple(names for pair in pairs for names in pair.names))


class PairSource(Protocol):
    def draw(self, draws: Draws, shape: tuple[int, int, int], spacing: float) -> Pair: ...


@dataclass(frozen=True)
class View:
    """How a training grid lies over a source: turned, mirrored, shifted by at most so much."""

    rotation: float = 10.0
    shift_mm: float = 12.0
    mirror: list[bool] = field(default_factory=lambda: [False, False, True])

    def matrix(
        self, draws: Draws, center: np.ndarray, spacing: float, shape: tuple[int, int, int], voxel_mm: float
    ) -> np.ndarray:
        """(4, 4): from voxels of a training grid of ``shape`` and ``voxel_mm`` to voxels of a source of ``spacing``."""
        flips = np.diag([-1.0 if m and draws.happens(0.5) else 1.0 for m in self.mirror] + [1.0])
        scale = np.diag([voxel_mm / spacing] * 3 + [1.0])
        turn = affine_matrix(draws, self.rotation, 0.0, self.shift_mm / spacing)
        return about(turn @ scale @ flips, (np.array(shape) - 1) / 2.0, center)


class Simulated:
    """A scene seen twice, the second time moved: the true flow is known."""

    def __init__(self, scenes: SceneSource, view: View, deformation: list[list[float]]) -> None:
        self.scenes, self.view, self.deformation = scenes, view, deformation

    def draw(self, draws: Draws, shape: tuple[int, int, int], spacing: float) -> Pair:
        scene = self.scenes.draw(draws)
        center = (np.array(scene.volume.shape[1:]) - 1) / 2.0
        view = self.view.matrix(draws, center, scene.spacing, shape, spacing)
        motion = random_motion(draws, shape, spacing, self.deformation)
        clean_fixed, fixed = sample(scene.volume[[0, 1]], apply_matrix(view, motion.positions))
        clean_moving, moving = sample(scene.volume[[0, 2]], apply_matrix(view, voxels(shape)))
        if not scene.absolute and draws.happens(0.3):
            # One curve for both: another contrast, which the pair has in common.
            content = torch.stack([fixed, moving])
            fixed, moving = random_curve(content, draws, monotone=False) * (content > 0.01)
        images = [random_appearance(image, draws, spacing, scene.strength, scene.absolute) for image in (fixed, moving)]
        return Pair(
            images[0][None], images[1][None], clean_fixed[None], clean_moving[None], motion.forward, motion.backward
        )


class BetweenSubjects:
    """Two different subjects, about aligned; there is no true flow, but there may be labels.

    Parameters
    ----------
    structures
        How many labels of a pair take part in the Dice loss, drawn anew each time.
    """

    def __init__(
        self, subjects: Subjects, view: View, deformation: list[list[float]], structures: int, strength: float
    ) -> None:
        self.subjects, self.view, self.deformation = subjects, view, deformation
        self.structures, self.strength = structures, strength

    def draw(self, draws: Draws, shape: tuple[int, int, int], spacing: float) -> Pair:
        fixed, moving = self.subjects.draw_two(draws)
        # The view is chosen on the common brain; each subject's own affine leads from there.
        common = np.linalg.inv(fixed.to_common) @ np.append(fixed.center, 1.0)
        view = self.view.matrix(draws, common[:3], fixed.spacing, shape, spacing)
        affine, positions = random_positions(draws, shape, spacing, self.deformation)
        clean_fixed, labels_fixed = _on_grid(fixed, view @ affine, positions)
        clean_moving, labels_moving = _on_grid(moving, view, voxels(shape))
        strength = self.strength * random_strength(draws)
        return Pair(
            random_appearance(clean_fixed[0], draws, spacing, strength)[None],
            random_appearance(clean_moving[0], draws, spacing, strength)[None],
            clean_fixed, clean_moving, None, None,
            *segments(labels_fixed, labels_moving, self.structures, draws), ((fixed.name, moving.name),),
        )  # fmt: skip


class KnownMotion:
    """One subject and itself through a free-form deformation: the true flow is known, and there may be labels.

    The training pairs of SAR-Net (Mahapatra & Ge, arXiv 1903.10139), whose floating images are B-spline deformations of
    images aligned to the reference ones.

    Parameters
    ----------
    in_plane
        Nothing moves along k: the grid is a stack of slices, each with a deformation of its own.
    """

    def __init__(self, subjects: Subjects, view: View, structures: int, strength: float, in_plane: bool) -> None:
        self.subjects, self.view = subjects, view
        self.structures, self.strength, self.in_plane = structures, strength, in_plane

    def draw(self, draws: Draws, shape: tuple[int, int, int], spacing: float) -> Pair:
        subject = draws.choice(self.subjects)
        common = np.linalg.inv(subject.to_common) @ np.append(subject.center, 1.0)
        view = self.view.matrix(draws, common[:3], subject.spacing, shape, spacing)
        motion = bspline_motion(draws, shape, self.in_plane)
        clean_fixed, labels_fixed = _on_grid(subject, view, voxels(shape))
        clean_moving, labels_moving = _on_grid(subject, view, motion.positions)
        strength = self.strength * random_strength(draws)
        return Pair(
            random_appearance(clean_fixed[0], draws, spacing, strength)[None],
            random_appearance(clean_moving[0], draws, spacing, strength)[None],
            # The moving image is the deformed one: what lies at its voxel y lies at T(y) in the fixed one.
            clean_fixed, clean_moving, motion.backward, motion.forward,
            *segments(labels_fixed, labels_moving, self.structures, draws), ((subject.name, subject.name),),
        )  # fmt: skip


class OnDataGrid:
    """Two different subjects on the data set's grid, as they are or, as in the paper, the moving one deformed.

    Parameters
    ----------
    deformed
        The moving image and its labels go through a random free-form deformation.
    """

    def __init__(self, subjects: Subjects, structures: int, deformed: bool) -> None:
        self.subjects, self.structures, self.deformed = subjects, structures, deformed

    def draw(self, draws: Draws, shape: tuple[int, int, int], spacing: float) -> Pair:
        names = [subject.name for subject in self.subjects.draw_two(draws)]
        displacement = bspline_displacement(draws, shape) if self.deformed else None
        return plain_pair(self.subjects, names[0], names[1], shape, spacing, self.structures, draws, displacement)


def plain_pair(
    subjects: Subjects,
    fixed_name: str,
    moving_name: str,
    shape: tuple[int, int, int],
    spacing: float,
    structures: int = 0,
    draws: Draws | None = None,
    displacement: Tensor | None = None,
) -> Pair:
    """A pair of two subjects without augmentation, on a grid in the middle of the common brain.

    All subjects lie on this one grid, so that the swapped pair is the pair of the names swapped: what was stored for
    (a, b) fits whichever way the pair came about. Images are only normalised, as they were read.

    Parameters
    ----------
    structures
        How many labels that both have become segments: drawn by ``draws``, or, without it, the lowest.
    displacement
        (3, k, j, i) in voxels of the grid, by which the moving image and its labels are deformed.
    """
    fixed, moving = subjects.named(fixed_name), subjects.named(moving_name)
    scale = np.diag([spacing / fixed.spacing] * 3 + [1.0])
    view = about(scale, (np.array(shape) - 1) / 2.0, subjects.middle)
    at = voxels(shape)
    image_fixed, labels_fixed = _on_grid(fixed, view, at)
    image_moving, labels_moving = _on_grid(moving, view, at if displacement is None else at + displacement)
    halves = segments(labels_fixed, labels_moving, structures, draws)
    names = ((fixed_name, moving_name),)
    return Pair(image_fixed, image_moving, image_fixed, image_moving, None, None, *halves, names)


def labels_of_pair(
    subjects: Subjects, fixed_name: str, moving_name: str, shape: tuple[int, int, int], spacing: float
) -> tuple[Tensor | None, Tensor | None]:
    """The label maps (k, j, i) of two subjects on the grid of ``plain_pair``."""
    fixed, moving = subjects.named(fixed_name), subjects.named(moving_name)
    view = about(np.diag([spacing / fixed.spacing] * 3 + [1.0]), (np.array(shape) - 1) / 2.0, subjects.middle)
    return tuple(_on_grid(subject, view, voxels(shape))[1] for subject in (fixed, moving))


def _on_grid(subject: Subject, view: np.ndarray, positions: Tensor) -> tuple[Tensor, Tensor | None]:
    """The first image (1, k, j, i) and the labels (k, j, i) where ``view`` carries positions of a training grid."""
    grid = sampling_grid(subject.to_common @ view, positions, subject.images.shape[1:])
    image = sample_at(subject.images[:1], grid)
    if subject.labels is None:
        return image, None
    return image, sample_at(subject.labels[None].float(), grid, mode="nearest")[0].to(torch.int16)


def segments(
    fixed: Tensor | None, moving: Tensor | None, structures: int, draws: Draws | None
) -> tuple[Tensor, Tensor] | tuple[None, None]:
    """Soft segmentations (structures, k/2, j/2, i/2) of labels (k, j, i) that both maps have."""
    if fixed is None or moving is None or structures < 1:
        return None, None
    count = 1 + max(256, int(fixed.max()), int(moving.max()))
    present = [
        torch.bincount(m.flatten(), minlength=count).numpy() >= MINIMUM_STRUCTURE_VOXELS for m in (fixed, moving)
    ]
    common = np.flatnonzero(present[0] & present[1])
    common = common[common > 0]
    chosen = (common if draws is None else draws.numbers.permutation(common))[:structures]
    # Always as many channels, so that items of a batch fit together: left over ones stay empty.
    channels = torch.zeros(count, dtype=torch.int64)
    channels[torch.from_numpy(chosen.astype(np.int64))] = torch.arange(1, len(chosen) + 1)
    return _shares(channels[fixed.int()], structures), _shares(channels[moving.int()], structures)


def _shares(channels: Tensor, structures: int) -> Tensor:
    """(structures, k/2, j/2, i/2): which share of each 2^3 voxels has number 1, 2, ...; (k, j, i), 0 is none."""
    k, j, i = (n // 2 for n in channels.shape)
    first = torch.arange(k * j * i).view(k, 1, j, 1, i, 1) * (structures + 1)
    places = (first + channels.view(k, 2, j, 2, i, 2)).flatten()
    counts = torch.bincount(places, minlength=k * j * i * (structures + 1)).view(k, j, i, structures + 1)
    return counts[..., 1:].movedim(-1, 0).float().contiguous() / 8.0


def view_from(options: dict[str, Any]) -> View:
    return View(**options.get("view", {}))
