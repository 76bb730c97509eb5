"""Where a NIfTI file lies: by sform, qform or voxel sizes, in this order, and said where they disagree."""

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.imagefiles.reading import readImage
from LDRRegistrationLib.runtime.errors import RegistrationError
from support.niftifiles import (
    PIXDIM,
    QCODE,
    QFORM,
    SCODE,
    SFORM,
    UNITS,
    affine,
    agrees,
    saved,
    spoilt,
    values,
    with_forms,
)


def test_what_the_header_says_twice_differently_is_mentioned(tmp_path):
    one, other = affine(1), affine(2)
    path = with_forms(tmp_path / "both.nii", one, other)
    assert any("its qform would place it differently" in note for note in agrees(path))
    near = one.copy()
    near[:3, 3] += 0.01
    assert agrees(with_forms(tmp_path / "near.nii", near, one)) == []
    double = one.copy()
    double[:3, :3] *= 2.0
    notes = agrees(spoilt(with_forms(tmp_path / "sizes.nii", None, double), ("<3f", PIXDIM + 4, 1.0, 1.0, 1.0)))
    assert len(notes) == 1 and "by its pixdim" in notes[0]


def test_a_sheared_or_spoilt_sform_leaves_the_qform(tmp_path):
    one = affine(1)
    for row, why in (((1.0, 0.3, 0.0, 0.0), "sheared"), ((float("nan"), 0.0, 0.0, 0.0), "invalid")):
        path = spoilt(with_forms(tmp_path / "image.nii", one, np.eye(4)), ("<4f", SFORM, *row))
        image, notes = readImage(path)
        np.testing.assert_allclose(image.ijkToRas, one, atol=1e-3)
        assert len(notes) == 1 and why in notes[0] and "qform" in notes[0]


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan")])
def test_voxel_sizes_that_cannot_be(tmp_path, size):
    for axis in range(3):
        change = ("<f", PIXDIM + 4 + 4 * axis, size)
        with pytest.raises(RegistrationError, match="invalid geometry"):
            readImage(spoilt(with_forms(tmp_path / "image.nii", affine(1), None), change))
        with pytest.raises(RegistrationError, match="invalid geometry"):
            readImage(spoilt(with_forms(tmp_path / "image.nii", None, None), change))
        _, notes = readImage(spoilt(with_forms(tmp_path / "image.nii", None, affine(1)), change))
        assert len(notes) == 1 and "by its pixdim" in notes[0]


def test_files_that_do_not_say_where_they_lie_lie_as_slicer_has_them(tmp_path):
    path = spoilt(saved(tmp_path), ("<2h", QCODE, 0, 0), ("<3f", PIXDIM + 4, 1.0, 2.0, 3.0))
    image, notes = readImage(path)
    judge = sitk.ReadImage(str(path))
    np.testing.assert_allclose(image.ijkToRas, np.diag([-1.0, -2.0, 3.0, 1.0]))
    assert judge.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1) and judge.GetSpacing() == (1, 2, 3)
    assert len(notes) == 1 and "left and right may be exchanged" in notes[0]


def test_analyze_files_say_that_they_do_not_say(tmp_path):
    nibabel.AnalyzeImage(values(), None).to_filename(tmp_path / "old.hdr")
    image, notes = readImage(tmp_path / "old.img")
    np.testing.assert_array_equal(image.array, values().T)
    assert any("left and right may be exchanged" in note for note in notes)
    content = (tmp_path / "old.img").read_bytes()
    (tmp_path / "old.img").write_bytes(content[:-1])
    with pytest.raises(RegistrationError, match="ends before its last voxel"):
        readImage(tmp_path / "old.hdr")


@pytest.mark.parametrize(("unit", "scale"), [(1, 1000.0), (3, 0.001)])
def test_other_units_than_mm_are_converted_as_itk_does(tmp_path, unit, scale):
    matrix = np.eye(4) / (1.0 if unit == 3 else 100.0)
    path = spoilt(saved(tmp_path, matrix=matrix), ("<B", UNITS, unit))
    image, notes = readImage(path)
    np.testing.assert_allclose(image.grid.spacing, sitk.ReadImage(str(path)).GetSpacing(), rtol=1e-5)
    assert len(notes) == 1 and "metres" in notes[0]


def test_codes_that_do_not_exist_and_slices_without_direction_are_mentioned(tmp_path):
    _, notes = readImage(spoilt(saved(tmp_path), ("<h", SCODE, 77)))
    assert len(notes) == 1 and "unknown sform code" in notes[0]
    _, notes = readImage(spoilt(with_forms(tmp_path / "image.nii", affine(1), None), ("<f", PIXDIM, 0.3)))
    assert len(notes) == 1 and "direction of its slices" in notes[0]
    with pytest.raises(RegistrationError, match="invalid geometry"):
        readImage(spoilt(with_forms(tmp_path / "image.nii", affine(1), None), ("<3f", QFORM, 0.8, 0.8, 0.8)))
