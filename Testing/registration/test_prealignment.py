"""Pre-alignment: known affines found again, on odd grids, across contrasts; a start is kept if it is better."""

import numpy as np
import pytest
import torch
from LDRRegistrationLib.registration.affinelncc import AffineLncc
from LDRRegistrationLib.registration.prealignment import prealign
from LDRRegistrationLib.runtime.errors import RegistrationCancelled
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.image import Image
from scipy.spatial.transform import Rotation
from support.grids import points_inside, random_grid

BLOBS = 60


def _head(rng: np.random.Generator):
    """A function of RAS points: an ellipsoid of 150 x 180 x 140 mm with a rim, filled with blobs."""
    centers = rng.uniform(-1, 1, (BLOBS, 3)) * [50, 65, 45]
    sizes, weights = rng.uniform(6, 14, BLOBS), rng.uniform(-0.5, 0.6, BLOBS)

    def value(points: np.ndarray) -> np.ndarray:
        radius = np.sqrt(((points / [75, 90, 70]) ** 2).sum(axis=-1))
        tissue = np.full(points.shape[:-1], 0.5)
        for center, size, weight in zip(centers, sizes, weights, strict=True):
            tissue += weight * np.exp(-0.5 * ((points - center) ** 2).sum(axis=-1) / size**2)
        return 1000 * (np.clip(tissue, 0.1, 1.5) * (radius < 0.9) + 0.9 * (np.abs(radius - 0.97) < 0.03))

    return value


def _around_head(rng: np.random.Generator, shape: tuple[int, int, int], extent_mm: float = 210.0) -> Grid:
    grid = random_grid(rng, shape, extent_mm)
    matrix = grid.ijkToRas.copy()
    matrix[:3, 3] -= grid.centerRas
    return Grid(shape, matrix)


def _volume(head, grid: Grid, to_head: np.ndarray, rng: np.random.Generator, name: str = "scan") -> Image:
    """The head as seen on ``grid`` through a 4x4 from the grid's world to the head's, with some noise."""
    points = grid.pointsRas() @ to_head[:3, :3].T + to_head[:3, 3]
    return Image((head(points) + rng.normal(0, 5, grid.shape)).astype(np.float32), grid.ijkToRas, name)


def _affine(rng: np.random.Generator, degrees: float, shift_mm: float, scale: float) -> np.ndarray:
    matrix = np.eye(4)
    rotation = Rotation.from_rotvec(np.deg2rad(degrees) * rng.uniform(-1, 1, 3) / np.sqrt(3)).as_matrix()
    matrix[:3, :3] = rotation @ np.diag(1 + rng.uniform(-scale, scale, 3))
    matrix[:3, 3] = shift_mm * rng.uniform(-1, 1, 3)
    return matrix


def _error_mm(found: np.ndarray, truth: np.ndarray, grid: Grid, rng: np.random.Generator) -> float:
    points = points_inside(rng, grid, 300)
    points = points[np.linalg.norm(points / [75, 90, 70], axis=1) < 1]
    difference = (found - truth)[:3]
    return float(np.linalg.norm(points @ difference[:, :3].T + difference[:, 3], axis=1).mean())


@pytest.mark.parametrize("mode", ["rigid", "affine"])
@pytest.mark.parametrize("seed", range(6))
def test_a_known_transform_is_found_on_any_grid(seed, mode):
    rng = np.random.default_rng(seed)
    head = _head(rng)
    truth = _affine(rng, 18.0, 40.0, 0.0 if mode == "rigid" else 0.06)
    fixed_grid = _around_head(rng, (50, 52, 48))
    moving_grid = _around_head(rng, (46, 54, 50))
    placed = moving_grid.ijkToRas.copy()
    placed[:3, 3] += truth[:3, 3]
    fixed = _volume(head, fixed_grid, np.eye(4), rng)
    moving = _volume(head, Grid(moving_grid.shape, placed), np.linalg.inv(truth), rng)
    result = prealign(fixed, moving, mode)
    assert _error_mm(np.eye(4), truth, fixed_grid, rng) > 2 * _error_mm(result.matrix, truth, fixed_grid, rng)
    assert _error_mm(result.matrix, truth, fixed_grid, rng) < 1.5  # of voxels of 3 to 6 mm
    assert result.similarityAfter > result.similarityBefore
    if mode == "rigid":
        np.testing.assert_allclose(result.matrix[:3, :3] @ result.matrix[:3, :3].T, np.eye(3), atol=1e-6)


