"""Random motion with a known answer: what an affine pre-alignment leaves, and a smooth deformation without folds.

Positions and displacements are in voxels along (k, j, i), shape (3, k, j, i), as in LDRRegistrationLib.numerics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import integrate, voxelPositions
from torch import Tensor

from .draws import Draws, smooth_noise

ROTATION_DEGREES, SCALE, SHIFT_MM = 6.0, 0.06, 6.0
INTEGRATION_STEPS = 5
# In voxels of the half grid: steps as small as this are composed as they are.
SMALL_STEP = 0.3
BSPLINE_INTERVALS = 4
BSPLINE_REACH = 0.4
INVERSION_STEPS = 30


@dataclass(frozen=True)
class Motion:
    """A map T from voxels of the fixed to voxels of the moving training grid, and its inverse.

    ``positions`` (3, k, j, i) is T at every fixed voxel; ``forward`` and ``backward`` (3, k/2, j/2, i/2) are the flows
    of T and of its inverse at half resolution, in voxels of the full grid.
    """

    positions: Tensor
    forward: Tensor
    backward: Tensor


def affine_matrix(draws: Draws, rotation: float, scale: float, shift: float) -> np.ndarray:
    """(4, 4): a random affine about the origin; degrees, relative change a axis, and shift, each at most as given."""
    x, y, z = np.radians(draws.vector(rotation))
    matrix = np.eye(4)
    for (a, b), angle in zip(((1, 2), (0, 2), (0, 1)), (x, y, z), strict=True):
        turn = np.eye(4)
        turn[[a, b], [a, b]], turn[a, b], turn[b, a] = np.cos(angle), -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    matrix[:3, :3] = matrix[:3, :3] @ np.diag(1.0 + draws.vector(scale))
    matrix[:3, 3] = draws.vector(shift)
    return matrix


def about(matrix: np.ndarray, center: np.ndarray, target: np.ndarray | None = None) -> np.ndarray:
    """``matrix`` (4, 4) applied about ``center`` (3,), which is carried to ``target`` (default: itself)."""
    before, after = np.eye(4), np.eye(4)
    before[:3, 3], after[:3, 3] = -center, center if target is None else target
    return after @ matrix @ before


def apply_matrix(matrix: np.ndarray, positions: Tensor) -> Tensor:
    """A 4x4 matrix on positions (3, k, j, i)."""
    m = torch.from_numpy(np.asarray(matrix, dtype=np.float32))
    return (m[:3, :3] @ positions.flatten(1) + m[:3, 3:]).view(positions.shape)


def voxels(shape: tuple[int, int, int]) -> Tensor:
    """(3, k, j, i): the index of every voxel."""
    return voxelPositions(shape, torch.empty(0))[0]


def sample(volume: Tensor, positions: Tensor, mode: str = "bilinear", padding: str = "zeros") -> Tensor:
    """``volume`` (c, k, j, i) at positions (3, k', j', i') in its voxels: (c, k', j', i')."""
    halves = torch.tensor([max(n - 1, 1) / 2.0 for n in volume.shape[1:]]).view(3, 1, 1, 1)
    grid = (positions / halves - 1.0).flip(0).movedim(0, -1)[None]
    return F.grid_sample(volume[None], grid, mode=mode, padding_mode=padding, align_corners=True)[0]


def sampling_grid(matrix: np.ndarray, positions: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(1, k', j', i', 3): where ``matrix`` (4, 4) carries ``positions`` (3, k', j', i'), for ``sample_at``.

    In units of a volume of ``shape`` (k, j, i), as torch's grid_sample has them: one product for what ``apply_matrix``
    and ``sample`` do in four passes, and of use for several volumes on one grid.
    """
    to_unit = np.eye(4)[[2, 1, 0, 3]] @ np.diag([*(2.0 / max(n - 1, 1) for n in shape), 1.0])
    to_unit[:3, 3] = -1.0
    m = torch.from_numpy((to_unit @ matrix).astype(np.float32))
    return torch.addmm(m[:3, 3:], m[:3, :3], positions.flatten(1)).view(positions.shape).movedim(0, -1)[None]


def sample_at(volume: Tensor, grid: Tensor, mode: str = "bilinear") -> Tensor:
    """``volume`` (c, k, j, i) at a grid of ``sampling_grid``: (c, k', j', i'), 0 outside."""
    return F.grid_sample(volume[None], grid, mode=mode, align_corners=True)[0]


