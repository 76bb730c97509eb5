"""Pairs with a known answer: one scan and another of the same person, moved by a made-up diffeomorphism.

The fixed image is as it was stored; the moving one is another contrast (or, for CT, the same image) carried by
T^-1, with a bias field and noise of its own, so that no two voxels agree by construction. Landmarks are the points of a
lattice inside the body, x in the fixed and T(x) in the moving image, so that the mean landmark error is the mean error
of the displacement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from aldk.data.io import read_image
from aldk.evaluation.pairs import EvaluationPair
from LDRRegistrationLib.numerics.displacement import integrate
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.numerics.filters import gaussianMean
from LDRRegistrationLib.registration.levenbergmarquardt import rotationMatrix
from LDRRegistrationLib.space.grid import Grid, canonicalGrid, transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform

GRID_MM = 4.0
LATTICE_MM = 8.0
# Of the range of a T1 image: what is darker than all tissue but bone.
DARKEST_TISSUE = 0.12
# Points whose match lies this near to the edge of the moving image are not asked for.
EDGE_MM = 4.0


@dataclass(frozen=True)
class Simulation:
    """``waves``: (sigma, mean length) in mm of the velocities that are added; ``noise`` in shares of the range.

    ``body``: the share of the range above which a voxel is inside. ``turn`` and ``shift``: degrees and mm, about and
    along random axes.
    """

    fixed: str
    moving: str
    seed: int
    waves: tuple[tuple[float, float], ...]
    turn: float = 4.0
    shift: float = 4.0
    noise: float = 0.01
    bias: float = 0.15
    body: float = 0.1


BRAIN = ((28.0, 3.0), (14.0, 2.0))
ABDOMEN = ((40.0, 6.0), (18.0, 2.5))
MULTICONTRAST = "ms_brains_multicontrast/patient19"
SIMULATIONS = {
    "contrasts": [
        Simulation(f"{MULTICONTRAST}/T1.nii.gz", f"{MULTICONTRAST}/{moving}.nii.gz", seed, BRAIN)
        for seed in (1, 2)
        for moving in ("FLAIR", "T2")
    ],
    "ct": [
        Simulation("abdomen_ct/ct.nii.gz", "abdomen_ct/ct.nii.gz", seed, ABDOMEN, bias=0.0, noise=0.005)
        for seed in (3, 4)
    ],
    "ct_head_neck": [
        Simulation(f"head_neck_ct/{name}.nii.gz", f"head_neck_ct/{name}.nii.gz", seed, ABDOMEN, bias=0.0, noise=0.005)
        for name, seed in (("0002", 5), ("0006", 6))
    ],
}


def in_another_contrast(pairs: Iterable[EvaluationPair]) -> Iterator[EvaluationPair]:
    """The same pairs of people, the moving image as if scanned otherwise: what is bright in T1 becomes dark.

    Air stays dark; from the darkest tissue on the values fall, by a power of their own in each pair; a bias field and
    noise are added, and the values are rounded to a thousand steps.
    """
    for seed, pair in enumerate(pairs):
        numbers = np.random.default_rng(seed)
        source = pair.moving.array.astype(np.float32)
        low, high = np.percentile(source, (0.5, 99.5))
        share = np.clip((source - low) / (high - low), 0.0, 1.0)
        power = numbers.uniform(0.6, 1.4)
        # From nothing to the brightest within what is air and bone in T1.
        values = np.clip(share / DARKEST_TISSUE, 0.0, 1.0) * (1.0 - 0.85 * share**power)
        values *= _bias(values.shape, 0.15, numbers)
        values += (share > 0.02) * numbers.normal(0.0, 0.01, values.shape)
        moving = Image(np.rint(1000.0 * values).astype(np.int16), pair.moving.ijkToRas, pair.moving.name)
        yield replace(pair, moving=moving)


def simulated_pairs(root: Path, title: str, limit: int | None = None) -> Iterator[EvaluationPair]:
    for simulation in SIMULATIONS[title][:limit]:
        yield simulate(
            read_image(root / simulation.fixed), read_image(root / simulation.moving), simulation, f"{title} "
        )


def simulate(fixed: Image, still: Image, how: Simulation, prefix: str = "") -> EvaluationPair:
    """``fixed`` and ``still``, aligned in RAS mm, as a pair of which the second has moved."""
    numbers = np.random.default_rng(how.seed)
    there = _motion(fixed.grid, how, numbers)
    low, high = np.percentile(still.array, (0.5, 99.5))
    values = _carried(still, there)
    inside = values > low + 0.02 * (high - low)
    values = low + (values - low) * _bias(values.shape, how.bias, numbers)
    values = values + inside * numbers.normal(0.0, how.noise * (high - low), values.shape)
    kind = still.array.dtype
    moving = Image(np.rint(values).astype(kind) if kind.kind in "iu" else values.astype(kind), still.ijkToRas, "moving")
    points = lattice(fixed, how.body)
    moved = there.points(points)
    index = transformPoints(still.grid.rasToIjk, moved)
    margin = EDGE_MM / still.grid.spacing
    kept = ((index >= margin) & (index <= still.grid.sizeIjk - 1 - margin)).all(axis=1)
    name = f"{prefix}{Path(how.fixed).name.split('.')[0]} {Path(how.moving).name.split('.')[0]} {how.seed}"
    return EvaluationPair(name, fixed, moving, landmarks={"body": (points[kept], moved[kept])})


def _motion(grid: Grid, how: Simulation, numbers: np.random.Generator) -> Transform:
    """A rotation, a shift and a diffeomorphism, in RAS mm."""
    coarse = canonicalGrid(grid, GRID_MM)
    parts = []
    for sigma, length in how.waves:
        noise = toTensor(numbers.standard_normal((1, 3, *coarse.shape)).astype(np.float32))
        part = gaussianMean(noise, [sigma / GRID_MM] * 3)
        parts.append(part * (length / GRID_MM / float(part.norm(dim=1).mean())))
    affine = np.eye(4)
    affine[:3, :3] = rotationMatrix(np.deg2rad(how.turn) * _direction(numbers))
    affine[:3, 3] = grid.centerRas - affine[:3, :3] @ grid.centerRas + how.shift * _direction(numbers)
    return Transform(affine, DisplacementField.fromFlow(integrate(sum(parts[1:], parts[0])), coarse))


def _direction(numbers: np.random.Generator) -> np.ndarray:
    vector = numbers.standard_normal(3)
    return vector / np.linalg.norm(vector)


def _carried(still: Image, there: Transform) -> np.ndarray:
    """``still`` as it looks after the motion: its values at T^-1(y), float32."""
    coarse = canonicalGrid(still.grid, GRID_MM).padded((2, 2, 2))
    back = np.nan_to_num(there.inverseDisplacement(coarse))
    source = Image(still.array.astype(np.float32), still.ijkToRas, still.name)
    return Transform(np.eye(4), DisplacementField(back, coarse)).warp(source, still.grid)


def _bias(shape: tuple[int, ...], strength: float, numbers: np.random.Generator) -> np.ndarray:
    """exp of a quadratic polynomial of at most about ``strength``: what a coil does to the intensities."""
    axes = np.meshgrid(*[np.linspace(-1.0, 1.0, n, dtype=np.float32) for n in shape], indexing="ij")
    terms = [*axes, axes[0] * axes[1], axes[1] * axes[2], *(axis * axis for axis in axes)]
    weights = numbers.uniform(-0.5, 0.5, len(terms))
    return np.exp(strength * sum(w * t for w, t in zip(weights, terms, strict=True)))


def lattice(image: Image, share: float) -> np.ndarray:
    """(n, 3) RAS mm: points every LATTICE_MM inside the body."""
    low, high = np.percentile(image.array, (0.5, 99.5))
    steps = np.maximum(np.rint(LATTICE_MM / image.grid.spacing).astype(int), 1)[::-1]
    index = np.stack(
        np.meshgrid(*[np.arange(s // 2, n, s) for s, n in zip(steps, image.array.shape, strict=True)], indexing="ij"),
        axis=-1,
    ).reshape(-1, 3)
    inside = image.array[tuple(index.T)] > low + share * (high - low)
    return transformPoints(image.ijkToRas, index[inside][:, ::-1].astype(np.float64))
