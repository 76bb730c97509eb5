"""NIfTI files as nibabel reads them; damaged and impossible ones are refused."""

import gzip
import itertools

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.imagefiles import itk
from LDRRegistrationLib.imagefiles.reading import readImage
from LDRRegistrationLib.runtime.errors import RegistrationError
from support.niftifiles import BITPIX, DATATYPE, DIM, OFFSET, SFORM, SHAPE, SLOPE, affine, agrees, saved, spoilt, values


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [1, 2])
def test_every_type_order_and_container(tmp_path, dtype, order, version):
    image_class = {1: nibabel.Nifti1Image, 2: nibabel.Nifti2Image}[version]
    pair_class = {1: nibabel.Nifti1Pair, 2: nibabel.Nifti2Pair}[version]
    header = image_class.header_class(endianness=order)
    header.set_data_dtype(np.dtype(dtype).newbyteorder(order))
    for class_, name in (
        (image_class, "a.nii"),
        (image_class, "b.nii.gz"),
        (pair_class, "c.hdr"),
        (pair_class, "d.img.gz"),
    ):
        class_(values(dtype), affine(2), header).to_filename(tmp_path / name)
        assert agrees(tmp_path / name) == []
    image, _ = readImage(tmp_path / "c.img")
    assert image.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(image.array, values(dtype).T)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("codes", [(0, 1), (1, 0), (1, 1), (2, 4)])
def test_axes_in_any_order_and_direction(tmp_path, seed, codes):
    image = nibabel.Nifti1Image(values(), affine(seed, left_handed=seed % 2 == 1))
    image.set_qform(image.affine, codes[0])
    image.set_sform(image.affine, codes[1])
    image.to_filename(tmp_path / "image.nii.gz")
    assert agrees(tmp_path / "image.nii.gz") == []


