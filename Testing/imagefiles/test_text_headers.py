"""NRRD and MetaImage files as SimpleITK reads them; damaged and ambiguous ones are refused, or mentioned."""

import bz2
import gzip

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.imagefiles import itk
from LDRRegistrationLib.imagefiles.reading import readImage
from LDRRegistrationLib.runtime.errors import RegistrationError
from scipy.spatial.transform import Rotation
from support.data import read_image


def written(path, dtype="i2", compressed=True):
    rng = np.random.default_rng(2)
    kind = np.dtype(dtype)
    array = (
        rng.normal(size=(6, 5, 4)).astype(kind) if kind.kind == "f" else rng.integers(0, 100, (6, 5, 4)).astype(kind)
    )
    image = sitk.GetImageFromArray(array)
    image.SetDirection(
        (Rotation.from_euler("xyz", (10, 80, 200), degrees=True).as_matrix() @ np.diag([1, 1, -1])).ravel()
    )
    image.SetSpacing((1.0, 1.5, 2.5))
    image.SetOrigin((-10.0, 20.0, 30.0))
    sitk.WriteImage(image, str(path), useCompression=compressed)
    return path


def agrees(path) -> list[str]:
    image, notes = readImage(path)
    judge = read_image(path)
    np.testing.assert_allclose(image.ijkToRas, judge.ijkToRas, atol=1e-3)
    np.testing.assert_array_equal(image.array, judge.array)
    assert image.array.dtype == judge.array.dtype
    return notes


def edited(path, old: str, new: str):
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode(), 1))
    return path


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
def test_every_type_and_container(tmp_path, dtype, compressed, name):
    assert agrees(written(tmp_path / name, dtype, compressed)) == []


def test_quick_and_slow_reading_agree(tmp_path, monkeypatch):
    for name in ("a.nrrd", "a.nhdr", "a.mha", "a.mhd"):
        path = written(tmp_path / name)
        asked = []
        with monkeypatch.context() as patch:
            unpacked = itk.unpacked
            patch.setattr(
                itk, "unpacked", lambda *a, unpacked=unpacked, asked=asked: asked.append(unpacked(*a)) or asked[0]
            )
            assert agrees(path) == []
            assert asked[0] is not None
            patch.setattr(itk, "unpacked", lambda *_arguments: None)
            assert agrees(path) == []


def test_notes_of_the_writer_are_no_fault(tmp_path):
    image = sitk.ReadImage(str(written(tmp_path / "plain.nrrd")))
    for key in ("dim[0]", "my key", "a:b", "time"):
        image.SetMetaData(key, "3 : = 4")
    for name in ("a.nrrd", "a.mha"):
        sitk.WriteImage(image, str(tmp_path / name), useCompression=True)
        assert b"dim[0]" in (tmp_path / name).read_bytes()
        assert agrees(tmp_path / name) == []


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha"])
def test_a_whole_file_that_was_compressed(tmp_path, name):
    path = written(tmp_path / name, compressed=False)
    packed = tmp_path / (name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    image, notes = readImage(packed)
    np.testing.assert_array_equal(image.array, read_image(path).array)
    assert notes == []
    packed.write_bytes(packed.read_bytes()[:-30])
    with pytest.raises(RegistrationError, match="is damaged"):
        readImage(packed)


def test_big_endian_bzip2_and_bytes_to_skip(tmp_path):
    path = written(tmp_path / "a.nrrd", compressed=False)
    array = read_image(path).array
    header, voxels = path.read_bytes().split(b"\n\n", 1)
    big = array.astype(">i2").tobytes()
    (tmp_path / "big.nrrd").write_bytes(header.replace(b"little", b"big") + b"\n\n" + big)
    (tmp_path / "skip.nrrd").write_bytes(header + b"\nbyte skip: 9\n\n" + bytes(9) + voxels)
    (tmp_path / "last.nrrd").write_bytes(header + b"\nbyte skip: -1\n\n" + bytes(9) + voxels)
    for name in ("big", "skip", "last"):
        assert agrees(tmp_path / f"{name}.nrrd") == []
    (tmp_path / "bzip2.nrrd").write_bytes(header.replace(b"raw", b"bzip2") + b"\n\n" + bz2.compress(voxels))
    np.testing.assert_array_equal(readImage(tmp_path / "bzip2.nrrd")[0].array, array)
    (tmp_path / "text.nrrd").write_bytes(
        header.replace(b"raw", b"ascii") + b"\n\n" + " ".join(map(str, array.ravel())).encode()
    )
    np.testing.assert_array_equal(readImage(tmp_path / "text.nrrd")[0].array, array)


@pytest.mark.parametrize(
    "space", ["right-anterior-superior", "left-anterior-superior", "left-posterior-superior", "RAS"]
)
def test_every_space(tmp_path, space):
    assert agrees(edited(written(tmp_path / "a.nrrd"), "left-posterior-superior", space)) == []


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.mha", "a.mhd"])
def test_cut_off_or_spoilt(tmp_path, name):
    for compressed in (True, False):
        path = written(tmp_path / name, compressed=compressed)
        voxels = next((p for p in tmp_path.iterdir() if p.suffix in (".raw", ".zraw", ".gz")), path)
        content = voxels.read_bytes()
        voxels.write_bytes(content[:-4])
        with pytest.raises(RegistrationError, match="is damaged"):
            readImage(path)
        if compressed:
            voxels.write_bytes(content[:-60] + bytes(255 - byte for byte in content[-60:-50]) + content[-50:])
            with pytest.raises(RegistrationError, match="is damaged"):
                readImage(path)
        voxels.unlink()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("sizes: 4 5 6", "sizes: 4 5", "cannot be understood"),
        ("sizes: 4 5 6", "sizes: 4 0 6", "4 x 0 x 6 voxels"),
        ("sizes: 4 5 6", "sizes: 4 50000 60000", "ends before its last voxel"),
        ("space origin", "space rigin", "cannot be understood"),
        ("type: short", "type: block", "type \\(block\\)"),
        ("endian: little", "endian: middle", "cannot be understood"),
        ("space origin: (-10,20,30)", "space origin: (nan,20,30)", "invalid geometry"),
        ("space origin: (-10,20,30)", "space origin: (-10,20)", "cannot be understood"),
        ("kinds: domain", "kinds: RGB-color", "4 values per voxel"),
        ("kinds: domain", "kinds: complex", "complex"),
        ("dimension: 3", 'dimension: 3\nspace units: "s" "s" "s"', "not lengths"),
    ],
)
def test_nrrd_headers_that_cannot_be(tmp_path, old, new, sentence):
    with pytest.raises(RegistrationError, match=sentence):
        readImage(edited(written(tmp_path / "a.nrrd", compressed=False), old, new))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("DimSize = 4 5 6", "DimSize = 4 5", "cannot be understood"),
        ("DimSize = 4 5 6", "DimSize = 4 -5 6", "4 x -5 x 6 voxels"),
        ("DimSize = 4 5 6", "DimSize = 4 50000 60000", "ends before its last voxel"),
        ("ElementSpacing = 1 ", "ElementSpacing = 0 ", "cannot be understood"),
        ("ElementSpacing = 1 ", "ElementSpacing = nan ", "invalid geometry"),
        ("ElementType = MET_SHORT", "ElementType = MET_STRING", "type"),
        ("CompressedDataSize = ", "CompressedDataSize = 1", "bytes of compressed voxels"),
        ("Offset =", "Offset ?", "cannot be understood"),
        ("ElementDataFile = LOCAL", "ElementDataFile = nowhere.raw", "does not exist"),
    ],
)
def test_metaimage_headers_that_cannot_be(tmp_path, old, new, sentence):
    with pytest.raises(RegistrationError, match=sentence):
        readImage(edited(written(tmp_path / "a.mha"), old, new))