def test_an_inverted_contrast_is_no_obstacle():
    rng = np.random.default_rng(5)
    head = _head(rng)
    truth = _affine(rng, 12.0, 20.0, 0.0)
    grid = _around_head(rng, (50, 50, 50))
    fixed = _volume(head, grid, np.eye(4), rng)
    seen = _volume(head, grid, np.linalg.inv(truth), rng)
    inverted = Image(np.where(seen.array > 100, 1400 - seen.array, seen.array), seen.ijkToRas)
    assert _error_mm(prealign(fixed, inverted, "rigid").matrix, truth, grid, rng) < 1.5


def test_identity_stays_identity():
    rng = np.random.default_rng(6)
    head, grid = _head(rng), _around_head(rng, (50, 50, 50))
    image = _volume(head, grid, np.eye(4), rng)
    for mode in ("rigid", "affine"):
        assert _error_mm(prealign(image, image, mode).matrix, np.eye(4), grid, rng) < 0.05


def test_none_judges_the_start_and_returns_it():
    rng = np.random.default_rng(7)
    head, grid = _head(rng), _around_head(rng, (40, 40, 40))
    image = _volume(head, grid, np.eye(4), rng)
    start = _affine(rng, 5.0, 10.0, 0.02)
    result = prealign(image, image, "none", start)
    np.testing.assert_array_equal(result.matrix, start)
    assert result.similarityAfter == result.similarityBefore < prealign(image, image, "none").similarityAfter


def test_an_initial_transform_reaches_what_the_starts_cannot():
    rng = np.random.default_rng(8)
    head, grid = _head(rng), _around_head(rng, (50, 50, 50))
    truth = np.eye(4)
    truth[:3, :3] = Rotation.from_euler("z", 150, degrees=True).as_matrix()
    fixed, moving = _volume(head, grid, np.eye(4), rng), _volume(head, grid, np.linalg.inv(truth), rng)
    near = truth @ _affine(rng, 8.0, 8.0, 0.0)
    assert _error_mm(prealign(fixed, moving, "rigid").matrix, truth, grid, rng) > 20.0
    assert _error_mm(prealign(fixed, moving, "rigid", near).matrix, truth, grid, rng) < 1.0


def test_scales_stay_plausible_when_one_scan_shows_less():
    rng = np.random.default_rng(9)
    head, grid = _head(rng), _around_head(rng, (60, 60, 60))
    whole = _volume(head, grid, np.eye(4), rng)
    upper = Image(whole.array[:, :40].copy(), whole.ijkToRas)
    result = prealign(upper, whole, "affine")
    scales = np.linalg.svd(result.matrix[:3, :3], compute_uv=False)
    assert np.abs(np.log(scales)).max() < 0.02
    assert _error_mm(result.matrix, np.eye(4), upper.grid, rng) < 0.5


def test_cancel():
    rng = np.random.default_rng(10)
    image = _volume(_head(rng), _around_head(rng, (30, 30, 30)), np.eye(4), rng)
    with pytest.raises(RegistrationCancelled):
        prealign(image, image, "affine", cancelled=lambda: True)


def test_same_bits_again_and_nearly_with_other_threads():
    rng = np.random.default_rng(11)
    head, grid = _head(rng), _around_head(rng, (50, 50, 50))
    fixed = _volume(head, grid, np.eye(4), rng)
    moving = _volume(head, grid, np.linalg.inv(_affine(rng, 10.0, 15.0, 0.03)), rng)
    before, matrices = torch.get_num_threads(), {}
    try:
        for threads in (2, 1, 2):
            torch.set_num_threads(threads)
            matrix = prealign(fixed, moving, "affine").matrix
            if threads in matrices:
                np.testing.assert_array_equal(matrix, matrices[threads])
            matrices[threads] = matrix
    finally:
        torch.set_num_threads(before)
    assert _error_mm(matrices[1], matrices[2], grid, rng) < 1e-3


def test_affines_judged_together_are_judged_as_each_alone():
    rng = np.random.default_rng(5)
    head, grid = _head(rng), _around_head(rng, (18, 20, 16))
    fixed, moving = (_volume(head, grid, _affine(rng, 5, 4, 0.03), rng) for _ in range(2))
    level = AffineLncc(*(Image(image.array / 1500, image.ijkToRas, "scan") for image in (fixed, moving)))
    matrices = [_affine(rng, 8, 30, 0.05) for _ in range(5)]
    for together, matrix in zip(level.at(matrices), matrices, strict=True):
        alone = level.at([matrix])[0]
        assert together.matrix is not alone.matrix and np.array_equal(together.matrix, matrix)
        assert (together.mean, together.overlap) == pytest.approx((alone.mean, alone.overlap), rel=1e-6)
        for one, other in zip(together.normalEquations, alone.normalEquations, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * np.abs(other).max())
