"""Fields and transforms against SimpleITK, on grids as odd as they come."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from LDRRegistrationLib.numerics.dlpack import toArray, toTensor
from LDRRegistrationLib.runtime.errors import RegistrationCancelled
from LDRRegistrationLib.space import transform
from LDRRegistrationLib.space.catmullrom import interpolateAtPoints, interpolateOnGrid
from LDRRegistrationLib.space.grid import canonicalGrid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.resample import reduceToSpacing, sampleOnGrid
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from support import itk
from support.grids import (
    grid_over,
    points_inside,
    random_affine,
    random_grid,
    random_transform,
    seeds,
    smooth_flow,
    smooth_image,
)

RANGE = 1000.0


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_points_agree_with_itk(seed):
    rng = np.random.default_rng(seed)
    fixed = random_grid(rng, (30, 34, 26))
    transform = random_transform(rng, fixed)
    points = points_inside(rng, fixed)
    expected = itk.transform_points(itk.from_transform(transform), points)
    np.testing.assert_allclose(transform.points(points), expected, atol=0.01)
    # The affine alone would be far off: the field was really applied.
    assert np.abs(points @ transform.affine[:3, :3].T + transform.affine[:3, 3] - expected).max() > 0.2


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_warp_agrees_with_itk(seed):
    rng = np.random.default_rng(seed)
    fixed = random_grid(rng, (30, 34, 26))
    transform = random_transform(rng, fixed)
    moving = smooth_image(rng, grid_over(rng, fixed, (44, 36, 40)))
    warped = transform.warp(moving, fixed, fill=-50.0)
    judge = sitk.Resample(
        itk.from_image(moving), itk.empty(fixed), itk.from_transform(transform), sitk.sitkLinear, -50.0
    )
    expected = sitk.GetArrayFromImage(judge)
    # Within a hair of the outer faces "inside" is a matter of rounding.
    decided = (warped == -50.0) == (expected == -50.0)
    assert decided.mean() > 0.999
    np.testing.assert_allclose(warped[decided], expected[decided], atol=0.001 * RANGE)
    assert (expected != -50.0).mean() > 0.2


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_sampling_agrees_with_itk(seed):
    rng = np.random.default_rng(seed)
    grid = random_grid(rng, (18, 22, 20))
    image = smooth_image(rng, grid_over(rng, grid, (30, 26, 28)))
    affine = random_affine(rng, grid.centerRas)
    sampled = toArray(sampleOnGrid(image.array, image.ijkToRas, grid, affine, fill=-7.0))
    judge = sitk.Resample(
        itk.from_image(image), itk.empty(grid), itk.from_transform(Transform(affine)), sitk.sitkLinear, -7.0
    )
    expected = sitk.GetArrayFromImage(judge)
    decided = (sampled == -7.0) == (expected == -7.0)
    assert decided.mean() > 0.999
    np.testing.assert_allclose(sampled[decided], expected[decided], atol=0.001 * RANGE)


def test_nearest_warp_keeps_labels_and_their_type():
    rng = np.random.default_rng(3)
    fixed = random_grid(rng, (20, 24, 22))
    labels = Image(rng.integers(0, 4, (30, 30, 30)).astype(np.uint8) * 50, grid_over(rng, fixed, (30, 30, 30)).ijkToRas)
    warped = random_transform(rng, fixed).warp(labels, fixed, nearest=True)
    assert warped.dtype == np.uint8
    assert set(np.unique(warped)) <= {0, 50, 100, 150} and len(np.unique(warped)) == 4


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.float64])
def test_large_labels_survive(dtype):
    rng = np.random.default_rng(3)
    grid = random_grid(rng, (12, 12, 12))
    names = np.array([0, 312782547, np.iinfo(np.int32).max], dtype=dtype)
    labels = Image(names[rng.integers(0, 3, (12, 12, 12))], grid.ijkToRas)
    np.testing.assert_array_equal(Transform(np.eye(4)).warp(labels, grid, nearest=True), labels.array)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float64"])
def test_every_number_type_is_warped(dtype):
    grid = random_grid(np.random.default_rng(6), (4, 5, 6))
    image = Image(np.arange(120).reshape(4, 5, 6).astype(dtype), grid.ijkToRas)
    for nearest in (False, True):
        warped = Transform(np.eye(4)).warp(image, grid, nearest=nearest)
        assert warped.dtype == image.array.dtype
        np.testing.assert_allclose(warped, image.array, atol=1e-3 if dtype == "float64" else 0)


def test_warp_rounds_integers_and_clips_to_their_range():
    grid = random_grid(np.random.default_rng(5), (8, 8, 8))
    ramp = np.linspace(0, 255, 512).reshape(8, 8, 8).astype(np.uint8)
    moved = Transform(np.eye(4)).warp(Image(ramp, grid.ijkToRas), grid)
    np.testing.assert_array_equal(moved, ramp)
    outside = np.eye(4)
    outside[:3, 3] = 1e4
    np.testing.assert_array_equal(Transform(outside).warp(Image(ramp, grid.ijkToRas), grid, fill=900.0), 255)
    largest = Image(np.full((8, 8, 8), np.iinfo(np.int32).max, np.int32), grid.ijkToRas)
    assert Transform(np.eye(4)).warp(largest, grid).min() > 0


def test_identity_in_identity_out():
    rng = np.random.default_rng(11)
    grid = random_grid(rng, (16, 18, 20))
    image = smooth_image(rng, grid)
    still = DisplacementField.fromFlow(toTensor(np.zeros((1, 3, 10, 10, 10))), canonicalGrid(grid, 6.0))
    np.testing.assert_allclose(Transform(np.eye(4), still).warp(image, grid), image.array, atol=1e-3)


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_separable_interpolation_is_the_pointwise_one(seed):
    rng = np.random.default_rng(seed)
    fixed = random_grid(rng, (14, 10, 12))
    field = random_transform(rng, fixed).field
    dense = toArray(interpolateOnGrid(field.vectors, field.grid, fixed, 3, 9))
    points = (fixed.pointsRas() @ field.grid.rasToIjk[:3, :3].T + field.grid.rasToIjk[:3, 3])[3:9]
    np.testing.assert_allclose(np.moveaxis(dense, 0, -1), interpolateAtPoints(field.vectors, points), atol=1e-4)


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_inverse_undoes_the_transform(seed):
    rng = np.random.default_rng(seed)
    fixed = random_grid(rng, (24, 24, 24))
    transform = random_transform(rng, fixed)
    points = points_inside(rng, fixed, 100)
    np.testing.assert_allclose(transform.inversePoints(transform.points(points)), points, atol=1e-3)
    grid = canonicalGrid(fixed, 12.0)
    back = transform.inverseDisplacement(grid)
    np.testing.assert_allclose(transform.points(grid.pointsRas() + back), grid.pointsRas(), atol=2e-3)


def test_inverse_of_a_folded_field_is_a_true_solution_or_none():
    grid = canonicalGrid(random_grid(np.random.default_rng(2), (20, 20, 20)), 3.0)
    flow = np.zeros((1, 3, *grid.shape))
    flow[0, 2] = 12.0 * np.sin(np.arange(grid.shape[2]) * 0.9)  # folds many times over
    transform = Transform(np.eye(4), DisplacementField.fromFlow(toTensor(flow), grid))
    points = grid.pointsRas().reshape(-1, 3)[::50]
    found = transform.inversePoints(points)
    solved = ~np.isnan(found).any(axis=1)
    assert solved.mean() > 0.5
    np.testing.assert_allclose(transform.points(found[solved]), points[solved], atol=1e-3)
    assert np.isnan(transform.inversePoints(points, iterations=1)).any(axis=1).mean() > 0.5


def test_jacobian_of_a_known_expansion_and_fold():
    grid = canonicalGrid(random_grid(np.random.default_rng(8), (20, 20, 20)), 3.0)
    flow = np.zeros((1, 3, *grid.shape))
    flow[0, 0] = 0.1 * np.arange(grid.shape[0]).reshape(-1, 1, 1)
    field = DisplacementField.fromFlow(toTensor(flow), grid)
    margins = [(n - m) // 2 for n, m in zip(field.grid.shape, grid.shape, strict=True)]
    inside = tuple(slice(margin, -margin - 1) for margin in margins)
    np.testing.assert_allclose(field.jacobianDeterminant()[inside], 1.1, atol=1e-4)
    np.testing.assert_allclose(toArray(field.flow())[0, 0][inside], flow[0, 0, :-1, :-1, :-1], atol=1e-4)
    flow[0, 0] = -1.5 * np.arange(grid.shape[0]).reshape(-1, 1, 1)
    folded = DisplacementField.fromFlow(toTensor(flow), grid)
    margins = [(n - m) // 2 for n, m in zip(folded.grid.shape, grid.shape, strict=True)]
    assert (folded.jacobianDeterminant()[tuple(slice(margin, -margin - 1) for margin in margins)] < 0).all()


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_fields_end_in_zeros_and_the_margin_does_not_fold(seed):
    rng = np.random.default_rng(seed)
    grid = canonicalGrid(random_grid(rng, (20, 24, 16)), 3.0)
    field = DisplacementField.fromFlow(toTensor(smooth_flow(rng, grid.shape, amplitude=4.0)), grid)
    for axis in range(3):
        for end in (0, 1, -1, -2):
            assert not np.take(field.vectors, end, axis=axis).any()
    assert field.jacobianDeterminant().min() > 0


@pytest.mark.parametrize("spacing", [1.0, 2.0, 5.0])
def test_reduction_keeps_the_place_of_what_is_in_the_image(spacing):
    rng = np.random.default_rng(21)
    grid = random_grid(rng, (60, 50, 40))
    center = grid.ijkToRas[:3, :3] @ [18.0, 26.0, 33.0] + grid.ijkToRas[:3, 3]
    distance = np.linalg.norm(grid.pointsRas() - center, axis=-1)
    blob = Image((1000 * np.exp(-0.5 * (distance / 8.0) ** 2)).astype(np.int16), grid.ijkToRas)
    reduced = reduceToSpacing(blob, spacing)
    assert (reduced.grid.spacing <= np.maximum(grid.spacing, spacing) + 1e-6).all()
    weights = reduced.array / reduced.array.sum()
    found = (reduced.grid.pointsRas() * weights[..., None]).sum(axis=(0, 1, 2))
    np.testing.assert_allclose(found, center, atol=0.15)


def test_reduction_averages_instead_of_dropping_voxels():
    grid = random_grid(np.random.default_rng(4), (16, 16, 16), extent_mm=16.0)
    checker = (np.indices(grid.shape).sum(axis=0) % 2).astype(np.float32)
    reduced = reduceToSpacing(Image(checker, grid.ijkToRas), 2.0 * float(grid.spacing.max()))
    np.testing.assert_allclose(reduced.array, 0.5, atol=0.3)
    assert max(reduced.array.shape) <= 8


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("slope", [0.0, 0.2])
@pytest.mark.parametrize("size", [-4.0, 4.0])
def test_the_margin_is_three_times_what_goes_on_across_its_face(axis, slope, size):
    """The field goes on for two voxels as it ends, fades out over the margin, and two planes of zeros close it."""
    grid = canonicalGrid(random_grid(np.random.default_rng(7), (20, 24, 16)), 4.0)
    for end in (1, -1):
        along = np.arange(grid.shape[axis], dtype=float)[::end] - grid.shape[axis] + 1
        values = (size * (1.0 + slope * along)).clip(min(size, 0.0), max(size, 0.0))
        flow = np.zeros((1, 3, *grid.shape))
        flow[0, axis] = values.reshape([-1 if n == axis else 1 for n in range(3)])
        margins = np.array([2 + 3 + 2] * 3)
        margins[axis] = 2 + np.ceil(3.0 * abs(size) * (1.0 + 2 * slope) - 1e-6) + 2
        vectors = DisplacementField.fromFlow(toTensor(flow), grid)
        np.testing.assert_array_equal(vectors.grid.shape, np.array(grid.shape) + 2 * margins)
        assert vectors.longestMm == pytest.approx(np.linalg.norm(vectors.vectors, axis=-1).max(), rel=1e-5)


@pytest.mark.parametrize("axis", range(3))
def test_the_margin_is_short_where_nothing_goes_across_the_face(axis):
    """Whatever goes on in the middle, out to the faces of the other axes."""
    grid = canonicalGrid(random_grid(np.random.default_rng(7), (20, 24, 16)), 4.0)
    flow = np.zeros((1, 3, *grid.shape))
    np.moveaxis(flow[0, axis], axis, 0)[4:-4] = 6.0
    field = DisplacementField.fromFlow(toTensor(flow), grid)
    np.testing.assert_array_equal(field.grid.shape, np.array(grid.shape) + 2 * (2 + 3 + 2))


def test_warping_can_be_watched_and_stopped(monkeypatch):
    monkeypatch.setattr(transform, "WARP_VOXELS", 200)
    rng = np.random.default_rng(1)
    image = smooth_image(rng, random_grid(rng, (12, 10, 9), 50.0), sigma=1.5)
    said = []
    whole = Transform(np.eye(4)).warp(image, image.grid, advance=said.append)
    assert said == sorted(said) and len(said) == 6 and said[0] == 0.0
    np.testing.assert_allclose(whole, image.array, atol=1e-4)

    def stop(share):
        if share > 0.4:
            raise RegistrationCancelled("stopped")

    with pytest.raises(RegistrationCancelled):
        Transform(np.eye(4)).warp(image, image.grid, advance=stop)


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64])
def test_large_integers_are_not_rounded_to_single_precision(dtype):
    rng = np.random.default_rng(12)
    grid = random_grid(rng, (9, 10, 11))
    highest = min(np.iinfo(dtype).max, 2**40)
    image = Image(rng.integers(2**24, highest, grid.shape).astype(dtype), grid.ijkToRas)
    np.testing.assert_array_equal(Transform(np.eye(4)).warp(image, grid), image.array)
    half = np.eye(4)
    half[:3, 3] = grid.ijkToRas[:3, 0] / 2.0
    warped = Transform(half).warp(image, grid)[:, :, :-1].astype(np.float64)
    mean = (image.array[:, :, :-1].astype(np.float64) + image.array[:, :, 1:].astype(np.float64)) / 2.0
    # Positions are single precision, so a value is off by that share of the step to the next voxel, not of itself.
    np.testing.assert_allclose(warped, mean, atol=0.5 + 1e-5 * highest, rtol=0)
    flat = Image((2**31 - 5 + rng.integers(0, 4, grid.shape)).astype(dtype), grid.ijkToRas)
    assert set(np.unique(Transform(half).warp(flat, grid, fill=2**31 - 5))) <= set(range(2**31 - 5, 2**31))


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_the_largest_integers_do_not_turn_over(dtype):
    grid = random_grid(np.random.default_rng(13), (6, 6, 6))
    largest = np.iinfo(dtype).max
    warped = Transform(np.eye(4)).warp(Image(np.full(grid.shape, largest, dtype), grid.ijkToRas), grid)
    assert warped.min() > largest - 2**12


def test_dense_displacement_is_that_of_the_points():
    """On the field's own lattice and on one that is oblique to it, in slabs and at once."""
    rng = np.random.default_rng(5)
    grid = random_grid(rng, (18, 26, 22))
    found = random_transform(rng, grid)
    for other in (grid, random_grid(rng, (7, 9, 11))):
        points = other.pointsRas()
        np.testing.assert_allclose(found.displacement(other), found.points(points) - points, atol=1e-3)
