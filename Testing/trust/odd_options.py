"""Options that are wrong or do not go together, broken models, and output folders with something in them."""

from __future__ import annotations

import json
import os
import shutil
import sys

from catalogue import (
    CURRENT,
    FIXED,
    MODELS,
    MOVING,
    PRIOR,
    Expected,
    Place,
    case,
    moving,
    noted,
    refused,
    right,
)

OPTIONS, OUTPUT = "options", "output folder"


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
_options("--preset perfect", "invalid choice", "--preset", "perfect")
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


@case("--threads 100000", OPTIONS, noted("threads"))
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
