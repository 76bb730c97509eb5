"""Labels by a transform: every label arrives or is counted, and none is changed."""

import numpy as np
import pytest
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import Grid, transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.labelwarp import presentLabels, warpLabels, wholeNumbers
from LDRRegistrationLib.space.transform import Transform
from support.grids import grid_over, random_grid, random_transform

SHAPE = (24, 26, 28)


def _points(count: int, dtype=np.uint8, seed: int = 0) -> Image:
    """One-voxel labels 1, 2, ... on voxels of 1 mm, away from the border."""
    rng = np.random.default_rng(seed)
    places = np.stack(np.meshgrid(*(np.arange(6, n - 6, 3) for n in SHAPE), indexing="ij"), -1).reshape(-1, 3)
    array = np.zeros(SHAPE, dtype)
    for label, place in enumerate(places[rng.choice(len(places), count, False)], start=1):
        array[tuple(place)] = label
    return Image(array, np.eye(4), "contacts")


def _centre(image: Image, label: int) -> np.ndarray:
    return transformPoints(image.ijkToRas, np.argwhere(image.array == label)[:, ::-1].mean(axis=0))


@pytest.mark.parametrize("spacing", [0.7, 1.0, 2.2])
def test_one_voxel_labels_all_arrive_where_they_belong(spacing):
    labels = _points(40)
    rng = np.random.default_rng(1)
    transform = random_transform(rng, Grid(SHAPE, np.eye(4)))
    size = int(40 / spacing)
    placed = np.diag([spacing, spacing, spacing, 1.0])
    placed[:3, 3] = transform.inversePoints(labels.grid.centerRas[None])[0] - spacing * (size - 1) / 2
    warped, notes = warpLabels(labels, Grid((size,) * 3, placed), transform)
    assert set(presentLabels(warped)) == set(range(1, 41))
    for label in range(1, 41):
        there = _centre(Image(warped, placed), label)
        wanted = transform.inversePoints(_centre(labels, label)[None])[0]
        assert np.abs(there - wanted).max() <= 2.1 * spacing
    nearest = transform.warp(labels, Grid((size,) * 3, placed), nearest=True)
    lost = 40 - len(presentLabels(nearest))
    # What took a voxel by itself is as it was; the rest is counted.
    assert (lost == 0) == (notes == []) and all(note.startswith(f"{lost} of 40 labels of contacts") for note in notes)
    if spacing > 1.0:
        assert lost > 5
    kept = np.isin(nearest, presentLabels(nearest)) & (warped != nearest)
    assert kept.sum() <= lost


def test_a_small_label_takes_a_voxel_of_a_large_one_but_never_the_last():
    array = np.zeros((8, 8, 8), np.int16)
    array[2:6, 2:6, 2:6] = 9
    array[3, 3, 3], array[3, 3, 4], array[3, 4, 3] = 1, 2, 3
    coarse = Grid((2, 2, 2), np.diag([4.0, 4.0, 4.0, 1.0]) + np.pad(np.full((3, 1), 1.5), ((0, 1), (3, 0))))
    warped, notes = warpLabels(Image(array, np.eye(4), "small"), coarse, Transform(np.eye(4)))
    assert set(presentLabels(warped)) == {1, 2, 3, 9}
    assert len(notes) == 1 and "so small" in notes[0]


def test_a_label_where_the_transform_cannot_be_inverted_arrives_close_by(monkeypatch):
    labels = _points(12)
    transform = random_transform(np.random.default_rng(1), Grid(SHAPE, np.eye(4)))
    coarse = Grid((20, 20, 20), np.diag([3.0, 3.0, 3.0, 1.0]) + np.pad(np.full((3, 1), -15.0), ((0, 1), (3, 0))))
    right, _ = warpLabels(labels, coarse, transform)
    exact = Transform.inversePoints(transform, transformPoints(labels.ijkToRas, np.argwhere(labels.array)[:, ::-1]))
    assert np.isfinite(exact).all()
    monkeypatch.setattr(Transform, "inversePoints", lambda _transform, points: np.full_like(points, np.nan))
    searched, notes = warpLabels(labels, coarse, transform)
    assert len(notes) == 1 and "so small" in notes[0]
    np.testing.assert_array_equal(searched, right)


def test_labels_beside_the_image_and_no_labels_are_mentioned():
    labels = _points(5)
    away = np.eye(4)
    away[:3, 3] = 500.0
    far = Image(labels.array, away, "elsewhere")
    warped, notes = warpLabels(far, labels.grid, Transform(np.eye(4)))
    assert not warped.any() and len(notes) == 1 and notes[0].startswith("No label of elsewhere")
    warped, notes = warpLabels(Image(np.zeros(SHAPE, np.uint8), np.eye(4), "none"), labels.grid, Transform(np.eye(4)))
    assert not warped.any() and len(notes) == 1 and "contains no label" in notes[0]
    half = Grid((SHAPE[0] // 2, *SHAPE[1:]), np.eye(4))
    outside = 5 - len(presentLabels(labels.array[: SHAPE[0] // 2]))
    _, notes = warpLabels(labels, half, Transform(np.eye(4)))
    assert 0 < outside < 5 and notes == [
        f"{outside} of 5 labels of contacts lie outside the fixed image and did not arrive."
    ]


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64, np.float64])
def test_large_labels_are_exact(dtype):
    rng = np.random.default_rng(4)
    grid = random_grid(rng, (10, 11, 12))
    names = np.array([0, 2**24 + 1, 2**31 - 1, 2**31 - 2], dtype)
    labels = Image(names[rng.integers(0, 4, grid.shape)], grid.ijkToRas, "large")
    warped, notes = warpLabels(labels, grid, Transform(np.eye(4)))
    np.testing.assert_array_equal(warped, labels.array)
    assert warped.dtype.kind in "iu" and notes == []
    other = grid_over(rng, grid, (14, 14, 14))
    assert set(np.unique(warpLabels(labels, other, Transform(np.eye(4)))[0])) <= set(names.astype(np.int64))


def test_values_that_are_no_labels_are_refused():
    whole = np.zeros((4, 4, 4), np.float32)
    whole[1, 2, 3], whole[0, 0, 0] = 40000.0, -3.0
    assert wholeNumbers(Image(whole, np.eye(4))).dtype == np.int32
    for value in (0.5, np.nan, np.inf, 1e30):
        whole[1, 2, 3] = value
        with pytest.raises(RegistrationError, match="is not a label map"):
            wholeNumbers(Image(whole, np.eye(4)))


def test_present_labels_of_any_range():
    for values in ([0, 1, 5], [-7, 0, 3], [0, 2**30, 7], [-(2**40), 2**41]):
        array = np.resize(np.array(values, np.int64), (3, 4, 5))
        assert presentLabels(array).tolist() == [value for value in sorted(values) if value]
