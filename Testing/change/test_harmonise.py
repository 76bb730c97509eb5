"""Two visits made comparable: a contrast that differs from place to place, and the blur that interpolation adds."""

import numpy as np
import pytest
import torch
from LDRRegistrationLib.change.harmonise import harmonise, matchingSigmas
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.transform import Transform
from scipy.ndimage import gaussian_filter

SPACING = np.array([1.5, 1.5, 1.5])
SHAPE = (60, 60, 60)


def tissues(rng):
    """Three kinds of tissue in pieces of a centimetre, with noise."""
    fields = gaussian_filter(rng.normal(size=(3, *SHAPE)), (0, 3, 3, 3))
    return np.choose(fields.argmax(axis=0), [20.0, 60.0, 100.0]) + rng.normal(size=SHAPE)


def tensor(values):
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def test_a_contrast_that_differs_from_place_to_place_and_a_lesion():
    rng = np.random.default_rng(4)
    current = tissues(rng)
    gamma = np.linspace(0.6, 1.4, SHAPE[2])[None, None, :]
    prior = 100.0 * (np.clip(current, 1.0, None) / 100.0) ** gamma + rng.normal(size=SHAPE)
    away = np.linalg.norm((np.indices(SHAPE) - 30).T, axis=-1).T * SPACING[0]
    lesion = away < 5.0
    current = current + 30.0 * lesion
    inside = torch.ones(SHAPE, dtype=torch.bool)
    matched = harmonise(tensor(current), tensor(prior), inside, SPACING)
    left = current - matched.prior.numpy()
    ends = np.s_[:, :, 5:12], np.s_[:, :, -12:-5]
    for end in ends:
        # One curve for all would leave 10 to 20.
        assert np.abs(left[end]).mean() < 4.0
    assert left[lesion].mean() == pytest.approx(30.0, abs=4.0), "a lesion is an outlier"


@pytest.mark.parametrize(("shift", "variance"), [(0.0, 0.0), (0.5, 0.25), (2.25, 0.1875)])
def test_the_blur_of_interpolation_is_that_of_this_alignment(shift, variance):
    """At half the way between two voxels linear interpolation is the mean of both; on a voxel it changes nothing."""
    grid = Grid(SHAPE, np.diag([1.5, 1.5, 1.5, 1.0]))
    matrix = np.eye(4)
    matrix[0, 3] = shift * 1.5
    first, second = matchingSigmas(grid, grid, 0.7, Transform(matrix))
    assert first[:2] == pytest.approx(second[:2])
    assert (first[2] ** 2 - second[2] ** 2) == pytest.approx(variance, abs=1e-6)
