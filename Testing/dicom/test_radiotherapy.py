"""RTSTRUCT and RTDOSE of the prior carried onto the current scan, read back here and by plastimatch."""

import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.dicom.choosing import chooseSeries
from LDRRegistrationLib.dicom.voxels import readStack
from LDRRegistrationLib.dicomobjects.dose import carryDose, readDose
from LDRRegistrationLib.dicomobjects.outlines import areaOf, enclosed, outlinesOf, withKeyholes
from LDRRegistrationLib.dicomobjects.source import newObject, sourceImages
from LDRRegistrationLib.dicomobjects.structures import RTSTRUCT, carryStructures, coverageOf, readStructures
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import LPS_FROM_RAS, transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from pydicom.dataset import Dataset
from support.dicomstudies import matrix_of, planes_of, save
from support.grids import smooth_image
from support.models import write_model

SHAPE, SPACING = (20, 40, 44), (2.0, 2.0, 3.0)
RADIUS, HOLE, SHIFT = 18.0, 8.0, np.array([4.0, -6.0, 3.0])


def circle(center, radius):
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    return np.column_stack(
        [center[0] + radius * np.cos(angle), center[1] + radius * np.sin(angle), np.full(72, center[2])]
    )


def ball(center, radius, grid, but=()):
    """Outlines (n, 3) in LPS of a ball, in the slices of ``grid``."""
    found = []
    for k in range(grid.shape[0]):
        z = transformPoints(LPS_FROM_RAS @ grid.ijkToRas, np.array([[0.0, 0.0, k]]))[0, 2]
        rest = radius**2 - (z - center[2]) ** 2
        if rest > 1 and k not in but:
            found.append(circle((center[0], center[1], z), np.sqrt(rest)))
    return found


def rtstruct(images, structures):
    """The object with ``structures``, by name: outlines in LPS mm, or one point."""
    ds = newObject(images, RTSTRUCT, "RTSTRUCT", "structures", "Drawn")
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "DRAWN", "20100501", "101500"
    frame = Dataset()
    frame.FrameOfReferenceUID = ds.FrameOfReferenceUID
    ds.ReferencedFrameOfReferenceSequence = [frame]
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    for number, (name, outlines) in enumerate(structures.items(), start=1):
        roi, contours = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, ds.FrameOfReferenceUID
        roi.ROIGenerationAlgorithm = "MANUAL"
        contours.ReferencedROINumber, contours.ROIDisplayColor, contours.ContourSequence = number, [0, 255, 0], []
        for outline in outlines:
            item = Dataset()
            item.ContourGeometricType = "POINT" if len(outline) == 1 else "CLOSED_PLANAR"
            item.NumberOfContourPoints = len(outline)
            item.ContourData = [f"{value:.4f}" for value in outline.ravel()]
            contours.ContourSequence.append(item)
        ds.StructureSetROISequence.append(roi)
        ds.ROIContourSequence.append(contours)
    return ds


