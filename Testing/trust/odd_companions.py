"""Masks, labels and transforms to start from that are not what they should be, or are and unusual."""

from __future__ import annotations

import nibabel
import numpy as np
import SimpleITK as sitk
from catalogue import (
    MOVING,
    MOVING_LABELS,
    SANE,
    Expected,
    Place,
    about_center,
    case,
    fixed,
    moving,
    noted,
    refused,
    right,
    right_or_doubtful,
)

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
MASKS, LABELS, START = "masks", "labels", "start"


def _mask(name: str, expected: Expected, make, option: str = "--moving-mask", quick: bool = False) -> None:
    """``make`` gives voxels, or voxels and 4x4, from those of the image that the mask is of."""

    @case(name, MASKS, expected, quick)
    def _(place: Place):
        array, affine = (fixed if option == "--fixed-mask" else moving)()
        made = make(array, affine)
        made = made if isinstance(made, tuple) else (made, affine)
        return place.with_options(option, place.image(*made, "mask.nii.gz"))


def _box(array: np.ndarray, value: float = 1.0, dtype: type = np.uint8) -> np.ndarray:
    mask = np.zeros(array.shape, dtype)
    mask[tuple(slice(n // 8, n - n // 8) for n in array.shape)] = value
    return mask


def _elsewhere(array: np.ndarray, affine: np.ndarray):
    affine = affine.copy()
    affine[:3, 3] += 1000
    return np.ones(array.shape, np.uint8), affine


def _coarse(array: np.ndarray, affine: np.ndarray):
    return _box(array)[::2, ::2, ::2].copy(), affine @ np.diag([2.0, 2.0, 2.0, 1.0])


def _one_voxel(array: np.ndarray, _affine: np.ndarray):
    mask = np.zeros(array.shape, np.uint8)
    mask[9, 9, 9] = 1
    return mask


_mask("empty mask", refused("empty"), lambda a, _: np.zeros(a.shape, np.uint8), quick=True)
_mask("empty fixed mask", refused("empty"), lambda a, _: np.zeros(a.shape, np.uint8), "--fixed-mask")
_mask("mask elsewhere", refused("mask"), _elsewhere, quick=True)
_mask("mask of one voxel", Expected(("refused", "doubtful", "failed")), _one_voxel)
_mask("mask on another grid", right(), _coarse)
_mask("fixed mask on another grid", right(), _coarse, "--fixed-mask")
_mask("mask of 0.5 (float)", right_or_doubtful(), lambda a, _: _box(a, 0.5, np.float32))
_mask("mask with NaN", SANE, lambda a, _: np.where(_box(a) > 0, 1.0, np.nan).astype(np.float32))
_mask("mask of -1", SANE, lambda a, _: -_box(a, 1.0, np.int16))
_mask("mask in 2D", refused("dimensions"), lambda a, _: _box(a)[:, :, 9])
_mask("whole image as mask", right(), lambda a, _: np.ones(a.shape, np.uint8))


@case("text as mask", MASKS, refused("is not an image"))
def _(place: Place):
    return place.with_options("--fixed-mask", place.write("mask.nii.gz", "inside"))


def _labels(name: str, expected: Expected, make, quick: bool = False) -> None:
    @case(name, LABELS, expected, quick)
    def _(place: Place):
        array, affine = make(np.asarray(nibabel.load(MOVING_LABELS).dataobj).astype(np.int16), moving()[1].copy())
        return place.with_options("--labels", place.image(array, affine, "labels.nii.gz"))


def _beside(array: np.ndarray, affine: np.ndarray):
    affine[:3, 3] += 500
    return array, affine


def _dots(array: np.ndarray, affine: np.ndarray):
    array[:] = 0
    for number, place in enumerate(np.ndindex(3, 3, 3), start=1):
        array[tuple(8 + 5 * np.array(place))] = number
    return array, affine


_labels("labels", right(0.5), lambda a, m: (a, m))
_labels("labels of halves", refused("is not a label map"), lambda a, m: (a + np.float32(0.5), m), quick=True)
_labels("image as labels", refused("label"), lambda a, m: (np.random.default_rng(0).random(a.shape), m))
_labels("labels of NaN", refused("label"), lambda a, m: (np.where(a > 0, 1.0, np.nan), m))
_labels("labels beside the image", noted("label"), _beside)
_labels("labels of one voxel", noted("label"), _dots)
_labels("no label at all", Expected(("noted", "refused"), "label"), lambda a, m: (a * 0, m))
_labels("labels in 4D", refused("dimensions"), lambda a, m: (np.stack([a, a], 3), m))


def _start(name: str, expected: Expected, make, quick: bool = False) -> None:
    """``make`` writes the file and returns its path."""

    @case(name, START, expected, quick)
    def _(place: Place):
        return place.with_options("--initial", make(place))


def _affine(place: Place, matrix, translation=(0.0, 0.0, 0.0)):
    transform = sitk.AffineTransform(3)
    text = place.path("start.tfm")
    transform.SetTranslation(translation)
    sitk.WriteTransform(transform, str(text))
    numbers = " ".join(str(value) for value in [*np.ravel(matrix), *translation])
    lines = [
        f"Parameters: {numbers}" if line.startswith("Parameters") else line for line in text.read_text().split("\n")
    ]
    text.write_text("\n".join(lines))
    return text


def _itk(place: Place, transform, name: str = "start.h5"):
    sitk.WriteTransform(transform, str(place.path(name)))
    return place.path(name)


def _field(place: Place):
    return _itk(place, sitk.DisplacementFieldTransform(sitk.Image([9, 9, 9], sitk.sitkVectorFloat64)))


def _composite(place: Place):
    turn = sitk.Euler3DTransform((5.0, 5.0, 5.0), 0.1, -0.1, 0.2, (1.0, 2.0, 3.0))
    return _itk(
        place, sitk.CompositeTransform([turn, sitk.TranslationTransform(3, (1.0, 0.0, 0.0)), turn.GetInverse()])
    )


def _cut(place: Place, name: str):
    path = _itk(place, sitk.Euler3DTransform(), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    return path


_start("missing start", refused("does not exist"), lambda p: p.path("nothing.tfm"))
_start("start of NaN", refused(""), lambda p: _affine(p, np.eye(3) * np.nan), quick=True)
_start("singular start", refused(""), lambda p: _affine(p, np.diag([1.0, 1.0, 0.0])), quick=True)
_start(
    "mirrored start", Expected(("refused", "doubtful", "failed", "right")), lambda p: _affine(p, np.diag([-1, 1, 1]))
)
_start(
    "start 1000 times too large",
    Expected(("refused", "doubtful", "failed", "right")),
    lambda p: _affine(p, 1e3 * np.eye(3)),
)
_start(
    "start 2 m away", Expected(("refused", "doubtful", "failed", "right")), lambda p: _affine(p, np.eye(3), (2e3, 0, 0))
)
_start(
    "start 1e12 mm away",
    Expected(("refused", "doubtful", "failed", "right")),
    lambda p: _affine(p, np.eye(3), (1e12, 0, 0)),
)
_start("composite of linear transforms", right(), _composite)
_start("displacement field as start", right(), _field)
_start("garbage as start", refused(""), lambda p: p.write("start.tfm", "1 0 0 0 and so on"), quick=True)
_start("truncated .tfm", refused(""), lambda p: _cut(p, "start.tfm"))
_start("truncated .h5", refused(""), lambda p: _cut(p, "start.h5"))
_start("start of the plane", refused("dimensions"), lambda p: _itk(p, sitk.Euler2DTransform()))
_start("image as start", refused("is an image"), lambda _p: MOVING, quick=True)


@case("half a turn as start", START, Expected(("right", "doubtful")))
def _(place: Place):
    turn = LPS @ about_center(np.diag([-1.0, -1.0, 1.0])) @ LPS
    return place.with_options("--initial", _affine(place, turn[:3, :3], turn[:3, 3]))
