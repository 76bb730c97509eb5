"""DICOM folders: which series, in which order, and where; SimpleITK judges the voxels' places and values."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.dicom.choosing import chooseSeries, listSeries
from LDRRegistrationLib.dicom.voxels import readStack
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import LPS_FROM_RAS, transformPoints
from support.dicomstudies import block, changed, enhanced, matrix_of, planes_of, save, uid

SHAPE = (9, 12, 10)


@pytest.fixture
def image():
    return block(np.random.default_rng(3), SHAPE, matrix_of(tilt_deg=12.0))


def read(folder, wanted=None):
    """The image and all notes."""
    chosen = chooseSeries(folder, wanted)
    found, notes = readStack(chosen.stack)
    return found, [*chosen.notes, *notes]


def agree(found, image, atol=1e-4):
    assert found.array.dtype == np.int16
    np.testing.assert_array_equal(found.array, image.array)
    np.testing.assert_allclose(found.ijkToRas, image.ijkToRas, atol=atol)


def test_a_folder_is_read_as_simpleitk_reads_it(tmp_path, image):
    save(tmp_path / "deep" / "er", planes_of(image))
    (tmp_path / "README.txt").write_text("no DICOM")
    found, notes = read(tmp_path)
    assert notes == []
    agree(found, image)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "deep" / "er"))
    judge = sitk.ReadImage(names)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(judge.GetDirection()).reshape(3, 3) * judge.GetSpacing()
    matrix[:3, 3] = judge.GetOrigin()
    np.testing.assert_allclose(LPS_FROM_RAS @ matrix, found.ijkToRas, atol=1e-4)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(judge), found.array)


@pytest.mark.parametrize("order", ["sagittal", "downwards"])
def test_any_direction_and_order(tmp_path, image, order):
    """Slices along the patient's left, or numbered from the top: each voxel keeps its value and place."""
    from dataclasses import replace

    matrix = image.ijkToRas.copy()
    if order == "sagittal":
        matrix[:3, :3] = matrix[:3, [1, 2, 0]]
    else:
        matrix[:3, 2] *= -1
    image = replace(image, ijkToRas=matrix)
    save(tmp_path, planes_of(image))
    found, _ = read(tmp_path)
    toOther = found.grid.rasToIjk @ image.ijkToRas
    for ijk in ([0, 0, 0], [9, 11, 8], [3, 7, 2]):
        i, j, k = np.rint(transformPoints(toOther, np.array(ijk))).astype(int)
        assert found.array[k, j, i] == image.array[ijk[2], ijk[1], ijk[0]]


def test_scaling_is_each_files_own(tmp_path, image):
    """As positron emission has it: another slope in each slice, and Hounsfield units with their intercept."""
    planes = planes_of(image, SOPClassUID="1.2.840.10008.5.1.4.1.1.128", Modality="PT", RescaleIntercept="0")
    for k, plane in enumerate(planes):
        plane.file_meta.MediaStorageSOPClassUID = plane.SOPClassUID
        plane.RescaleSlope = str(0.5 + k)
    save(tmp_path / "pet", planes)
    found, _ = read(tmp_path / "pet")
    slopes = 0.5 + np.arange(SHAPE[0])[:, None, None]
    np.testing.assert_allclose(found.array, image.array * slopes, rtol=1e-6)
    ct = "1.2.840.10008.5.1.4.1.1.2"
    planes = planes_of(image, SOPClassUID=ct, Modality="CT", RescaleIntercept="-1024", RescaleSlope="1")
    more = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0}
    for plane in planes:
        plane.file_meta.MediaStorageSOPClassUID = ct
        for keyword, value in more.items():
            setattr(plane, keyword, value)
    save(tmp_path / "ct", planes)
    found, _ = read(tmp_path / "ct")
    assert found.array.dtype == np.int16
    np.testing.assert_array_equal(found.array, image.array - 1024)


def test_a_tilted_gantry_is_set_upright(tmp_path):
    """A ramp stays the same ramp in space, with unknown voxels where no slice reached."""
    matrix = matrix_of()
    k, j, i = np.indices(SHAPE)
    sheared = matrix.copy()
    sheared[:3, 2] += 1.3 * matrix[:3, 1] / 1.1
    points = transformPoints(sheared, np.stack([i, j, k], -1))
    values = np.rint(500 + 3 * points[..., 0] + 2 * points[..., 1] - 4 * points[..., 2]).astype(np.int16)
    image = block(np.random.default_rng(0), SHAPE, matrix)
    save(tmp_path, planes_of(type(image)(values, matrix), sheared=(0.0, 1.3)))
    found, notes = read(tmp_path)
    assert any("gantry was tilted" in note for note in notes)
    known = np.isfinite(found.array)
    assert 0.5 < known.mean() < 1.0
    there = transformPoints(found.ijkToRas, np.argwhere(known)[:, ::-1])
    expected = 500 + there @ [3, 2, -4]
    np.testing.assert_allclose(found.array[known], expected, atol=1.0)
    # At right angles, and as long as the slices lie apart along their normal.
    np.testing.assert_allclose(found.grid.spacing, [0.8, 1.1, 3.0], atol=1e-4)


