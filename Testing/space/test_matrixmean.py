"""The mean of linear transforms."""

import numpy as np
import pytest
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.matrixmean import exponential, logarithm, meanMatrix
from scipy.linalg import expm, logm
from scipy.spatial.transform import Rotation


def rigid(degrees, shift=(0.0, 0.0, 0.0)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    matrix[:3, 3] = shift
    return matrix


def affines(count, seed=0):
    rng = np.random.default_rng(seed)
    found = [rigid(rng.uniform(-25, 25, 3), rng.uniform(-30, 30, 3)) for _ in range(count)]
    for matrix in found:
        matrix[:3, :3] *= 1.0 + rng.uniform(-0.2, 0.2, (3, 3))
    return found


@pytest.mark.parametrize("matrix", [*affines(5), rigid((0, 0, 170), (100, 0, 0)), np.eye(4)])
def test_logarithm_and_exponential_are_scipy_s(matrix):
    np.testing.assert_allclose(logarithm(matrix), logm(matrix).real, atol=1e-8)
    np.testing.assert_allclose(exponential(logm(matrix).real), matrix, atol=1e-8)
    np.testing.assert_allclose(exponential(10 * matrix), expm(10 * matrix), rtol=1e-6, atol=1e-6)


def test_halfway_between_two_rotations_is_half_the_angle():
    mean = meanMatrix([np.eye(4), rigid((0, 40, 0), (8.0, 0.0, -2.0))])
    np.testing.assert_allclose(mean @ mean, rigid((0, 40, 0), (8.0, 0.0, -2.0)), atol=1e-8)


def test_the_mean_favours_none_and_goes_along():
    matrices, other = affines(4), affines(1, seed=9)[0]
    mean = meanMatrix(matrices)
    np.testing.assert_allclose(meanMatrix(matrices[::-1]), mean, atol=1e-8)
    np.testing.assert_allclose(meanMatrix([matrix @ other for matrix in matrices]), mean @ other, atol=1e-6)
    left = [matrix @ np.linalg.inv(mean) for matrix in matrices]
    np.testing.assert_allclose(meanMatrix(left), np.eye(4), atol=1e-8)


def test_of_scales_it_is_the_geometric_mean():
    mean = meanMatrix([np.diag([2.0, 1.0, 1.0, 1.0]), np.diag([0.5, 4.0, 1.0, 1.0])])
    np.testing.assert_allclose(mean, np.diag([1.0, 2.0, 1.0, 1.0]), atol=1e-9)


@pytest.mark.parametrize("other", [rigid((180, 0, 0)), np.diag([-1.0, 1.0, 1.0, 1.0])])
def test_nothing_is_in_the_middle_of_half_a_turn(other):
    with pytest.raises(RegistrationError, match="half a turn or a mirror image"):
        meanMatrix([np.eye(4), other])
