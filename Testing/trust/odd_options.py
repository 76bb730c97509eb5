"""Options that are wrong or do not go together; outputs in the way; masks, labels and starts that are not what they should be."""

from __future__ import annotations

import json
import os
import shutil
import sys

import nibabel
import numpy as np
import SimpleITK as sitk
from catalogue import (
    CURRENT,
    FIXED,
    MODELS,
    MOVING,
    MOVING_LABELS,
    NOT_GOOD,
    PRIOR,
    SANE,
    Expected,
    Place,
    case,
    fixed,
    moving,
    noted,
    refused,
    right,
    right_or_doubtful,
)

OPTIONS, OUTPUT, MASKS, LABELS, START = "options", "output folder", "masks", "labels", "start"


def _options(name: str, word: str, *options: str, quick: bool = False) -> None:
    @case(name, OPTIONS, refused(word), quick)
    def _(place: Place):
        return place.with_options(*options)


AT_LEAST_1 = "is not a whole number of at least 1"
_options("--threads 0", AT_LEAST_1, "--threads", "0", quick=True)
_options("--threads -1", AT_LEAST_1, "--threads=-1")
_options("--threads two", AT_LEAST_1, "--threads", "two")
_options("--adapt -5", AT_LEAST_1, "--adapt=-5")
_options("--sensitivity 7", "is not a number from 0 to 1", "--change", "--sensitivity", "7", quick=True)
_options("--sensitivity nan", "is not a number from 0 to 1", "--change", "--sensitivity", "nan")
_options("--sensitivity without --change", "only with --change", "--sensitivity", "0.5")
_options("--dates without --change", "only with --change", "--dates", "2020-01-01", "2019-01-01")
_options("--change-mask without --change", "only with --change", "--change-mask", str(FIXED))
_options("--preset with --change", "cannot be used with --change", "--change", "--preset", "fast")
_options("--adapt with --change", "cannot be used with --change", "--change", "--adapt")
_options("--dates that are none", "date", "--change", "--dates", "yesterday", "2019-01-01")
_options("--dates that do not exist", "date", "--change", "--dates", "2020-02-30", "2019-01-01")
_options("--preset best", "invalid choice", "--preset", "best")
_options("--modle", "unrecognized", "--modle", "auto")
_options("unknown model", "no model named", "--model", "nobody", quick=True)
_options("model by a path", "no model named", "--model", "../../etc/passwd")


@case("--dates in the wrong order", OPTIONS, Expected(("refused", "noted"), ""))
def _(place: Place):
    return place.call(CURRENT, PRIOR, "--change", "--dates", "2010-01-01", "2020-01-01")


@case("graphics card that is not there", OPTIONS, refused("no CUDA graphics card"))
def _(place: Place):
    import torch

    return None if torch.cuda.is_available() else place.with_options("--device", "cuda")


@case("no arguments", OPTIONS, refused("are needed"))
def _(place: Place):
    call = place.call()
    call.arguments = []
    return call


@case("--threads 100000", OPTIONS, noted("threads"), quick=True)
def _(place: Place):
    return place.with_options("--threads", "100000", own_process=True)


def _models(name: str, expected: Expected, spoil, quick: bool = False) -> None:
    @case(name, "models", expected, quick)
    def _(place: Place):
        shutil.copytree(MODELS, place.path("models"))
        spoil(place.path("models"))
        return place.with_options("--models", str(place.path("models")))


def _spoilt_card(key: str, value: object):
    def spoil(folder) -> None:
        card = json.loads((folder / "c2f-general.json").read_text())
        (folder / "odd.json").write_text(json.dumps({**card, "default": False, key: value}))
        shutil.copy(folder / "c2f-general.pt", folder / "odd.pt")

    return spoil


def _only(name: str):
    def spoil(folder) -> None:
        for path in folder.iterdir():
            if path.name != name:
                path.unlink()

    return spoil


_models("broken card beside good ones", noted("odd"), lambda f: (f / "odd.json").write_text("{"), quick=True)
_models("card with spacing -2", noted("odd"), _spoilt_card("spacingMm", -2))
_models("card with sizeMultiple 10000", noted("odd"), _spoilt_card("sizeMultiple", 10_000))
_models("card that is a list", noted("odd"), lambda f: (f / "odd.json").write_text("[1]"))
_models("no models", refused("model"), _only(""))
_models("card without its file", refused(""), _only("c2f-general.json"))
_models(
    "damaged weights", refused("SHA-256"), lambda f: (f / "c2f-general.pt").write_bytes(b"not what it was"), quick=True
)


@case("output folder is a file", OUTPUT, refused("cannot be written"), quick=True)
def _(place: Place):
    return place.with_options(kept=[place.write("out", "mine")])


