"""Random volumes in space, as hypothesis strategies: oblique, anisotropic, shifted, left-handed."""

import numpy as np
from hypothesis import strategies as st
from LDRRegistrationLib.numerics.dlpack import toArray, toTensor
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.resample import sampleOnGrid
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

seeds = st.integers(0, 2**32 - 1)


def random_grid(rng: np.random.Generator, shape: tuple[int, int, int], extent_mm: float = 60.0) -> Grid:
    """A grid anywhere in space: any rotation, axis order and handedness, spacings that differ up to a factor of 4."""
    spacing = extent_mm / np.array(shape[::-1]) * rng.uniform(0.7, 1.4, 3)
    direction = Rotation.random(random_state=rng).as_matrix() @ np.diag(rng.choice([-1.0, 1.0], 3))
    matrix = np.eye(4)
    matrix[:3, :3] = direction @ np.diag(spacing)
    matrix[:3, 3] = rng.uniform(-150, 150, 3)
    return Grid(shape, matrix)


def grid_over(rng: np.random.Generator, other: Grid, shape: tuple[int, int, int]) -> Grid:
    """Another random grid whose center lies within 10 mm of ``other``'s."""
    grid = random_grid(rng, shape, extent_mm=90.0)
    matrix = grid.ijkToRas.copy()
    matrix[:3, 3] += other.centerRas + rng.uniform(-10, 10, 3) - grid.centerRas
    return Grid(shape, matrix)


def random_affine(rng: np.random.Generator, center: np.ndarray, strength: float = 0.1) -> np.ndarray:
    """4x4 near the identity: linear part off by ``strength``, shift up to 8 mm, about ``center``."""
    matrix = np.eye(4)
    matrix[:3, :3] += rng.uniform(-strength, strength, (3, 3))
    matrix[:3, 3] = center - matrix[:3, :3] @ center + rng.uniform(-8, 8, 3)
    return matrix


def smooth_flow(rng: np.random.Generator, shape: tuple[int, int, int], amplitude: float) -> np.ndarray:
    """(1, 3, k, j, i): sums of waves longer than the grid, up to ``amplitude`` voxels: smooth at the grid's spacing."""
    positions = [np.arange(n).reshape([-1 if axis == a else 1 for a in range(3)]) for axis, n in enumerate(shape)]
    flow = np.zeros((1, 3, *shape))
    for channel in range(3):
        for _ in range(2):
            waves = rng.uniform(-1, 1, 3) * 2 * np.pi / 128
            phase = rng.uniform(0, 2 * np.pi)
            flow[0, channel] += np.sin(sum(w * p for w, p in zip(waves, positions, strict=True)) + phase)
    return amplitude * flow / 2


def smooth_image(rng: np.random.Generator, grid: Grid, sigma: float = 3.0, dtype: type = np.float32) -> Image:
    """Blobs of 0 to 1000 without structure finer than ``sigma`` voxels."""
    noise = gaussian_filter(rng.normal(size=grid.shape), sigma)
    noise = (noise - noise.min()) / (noise.max() - noise.min()) * 1000.0
    return Image(noise.astype(dtype), grid.ijkToRas)


def seen_on(image: Image, grid: Grid) -> Image:
    """What ``image`` shows at the points of another grid, 0 beyond it; in its own number type."""
    values = toArray(sampleOnGrid(image.array, image.ijkToRas, grid))
    return Image(np.rint(values).astype(image.array.dtype), grid.ijkToRas, image.name)


def random_transform(rng: np.random.Generator, fixed: Grid, amplitude: float = 1.5) -> Transform:
    """Affine after a smooth field that lives on a grid parallel to ``fixed``, as the engine makes them."""
    from LDRRegistrationLib.space.grid import canonicalGrid

    field_grid = canonicalGrid(fixed, float(fixed.extentMm.max()) / 40)
    flow = toTensor(smooth_flow(rng, field_grid.shape, amplitude))
    return Transform(random_affine(rng, fixed.centerRas), DisplacementField.fromFlow(flow, field_grid))


def points_inside(rng: np.random.Generator, grid: Grid, count: int = 200) -> np.ndarray:
    """(count, 3): points in RAS within the outer faces of the grid's voxels."""
    ijk = rng.uniform(0, 1, (count, 3)) * (grid.sizeIjk - 1)
    return ijk @ grid.ijkToRas[:3, :3].T + grid.ijkToRas[:3, 3]