def test_missing_slices_are_unknown_not_closed_up(tmp_path, image):
    planes = planes_of(image)
    save(tmp_path, [plane for k, plane in enumerate(planes) if k not in (3, 4)])
    found, notes = read(tmp_path)
    assert any("2 slices are missing" in note for note in notes)
    assert np.isnan(found.array[3:5]).all()
    rest = [0, 1, 2, 5, 6, 7, 8]
    np.testing.assert_array_equal(found.array[rest], image.array[rest])
    np.testing.assert_allclose(found.ijkToRas, image.ijkToRas, atol=1e-4)


def test_uneven_distances_are_made_even(tmp_path, image):
    planes = planes_of(image)
    lps = LPS_FROM_RAS @ image.ijkToRas
    at = np.array([0, 1, 2, 3.3, 4.3, 5.3, 6.5, 7.5, 8.5])
    ramp = np.broadcast_to(at[:, None, None] * 100, SHAPE)
    for k, plane in enumerate(planes):
        plane.ImagePositionPatient = [f"{v:.6f}" for v in lps[:3, 3] + at[k] * lps[:3, 2]]
        plane.PixelData = np.rint(ramp[k]).astype("<i2").tobytes()
    save(tmp_path, planes)
    found, notes = read(tmp_path)
    assert any("made even" in note for note in notes)
    np.testing.assert_allclose(found.array[:, 4, 4], 100 * np.arange(len(found.array)), atol=1.0)


def test_enhanced_multiframe(tmp_path, image):
    save(tmp_path, [enhanced(planes_of(image))])
    found, _ = read(tmp_path)
    agree(found, image)
    file = next(tmp_path.iterdir())
    found, _ = read(file)
    agree(found, image)


def test_several_series_are_listed_and_chosen(tmp_path, image):
    save(tmp_path, planes_of(image), "A")
    save(tmp_path, planes_of(image, series="t1", number=5, description="T1 mprage"), "B")
    with pytest.raises(RegistrationError, match=r"holds 2 series: 3: T2 FLAIR ax .*5: T1 mprage .*--series"):
        chooseSeries(tmp_path)
    for wanted in ("5", "t1 MPRAGE", "mprage", uid("study", "t1")):
        assert chooseSeries(tmp_path, wanted).stack.description == "T1 mprage"
    with pytest.raises(RegistrationError, match="holds no series '7'; it holds 3: T2"):
        chooseSeries(tmp_path, "7")
    assert len(listSeries(tmp_path)) == 2


def test_localisers_and_derived_series_are_told_apart(tmp_path, image):
    save(tmp_path, planes_of(image), "A")
    scout = planes_of(
        image, series="loc", number=1, description="3-plane loc", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]
    )
    save(tmp_path, scout, "B")
    mpr = planes_of(
        image, series="mpr", number=7, description="FLAIR sag MPR", ImageType=["DERIVED", "SECONDARY", "MPR"]
    )
    save(tmp_path, mpr, "C")
    chosen = chooseSeries(tmp_path)
    assert chosen.stack.label == "3"
    assert "1: 3-plane loc (MR, 9 slices, 2010-05-01, localiser)" in chosen.notes[0]
    assert "7: FLAIR sag MPR (MR, 9 slices, 2010-05-01, derived)" in chosen.notes[0]
    assert chooseSeries(tmp_path, "7").stack.isDerived


def test_localisers_only(tmp_path, image):
    save(tmp_path, planes_of(image, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])[:3])
    with pytest.raises(RegistrationError, match="holds only localisers: 3:"):
        chooseSeries(tmp_path)


def test_an_empty_folder_and_one_of_other_objects(tmp_path, image):
    with pytest.raises(RegistrationError, match="is a folder without DICOM images"):
        chooseSeries(tmp_path)
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(RegistrationError, match="1 other file"):
        chooseSeries(tmp_path)


def test_two_patients(tmp_path, image):
    save(tmp_path, planes_of(image), "A")
    save(tmp_path, planes_of(image, study="other", patient="P-2"), "B")
    with pytest.raises(RegistrationError, match="scans of 2 patients"):
        chooseSeries(tmp_path)


def test_two_frames_of_reference_are_two_volumes(tmp_path, image):
    planes = planes_of(image)
    for plane in planes[5:]:
        plane.FrameOfReferenceUID = uid("another")
    save(tmp_path, planes)
    with pytest.raises(RegistrationError, match=r"holds 2 series: 3\.1: .*5 slices.*3\.2: .*4 slices"):
        chooseSeries(tmp_path)
    assert len(chooseSeries(tmp_path, "3.2").stack.planes) == 4


