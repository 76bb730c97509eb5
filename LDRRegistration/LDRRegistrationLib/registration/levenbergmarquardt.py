"""Climbing to where two images agree best: Levenberg and Marquardt's steps on the local correlation, upwards only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..space.grid import transformPoints
from .affinelncc import AffineLncc, AffineSimilarity

# Weight of the squared strain against the mean squared correlation. It bends a clear optimum by nothing measurable and
# holds the shape where the images say little.
STIFFNESS = 0.2
MAXIMUM_LOG_SCALE = 0.4
# A climb may not run away from the overlap: that raises the mean of what is left.
MINIMUM_OVERLAP_KEPT = 0.8


def climb(
    level: AffineLncc,
    starts: Sequence[AffineSimilarity],
    freedoms: np.ndarray,
    rounds: int,
    sizes: Sequence[float] | None = None,
) -> list[AffineSimilarity]:
    """The ends of ``rounds`` steps from each of ``starts``; a step is kept if it is better and plausible.

    :param freedoms: RIGID, SIMILARITY or AFFINE.
    :param sizes: how many times larger the moving object is, about which strain is measured; 1 where not given.
    """
    reached, dampings = list(starts), [0.01] * len(starts)
    sizes = [1.0] * len(starts) if sizes is None else sizes
    for _ in range(rounds):
        steps = [
            _step(level, best, freedoms, damping, size)
            for best, damping, size in zip(reached, dampings, sizes, strict=True)
        ]
        for n, tried in enumerate(level.at(steps)):
            best, damping, size = reached[n], dampings[n], sizes[n]
            # Where the size is free there is no strain.
            penalties = [0.0 if freedoms is SIMILARITY else _penalty(a.matrix, size) for a in (tried, best)]
            better = tried.mean - penalties[0] > best.mean - penalties[1]
            if better and tried.overlap > MINIMUM_OVERLAP_KEPT * best.overlap and _isPlausible(tried.matrix, size):
                reached[n], dampings[n] = tried, max(0.1 * damping, 1e-4)
            else:
                dampings[n] = max(10.0 * damping, 0.1)
    return reached


def _step(
    level: AffineLncc, current: AffineSimilarity, freedoms: np.ndarray, damping: float, size: float
) -> np.ndarray:
    hessian, gradient = current.normalEquations
    if freedoms is AFFINE:
        hessian, gradient = _addStiffness(hessian, gradient, _sized(current.matrix, size))
    kept = None if level.across is None else _freedomsWithin(freedoms, level.across)
    free = freedoms if kept is None else freedoms @ kept
    hessian, gradient = free.T @ hessian @ free, free.T @ gradient
    hessian = hessian + np.diag(damping * np.diag(hessian) + 1e-9)
    parameters = -np.linalg.solve(hessian, gradient)
    if kept is not None:
        parameters = kept @ parameters
    # Beyond three voxels the linear picture of the images means nothing.
    limit = 3.0 * float(level.grid.spacing.mean()) * level.toUnit[0, 0]
    parameters *= min(1.0, limit / max(float(np.abs(parameters).max()), 1e-12))
    small = np.eye(4)
    if freedoms is RIGID:
        small[:3, :3], small[:3, 3] = rotationMatrix(parameters[3:]), parameters[:3]
    else:
        small[:3] += (freedoms @ parameters).reshape(3, 4)
    return current.matrix @ np.linalg.inv(level.toUnit) @ small @ level.toUnit


def distinct(similarities: Sequence[AffineSimilarity], level: AffineLncc) -> list[AffineSimilarity]:
    """Best first, without those that put the corners of the fixed box within half a voxel of a better one's."""
    corners, near = level.grid.cornersRas, 0.5 * float(level.grid.spacing.mean())
    kept: list[tuple[AffineSimilarity, np.ndarray]] = []
    for similarity in sorted(similarities, key=byTotal):
        moved = transformPoints(similarity.matrix, corners)
        if all(np.linalg.norm(moved - other, axis=1).mean() > near for _, other in kept):
            kept.append((similarity, moved))
    return [similarity for similarity, _ in kept]