def rtdose(images, grid, values, **more):
    planned = Dataset()
    planned.DoseSummationType = "PLAN"
    ds = carryDose(Image(values.astype(np.float32), grid.ijkToRas), planned, images, grid, Transform(np.eye(4)))
    for name, value in more.items():
        setattr(ds, name, value)
    return ds


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Two scans with the same voxels; drawn and planned in the second: a ball, a shell, a point, a dose."""
    folder = tmp_path_factory.mktemp("radiotherapy")
    grid = Image(np.zeros(SHAPE), matrix_of(SPACING)).grid
    smooth = smooth_image(np.random.default_rng(1), grid, 2.0).array
    values = ((smooth - smooth.min()) / np.ptp(smooth) * 900).astype(np.int16)
    for name, date in (("current", "20100501"), ("prior", "20091010")):
        save(folder / name, planes_of(Image(values, matrix_of(SPACING)), study=name, series=name, date=date))
    prior = chooseSeries(folder / "prior")
    image, _ = readStack(prior.stack)
    center = transformPoints(LPS_FROM_RAS @ image.ijkToRas, np.array([[21.5, 19.5, 9.5]]))[0]
    images = sourceImages(prior.stack)
    shell = [*ball(center, RADIUS, image.grid), *ball(center, HOLE, image.grid)]
    drawn = {"ball": ball(center, RADIUS, image.grid, but=(9,)), "shell": shell, "centre": [center[None]]}
    rtstruct(images, drawn).save_as(folder / "rs.dcm", enforce_file_format=True)
    k, j, i = np.indices(image.grid.shape)
    dose = 20.0 + 0.5 * i + 0.25 * j + 0.125 * k
    rtdose(images, image.grid, dose).save_as(folder / "rd.dcm", enforce_file_format=True)
    current = chooseSeries(folder / "current")
    return SimpleNamespace(
        folder=folder, prior=prior, current=current, grid=image.grid, center=center, images=images, dose=dose
    )


def frame_of(chosen):
    return chosen.info.frameOfReferenceUid


def volume(structure, grid):
    return float(coverageOf(structure, grid).sum() * np.prod(grid.spacing))


def ball_volume(radius):
    return 4 / 3 * np.pi * radius**3


def test_an_outline_comes_back_as_it_was():
    outline = circle((20.0, 15.0, 0.0), 9.0)[:, :2]
    hole = circle((21.0, 15.0, 0.0), 4.0)[:, :2]
    area = areaOf([outline, hole], (30, 40))
    assert area.sum() == pytest.approx(np.pi * (81 - 16), rel=0.01)
    assert area[15, 12] == 1.0 and area[15, 21] == 0.0 and area[2, 2] == 0.0
    found = sorted(outlinesOf(area), key=len)
    assert [round(abs(enclosed(one))) for one in found] == pytest.approx([np.pi * 16, np.pi * 81], rel=0.03)
    assert np.abs(np.linalg.norm(found[1] - [20.0, 15.0], axis=1) - 9.0).max() < 0.35
    (joined,) = withKeyholes(outlinesOf(area))
    np.testing.assert_allclose(areaOf([joined], (30, 40)), areaOf(found, (30, 40)), atol=1e-6)
    assert abs(enclosed(joined)) == pytest.approx(np.pi * (81 - 16), rel=0.02)  # filled, it is a ring still
    assert outlinesOf(np.zeros((5, 5))) == [] and len(outlinesOf(np.ones((5, 5)))) == 1  # up to the rim


def test_structures_go_where_the_tissue_goes(scans):
    structures, notes = readStructures(scans.folder / "rs.dcm", frame_of(scans.prior))
    assert [one.name for one in structures] == ["ball", "shell", "centre"] and notes == []
    assert volume(structures[0], scans.grid) == pytest.approx(ball_volume(RADIUS), rel=0.02)  # the slice is filled
    there = np.eye(4)
    there[:3, 3] = SHIFT
    ds, _ = carryStructures(structures, scans.grid, sourceImages(scans.current.stack), scans.grid, Transform(there))
    path = scans.folder / "carried.dcm"
    ds.save_as(path, enforce_file_format=True)
    carried, _ = readStructures(path, frame_of(scans.current))
    center = transformPoints(LPS_FROM_RAS, transformPoints(LPS_FROM_RAS, scans.center[None]) - SHIFT)[0]
    for one, expected in zip(carried[:2], (ball_volume(RADIUS), ball_volume(RADIUS) - ball_volume(HOLE)), strict=True):
        covered = coverageOf(one, scans.grid)
        assert covered.sum() * np.prod(scans.grid.spacing) == pytest.approx(expected, rel=0.03)
        ijk = [(np.indices(covered.shape)[n] * covered).sum() / covered.sum() for n in (2, 1, 0)]
        middle = transformPoints(LPS_FROM_RAS @ scans.grid.ijkToRas, np.array([ijk]))[0]
        np.testing.assert_allclose(middle, center, atol=0.15)
        places = sorted({round(float(outline[0, 2]), 2) for outline in one.outlines})
        assert np.ptp(np.diff(places)) < 0.02  # no slice without
    np.testing.assert_allclose(carried[2].points[0][0], center, atol=1e-3)
    known = {plane.header.SOPInstanceUID for plane in scans.current.stack.planes}
    referred = {c.ContourImageSequence[0].ReferencedSOPInstanceUID for c in ds.ROIContourSequence[0].ContourSequence}
    assert referred <= known and len(referred) == len(places)


def test_a_dose_stays_in_gray(scans):
    dose, planned = readDose(scans.folder / "rd.dcm", frame_of(scans.prior))
    np.testing.assert_allclose(dose.array, scans.dose, atol=1e-5)
    there = np.eye(4)
    there[:3, 3] = SHIFT
    ds = carryDose(dose, planned, sourceImages(scans.current.stack), scans.grid, Transform(there))
    path = scans.folder / "dose.dcm"
    ds.save_as(path, enforce_file_format=True)
    back, _ = readDose(path, frame_of(scans.current))
    # A ramp: half a Gy a voxel along i, and so on, from where the voxel came.
    moved = scans.grid.rasToIjk[:3, :3] @ SHIFT
    expected = scans.dose + moved @ [0.5, 0.25, 0.125]
    inner = (slice(4, -4),) * 3
    np.testing.assert_allclose(back.array[inner], expected[inner], atol=1e-3)
    read = sitk.ReadImage(str(path))
    factor = float(pydicom.dcmread(path).DoseGridScaling)
    assert sitk.GetArrayFromImage(read)[10, 20, 22] * factor == pytest.approx(expected[10, 20, 22], rel=1e-3)
    np.testing.assert_allclose(read.GetSpacing()[:2], scans.grid.spacing[:2], atol=1e-6)


@pytest.mark.skipif(
    shutil.which("plastimatch") is None, reason="plastimatch, which reads them independently, is not installed"
)
def test_plastimatch_reads_the_same(scans, tmp_path):
    output = call(scans, tmp_path)[1]
    subprocess.run(
        [
            *("plastimatch", "convert", "--input", output / "dicom" / "structures.dcm"),
            *("--referenced-ct", scans.folder / "current", "--output-prefix", tmp_path / "masks"),
            *("--prefix-format", "nii.gz"),
        ],
        check=True,
        capture_output=True,
    )
    for name, expected in (("ball", ball_volume(RADIUS)), ("shell", ball_volume(RADIUS) - ball_volume(HOLE))):
        mask = sitk.ReadImage(str(tmp_path / "masks" / f"{name}.nii.gz"))
        found = (sitk.GetArrayFromImage(mask) > 0).sum() * np.prod(mask.GetSpacing())
        assert found == pytest.approx(expected, rel=0.06)
    subprocess.run(
        [
            *("plastimatch", "convert", "--input-dose-img", output / "dicom" / "dose.dcm"),
            *("--output-dose-img", tmp_path / "dose.nii.gz"),
        ],
        check=True,
        capture_output=True,
    )
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "dose.nii.gz")))
    assert read.max() == pytest.approx(scans.dose.max(), rel=0.02)


def call(scans, tmp_path, *more):
    models = write_model(tmp_path / "models", (0.0, 0.0, 0.0))
    arguments = [scans.folder / "current", scans.folder / "prior", "-o", tmp_path / "out", "--models", models]
    objects = [] if more else ["--rtstruct", scans.folder / "rs.dcm", "--rtdose", scans.folder / "rd.dcm"]
    status = main([*map(str, [*arguments, "--prealignment", "none", *objects, *more])])
    return status, tmp_path / "out"


def test_the_command_writes_both(scans, tmp_path):
    status, output = call(scans, tmp_path)
    assert status == 0 and sorted(path.name for path in (output / "dicom").iterdir()) == ["dose.dcm", "structures.dcm"]
    carried, _ = readStructures(output / "dicom" / "structures.dcm", frame_of(scans.current))
    assert volume(carried[0], scans.grid) == pytest.approx(ball_volume(RADIUS), rel=0.04)
    back, _ = readDose(output / "dicom" / "dose.dcm", frame_of(scans.current))
    assert back.array.max() == pytest.approx(scans.dose.max(), rel=0.02)


def test_what_is_not_of_the_prior_is_refused(scans, tmp_path, capsys):
    for more, words in (
        (["--rtstruct", str(scans.folder / "rd.dcm")], "holds no structures"),
        (["--rtdose", str(scans.folder / "rs.dcm")], "holds no dose"),
        (["--rtstruct", str(next((scans.folder / "prior").iterdir()))], "holds no structures"),
    ):
        assert call(scans, tmp_path, *more)[0] == 2 and words in capsys.readouterr().err
    with pytest.raises(RegistrationError, match="frame of reference is another"):
        readStructures(scans.folder / "rs.dcm", frame_of(scans.current))
    path = tmp_path / "relative.dcm"
    rtdose(scans.images, scans.grid, scans.dose, DoseUnits="RELATIVE").save_as(path, enforce_file_format=True)
    with pytest.raises(RegistrationError, match="is in RELATIVE; Gy is needed"):
        readDose(path, frame_of(scans.prior))