@case("output folder that takes no files", OUTPUT, refused("cannot be written"))
def _(place: Place):
    if not sys.platform.startswith("linux"):
        return None
    call = place.with_options()
    call.output = type(place.out)("/proc/nothing")
    return call


@case("name of the output folder in Latin-1", OUTPUT, refused("UTF-8"))
def _(place: Place):
    call = place.with_options()
    call.output = place.path(os.fsdecode(b"caf\xe9"))
    return call


def _in_the_way(name: str, expected: Expected, prepare, *options: str, quick: bool = False) -> None:
    """``prepare`` puts something into the output folder and returns what must stay, and the moving image."""

    @case(name, OUTPUT, expected, quick)
    def _(place: Place):
        place.out.mkdir()
        kept, image = prepare(place)
        return place.as_moving(image, *options, kept=kept)


def _linked(make):
    def prepare(place: Place):
        image = place.image(*moving(), "mine.nii.gz")
        make(place.out / "warped.nii.gz", image)
        return [image, place.out / "warped.nii.gz"], image

    return prepare


def _inside(place: Place):
    image = place.out / "warped.nii.gz"
    shutil.copy(MOVING, image)
    return [image], image


def _foreign(name: str):
    def prepare(place: Place):
        (place.out / name).write_text("mine")
        return [place.out / name], MOVING

    return prepare


SAME = refused("same file")
_in_the_way("output is the input by a link", SAME, _linked(lambda a, b: a.symlink_to(b)), "--overwrite", quick=True)
_in_the_way("output is the input by a hard link", SAME, _linked(lambda a, b: a.hardlink_to(b)), "--overwrite")
_in_the_way("input lies where the output would", SAME, _inside, "--overwrite")
NOT_OURS = refused("was not written by ldr-register")
_in_the_way("foreign transform.h5 in the way", NOT_OURS, _foreign("transform.h5"), quick=True)
_in_the_way("foreign report.json in the way", NOT_OURS, _foreign("report.json"))
_in_the_way("foreign changes.csv in the way", NOT_OURS, _foreign("changes.csv"))
_in_the_way("other files in the folder", right(0.5), _foreign("notes.txt"))


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
_labels("labels beside the image", noted("label"), _beside, quick=True)
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
    lines = [f"Parameters: {numbers}" if line.startswith("Parameters") else line for line in text.read_text().split("\n")]
    text.write_text("\n".join(lines))
    return text


def _itk(place: Place, transform, name: str = "start.h5"):
    sitk.WriteTransform(transform, str(place.path(name)))
    return place.path(name)


def _field(place: Place):
    return _itk(place, sitk.DisplacementFieldTransform(sitk.Image([9, 9, 9], sitk.sitkVectorFloat64)))


def _composite(place: Place):
    turn = sitk.Euler3DTransform((5.0, 5.0, 5.0), 0.1, -0.1, 0.2, (1.0, 2.0, 3.0))
    return _itk(place, sitk.CompositeTransform([turn, sitk.TranslationTransform(3, (1.0, 0.0, 0.0)), turn.GetInverse()]))


def _cut(place: Place, name: str):
    path = _itk(place, sitk.Euler3DTransform(), name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    return path


_start("missing start", refused("does not exist"), lambda p: p.path("nothing.tfm"))
_start("start of NaN", refused(""), lambda p: _affine(p, np.eye(3) * np.nan), quick=True)
_start("singular start", refused(""), lambda p: _affine(p, np.diag([1.0, 1.0, 0.0])), quick=True)
_start("mirrored start", Expected(("refused", "doubtful", "failed", "right")), lambda p: _affine(p, np.diag([-1, 1, 1])))
_start("start 1000 times too large", Expected(("refused", "doubtful", "failed", "right")), lambda p: _affine(p, 1e3 * np.eye(3)))
_start("start 2 m away", Expected(("refused", "doubtful", "failed", "right")), lambda p: _affine(p, np.eye(3), (2e3, 0, 0)))
_start("start 1e12 mm away", Expected(("refused", "doubtful", "failed", "right")), lambda p: _affine(p, np.eye(3), (1e12, 0, 0)))
_start("composite of linear transforms", right(), _composite, quick=True)
_start("displacement field as start", refused("linear"), _field)
_start("garbage as start", refused(""), lambda p: p.write("start.tfm", "1 0 0 0 and so on"), quick=True)
_start("truncated .tfm", refused(""), lambda p: _cut(p, "start.tfm"))
_start("truncated .h5", refused(""), lambda p: _cut(p, "start.h5"))
_start("start of the plane", refused("dimensions"), lambda p: _itk(p, sitk.Euler2DTransform()))
_start("image as start", refused(""), lambda _p: MOVING)
_start("half a turn as start", Expected(("right", "doubtful")), lambda p: _affine(p, np.diag([-1.0, -1.0, 1.0])))