def test_permuted_axes(tmp_path):
    for number, order in enumerate(itertools.permutations(range(3))):
        matrix = np.eye(4)
        matrix[:3, :3] = np.eye(3)[:, list(order)] * [2.0, -1.0, 3.0]
        assert agrees(saved(tmp_path, f"{number}.nii", matrix)) == []


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4"])
@pytest.mark.parametrize("scaling", [(0.5, -1000.0), (1.0, -1024.0), (2.0, 0.0), (0.0137, 3.0)])
def test_scaled_values_are_scaled(tmp_path, dtype, scaling):
    path = tmp_path / "scaled.nii.gz"
    nibabel.Nifti1Image(np.abs(values(dtype)) // 3, affine(0)).to_filename(path)
    assert agrees(spoilt(path, ("<2f", SLOPE, *scaling))) == []
    judge = sitk.ReadImage(str(path))
    image, _ = readImage(path)
    np.testing.assert_allclose(image.array, sitk.GetArrayFromImage(judge), rtol=1e-5, atol=1e-5 * abs(scaling[1]))


def test_no_scaling_is_no_scaling(tmp_path):
    for slope in (0.0, 1.0, float("nan")):
        image, _ = readImage(spoilt(saved(tmp_path), ("<2f", SLOPE, slope, 0.0)))
        assert image.array.dtype == np.int16
        np.testing.assert_array_equal(image.array, values().T)
    for scaling in ((float("inf"), 0.0), (2.0, float("nan"))):
        with pytest.raises(RegistrationError, match="scales the values"):
            readImage(spoilt(saved(tmp_path), ("<2f", SLOPE, *scaling)))


def test_gzip_of_several_members_and_padded_with_zeros(tmp_path):
    content = saved(tmp_path).read_bytes()
    path = tmp_path / "members.nii.gz"
    path.write_bytes(b"".join(gzip.compress(content[start : start + 100]) for start in range(0, len(content), 100)))
    assert agrees(path) == []
    path.write_bytes(gzip.compress(content) + bytes(512))
    assert agrees(path) == []


@pytest.mark.parametrize("name", ["IMAGE.NII", "IMAGE.NII.GZ", "Image.Nii"])
def test_names_in_capitals(tmp_path, name):
    path = saved(tmp_path, "image.nii.gz" if name.endswith("GZ") else "image.nii")
    path = path.rename(tmp_path / name)
    image, _ = readImage(path)
    np.testing.assert_array_equal(image.array, values().T)
    cut = tmp_path / f"CUT-{name}"
    cut.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(RegistrationError, match="ends before its last voxel"):
        readImage(cut)


def test_pairs_in_capitals_and_compressed_by_halves(tmp_path):
    nibabel.Nifti1Pair(values(), affine(3)).to_filename(tmp_path / "pair.hdr")
    (tmp_path / "PAIR.HDR").write_bytes((tmp_path / "pair.hdr").read_bytes())
    (tmp_path / "PAIR.IMG").write_bytes((tmp_path / "pair.img").read_bytes())
    (tmp_path / "half.hdr").write_bytes((tmp_path / "pair.hdr").read_bytes())
    (tmp_path / "half.img.gz").write_bytes(gzip.compress((tmp_path / "pair.img").read_bytes()))
    for name in ("PAIR.HDR", "PAIR.IMG", "half.hdr"):
        np.testing.assert_array_equal(readImage(tmp_path / name)[0].array, values().T)
    (tmp_path / "pair.img").unlink()
    with pytest.raises(RegistrationError, match="in two files"):
        readImage(tmp_path / "pair.hdr")


def test_compression_is_seen_by_the_content_not_the_name(tmp_path):
    plain, packed = saved(tmp_path, "plain.nii"), saved(tmp_path, "packed.nii.gz")
    for path, name in ((plain, "is-plain.nii.gz"), (packed, "is-packed.nii")):
        image, _ = readImage(path.rename(tmp_path / name))
        np.testing.assert_array_equal(image.array, values().T)


def test_what_itk_unpacked_counts_only_with_the_right_checksum(tmp_path, monkeypatch):
    path = saved(tmp_path, "image.nii.gz")
    quick, _ = readImage(path)
    header = gzip.decompress(path.read_bytes())[:352]
    unpacked = itk.unpacked(path, path, header, np.dtype("<i2"), "gzip")
    np.testing.assert_array_equal(unpacked, quick.array)
    assert itk.unpacked(path, path, bytes(352), np.dtype("<i2"), "gzip") is None
    monkeypatch.setattr(itk, "unpacked", lambda *_arguments: None)
    np.testing.assert_array_equal(readImage(path)[0].array, quick.array)


def test_a_hole_in_a_compressed_file_is_found(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "whole.nii.gz"
    nibabel.Nifti1Image(rng.integers(0, 50, (40, 40, 40)).astype(np.int16), np.eye(4)).to_filename(path)
    content = path.read_bytes()
    for size in (1, 16, 1000):
        for share in (0.2, 0.5, 0.9, 0.999):
            at = int(share * (len(content) - size))
            hole = bytes(255 - byte for byte in content[at : at + size])
            (tmp_path / "hole.nii.gz").write_bytes(content[:at] + hole + content[at + size :])
            with pytest.raises(RegistrationError, match="is damaged"):
                readImage(tmp_path / "hole.nii.gz")


def test_every_cut_is_found(tmp_path):
    nibabel.Nifti1Pair(values(), affine(3)).to_filename(tmp_path / "pair.hdr")
    for path in (saved(tmp_path), saved(tmp_path, "image.nii.gz"), tmp_path / "pair.img"):
        content = path.read_bytes()
        for kept in (len(content) - 1, len(content) // 2, 360 if path.suffix == ".nii" else 200):
            path.write_bytes(content[:kept])
            with pytest.raises(RegistrationError, match=r"is damaged|not an image"):
                readImage(path)


@pytest.mark.parametrize("offset", [-1.0, 1.0, 348.0, 351.0, 352.5, 354.0, 400.0, 1e20, float("nan"), float("inf")])
def test_voxels_that_begin_elsewhere_than_they_can(tmp_path, offset):
    for name in ("image.nii", "image.nii.gz"):
        with pytest.raises(RegistrationError, match="damaged"):
            readImage(spoilt(saved(tmp_path, name), ("<f", OFFSET, offset)))


def test_more_bytes_than_the_header_says_are_mentioned(tmp_path):
    for name in ("image.nii", "image.nii.gz"):
        path = spoilt(saved(tmp_path, name), ("<h", DIM + 6, SHAPE[2] - 1))
        image, notes = readImage(path)
        assert image.array.shape == (SHAPE[2] - 1, SHAPE[1], SHAPE[0])
        assert len(notes) == 1 and f"{2 * SHAPE[0] * SHAPE[1]} bytes more" in notes[0]
    assert "right behind its header" in readImage(spoilt(saved(tmp_path), ("<f", OFFSET, 0.0)))[1][0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("<i", 0, 349), "length of a NIfTI header"),
        (("<h", DIM, 0), "0 dimensions"),
        (("<h", DIM, 9), "9 dimensions"),
        (("<h", DIM, 2), "2 dimensions"),
        (("<h", DIM + 2, 0), "0 x 7 x 8 voxels"),
        (("<h", DIM + 4, -7), "6 x -7 x 8 voxels"),
        (("<3h", DIM + 2, 30000, 30000, 30000), "ends before its last voxel"),
        (("<h", BITPIX, 8), "8 bits"),
        (("<h", DATATYPE, 0), "data type 0"),
        (("<h", DATATYPE, 1536), "data type 1536"),
        (("<h", DATATYPE, 32), "complex"),
        (("<h", DATATYPE, 128), "3 values per voxel"),
        (("<f", SFORM, float("nan")), "invalid geometry"),
        (("<f", SFORM + 12, float("inf")), "invalid geometry"),
        (("<f", SFORM + 12, 1e9), "invalid geometry"),
        (("<f", SFORM, 1e7), "invalid geometry"),
        (("<12f", SFORM, *[0.0] * 12), "invalid geometry"),
        (("<4f", SFORM, 1.0, 0.3, 0.0, 0.0), "sheared"),
    ],
)
def test_headers_that_cannot_be(tmp_path, change, sentence):
    for name in ("image.nii", "image.nii.gz"):
        path = saved(tmp_path, name, np.eye(4))
        with pytest.raises(RegistrationError, match=sentence):
            readImage(spoilt(path, change))


def test_a_huge_image_in_a_small_file_takes_no_memory(tmp_path, monkeypatch):
    path = spoilt(saved(tmp_path, "image.nii.gz", np.eye(4)), ("<3h", DIM + 2, 20000, 20000, 20000))
    taken = []
    monkeypatch.setattr(np, "empty", lambda *arguments, **_keywords: taken.append(arguments))
    with pytest.raises(RegistrationError, match="ends before its last voxel"):
        readImage(path)
    assert not taken


def test_series_and_vectors_are_refused_and_single_volumes_of_a_series_are_read(tmp_path):
    path = tmp_path / "image.nii.gz"
    nibabel.Nifti1Image(values()[..., None], affine(1)).to_filename(path)
    assert agrees(path) == []
    nibabel.Nifti1Image(values()[..., None, None], affine(1)).to_filename(path)
    assert agrees(path) == []
    for array, sentence in (
        (np.stack([values()] * 2, axis=-1), r"4 dimensions \(2 volumes\)"),
        (np.stack([values()] * 3, axis=-1)[:, :, :, None], "3 values per voxel"),
    ):
        nibabel.Nifti1Image(array, affine(1)).to_filename(path)
        with pytest.raises(RegistrationError, match=sentence):
            readImage(path)
