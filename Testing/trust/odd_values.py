"""Voxels that are no numbers, no tissue or no anatomy: NaN, padding, outliers, constants."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from catalogue import (
    MOVING,
    NOT_GOOD,
    SANE,
    Expected,
    Place,
    case,
    fixed,
    moving,
    refused,
    right,
    right_or_doubtful,
)

VALUES, PADDING = "values", "padding"


def _values(name: str, change: Callable[[np.ndarray], np.ndarray], expected: Expected, quick: bool = False) -> None:
    """``change`` takes and gives voxels (i, j, k), as float32."""

    @case(name, VALUES, expected, quick)
    def _(place: Place):
        return place.as_moving(place.image(change(moving(np.float32)[0])))


def _with(array: np.ndarray, where, value: float) -> np.ndarray:
    array[where] = value
    return array


def _scattered(array: np.ndarray, share: float, value: float) -> np.ndarray:
    return _with(array, np.random.default_rng(0).random(array.shape) < share, value)


NAN = np.nan
_values("NaN everywhere", lambda a: a * NAN, refused("not a number"), quick=True)
_values("infinite everywhere", lambda a: np.full_like(a, np.inf), refused("not a number"))
_values("NaN but for one voxel", lambda a: _with(a * NAN, (9, 9, 9), 1.0), refused(""))
_values("NaN in 1 % of the voxels", lambda a: _scattered(a, 0.01, NAN), right())
_values("NaN in half of the voxels", lambda a: _scattered(a, 0.5, NAN), SANE)
_values("one infinite voxel", lambda a: _with(a, (9, 9, 9), np.inf), Expected(("right", "refused"), mm=1.0))
_values("constant", lambda a: a * 0 + 3, refused("constant"), quick=True)
_values("all 0", lambda a: a * 0, refused("constant"))
_values("constant but for one voxel", lambda a: _with(a * 0, (9, 9, 9), 7.0), NOT_GOOD)
_values("a ramp", lambda a: np.indices(a.shape)[0].astype(np.float32), NOT_GOOD)
_values("0.5 % of outliers", lambda a: _scattered(a, 0.005, 30_000.0), right(), quick=True)
_values("0.5 % of outliers below", lambda a: _scattered(a, 0.005, -30_000.0), right())
_values("one voxel of 1e30", lambda a: _with(a, (9, 9, 9), 1e30), right(1.0))
_values("inverted", lambda a: a.max() - a, right_or_doubtful())
_values("two levels", lambda a: np.where(a > np.median(a), 1.0, 0.0).astype(np.float32), right_or_doubtful())
_values("eight levels", lambda a: np.floor(a / a.max() * 8).astype(np.float32), right_or_doubtful())
_values("times 1e-6", lambda a: a * np.float32(1e-6), right(0.5))
_values("times 1e-30", lambda a: a * np.float32(1e-30), right_or_doubtful())
_values("times 1e30", lambda a: a * np.float32(1e30), SANE)
_values("less 1024, as CT", lambda a: a - 1024, right(1.0))
_values(
    "much noise",
    lambda a: a + np.random.default_rng(1).normal(0, 0.3 * a.max(), a.shape).astype(np.float32),
    right_or_doubtful(3.0),
)
_values("a strong shading", lambda a: a * np.linspace(0.2, 2.0, a.shape[1], dtype=np.float32)[:, None], right())


@case("NaN everywhere in the fixed image", VALUES, refused("not a number"))
def _(place: Place):
    return place.call(place.image(fixed(np.float32)[0] * NAN, fixed()[1]), MOVING)


@case("constant fixed image", VALUES, refused("constant"))
def _(place: Place):
    return place.call(place.image(fixed(np.float32)[0] * 0 + 3, fixed()[1]), MOVING)


def _rim(value: float, dtype: type, share: float = 1 / 7) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array = array.astype(dtype)
        for axis in (0, 2):
            array = np.moveaxis(array, axis, 0)
            array[: int(share * len(array))] = value
            array[len(array) - int(share * len(array) / 2) :] = value
            array = np.moveaxis(array, 0, axis)
        return array

    return change


def _padded(value: float, dtype: type, quick: bool = False) -> None:
    @case(f"rim of {value:g} ({np.dtype(dtype).name})", PADDING, right_or_doubtful(), quick)
    def _(place: Place):
        array = moving()[0]
        # So that they fit.
        array = array // 10 if dtype is np.uint8 else array
        return place.as_moving(place.image(_rim(value, dtype)(array)), unknown=value)


_padded(-32768, np.int16, quick=True)
for _value in (-9999, -3024, -2000, -1024, -1000, -1, 0, 32767):
    _padded(_value, np.int16)
_padded(65535, np.uint16)
_padded(255, np.uint8)
_padded(NAN, np.float32)
_padded(-3.4028235e38, np.float32)
_padded(-1e30, np.float64)


@case("rim of -32768 in the fixed image", PADDING, right_or_doubtful())
def _(place: Place):
    array, affine = fixed()
    return place.call(place.image(_rim(-32768, np.int16)(array), affine), MOVING, motion=np.eye(4))


@case("half of the image is -32768", PADDING, right_or_doubtful())
def _(place: Place):
    array = moving()[0]
    array[array.shape[0] // 2 :] = -32768
    return place.as_moving(place.image(array), unknown=-32768)


@case("scanner's circle of -2000", PADDING, right_or_doubtful())
def _(place: Place):
    array = moving()[0]
    i, j = (np.linspace(-1, 1, n) for n in array.shape[:2])
    array[i[:, None] ** 2 + j**2 > 1] = -2000
    return place.as_moving(place.image(array))


@case("odd values on both sides", PADDING, right_or_doubtful())
def _(place: Place):
    array, affine = fixed()
    one = place.image(_rim(-1000, np.int16)(array), affine, "one.nii")
    return place.call(one, place.image(_rim(NAN, np.float32)(moving()[0]), name="two.nii"), motion=np.eye(4))


@case("moving image of metal", PADDING, right())
def _(place: Place):
    array = moving()[0]
    array[10:14, 20:24, 15:19] = 30_000
    return place.as_moving(place.image(array))
