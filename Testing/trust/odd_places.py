"""Headers that put voxels in strange places; pairs that are turned, moved, scaled, cut or of different things."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk
from catalogue import (
    CURRENT,
    FIXED,
    HOPELESS,
    MOVING,
    NOT_GOOD,
    PRIOR,
    SANE,
    Call,
    Expected,
    Place,
    about_center,
    case,
    fixed,
    moving,
    refused,
    right,
    right_or_doubtful,
)
from scipy.ndimage import gaussian_filter, zoom
from scipy.spatial.transform import Rotation

HEADERS, PAIRS = "headers", "pairs"
SAID = Expected(("refused", "noted"), "")
SAID_AND_RIGHT = Expected(("refused", "noted, and right or doubtful"), "")


def _spoilt(name: str, expected: Expected, *changes: tuple, forms: tuple[int, int] | None = None, quick: bool = False):
    """``forms``: the codes of qform and sform."""

    @case(name, HEADERS, expected, quick)
    def _(place: Place):
        path = place.image(*moving(), "odd.nii")
        content = bytearray(path.read_bytes())
        if forms is not None:
            struct.pack_into("<2h", content, 252, *forms)
        for code, offset, *values in changes:
            struct.pack_into(code, content, offset, *values)
        path.write_bytes(bytes(content))
        return _as_judged(place, path)


def _as_judged(place: Place, path: Path) -> Call:
    """What the file shows lies where nibabel places it by its sform or qform, else where ITK reads it, if it does."""
    with contextlib.suppress(Exception):  # the judges refuse in many ways
        header = nibabel.load(path).header if path.suffix == ".nii" else {}
        if header and (header["sform_code"] or header["qform_code"]):
            return place.as_moving(path, motion=nibabel.load(path).affine @ np.linalg.inv(moving()[1]))
    with contextlib.suppress(RuntimeError):
        image = sitk.ReadImage(str(path))
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
        matrix[:3, 3] = image.GetOrigin()
        return place.as_moving(path, motion=np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix @ np.linalg.inv(moving()[1]))
    return place.as_moving(path)


NAN = float("nan")
_spoilt("spacing 0, no other geometry", SAID, ("<f", 80, 0.0), forms=(0, 0), quick=True)
_spoilt("spacing NaN, no other geometry", SAID, ("<f", 80, NAN), forms=(0, 0))
_spoilt("spacing -2, no other geometry", SAID, ("<f", 80, -2.0), forms=(0, 0))
_spoilt("spacing infinite", SAID, ("<f", 80, float("inf")), forms=(0, 0))
_spoilt("no geometry at all", SAID_AND_RIGHT, forms=(0, 0))
_spoilt("NaN in the sform", SAID, ("<f", 280, NAN), quick=True)
_spoilt("sform of zeros", SAID, ("<12f", 280, *[0.0] * 12))
_spoilt(
    "sform of 2 mm, pixdim of 1 mm", SAID_AND_RIGHT, ("<f", 280, 2.0), ("<f", 300, 2.0), ("<f", 320, 2.0), quick=True
)
_spoilt("qform elsewhere than sform", SAID_AND_RIGHT, ("<3f", 268, 500.0, 0.0, 0.0), forms=(1, 1))
_spoilt("quaternion longer than 1", SAID, ("<3f", 256, 0.9, 0.9, 0.9), forms=(1, 0))
_spoilt("sheared sform", refused("sheared"), ("<f", 284, 0.3), quick=True)
_spoilt("voxels of 1e-9 mm", SANE, ("<12f", 280, 1e-9, 0, 0, 0, 0, 1e-9, 0, 0, 0, 0, 1e-9, 0))
_spoilt("origin at 1e30 mm", SANE, ("<f", 292, 1e30))
_spoilt("units of metres", SAID, ("<B", 123, 1))


@case("sheared NRRD", HEADERS, refused("sheared"))
def _(place: Place):
    array, _ = moving()
    header = (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: {} {} {}\n"
        "space directions: (1,0,0) (0.15,1,0) (0,0,1)\nkinds: domain domain domain\nendian: little\nencoding: raw\n"
        "space origin: (0,0,0)\n\n"
    ).format(*array.shape)
    return place.as_moving(place.write("odd.nrrd", header.encode() + array.astype("<i2").tobytes("F")))


@case("NRRD without directions", HEADERS, SAID_AND_RIGHT)
def _(place: Place):
    array, _ = moving()
    header = "NRRD0004\ntype: short\ndimension: 3\nsizes: {} {} {}\nendian: little\nencoding: raw\n\n"
    content = header.format(*array.shape).encode() + array.astype("<i2").tobytes("F")
    return _as_judged(place, place.write("odd.nrrd", content))


def _turned(name: str, linear: np.ndarray, shift=(0.0, 0.0, 0.0), expected: Expected | None = None, quick=False):
    """The header is moved, so that the patient seems to be."""

    @case(name, PAIRS, expected or right_or_doubtful(), quick)
    def _(place: Place):
        motion = about_center(linear, shift)
        array, affine = moving()
        # The sizes of things grow along with the scale, and so does the error that is allowed: see bad_inputs.py.
        return place.as_moving(place.image(array, motion @ affine), motion=motion)


for _degrees, _axis in ((180, "R"), (180, "A"), (180, "S"), (90, "R"), (90, "A"), (90, "S"), (45, "A"), (20, "S")):
    _matrix = Rotation.from_rotvec(np.deg2rad(_degrees) * np.eye(3)["RAS".index(_axis)]).as_matrix()
    _turned(f"header turned {_degrees} degrees about {_axis}", _matrix, quick=(_degrees, _axis) == (180, "S"))
for _shift in (15.0, 60.0, 500.0, 1e5):
    _turned(f"moved by {_shift:g} mm", np.eye(3), (_shift, -_shift / 2, _shift / 3))
for _scale in (0.5, 0.7, 1.4, 2.0, 10.0):
    _turned(f"scaled by {_scale:g}", _scale * np.eye(3))
for _number, _axis in enumerate("RAS"):
    _mirror = np.eye(3)
    _mirror[_number, _number] = -1.0
    _turned(f"mirrored along {_axis}", _mirror, expected=Expected(("doubtful", "failed")), quick=_axis == "R")


@case("ordinary pair of crops", PAIRS, Expected(("right and good",)), quick=True)
def _(place: Place):
    return place.with_options()


@case("ordinary pair of crops, accurate", PAIRS, Expected(("right and good",)))
def _(place: Place):
    return place.with_options("--preset", "accurate")


@case("two visits of one patient", PAIRS, Expected(("good",)))
def _(place: Place):
    return place.call(CURRENT, PRIOR)


@case("voxels stored in another order", PAIRS, right(0.5))
def _(place: Place):
    array, affine = moving()
    order = np.zeros((4, 4))
    order[[1, 2, 0, 3], range(4)] = 1.0
    return place.as_moving(place.image(np.ascontiguousarray(array.transpose(1, 2, 0)), affine @ order))


@case("left-handed voxels", PAIRS, right(0.5))
def _(place: Place):
    array, affine = moving()
    flip = np.diag([-1.0, 1.0, 1.0, 1.0])
    flip[0, 3] = array.shape[0] - 1
    return place.as_moving(place.image(np.ascontiguousarray(array[::-1]), affine @ flip))


@case("voxels of a third", PAIRS, right())
def _(place: Place):
    array, affine = moving(np.float32)
    scale = np.diag([1 / 3, 1 / 3, 1 / 3, 1.0])
    scale[:3, 3] = -1 / 3
    return place.as_moving(place.image(zoom(array, 3, order=1, grid_mode=True, mode="nearest"), affine @ scale))


@case("slices of 4 mm", PAIRS, right_or_doubtful(4.0))
def _(place: Place):
    array, affine = moving(np.float32)
    size = array.shape[2] // 4 * 4
    thick = array[:, :, :size].reshape(*array.shape[:2], -1, 4).mean(axis=3)
    scale = np.diag([1.0, 1.0, 4.0, 1.0])
    scale[2, 3] = 1.5
    return place.as_moving(place.image(thick, affine @ scale))


for _axis in range(3):

    @case(f"only the middle third along axis {_axis}", PAIRS, right_or_doubtful())
    def _(place: Place, axis: int = _axis):
        array, affine = moving()
        start = array.shape[axis] // 3
        part = np.ascontiguousarray(np.take(array, range(start, 2 * start), axis))
        shift = np.eye(4)
        shift[axis, 3] = start
        return place.as_moving(place.image(part, affine @ shift))


def _torso(place: Place, name: str):
    """A torso with a liver, a spine and noise, 4 mm: nothing like a hippocampus."""
    rng = np.random.default_rng(3)
    i, j, k = np.meshgrid(*(np.linspace(-1, 1, n) for n in (80, 64, 60)), indexing="ij")
    body = ((i / 0.9) ** 2 + (j / 0.85) ** 2 < 1) * 300.0
    body += ((i - 0.3) ** 2 / 0.25 + (j + 0.1) ** 2 / 0.3 + (k - 0.1) ** 2 / 0.4 < 1) * 250.0
    body += (i**2 / 0.02 + (j - 0.55) ** 2 / 0.02 < 1) * 500.0
    values = gaussian_filter(body, 0.8) + 15 * gaussian_filter(rng.normal(size=body.shape), 1.0)
    return place.image(values.astype(np.float32), np.diag([4.0, 4.0, 4.0, 1.0]), name)


@case("hippocampus onto a made-up torso", PAIRS, HOPELESS)
def _(place: Place):
    return place.call(_torso(place, "torso.nii.gz"), MOVING)


@case("made-up torso onto hippocampus", PAIRS, HOPELESS, quick=True)
def _(place: Place):
    return place.call(FIXED, _torso(place, "torso.nii.gz"))


@case("hippocampus onto a real liver", PAIRS, HOPELESS)
def _(place: Place) -> Call | None:
    liver = None if place.data is None else place.data / "liver_4dmri" / "dataset18" / "exhMaster.nii.gz"
    return place.call(liver, MOVING) if liver is not None and liver.exists() else None


@case("real liver onto hippocampus", PAIRS, HOPELESS)
def _(place: Place) -> Call | None:
    liver = None if place.data is None else place.data / "liver_4dmri" / "dataset18" / "exhMaster.nii.gz"
    return place.call(FIXED, liver) if liver is not None and liver.exists() else None


@case("hippocampus onto a whole head", PAIRS, NOT_GOOD)
def _(place: Place):
    return place.call(CURRENT, MOVING)


def _noise(place: Place, seed: int):
    array, affine = fixed()
    return place.image(
        np.random.default_rng(seed).normal(100, 20, array.shape).astype(np.float32), affine, f"{seed}.nii"
    )


@case("noise onto noise", PAIRS, NOT_GOOD)
def _(place: Place):
    return place.call(_noise(place, 1), _noise(place, 2))


@case("noise onto hippocampus", PAIRS, NOT_GOOD, quick=True)
def _(place: Place):
    return place.call(FIXED, _noise(place, 2))


@case("mirrored voxels under an honest header", PAIRS, Expected(("doubtful", "failed")))
def _(place: Place):
    array, affine = moving()
    return place.call(FIXED, place.image(np.ascontiguousarray(array[::-1]), affine))


@case("the header says another patient position", PAIRS, right_or_doubtful())
def _(place: Place):
    turn = np.diag([-1.0, 1.0, -1.0])
    array, affine = moving()
    motion = about_center(turn)
    sitk_image = nibabel.Nifti1Image(array, motion @ affine)
    sitk_image.to_filename(place.path("feet.nii.gz"))
    sitk.WriteImage(sitk.ReadImage(str(place.path("feet.nii.gz"))), str(place.path("feet.nrrd")))
    return place.as_moving(place.path("feet.nrrd"), motion=motion)