def bspline_matrix(size: int) -> Tensor:
    """(size, 5): weights of five control points, the first and last on the ends of ``size`` voxels, cubic B-spline.

    Control points beyond the ends are 0.
    """
    place = (np.arange(size) + 0.5) * BSPLINE_INTERVALS / size
    cell = np.minimum(place.astype(int), BSPLINE_INTERVALS - 1)
    t = place - cell
    pieces = [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    weights = np.zeros((size, BSPLINE_INTERVALS + 3))
    for offset, piece in enumerate(pieces):
        weights[np.arange(size), cell + offset] = piece / 6.0
    return torch.from_numpy(weights[:, 1:-1].astype(np.float32))


def bspline_displacement(draws: Draws, shape: tuple[int, int, int], in_plane: bool = False) -> Tensor:
    """(3, k, j, i) in voxels: the free-form deformation that the paper augments with.

    Every coefficient of 5^3 control points is the cube of a uniform number, up to +-0.4 times their distance (32
    voxels of 128, so +-12.8): most of them are small, a few large. None moves along k if it is ``in_plane``.
    """
    reach = torch.tensor([BSPLINE_REACH * n / BSPLINE_INTERVALS for n in shape]).view(3, 1, 1, 1)
    if in_plane:
        reach[0] = 0.0
    points = BSPLINE_INTERVALS + 1
    uniform = 2.0 * draws.levels(3 * points**3).view(3, points, points, points) - 1.0
    k, j, i = (bspline_matrix(n) for n in shape)
    return torch.einsum("kK,cKJI->ckJI", k, reach * uniform**3).movedim(-1, -2).matmul(j.T).movedim(-1, -2).matmul(i.T)


def bspline_motion(draws: Draws, shape: tuple[int, int, int], in_plane: bool = False) -> Motion:
    """``bspline_displacement`` as a known motion; below 0.4 of the control points' distance it has an inverse.

    The inverse is found by fixed-point iteration: back(y) = -d(y + back(y)).
    """
    displacement = bspline_displacement(draws, shape, in_plane)
    forward = F.avg_pool3d(displacement, 2)
    at = 2.0 * voxels(tuple(forward.shape[1:])) + 0.5
    backward = -forward
    for _ in range(INVERSION_STEPS):
        backward = -sample(displacement, at + backward, padding="border")
    return Motion(voxels(shape) + displacement, forward, backward)


def random_velocity(
    draws: Draws, shape: tuple[int, int, int], voxel_mm: float, scales: list[list[float]], strength: float
) -> Tensor:
    """(3, k, j, i) in voxels: a sum of smooth noises; ``scales`` lists (correlation length, largest SD), both in mm."""
    velocity = torch.zeros(3, *shape)
    for length, largest in scales:
        deviation = strength * draws.uniform(0.0, largest) / voxel_mm
        # Finer noise than this would fold, and the half-resolution grid could not carry it.
        limit = 0.45 * length / voxel_mm
        velocity += min(deviation, limit) * smooth_noise(draws, 3, shape, max(length / voxel_mm, 1.5))
    return velocity


def _random_parts(
    draws: Draws, shape: tuple[int, int, int], spacing: float, scales: list[list[float]]
) -> tuple[np.ndarray, Tensor]:
    """The affine (4, 4) in voxels, and the velocity (3, k/2, j/2, i/2) in voxels of the half grid.

    One time in seven both are nearly nothing, as between two visits of one person after a good pre-alignment.
    """
    still = draws.happens(0.15)
    strength = draws.uniform(0.0, 0.15) if still else draws.uniform(0.2, 1.0)
    residual = 0.1 if still else draws.uniform(0.0, 1.0)
    center = (np.array(shape) - 1) / 2.0
    affine = about(
        affine_matrix(draws, residual * ROTATION_DEGREES, residual * SCALE, residual * SHIFT_MM / spacing), center
    )
    k, j, i = (n // 2 for n in shape)
    return affine, random_velocity(draws, (k, j, i), 2.0 * spacing, scales, strength)


def _doubled(half: Tensor) -> Tensor:
    """(3, 2 k, 2 j, 2 i) of (3, k, j, i), linear between the centres of the half grid's voxels."""
    return F.interpolate(half[None], scale_factor=2.0, mode="trilinear", align_corners=False)[0]


def random_motion(draws: Draws, shape: tuple[int, int, int], spacing: float, scales: list[list[float]]) -> Motion:
    """Motion between two images of one object on a grid of ``shape`` at ``spacing`` mm."""
    affine, velocity = _random_parts(draws, shape, spacing, scales)
    there, back = 2.0 * integrate(torch.stack([velocity, -velocity]), INTEGRATION_STEPS)

    at = 2.0 * voxels(tuple(velocity.shape[1:])) + 0.5
    forward = apply_matrix(affine, at + there) - at
    undone = apply_matrix(np.linalg.inv(affine), at)
    backward = undone + sample(back, (undone - 0.5) / 2.0, padding="border") - at
    return Motion(apply_matrix(affine, voxels(shape) + _doubled(there)), forward, backward)


def random_positions(
    draws: Draws, shape: tuple[int, int, int], spacing: float, scales: list[list[float]]
) -> tuple[np.ndarray, Tensor]:
    """The same draws for pairs whose true flow is unknown anyhow, in a third of the time.

    Returns an affine (4, 4) and positions (3, k, j, i) in voxels, to which it is still to be applied.
    """
    affine, velocity = _random_parts(draws, shape, spacing, scales)
    steps = max(0, min(INTEGRATION_STEPS, math.ceil(math.log2(max(float(velocity.abs().max()), 1e-6) / SMALL_STEP))))
    return affine, voxels(shape) + _doubled(2.0 * integrate(velocity[None], steps)[0])
