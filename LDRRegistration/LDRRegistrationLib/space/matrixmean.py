"""The mean of linear transforms that favours none of them: of rotations a rotation, of scales their geometric mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _

TERMS = 20
SMALL = 0.1
TOLERANCE = 1e-10
STEPS = 50


def meanMatrix(matrices: Sequence[np.ndarray]) -> np.ndarray:
    """M with sum over n of log(M^-1 A_n) = 0: the 4x4 in the middle of the 4x4 ``matrices``, in whatever order.

    The bi-invariant mean of Pennec and Arsigny (Matrix Information Geometry, 2013): the mean of A_n B is M B.

    :raises RegistrationError: they are half a turn apart, or more, so that nothing is in their middle.
    """
    mean = np.eye(4)
    for _step in range(STEPS):
        back = np.linalg.inv(mean)
        step = np.mean([logarithm(back @ matrix) for matrix in matrices], axis=0)
        mean = mean @ exponential(step)
        if np.abs(step).max() < TOLERANCE * (1.0 + np.abs(mean).max()):
            return mean
    raise _tooFarApart()


def exponential(matrix: np.ndarray) -> np.ndarray:
    """exp of a square matrix, by scaling and squaring."""
    halvings = max(0, int(np.ceil(np.log2(max(float(np.linalg.norm(matrix[:3, :3])), 1e-300) / SMALL))))
    scaled = matrix / 2.0**halvings
    term, total = np.eye(len(matrix)), np.eye(len(matrix))
    for number in range(1, TERMS):
        term = term @ scaled / number
        total = total + term
    return np.linalg.matrix_power(total, 2**halvings)


def logarithm(matrix: np.ndarray) -> np.ndarray:
    """log of a 4x4 near the identity or not, by inverse scaling and squaring.

    :raises RegistrationError: it turns by half a turn or mirrors, and has none.
    """
    roots, root = 0, np.asarray(matrix, dtype=np.float64)
    while np.linalg.norm(root[:3, :3] - np.eye(3)) > SMALL:
        root, roots = _squareRoot(root), roots + 1
        if roots > STEPS:
            raise _tooFarApart()
    rest = np.eye(4) - root
    power, total = np.eye(4), np.zeros((4, 4))
    for number in range(1, TERMS):
        power = power @ rest
        total -= power / number
    return total * 2.0**roots


def _squareRoot(matrix: np.ndarray) -> np.ndarray:
    """By Denman and Beavers (1976)."""
    root, inverse = matrix, np.eye(4)
    for _step in range(STEPS):
        try:
            following = 0.5 * (root + np.linalg.inv(inverse))
            inverse = 0.5 * (inverse + np.linalg.inv(root))
        except np.linalg.LinAlgError as error:
            raise _tooFarApart() from error
        isDone = np.abs(following - root).max() < 1e-14 * max(1.0, np.abs(root).max())
        root = following
        if isDone:
            break
    if not np.allclose(root @ root, matrix, rtol=1e-6, atol=1e-6):
        raise _tooFarApart()
    return root


def _tooFarApart() -> RegistrationError:
    return RegistrationError(
        _("The images lie half a turn or a mirror image apart: nothing is in their middle. Turn them alike first.")
    )
