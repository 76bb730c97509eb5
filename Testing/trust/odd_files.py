"""Files that are missing, foreign, damaged, or valid and unusual."""

from __future__ import annotations

import gzip
import os
import struct
import zipfile
from io import BytesIO

import nibabel
import numpy as np
import SimpleITK as sitk
from catalogue import FIXED, MOVING, NOT_GOOD, SANE, Expected, Place, case, moving, noted, refused, right

FILES = "files"


def _plain(place: Place, name: str = "odd.nii"):
    array, affine = moving()
    return place.image(array, affine, name)


def _patched(place: Place, *changes: tuple, name: str = "odd.nii"):
    """("<code", offset, value, ...) into the header of a NIfTI file."""
    path = _plain(place, name)
    content = bytearray(path.read_bytes())
    for code, offset, *values in changes:
        struct.pack_into(code, content, offset, *values)
    path.write_bytes(bytes(content))
    return path


def _itk(place: Place, name: str, change=lambda image: image, compressed: bool = False):
    sitk.WriteImage(change(sitk.ReadImage(str(MOVING), sitk.sitkInt16)), str(place.path(name)), compressed)
    return place.path(name)


def _foreign(name: str, kind: str, content, word: str, quick: bool = False) -> None:
    @case(kind, FILES, refused(word), quick)
    def _(place: Place):
        return place.as_moving(place.write(name, content()))


def _zip() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("image.nii", b"\0" * 1000)
    return buffer.getvalue()


_foreign("odd.nii.gz", "empty file", lambda: b"", "", quick=True)
_foreign("odd.nii.gz", "text called .nii.gz", lambda: "this is not an image", "is not an image", quick=True)
_foreign("odd.nrrd", "text called .nrrd", lambda: "this is not an image", "is not an image")
_foreign("odd.mha", "text called .mha", lambda: "this is not an image", "is not an image")
_foreign("odd.nii.gz", "zip archive called .nii.gz", _zip, "is not an image")
_foreign("odd.pdf", "PDF", lambda: b"%PDF-1.4\n%\xe2\xe3\n1 0 obj\n", "is not an image")
_foreign("odd.png", "picture", lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "is a picture")
_foreign("odd.nii", "only the header's first bytes", lambda: struct.pack("<i", 348) + b"\0" * 60, "")
_foreign("odd.nii.gz", "random bytes", lambda: np.random.default_rng(0).bytes(5000), "is not an image")


@case("missing file", FILES, refused("does not exist"), quick=True)
def _(place: Place):
    return place.as_moving(place.path("nothing.nii.gz"))


@case("folder as image", FILES, refused("is a folder"), quick=True)
def _(place: Place):
    place.path("series").mkdir()
    return place.as_moving(place.path("series"))


@case("link to itself", FILES, refused(""))
def _(place: Place):
    path = place.path("loop.nii.gz")
    path.symlink_to(path)
    return place.as_moving(path)


@case("FIFO", FILES, refused("pipe"), quick=True)
def _(place: Place):
    os.mkfifo(place.path("pipe.nii.gz"))
    return place.as_moving(place.path("pipe.nii.gz"), own_process=True)


@case("device", FILES, refused("device"))
def _(place: Place):
    place.path("zero.nii").symlink_to("/dev/zero")
    return place.as_moving(place.path("zero.nii"), own_process=True)


@case("truncated .nii", FILES, refused("ends before its last voxel"), quick=True)
def _(place: Place):
    path = _plain(place)
    path.write_bytes(path.read_bytes()[:-5000])
    return place.as_moving(path)


@case("truncated .nii.gz", FILES, refused("damaged"))
def _(place: Place):
    return place.as_moving(place.write("odd.nii.gz", MOVING.read_bytes()[:50_000]))


@case("truncated fixed image", FILES, refused("damaged"))
def _(place: Place):
    return place.call(place.write("odd.nii.gz", FIXED.read_bytes()[:20_000]), MOVING)


@case(".gz with a hole", FILES, refused("damaged"), quick=True)
def _(place: Place):
    content = bytearray(MOVING.read_bytes())
    content[40_000:40_200] = bytes(200)
    return place.as_moving(place.write("odd.nii.gz", bytes(content)))


@case("half an .img", FILES, refused("ends before its last voxel"))
def _(place: Place):
    nibabel.Nifti1Pair(*moving()).to_filename(place.path("odd.hdr"))
    image = place.path("odd.img")
    image.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    return place.as_moving(place.path("odd.hdr"))


@case(".hdr without .img", FILES, refused(".img is missing"))
def _(place: Place):
    nibabel.Nifti1Pair(*moving()).to_filename(place.path("odd.hdr"))
    place.path("odd.img").unlink()
    return place.as_moving(place.path("odd.hdr"))


@case("NRRD without its file of voxels", FILES, refused(""))
def _(place: Place):
    path = _itk(place, "odd.nhdr")
    for other in place.folder.glob("odd.raw*"):
        other.unlink()
    return place.as_moving(path)


@case("truncated .mha", FILES, refused("damaged"))
def _(place: Place):
    path = _itk(place, "odd.mha")
    path.write_bytes(path.read_bytes()[:-999])
    return place.as_moving(path)


@case("bytes behind the voxels", FILES, noted("bytes more"))
def _(place: Place):
    path = _plain(place)
    path.write_bytes(path.read_bytes() + b"\0" * 777)
    return place.as_moving(path)


