"""ldr-register --sequence: 4D NIfTI and DICOM, to one frame."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.dicom.timeframes import readDicomFrames
from LDRRegistrationLib.imagefiles.frames import readFrames
from support.dicomstudies import block, matrix_of, planes_of, save, uid
from support.grids import random_grid, smooth_image
from support.itk import from_image
from support.models import write_model

STEP = 3.0


@pytest.fixture
def sequence(tmp_path):
    """Three frames; frame n shows at x what frame 0 shows n * 3 mm away along LPS y."""
    rng = np.random.default_rng(7)
    content = from_image(smooth_image(rng, random_grid(rng, (40, 44, 36), 100.0), 2.5))
    image = sitk.Cast(sitk.RescaleIntensity(content, 0, 1000), sitk.sitkInt16)
    frames = [
        sitk.Resample(image, image, sitk.TranslationTransform(3, (0.0, STEP * number, 0.0)), sitk.sitkLinear)
        for number in range(3)
    ]
    path = tmp_path / "breathing.nii.gz"
    sitk.WriteImage(sitk.JoinSeries(frames, 0.0, 0.5), str(path))
    return path


def call(sequence, *more):
    output = sequence.parent / "out"
    models = write_model(sequence.parent / "models", (0.0, 0.0, 0.0))
    return main(["--sequence", str(sequence), "-o", str(output), "--models", str(models), *more]), output


def test_every_frame_to_one(sequence, capsys):
    status, output = call(sequence, "--towards", "1", "--smooth-frames", "0.2", "--device", "auto")
    assert status == 0 and capsys.readouterr().out.startswith("Verdict: good")
    names = [f"transform_00{number}.h5" for number in range(3)]
    assert sorted(path.name for path in output.iterdir()) == ["report.json", *names, "warped.nii.gz"]
    source = sitk.ReadImage(str(sequence))
    middle = source[:, :, :, 0].TransformContinuousIndexToPhysicalPoint((18.0, 22.0, 20.0))
    for number, name in enumerate(names):
        moved = sitk.ReadTransform(str(output / name)).TransformPoint(middle)
        np.testing.assert_allclose(np.subtract(moved, middle), (0.0, STEP * (1 - number), 0.0), atol=0.3)
    warped = sitk.ReadImage(str(output / "warped.nii.gz"))
    assert warped.GetSize() == source.GetSize() and warped.GetSpacing() == pytest.approx(source.GetSpacing())
    inside = sitk.GetArrayFromImage(warped)[:, 10:30, 10:34, 10:26].astype(float)
    assert all(np.corrcoef(inside[1].ravel(), inside[n].ravel())[0, 1] > 0.99 for n in (0, 2))
    report = json.loads((output / "report.json").read_text())
    assert [frame["frame"] for frame in report["frames"]] == [0, 1, 2] and report["frames"][1]["isReference"]
    assert set(report["outputs"]) == {*names, "warped.nii.gz"} and report["frameStep"] == 0.5
    assert report["device"] == "cpu" and report["threads"] >= 1


def test_fewer_frames_leave_none_of_the_earlier_ones(sequence):
    assert call(sequence)[0] == 0
    short = sitk.ReadImage(str(sequence))[:, :, :, :2]
    sitk.WriteImage(short, str(sequence))
    status, output = call(sequence)
    assert status == 0
    assert sorted(path.name for path in output.glob("*.h5")) == ["transform_000.h5", "transform_001.h5"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--towards", "3"], "no frame 3: the sequence has 3"),
        (["--towards", "last"], "neither the number of a frame"),
        (["--towards", "next", "--smooth-frames", "1"], "--smooth-frames cannot be used"),
        (["--labels", "labels.nii"], "--labels cannot be used with --sequence"),
        (["--series", "3"], "--series can be used only with DICOM folders"),
    ],
)
def test_what_makes_no_sense_is_refused(sequence, capsys, more, words):
    status, output = call(sequence, *more)
    assert status == 2 and words in capsys.readouterr().err
    assert not output.exists() or list(output.iterdir()) == []


def test_what_is_no_sequence_is_refused(sequence, capsys):
    whole = sitk.ReadImage(str(sequence))
    sitk.WriteImage(whole[:, :, :, 0], str(sequence))
    assert call(sequence)[0] == 2 and "is no sequence" in capsys.readouterr().err
    sitk.WriteImage(whole[:, :2, :2, :], str(sequence))
    assert call(sequence)[0] == 2 and "at least 4 voxels along both axes" in capsys.readouterr().err
    packed = sequence.read_bytes()
    sequence.write_bytes(packed[: len(packed) // 2])
    assert call(sequence)[0] == 2 and "is damaged" in capsys.readouterr().err


def test_two_slices_are_registered_within_themselves(sequence):
    """What moves lies along LPS y; the slices are cut so that this is within them, then across them."""
    whole = sitk.ReadImage(str(sequence))
    direction = np.array(whole.GetDirection()).reshape(4, 4)[:3, :3]
    moving = np.argsort(np.abs(direction[1]))
    for axis, share in ((moving[0], 1.0), (moving[2], 0.0)):
        part = [slice(None)] * 3
        part[axis] = slice(18, 20)
        sitk.WriteImage(whole[(*part, slice(None))], str(sequence))
        status, output = call(sequence)
        assert status in (0, 3)
        across = direction[:, axis]
        middle = whole[:, :, :, 0].TransformContinuousIndexToPhysicalPoint((18.0, 22.0, 20.0))
        moved = np.subtract(sitk.ReadTransform(str(output / "transform_001.h5")).TransformPoint(middle), middle)
        assert abs(float(moved @ across)) < 1e-6
        if share:
            within = across * STEP * across[1] - np.array([0.0, STEP, 0.0])
            np.testing.assert_allclose(moved, within, atol=0.5)
        report = json.loads((output / "report.json").read_text())
        assert any("nothing moves across" in note for note in report["frames"][1]["notes"])


def test_frames_have_the_values_of_the_file(sequence):
    frames = readFrames(sequence)
    expected = sitk.GetArrayFromImage(sitk.ReadImage(str(sequence)))
    np.testing.assert_array_equal([one.array for one in frames.images], expected)
    assert frames.step == 0.5 and frames.images[2].name == "breathing, frame 2"


def test_dicom_frames_come_in_the_order_of_time(tmp_path):
    matrix = matrix_of()
    for time in (2, 0, 1):
        image = block(np.random.default_rng(time), (6, 10, 12), matrix)
        planes = planes_of(image, number=4, description="perfusion")
        for plane in planes:
            plane.TemporalPositionIdentifier = time + 1
            plane.SOPInstanceUID = uid("perfusion", time, plane.InstanceNumber)
            plane.file_meta.MediaStorageSOPInstanceUID = plane.SOPInstanceUID
            plane.InstanceNumber += 100 * (5 - time)
        save(tmp_path / "study", planes, f"T{time}")
    found = readDicomFrames(tmp_path / "study")
    assert len(found.images) == 3
    for time, image in enumerate(found.images):
        expected = block(np.random.default_rng(time), (6, 10, 12), matrix).array
        assert sorted(np.round(image.array).ravel()) == sorted(np.round(expected).ravel())
