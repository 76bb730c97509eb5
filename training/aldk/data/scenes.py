"""Scenes: one object as it is, and as two scanners might show it. Motion comes later, in pairs.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from aldk.errors import TrainingError

from .draws import Draws
from .labelmaps import head_around, random_shapes, tissue_classes
from .subjects import Subject

HEAD_LABELS = 13
HEAD_PADDING = 14
# Most pairs that people register are of one contrast, and matching those is what a small network can learn well.
SAME_CONTRAST_CHANCE = 0.8


@dataclass(frozen=True)
class Scene:
    """``volume`` (3, k, j, i): what the loss compares, the fixed appearance, the moving appearance; spacing in mm."""

    volume: Tensor
    spacing: float
    strength: float
    absolute: bool = False


class SceneSource(Protocol):
    def draw(self, draws: Draws) -> Scene: ...


def random_strength(draws: Draws) -> float:
    """How differently the two images of a pair look: three quarters of the pairs nearly alike."""
    return draws.uniform(0.0, 0.4) if draws.happens(0.75) else 1.0


class Contrasts:
    """Aligned contrasts of real subjects; brains sometimes inside a made-up head.

    Parameters
    ----------
    heads
        Share of the scenes that get a head; 0 where the images are no brains.
    """

    def __init__(self, subjects: Sequence[Subject], heads: float, variants: int, seed: int) -> None:
        self.subjects, self.heads = subjects, heads
        self.head_maps = [
            [head_around(s.images.amax(0) > 0.02, Draws(seed, n, v), s.spacing, HEAD_PADDING) for v in range(variants)]
            for n, s in enumerate(subjects if heads > 0 else [])
        ]

    def draw(self, draws: Draws) -> Scene:
        number = draws.integer(0, len(self.subjects) - 1)
        subject = self.subjects[number]
        count = subject.images.shape[0]
        clean = draws.integer(0, count - 1)
        first = draws.integer(0, count - 1)
        other = [first, first if draws.happens(SAME_CONTRAST_CHANCE) else draws.integer(0, count - 1)]
        volume = subject.images[[clean, *other]]
        if draws.happens(self.heads):
            volume = add_head(volume, draws.choice(self.head_maps[number]), other[0] == other[1], draws)
        return Scene(volume, subject.spacing, random_strength(draws))


def add_head(volume: Tensor, head: Tensor, alike: bool, draws: Draws) -> Tensor:
    """Volumes (3, k, j, i) of a brain inside the tissues of ``head``, which look alike where the contrasts are."""
    brain = F.pad(volume, [HEAD_PADDING] * 6)
    tables = []
    for _ in range(2):
        table = draws.levels(HEAD_LABELS)
        table[0] = 0.0
        if draws.happens(0.7):
            table[2:4] *= 0.2
        tables.append(table)
    fixed, moving = tables[0], tables[0] if alike else tables[1]
    return torch.stack([torch.where(head > 0, t[head], b) for t, b in zip((fixed, fixed, moving), brain, strict=True)])


class LabelMaps:
    """Label maps shown in random contrasts, each label one intensity (Billot et al. and Hoffmann et al.)."""

    def __init__(self, maps: list[Tensor], spacing: float, air: bool) -> None:
        self.maps, self.spacing, self.air = maps, spacing, air

    @staticmethod
    def of_shapes(count: int, shape: tuple[int, int, int], spacing: float, seed: int) -> LabelMaps:
        maps = [random_shapes(Draws(seed, n), shape, 8 + n % 17) for n in range(count)]
        return LabelMaps(maps, spacing, air=False)

    @staticmethod
    def of_tissues(subject: Subject, counts: list[int], heads: int, seed: int) -> LabelMaps:
        """Clusterings of one brain into different numbers of classes, some of them in heads."""
        brain = subject.images.amax(0) > 0.02
        maps = []
        for n, count in enumerate(counts):
            classes = tissue_classes(subject.images, count, seed + n)
            maps.append(classes)
            for variant in range(heads):
                head = head_around(brain, Draws(seed, n, variant), subject.spacing, HEAD_PADDING)
                inner = F.pad(classes, [HEAD_PADDING] * 6)
                maps.append(torch.where(head > 0, head + count, inner))
        return LabelMaps(maps, subject.spacing, air=True)

    def draw(self, draws: Draws) -> Scene:
        labels = draws.choice(self.maps)
        tables = torch.stack([draws.levels(64) for _ in range(3)])
        if draws.happens(SAME_CONTRAST_CHANCE):
            tables[2] = tables[1]
        if self.air or draws.happens(0.6):
            tables[:, 0] = 0.0
        return Scene(tables[:, labels], self.spacing, random_strength(draws))


class Hounsfield:
    """One CT on the engine's curve; the loss looks at it through a soft tissue window."""

    WINDOW = (0.32, 0.78)

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.subjects = subjects

    def draw(self, draws: Draws) -> Scene:
        subject = draws.choice(self.subjects)
        image = subject.images[0]
        low, high = self.WINDOW
        window = ((image - low) / (high - low)).clamp(0.0, 1.0)
        if draws.happens(0.3):
            # Also CT through a display window, as exported by many stations.
            return Scene(torch.stack([window, window, window]), subject.spacing, draws.uniform(0.0, 0.5))
        return Scene(torch.stack([window, image, image]), subject.spacing, draws.uniform(0.0, 1.0), absolute=True)


def make_source(kind: str, subjects: Sequence[Subject], options: dict[str, Any], seed: int) -> SceneSource:
    """The source of scenes that a config names by ``kind``."""
    if kind == "contrasts":
        return Contrasts(subjects, options.get("heads", 0.0), options.get("head_variants", 6), seed)
    if kind == "tissues":
        return LabelMaps.of_tissues(subjects[0], options["classes"], options.get("head_variants", 2), seed)
    if kind == "shapes":
        return LabelMaps.of_shapes(options["count"], tuple(options["shape"]), options["spacing"], seed)
    if kind == "ct":
        return Hounsfield(subjects)
    raise TrainingError(f"There is no kind of scene called {kind}.")
