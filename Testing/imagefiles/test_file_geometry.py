"""Which geometry a file may have. Judges: nibabel's transform of points, and numbers beside each limit."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from LDRRegistrationLib.imagefiles.geometry import (
    checkGeometry,
    checkScalar3d,
    checkSize,
    differ,
    isSheared,
    isUsableGeometry,
)
from LDRRegistrationLib.runtime.errors import RegistrationError
from nibabel.affines import apply_affine
from scipy.spatial.transform import Rotation
from support.niftifiles import affine

SHAPE = (20, 30, 40)  # k, j, i
CORNERS = np.array(list(itertools.product((0, 39), (0, 29), (0, 19))))
PATH = Path("image.nii")


def with_values(**places):
    """The identity with other elements: ``r03`` is row 0, column 3."""
    matrix = np.eye(4)
    for name, value in places.items():
        matrix[int(name[1]), int(name[2])] = value
    return matrix


@pytest.mark.parametrize("seed", range(6))
def test_every_right_angled_affine_is_a_placement(seed):
    matrix = affine(seed, left_handed=bool(seed % 2))
    assert isUsableGeometry(matrix) and not isSheared(matrix, SHAPE) and differ(matrix, matrix, SHAPE) == 0.0
    checkGeometry(PATH, matrix, SHAPE)


@pytest.mark.parametrize("axis", range(3))
def test_places_that_cannot_be(axis):
    diagonal, origin = f"r{axis}{axis}", f"r{axis}3"
    following = (axis + 1) % 3
    for matrix, may_be in (
        (with_values(**{diagonal: 1.01e-5}), True),
        (with_values(**{diagonal: 0.99e-5}), False),
        (with_values(**{diagonal: 0.0}), False),
        (with_values(**{diagonal: 0.99e4}), True),
        (with_values(**{diagonal: 1.01e4}), False),
        (with_values(**{diagonal: np.nan}), False),
        (with_values(**{origin: -0.99e6}), True),
        (with_values(**{origin: 1.01e6}), False),
        (with_values(**{origin: -1.01e6}), False),
        (with_values(**{origin: np.inf}), False),
        # Two axes along nearly the same line: what they span is told from nothing down to a thousandth.
        (with_values(**{diagonal: 1.1e-3, f"r{following}{axis}": 1.0}), True),
        (with_values(**{diagonal: 0.9e-3, f"r{following}{axis}": 1.0}), False),
        (with_values(**{diagonal: -1.1e-3, f"r{following}{axis}": 1.0}), True),
        (with_values(**{diagonal: 0.9e-4, f"r{following}{axis}": 0.1}), False),
    ):
        assert isUsableGeometry(matrix) == may_be
        if not may_be:
            with pytest.raises(RegistrationError, match=r"image\.nii has an invalid geometry"):
                checkGeometry(PATH, matrix, SHAPE)


@pytest.mark.parametrize(("axis", "along"), list(itertools.permutations(range(3), 2)))
def test_shear_counts_where_a_corner_is_off_by_a_tenth_of_a_voxel(axis, along):
    """The best right-angled axes take half of a small shear each: its corners are off by a quarter of its size."""
    rng = np.random.default_rng(axis * 3 + along)
    turn = np.eye(4)
    turn[:3, :3] = Rotation.random(rng=rng).as_matrix()
    sizes = np.array(SHAPE[::-1]) - 1
    for spacing in (np.ones(3), np.array([0.5, 0.5, 0.5]) * (1.0 + np.arange(3))):
        scale = np.diag([*spacing, 1.0])
        for off, sheared in ((0.8, False), (1.25, True)):
            # Off the corners: along each of both axes half the angle times half the other one's length, in mm.
            lengths = sizes[[axis, along]] * spacing[[axis, along]] / 2.0
            angle = off * 0.1 * spacing.min() / (np.linalg.norm(lengths) / 2.0)
            shear = np.eye(4)
            shear[along, axis] = angle
            matrix = turn @ shear @ scale
            assert isSheared(matrix, SHAPE) == sheared
    with pytest.raises(RegistrationError, match=r"image\.nii has sheared axes"):
        checkGeometry(PATH, matrix, SHAPE)


@pytest.mark.parametrize("seed", range(6))
def test_what_two_headers_differ_by_is_the_largest_distance_of_a_corner(seed):
    rng = np.random.default_rng(seed)
    one = affine(seed)
    other = one.copy()
    other[:3, :3] += rng.uniform(-0.2, 0.2, (3, 3))
    other[:3, 3] += rng.uniform(-5, 5, 3)
    distances = np.linalg.norm(apply_affine(one, CORNERS) - apply_affine(other, CORNERS), axis=1)
    assert differ(one, other, SHAPE) == pytest.approx(distances.max())
    smallest = np.linalg.norm(one[:3, :3], axis=0).min()
    for share, counts in ((0.09, False), (0.11, True)):
        near = one.copy()
        near[seed % 3, 3] += share * smallest
        assert differ(one, near, SHAPE) == pytest.approx(share * smallest if counts else 0.0)


def test_what_is_no_volume_of_single_values():
    checkScalar3d(PATH, 3)
    checkScalar3d(PATH, 3, components=1, volumes=1, isComplex=False)
    for arguments, sentence in (
        ({"dimensions": 3, "isComplex": True}, "holds complex numbers"),
        ({"dimensions": 3, "components": 3}, "has 3 values per voxel"),
        ({"dimensions": 3, "components": 0}, "has 0 values per voxel"),
        ({"dimensions": 4, "volumes": 5}, r"has 4 dimensions \(5 volumes\); only"),
        ({"dimensions": 4}, r"has 4 dimensions; only"),
        ({"dimensions": 4, "volumes": 2}, r"has 4 dimensions \(2 volumes\)"),
        ({"dimensions": 2}, "has 2 dimensions; only"),
    ):
        with pytest.raises(RegistrationError, match=rf"image\.nii {sentence}"):
            checkScalar3d(PATH, **arguments)
    checkSize(PATH, [1, 1, 1])
    for sizes in ([4, 0, 4], [-1, 4, 4]):
        with pytest.raises(RegistrationError, match=" x ".join(map(str, sizes))):
            checkSize(PATH, sizes)