def moved(similarities: Sequence[AffineSimilarity], level: AffineLncc) -> list[AffineSimilarity]:
    """The same affines judged on another level."""
    return level.at([similarity.matrix for similarity in similarities])


def byTotal(similarity: AffineSimilarity) -> float:
    """For sorting, best first."""
    return -similarity.total


def sizeOf(matrix: np.ndarray) -> float:
    """How many times larger lengths are behind a 4x4, on average; mirrored or not."""
    return float(np.abs(np.linalg.det(matrix[:3, :3])) ** (1 / 3))


def _addStiffness(hessian: np.ndarray, gradient: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add the derivatives of ``_penalty(matrix @ D) / 2`` by D, as in ``AffineSimilarity.normalEquations``."""
    metric, identity = matrix[:3, :3].T @ matrix[:3, :3], np.eye(3)
    derivative = np.zeros((3, 3, 3, 4))
    products = metric[:, None, :, None] * identity[:, None, :]
    derivative[..., :3] = products + products.swapaxes(0, 1)
    derivative = 0.5 * derivative.reshape(9, 12)
    strain = _strain(matrix).reshape(9)
    return hessian + STIFFNESS * derivative.T @ derivative, gradient + STIFFNESS * derivative.T @ strain


def _strain(matrix: np.ndarray) -> np.ndarray:
    """Green's strain tensor (3, 3), blind to rotation: near scale - 1 along each principal axis."""
    return 0.5 * (matrix[:3, :3].T @ matrix[:3, :3] - np.eye(3))


def _sized(matrix: np.ndarray, size: float) -> np.ndarray:
    return np.vstack([matrix[:3] / size, matrix[3:]]) if size != 1.0 else matrix


def _penalty(matrix: np.ndarray, size: float) -> float:
    return STIFFNESS * float((_strain(_sized(matrix, size)) ** 2).sum())


def _isPlausible(matrix: np.ndarray, size: float) -> bool:
    scales = np.linalg.svd(matrix[:3, :3], compute_uv=False) / size
    return bool(np.abs(np.log(scales)).max() < MAXIMUM_LOG_SCALE)


def rotationMatrix(vector: np.ndarray) -> np.ndarray:
    """3x3 rotation about ``vector`` (3,) by its length in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross


def within(shift: np.ndarray, across: np.ndarray) -> np.ndarray:
    """What is left of a translation (3,) without its part along the unit vector ``across``."""
    return shift - across * float(across @ shift)


def _rigidFreedoms() -> np.ndarray:
    """(12, 6): what three translations and three small rotations are in the 12 parameters of an affine."""
    freedoms = np.zeros((3, 4, 6))
    for axis in range(3):
        after, last = (axis + 1) % 3, (axis + 2) % 3
        freedoms[axis, 3, axis] = 1.0
        freedoms[last, after, 3 + axis] = 1.0
        freedoms[after, last, 3 + axis] = -1.0
    return freedoms.reshape(12, 6)


def _similarityFreedoms() -> np.ndarray:
    """(12, 7): those, and the size."""
    size = np.zeros((3, 4))
    size[:, :3] = np.eye(3)
    return np.column_stack([_rigidFreedoms(), size.reshape(12)])


def _freedomsWithin(freedoms: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(n, m): the parameters of RIGID or AFFINE by those that lead nowhere along the unit vector ``across`` (3,)."""
    along = np.linalg.svd(across[None])[2][1:].T
    if freedoms is RIGID:
        return np.block([[along, np.zeros((3, 1))], [np.zeros((3, 2)), across[:, None]]])
    assert freedoms is AFFINE
    seen = np.zeros((3, 4))
    seen[:2, :3], seen[2, 3] = along.T, 1.0
    return np.kron(along, seen.T)


RIGID = _rigidFreedoms()
SIMILARITY = _similarityFreedoms()
AFFINE = np.eye(12)
