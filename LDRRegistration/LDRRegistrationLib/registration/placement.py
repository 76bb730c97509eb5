"""Every way the moving image may lie: all turns, its mirror image, other sizes. What the best of them is worth.

The pre-alignment climbs from where scanners put patients. Here the pair is tried in rotations all around the sphere, as
it is and mirrored, and in the size that the two foregrounds suggest. That finds scans that were stored the other way
round, and it is the measure of trust: where images belong together one placement is far better than every other; where
they do not, all are alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..space.grid import linearAbout, transformPoints
from ..space.image import Image
from ..space.intensity import normalised
from ..space.masks import Masks, foreground
from ..space.resample import reduceToSpacing
from ..space.validity import filled
from .affinelncc import AffineLncc, AffineSimilarity
from .levenbergmarquardt import RIGID, SIMILARITY, byTotal, climb, moved, rotationMatrix, sizeOf, within

# Voxels of the fixed box: on the fine grid placements are compared, on the coarse one the many turns are sifted first.
FINE_GRID_VOXELS, COARSE_GRID_VOXELS = 12_000, 5_000
# The moving image has at most so many voxels here, however far it reaches beyond the fixed one.
MAXIMUM_MOVING_VOXELS = 150_000
# How many starts climb on the coarse grid, and how many of their ends are finished on the fine one; the first number is
# of the image as it is, the second of its mirror image. Then the rounds of each climb, and of each with a free size.
CLIMBING_STARTS, FINISHING_ENDS = (12, 5), (4, 2)
CLIMBING_ROUNDS, SIZING_ROUNDS = 4, 2
# Foregrounds whose lengths differ by more than the first factor suggest another size, which is at most the second.
OTHER_SIZE_FACTOR, MAXIMUM_SIZE_FACTOR = 1.15, 2.2
# Two placements are the same one if they carry the fixed box's corners to within this share of its diagonal.
SAME_PLACEMENT_SHARE = 0.2


@dataclass(frozen=True)
class PlacementComparison:
    """How the best placement stands among all others; totals are those of ``AffineSimilarity``, on one coarse grid.

    ``matrix`` (4x4, fixed to moving RAS mm) is the best without mirroring, ``total`` its worth; ``kept`` that of the
    placement that was kept, as it is; ``runnerUp`` that of the best different one; ``mirrored`` of the best mirror
    image. ``isDifferent``: the best is a different placement than the one that was kept.
    """

    matrix: np.ndarray
    total: float
    kept: float
    runnerUp: float
    mirrored: float
    isDifferent: bool

    def ofTheBest(self) -> PlacementComparison:
        """The same after the best placement was taken in place of the one that was to be kept."""
        return replace(self, kept=self.total, isDifferent=False)

    @property
    def margin(self) -> float:
        """How many times better the best placement is than the next different one; 1 says that nothing is known."""
        return self.total / max(self.runnerUp, 1e-6)


def searchAround(
    fixed: Image,
    moving: Image,
    given: np.ndarray,
    masks: Masks | None = None,
    anySize: bool = True,
    check: Callable[[], object] = lambda: None,
    across: np.ndarray | None = None,
) -> PlacementComparison:
    """Judge the placement ``given`` (4x4, fixed to moving RAS mm) against all others.

    :param fixed, moving: reduced beforehand as for the pre-alignment; what is unknown or masked out has no weight.
    :param anySize: whether the sizes may differ, as those of two people do.
    :param check: called between the stages; raises to stop.
    :param across: as in ``prealign``: then only turns within the slices count as other placements, all of one size.
    """
    anySize = anySize and across is None
    coarse, fine = (_level(fixed, moving, masks, voxels, across) for voxels in (COARSE_GRID_VOXELS, FINE_GRID_VOXELS))
    check()
    centres = [_centre(*pair) for pair in coarse.masked]
    turns = _TURNS
    if across is not None:
        turns, centres[1] = _turnsWithin(across), centres[0] + within(centres[1] - centres[0], across)
    starts: list[tuple[AffineSimilarity, float]] = []
    for size in _sizes(fine) if anySize else [1.0]:
        matrices = [linearAbout(size * turn, *centres) for turn in turns]
        starts += [(similarity, size) for similarity in coarse.at(matrices)]
        check()
    chosen: list[tuple[AffineSimilarity, float]] = []
    for mirrored, climbing in enumerate(CLIMBING_STARTS):
        chosen += sorted((s for s in starts if _isProper(s[0]) is not bool(mirrored)), key=lambda s: byTotal(s[0]))[
            :climbing
        ]
    # CheckedFlow again, or else the slopes of all the others would be computed with theirs.
    climbed = climb(coarse, moved([a for a, _ in chosen], coarse), RIGID, CLIMBING_ROUNDS, [size for _, size in chosen])
    ends: list[AffineSimilarity] = []
    for mirrored, finishing in enumerate(FINISHING_ENDS):
        ends += _different([a for a in climbed if _isProper(a) is not bool(mirrored)], coarse)[:finishing]
    check()
    ends = moved([*ends, *coarse.at([given])], fine)
    asGiven = ends[-1]
    sizes = [sizeOf(end.matrix) for end in ends]
    ends = climb(fine, ends, RIGID, SIZING_ROUNDS, sizes)
    check()
    ends = climb(fine, ends, SIMILARITY if anySize else RIGID, SIZING_ROUNDS, sizes)
    check()
    proper = sorted((end for end in ends if _isProper(end)), key=byTotal)
    best = proper[0]
    others = [end.total for end in proper if _apart(fine, end, best)]
    return PlacementComparison(
        matrix=best.matrix,
        total=best.total,
        kept=asGiven.total,
        runnerUp=max(others, default=0.0),
        mirrored=max((end.total for end in ends if not _isProper(end)), default=0.0),
        isDifferent=_apart(fine, asGiven, best),
    )


def _level(
    fixed: Image, moving: Image, masks: Masks | None, voxels: int, across: np.ndarray | None = None
) -> AffineLncc:
    spacing = max(float(np.prod(fixed.grid.extentMm) / voxels) ** (1 / 3), float(fixed.grid.spacing.min()))
    # A quarter more, so that axes that differ a little in spacing are reduced alike.
    spacings = (
        1.25 * spacing,
        max(1.25 * spacing, float(np.prod(moving.grid.extentMm) / MAXIMUM_MOVING_VOXELS) ** (1 / 3)),
    )
    fixed, moving = (
        filled(normalised(reduceToSpacing(image, mm))) for image, mm in zip((fixed, moving), spacings, strict=True)
    )
    return AffineLncc(fixed, moving, masks, across)


def _turns() -> np.ndarray:
    """(192, 3, 3): the 24 turns by right angles, and those half way to the next ones; then all of them mirrored."""
    right = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), axes] = signs
            if np.linalg.det(turn) > 0:
                right.append(turn)
    turns = list(right)
    for turn, axis in itertools.product(right, np.eye(3)):
        between = turn @ rotationMatrix(np.deg2rad(45.0) * axis)
        if all(np.abs(between - other).max() > 1e-6 for other in turns):
            turns.append(between)
    proper = np.array(turns)
    # Patients are symmetric about the middle, so that is what a mirror should show as little as possible.
    return np.concatenate([proper, proper @ np.diag([-1.0, 1.0, 1.0])])


_TURNS = _turns()


def _turnsWithin(across: np.ndarray) -> np.ndarray:
    """(16, 3, 3): eight turns about the unit vector ``across`` (3,), half a right angle apart; then all mirrored."""
    proper = np.array([rotationMatrix(np.deg2rad(45.0 * step) * across) for step in range(8)])
    # Left and right, or what is nearest to them within the slices.
    side = max((within(axis, across) for axis in np.eye(3)), key=lambda one: (round(float(one @ one), 6), one[0]))
    side /= np.linalg.norm(side)
    return np.concatenate([proper, proper @ (np.eye(3) - 2.0 * np.outer(side, side))])


def _centre(image: Image, mask: Image | None) -> np.ndarray:
    k, j, i = np.nonzero(foreground(image, mask))
    if k.size == 0:
        return image.grid.centerRas
    return transformPoints(image.ijkToRas, np.array([i.mean(), j.mean(), k.mean()]))


def _sizes(level: AffineLncc) -> list[float]:
    """1, and how many times longer the moving foreground is if that is something else."""
    volumes = [float(foreground(image, mask).sum() * np.prod(image.grid.spacing)) for image, mask in level.masked]
    if min(volumes) <= 0:
        return [1.0]
    size = float(np.clip((volumes[1] / volumes[0]) ** (1 / 3), 1 / MAXIMUM_SIZE_FACTOR, MAXIMUM_SIZE_FACTOR))
    return [1.0] if max(size, 1 / size) < OTHER_SIZE_FACTOR else [1.0, size]


def _different(similarities: Sequence[AffineSimilarity], level: AffineLncc) -> list[AffineSimilarity]:
    """Best first, without those that are the same placement as a better one."""
    kept: list[AffineSimilarity] = []
    for similarity in sorted(similarities, key=byTotal):
        if all(_apart(level, similarity, other) for other in kept):
            kept.append(similarity)
    return kept


def _isProper(similarity: AffineSimilarity) -> bool:
    return bool(np.linalg.det(similarity.matrix[:3, :3]) > 0)


def _apart(level: AffineLncc, one: AffineSimilarity, other: AffineSimilarity) -> bool:
    corners = level.grid.cornersRas
    away = np.linalg.norm(transformPoints(one.matrix, corners) - transformPoints(other.matrix, corners), axis=1).mean()
    return bool(away > SAME_PLACEMENT_SHARE * np.linalg.norm(corners[0] - corners[-1]) * max(sizeOf(other.matrix), 0.5))