def test_shear_is_refused_in_every_format(tmp_path):
    for name, old in (("a.nrrd", "space directions: ("), ("a.mha", "TransformMatrix = ")):
        path = written(tmp_path / name)
        line = next(line for line in path.read_bytes().split(b"\n") if line.startswith(old.encode()))
        sheared = (
            b"space directions: (1,0,0) (0.3,1,0) (0,0,1)"
            if name == "a.nrrd"
            else b"TransformMatrix = 1 0 0 0.3 1 0 0 0 1"
        )
        path.write_bytes(path.read_bytes().replace(line, sheared))
        with pytest.raises(RegistrationError, match="sheared"):
            readImage(path)


def test_what_is_left_open_is_mentioned(tmp_path):
    for name, old in (("a.nrrd", "space origin: (-10,20,30)\n"), ("a.mha", "Offset = -10 20 30\n")):
        _, notes = readImage(edited(written(tmp_path / name), old, ""))
        assert len(notes) == 1 and "does not say where it lies" in notes[0]
    path = written(tmp_path / "b.mha", compressed=False)
    lines = [
        line for line in path.read_bytes().split(b"\n") if not line.startswith((b"TransformMatrix", b"ElementSpacing"))
    ]
    path.write_bytes(b"\n".join(lines))
    assert len(readImage(path)[1]) == 2
    _, notes = readImage(edited(written(tmp_path / "b.nrrd"), "left-posterior-superior", "scanner-xyz"))
    assert len(notes) == 1 and "left and right may be exchanged" in notes[0]
    path = edited(written(tmp_path / "c.nrrd"), "dimension: 3", 'dimension: 3\nspace units: "cm" "cm" "cm"')
    image, notes = readImage(path)
    np.testing.assert_allclose(image.grid.spacing, (10.0, 15.0, 25.0))
    assert len(notes) == 1 and "cm" in notes[0]


def test_one_volume_of_a_series(tmp_path):
    path = written(tmp_path / "a.nrrd", compressed=False)
    array = read_image(path).array
    for old, new in (
        ("dimension: 3", "dimension: 4"),
        ("sizes: 4 5 6", "sizes: 1 4 5 6"),
        ("kinds: domain", "kinds: list domain"),
        ("space directions: ", "space directions: none "),
    ):
        edited(path, old, new)
    np.testing.assert_array_equal(readImage(path)[0].array, array)
    with pytest.raises(RegistrationError, match=r"4 dimensions \(2 volumes\)"):
        readImage(edited(path, "sizes: 1 4 5 6", "sizes: 2 4 5 3"))
