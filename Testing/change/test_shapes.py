"""Shapes in masks that are found faster than by their definition: no voxel may differ."""

from types import SimpleNamespace

import numpy as np
import SimpleITK as sitk
from LDRRegistrationLib.change.readercriteria import SURFACE_MM, ReaderCriteria
from LDRRegistrationLib.change.searchregion import _closed
from LDRRegistrationLib.change.shapes import asItk, asMask, closedByBall, depth, withoutHoles
from LDRRegistrationLib.space.grid import Grid


def _blobs(shape: tuple[int, ...], share: float, seed: int) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    values = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.5)
    return values > np.quantile(values, 1.0 - share)


def test_closing_by_a_ball_is_itks() -> None:
    for seed, share in enumerate((0.05, 0.3, 0.6)):
        mask = _blobs((30, 41, 25), share, seed)
        expected = asMask(sitk.BinaryMorphologicalClosing(asItk(mask), [2] * 3))
        assert expected.sum() > mask.sum()
        np.testing.assert_array_equal(closedByBall(mask), expected)


def test_a_brain_is_closed_alike_wherever_it_lies_in_the_head() -> None:
    small = _blobs((24, 30, 28), 0.2, 4)
    large = np.zeros((60, 70, 50), dtype=bool)
    large[20:44, 33:63, 5:33] = small
    margin = 7
    wide = depth(~np.pad(large, margin), beyond=None) <= 4.3
    whole = withoutHoles(depth(wide, beyond=None) > 4.3)[(slice(margin, -margin),) * 3] | large
    assert whole.sum() > large.sum()
    np.testing.assert_array_equal(_closed(large, 4.3), whole)
    assert not _closed(np.zeros_like(large), 4.3).any()


def test_depth_of_a_region_is_that_below_the_whole_surface() -> None:
    """Near the end of the map and within it; deeper than the reader asks for it may differ."""
    mask = np.zeros((40, 44, 36), dtype=bool)
    mask[:30, 6:40, 4:32] = True
    grid = Grid(mask.shape, np.diag([1.0, 1.5, 2.0, 1.0]))
    image = np.arange(mask.size, dtype=np.float32).reshape(mask.shape)
    reader = ReaderCriteria(SimpleNamespace(mask=mask, grid=grid, current=image, prior=image))
    whole = depth(mask, grid.spacing)
    shallow = 0
    for low in ((0, 10, 8), (3, 9, 5), (12, 20, 12), (24, 30, 22)):
        box = tuple(slice(max(n - 5, 0), n + 9) for n in low)
        core = np.zeros(mask.shape, dtype=bool)
        core[tuple(slice(n, n + 4) for n in low)] = True
        expected, found = float(np.median(whole[core])), reader._depth(box, core[box])
        assert min(found, SURFACE_MM) == min(expected, SURFACE_MM)
        shallow += expected < SURFACE_MM
    assert 0 < shallow < 4
