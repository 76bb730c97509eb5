"""The surface of a brain in a head: a ball that grows until it meets the skull.

After S. M. Smith, "Fast robust automated brain extraction", Human Brain Mapping 17 (2002), doi 10.1002/hbm.10062:
each vertex of a triangulated ball moves outwards where there is tissue beneath it and inwards where there is none, and
its neighbours keep the surface smooth. Nothing is assumed of the contrast but that brain is brighter than skull.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .shapes import depth, largestPart, withoutHoles

# The paper's: how far below the surface the darkest and the brightest voxel are sought, mm.
DARKEST_MM, BRIGHTEST_MM = 20.0, 10.0
# The paper's radii of curvature in mm: a surface that bends less is hardly smoothed, one that bends more is.
SMALLEST_RADIUS_MM, LARGEST_RADIUS_MM = 3.33, 10.0
# The paper's fraction of the way from the darkest to the brightest, and steeper ones where the ball leaks out.
FRACTIONS = (0.5, 0.6)
STEP = 0.05
# The ball's triangles are split so many times, and then so many steps are taken.
STAGES = ((3, 130), (4, 25))
RAY_STEP_MM = 2.0
SCALP_MM, OPENING_MM = 6.0, 10.0
MAXIMUM_MM3 = 1_900_000.0
# The upper part of a body that can be a head: a neck and shoulders below it would move the start out of the brain.
HEAD_MM = 170.0


def brainSurface(values: np.ndarray, body: np.ndarray, spacing: float, up: np.ndarray) -> np.ndarray:
    """(k, j, i) bool: the inside of the brain's surface, from ``values`` (k, j, i) on a grid of ``spacing`` mm.

    :param body: (k, j, i) bool, the head without the air around it.
    :param up: the unit vector (k, j, i) that points to the top of the head.
    """
    head = _head(body, spacing, up)
    if not head.any():
        return np.zeros(body.shape, dtype=bool)
    low, high = (float(v) for v in np.percentile(values[head], (2.0, 98.0)))
    least = low + 0.1 * (high - low)
    points = np.argwhere(head & (values > least))
    weights = np.clip(values[tuple(points.T)], low, high) - low
    center = (points * weights[:, None]).sum(axis=0) / max(float(weights.sum()), 1e-12)
    radius = (0.75 / np.pi * len(points)) ** (1.0 / 3.0)
    near = np.linalg.norm(points - center, axis=1) < radius
    if not near.any():
        return np.zeros(body.shape, dtype=bool)
    usual = float(np.median(values[tuple(points[near].T)]))
    found = np.zeros(body.shape, dtype=bool)
    deep = depth(body, beyond="edge") > SCALP_MM / spacing
    for fraction in FRACTIONS:
        found = _opened(_grown(values, spacing, center, radius, (low, least, usual), fraction) & deep, spacing)
        if found.sum() * spacing**3 <= MAXIMUM_MM3:
            break
    return found


def _grown(
    values: np.ndarray,
    spacing: float,
    center: np.ndarray,
    radius: float,
    levels: tuple[float, float, float],
    fraction: float,
) -> np.ndarray:
    """(k, j, i) bool: inside of the ball that grew about ``center`` from half its ``radius``, both in voxels.

    :param levels: the darkest and the least intensity of tissue, and the usual one of brain.
    """
    vertices = center + 0.5 * radius * _ball(STAGES[0][0])[0]
    for splits, steps in STAGES:
        ball, faces, neighbours, shares = _ball(splits)
        if len(vertices) != len(ball):
            vertices = _split(vertices, splits)
        for _ in range(steps):
            vertices = vertices + _step(vertices, values, spacing, faces, neighbours, shares, levels, fraction)
    return _insideOf(vertices, _ball(STAGES[-1][0])[1], values.shape)


def _opened(mask: np.ndarray, spacing: float) -> np.ndarray:
    """What of ``mask`` hangs together where balls of ``OPENING_MM`` fit in: without eyes, muscles and the neck."""
    core = largestPart(depth(mask) > OPENING_MM / spacing)
    return mask & (depth(~core) <= OPENING_MM / spacing + 0.5)


def _head(body: np.ndarray, spacing: float, up: np.ndarray) -> np.ndarray:
    """The upper part of ``body`` that can be a head; ``up`` is the unit vector (k, j, i) to its top."""
    height = sum(
        u * np.arange(n).reshape([-1 if a == axis else 1 for a in range(3)])
        for axis, (u, n) in enumerate(zip(up, body.shape, strict=True))
    )
    height = np.broadcast_to(height, body.shape)
    if not body.any():
        return body
    top = float(np.percentile(height[body], 99.5))
    return body & (height > top - HEAD_MM / spacing)


def _step(
    vertices: np.ndarray,
    values: np.ndarray,
    spacing: float,
    faces: np.ndarray,
    neighbours: np.ndarray,
    shares: np.ndarray,
    levels: tuple[float, float, float],
    fraction: float,
) -> np.ndarray:
    """(n, 3): where the vertices (k, j, i, voxels) go next, by the paper's three forces."""
    low, least, usual = levels
    corners = vertices[faces]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = one[:, [1, 2, 0]] * other[:, [2, 0, 1]] - one[:, [2, 0, 1]] * other[:, [1, 2, 0]]
    normals = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(faces[:, corner], across[:, axis], len(vertices))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    around = vertices[neighbours]
    edge = float(np.linalg.norm(around - vertices[:, None], axis=2).mean())
    pull = (around * shares[..., None]).sum(axis=1) - vertices
    inward = (pull * normals).sum(axis=1)
    along = pull - inward[:, None] * normals
    bend = 2.0 * np.abs(inward) / edge**2 / spacing
    middle = (1 / SMALLEST_RADIUS_MM + 1 / LARGEST_RADIUS_MM) / 2
    width = 6.0 / (1 / SMALLEST_RADIUS_MM - 1 / LARGEST_RADIUS_MM)
    smoothing = (1.0 + np.tanh(width * (bend - middle))) / 2.0
    depths = np.arange(0.0, DARKEST_MM + 0.1, RAY_STEP_MM)[:, None] / spacing
    places = np.zeros((len(depths), len(vertices)), dtype=np.intp)
    for axis, size in enumerate(values.shape):
        ray = np.rint(vertices[:, axis] - depths * normals[:, axis])
        places = places * size + np.clip(ray, 0, size - 1, out=ray).astype(np.intp)
    seen = values.take(places)
    darkest = np.maximum(low, np.minimum(usual, seen.min(axis=0)))
    brightest = np.minimum(usual, np.maximum(least, seen[: int(BRIGHTEST_MM / RAY_STEP_MM) + 1].max(axis=0)))
    middleLevel = (brightest - low) * fraction + low
    force = 2.0 * (darkest - middleLevel) / (brightest - low + 1e-12)
    return 0.5 * along + (smoothing * inward + STEP * force * edge)[:, None] * normals