def test_two_acquisitions_in_one_series(tmp_path, image):
    one = planes_of(image, AcquisitionNumber="1")
    two = planes_of(type(image)(image.array[::-1].copy(), image.ijkToRas), AcquisitionNumber="2")
    for number, plane in enumerate(two):
        plane.SOPInstanceUID = plane.file_meta.MediaStorageSOPInstanceUID = uid("two", number)
    save(tmp_path, one, "A")
    save(tmp_path, two, "B")
    with pytest.raises(RegistrationError, match=r"3\.1: .*9 slices.*3\.2: .*9 slices"):
        chooseSeries(tmp_path)
    found, notes = read(tmp_path, "3.2")
    assert any("2 volumes, told apart by AcquisitionNumber" in note for note in notes)
    np.testing.assert_array_equal(found.array, image.array[::-1])


def test_repeats_that_nothing_tells_apart_are_kept_apart_all_the_same(tmp_path, image):
    one, two = planes_of(image), planes_of(type(image)(image.array + 1, image.ijkToRas))
    for number, plane in enumerate(two):
        plane.SOPInstanceUID = plane.file_meta.MediaStorageSOPInstanceUID = uid("two", number)
        plane.InstanceNumber = 100 + number
    save(tmp_path, one, "A")
    save(tmp_path, two, "B")
    found, notes = read(tmp_path, "3.2")
    np.testing.assert_array_equal(found.array, image.array + 1)
    assert any("their order alone" in note for note in notes)


def test_a_truncated_file_among_good_ones(tmp_path, image):
    paths = save(tmp_path, planes_of(image))
    paths[4].write_bytes(paths[4].read_bytes()[:-50])
    found, notes = read(tmp_path)
    assert any("1 file is damaged and left out" in note and "cut off" in note for note in notes)
    assert any("1 slice is missing" in note for note in notes)
    assert np.isnan(found.array[4]).all()
    np.testing.assert_array_equal(found.array[5:], image.array[5:])


@pytest.mark.parametrize("length", [0, 100, 131, 140, 300, 700])
def test_a_file_cut_off_in_its_header(tmp_path, image, length):
    paths = save(tmp_path, planes_of(image))
    paths[0].write_bytes(paths[0].read_bytes()[:length])
    found, _ = read(tmp_path)
    np.testing.assert_array_equal(found.array, image.array[1:])


def test_copies_are_left_out_and_others_of_one_uid_kept(tmp_path, image):
    paths = save(tmp_path, planes_of(image))
    (tmp_path / "copy.dcm").write_bytes(paths[2].read_bytes())
    found, notes = read(tmp_path)
    agree(found, image)
    assert any("1 file is a copy of others" in note for note in notes)
    changed(paths[3], SOPInstanceUID=pydicom.dcmread(paths[4]).SOPInstanceUID)
    found, notes = read(tmp_path)
    agree(found, image)
    assert any("1 file has the SOP Instance UID of another one" in note for note in notes)


def test_names_and_no_patient_id(tmp_path, image):
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    folder = tmp_path / "検査 'a' <b>"
    save(folder, planes_of(image, patient=None, name=name, description="<b>\"T2\"</b> 脳 'x'", date=None))
    chosen = chooseSeries(folder)
    assert chosen.stack.info.patientName == name
    assert chosen.stack.info.patientId == "" and chosen.stack.info.date is None
    assert chosen.stack.description == "<b>\"T2\"</b> 脳 'x'"
    agree(readStack(chosen.stack)[0], image)


def test_what_is_no_volume_says_why(tmp_path, image):
    save(tmp_path / "few", planes_of(image)[:2])
    with pytest.raises(RegistrationError, match="has only 2 slices; a volume has at least 4"):
        chooseSeries(tmp_path / "few")
    save(tmp_path / "lost", planes_of(image, ImagePositionPatient=None))
    with pytest.raises(RegistrationError, match="says not where its images lie"):
        chooseSeries(tmp_path / "lost")
    save(tmp_path / "mosaic", planes_of(image, ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]))
    with pytest.raises(RegistrationError, match="is a mosaic"):
        chooseSeries(tmp_path / "mosaic")


def test_compressed_files_are_read(tmp_path, image):
    from pydicom.uid import RLELossless

    planes = planes_of(image)
    for plane in planes:
        plane.compress(RLELossless)
    paths = save(tmp_path, planes)
    agree(read(tmp_path)[0], image)
    whole = paths[4].read_bytes()
    paths[4].write_bytes(whole[:-60])
    found, notes = read(tmp_path)
    assert np.isnan(found.array[4]).all() and any("cut off" in note for note in notes)
    # Spoilt in the middle, its end is as it should be.
    paths[4].write_bytes(whole[:-160] + bytes(140) + whole[-20:])
    with pytest.raises(RegistrationError, match="is damaged"):
        read(tmp_path)