@case("header longer than the file", FILES, refused("ends before its last voxel"), quick=True)
def _(place: Place):
    return place.as_moving(_patched(place, ("<3h", 42, 20_000, 20_000, 20_000)))


@case("64 GB of voxels in a sparse file", FILES, refused("GB of memory"))
def _(place: Place):
    path = _patched(place, ("<3h", 42, 4000, 4000, 4000), ("<2h", 70, 2, 8))
    os.truncate(path, 352 + 4000**3)
    return place.as_moving(path)


@case("9 dimensions in the header", FILES, refused("damaged"))
def _(place: Place):
    return place.as_moving(_patched(place, ("<h", 40, 9)))


@case("negative size in the header", FILES, refused("damaged"))
def _(place: Place):
    return place.as_moving(_patched(place, ("<h", 44, -35)))


@case("voxels begin inside the header", FILES, refused("cannot begin"))
def _(place: Place):
    return place.as_moving(_patched(place, ("<f", 108, 12.0)))


@case("unknown type of voxels", FILES, refused("type"))
def _(place: Place):
    return place.as_moving(_patched(place, ("<h", 70, 4242)))


@case("scaling by NaN", FILES, Expected(("refused", "noted", "right"), ""))
def _(place: Place):
    return place.as_moving(_patched(place, ("<f", 112, float("nan"))))


def _shaped(name: str, array, word: str, quick: bool = False) -> None:
    @case(name, FILES, refused(word), quick)
    def _(place: Place):
        return place.as_moving(place.image(array(moving()[0])))


_shaped("2D", lambda a: a[:, :, 20], "dimensions", quick=True)
_shaped("4D, two volumes", lambda a: np.stack([a, a], axis=3), "dimensions", quick=True)
_shaped("complex numbers", lambda a: a.astype(np.complex64), "complex")
_shaped("one voxel", lambda a: a[:1, :1, :1], "voxels")


@case("RGB", FILES, refused("values per voxel"), quick=True)
def _(place: Place):
    def colored(image):
        return sitk.Compose([sitk.Cast(sitk.RescaleIntensity(image), sitk.sitkUInt8)] * 3)

    return place.as_moving(_itk(place, "odd.nrrd", colored))


@case("one slice", FILES, NOT_GOOD, quick=True)
def _(place: Place):
    return place.as_moving(place.image(moving()[0][:, :, 20:21]))


@case("two slices", FILES, NOT_GOOD)
def _(place: Place):
    return place.as_moving(place.image(moving()[0][:, :, 20:22]))


@case("4D with one volume", FILES, right())
def _(place: Place):
    return place.as_moving(place.image(moving()[0][..., None]))


@case("same file twice", FILES, right(0.5), quick=True)
def _(place: Place):
    return place.call(FIXED, FIXED, same=True)


def _valid(name: str, make, expected: Expected | None = None, quick: bool = False) -> None:
    @case(name, "valid files", expected or right(0.5), quick)
    def _(place: Place):
        return place.as_moving(make(place))


def _scaled(place: Place, slope: float, intercept: float):
    """Stored so that slope and intercept give the values back."""
    array, affine = moving()
    image = nibabel.Nifti1Image(array, affine)
    image.header.set_slope_inter(slope, intercept)
    image.header.set_data_dtype(np.int16)
    image.to_filename(path := place.path("odd.nii.gz"))
    return path


def _members(place: Place):
    content = gzip.decompress(MOVING.read_bytes())
    return place.write("odd.nii.gz", gzip.compress(content[:9999]) + gzip.compress(content[9999:]))


def _big_endian(place: Place):
    array, affine = moving()
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(np.int16)
    nibabel.Nifti1Image(array, affine, header).to_filename(path := place.path("odd.nii"))
    return path


def _second_version(place: Place):
    nibabel.Nifti2Image(*moving()).to_filename(path := place.path("odd.nii.gz"))
    return path


def _analyze(place: Place):
    nibabel.Nifti1Pair(*moving()).to_filename(place.path("odd.hdr"))
    return place.path("odd.img")


_valid("scl_slope 0.5", lambda p: _scaled(p, 0.5, 0.0), quick=True)
_valid("scl_inter -1024", lambda p: _scaled(p, 1.0, -1024.0))
_valid("gzip of two members", _members)
_valid("upper-case .NII", lambda p: _plain(p, "odd.nii").rename(p.path("ODD.NII")))
_valid("big-endian", _big_endian)
_valid("NIfTI-2", _second_version)
_valid(".hdr and .img", _analyze)
_valid("double precision", lambda p: p.image(moving(np.float64)[0]))
_valid("int32 above 2^24", lambda p: p.image((moving()[0].astype(np.int32) + 2**24) * 3))
_valid("unsigned 8 bit", lambda p: p.image(np.clip(moving()[0] / 4, 0, 255).astype(np.uint8)), right())
_valid("compressed .mha", lambda p: _itk(p, "odd.mha", compressed=True))
_valid("compressed .nrrd", lambda p: _itk(p, "odd.nrrd", compressed=True))
_valid("detached .mhd", lambda p: _itk(p, "odd.mhd"))
_valid("name in Latin-1", lambda p: _plain(p).rename(p.path(os.fsdecode(b"caf\xe9.nii"))), quick=True)
_valid(
    "name in Latin-1 that only ITK reads", lambda p: _itk(p, "odd.vtk").rename(p.path(os.fsdecode(b"\xe9.vtk"))), SANE
)
_valid("name of spaces, quotes and a line's end", lambda p: _plain(p).rename(p.path("a 'b'\n\"c.nii")))