def _insideOf(vertices: np.ndarray, faces: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Voxels inside a closed surface: its triangles are drawn, and what they enclose is filled."""
    drawn = np.zeros(shape, dtype=bool)
    corners = vertices[faces]
    n = max(int(np.ceil(2.0 * np.abs(corners - np.roll(corners, 1, axis=1)).max())), 2)
    for a in range(n + 1):
        for b in range(n + 1 - a):
            points = (corners * np.array([a, b, n - a - b])[:, None] / n).sum(axis=1)
            ijk = np.rint(points).astype(int)
            ijk = np.clip(ijk, 0, np.array(shape) - 1)
            drawn[tuple(ijk.T)] = True
    return withoutHoles(drawn)


@lru_cache(maxsize=4)
def _ball(splits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """An icosahedron split ``splits`` times: unit vertices, faces, six neighbours each and the weight of each."""
    g = (1 + 5**0.5) / 2
    vertices = np.array(
        [
            [-1, g, 0],
            [1, g, 0],
            [-1, -g, 0],
            [1, -g, 0],
            [0, -1, g],
            [0, 1, g],
            [0, -1, -g],
            [0, 1, -g],
            [g, 0, -1],
            [g, 0, 1],
            [-g, 0, -1],
            [-g, 0, 1],
        ]
    )
    faces = np.array(
        [
            [0, 11, 5],
            [0, 5, 1],
            [0, 1, 7],
            [0, 7, 10],
            [0, 10, 11],
            [1, 5, 9],
            [5, 11, 4],
            [11, 10, 2],
            [10, 7, 6],
            [7, 1, 8],
            [3, 9, 4],
            [3, 4, 2],
            [3, 2, 6],
            [3, 6, 8],
            [3, 8, 9],
            [4, 9, 5],
            [2, 4, 11],
            [6, 2, 10],
            [8, 6, 7],
            [9, 8, 1],
        ]
    )
    vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    for _ in range(splits):
        vertices, faces = _splitOnce(vertices, faces)
        vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    around: list[set[int]] = [set() for _ in vertices]
    for a, b, c in faces:
        around[a] |= {b, c}
        around[b] |= {a, c}
        around[c] |= {a, b}
    neighbours = np.array([(sorted(s) + sorted(s))[:6] for s in around])
    shares = np.array(
        [[1.0 / 5 if len(s) == 5 and n < 5 else 1.0 / 6 if len(s) == 6 else 0.0 for n in range(6)] for s in around]
    )
    return vertices, faces, neighbours, shares


def _splitOnce(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, place = np.unique(edges, axis=0, return_inverse=True)
    place = place.reshape(-1)
    middle = len(vertices) + place
    n = len(faces)
    ab, bc, ca = middle[:n], middle[n : 2 * n], middle[2 * n :]
    a, b, c = faces.T
    split = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
    return np.concatenate([vertices, vertices[unique].mean(axis=1)]), split


def _split(vertices: np.ndarray, splits: int) -> np.ndarray:
    """The vertices of the ball of one split less, with those in the middle of its edges."""
    return _splitOnce(vertices, _ball(splits - 1)[1])[0]
