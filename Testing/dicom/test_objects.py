"""What goes back to the archive: read by other programs, it says what was found, where, and of whom."""

import shutil
import subprocess
from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.change.table import Opinion
from LDRRegistrationLib.dicomobjects.measurements import Reviewer
from LDRRegistrationLib.dicomobjects.registration import DEFORMABLE, LINEAR, registrationObject
from LDRRegistrationLib.dicomobjects.source import sourceImages
from LDRRegistrationLib.dicomobjects.tracking import Tracked, follow, readTracked
from LDRRegistrationLib.dicomobjects.writing import writeObjects
from LDRRegistrationLib.reports.context import FoundLimit
from LDRRegistrationLib.space.grid import transformPoints
from LDRRegistrationLib.space.transform import Transform
from scipy.spatial.transform import Rotation
from support.itk import SIGNS

NAMES = ["segmentation.dcm", "measurements.dcm", "registration.dcm"]


def write(folder, comparison, **more):
    c = comparison
    found = more.pop("found", c.found)
    more = {"grade": "good", **more}
    return writeObjects(folder, c.current, c.prior, c.transform, c.change_map, found, **more)


@pytest.fixture(scope="module")
def objects(comparison, tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects") / "dicom"
    assert [path.name for path in write(folder, comparison)] == NAMES
    return folder


def test_the_segmentation_lies_where_the_regions_are(objects, comparison):
    seg = highdicom.seg.segread(objects / "segmentation.dcm")
    regions, labels = comparison.found.regions, comparison.found.labels
    assert seg.number_of_segments == len(regions) > 1
    grid = comparison.change_map.grid
    for number, region in enumerate(regions, start=1):
        description = seg.get_segment_description(number)
        assert region.kind in description.segment_label and description.algorithm_type.value == "AUTOMATIC"
        volume = seg.get_volume(segment_numbers=[number], combine_segments=True)
        # highdicom's affine leads from (k, j, i) to LPS.
        points = transformPoints(volume.affine, np.argwhere(volume.array > 0)) * SIGNS
        ours = transformPoints(grid.ijkToRas, np.argwhere(labels == region.rank)[:, ::-1])
        assert len(points) == len(ours)
        np.testing.assert_allclose(points[np.lexsort(points.T)], ours[np.lexsort(ours.T)], atol=1e-3)
    first = comparison.current.planes[0].header
    assert seg.StudyInstanceUID == first.StudyInstanceUID and seg.FrameOfReferenceUID == first.FrameOfReferenceUID
    assert str(seg.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def groups_of(path):
    """Of a report: by tracking UID its identifier, measurements, evaluations and referenced segments."""
    report = highdicom.sr.srread(path)
    found = {}
    for group in [
        *report.content.get_volumetric_roi_measurement_groups(),
        *report.content.get_image_measurement_groups(),
    ]:
        one = found.setdefault(str(group.tracking_uid), {"name": group.tracking_identifier, "segments": []})
        for measurement in group.get_measurements():
            one[measurement.name.meaning] = (measurement.value, measurement.unit.value)
        for evaluation in group.get_qualitative_evaluations():
            one[evaluation.name.meaning] = evaluation.value.meaning
        if hasattr(group, "referenced_segment") and group.referenced_segment is not None:
            one["segments"].append(group.referenced_segment)
    return report, found


def test_the_report_measures_each_region(objects, comparison):
    report, groups = groups_of(objects / "measurements.dcm")
    assert (report.CompletionFlag, report.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
    seg = pydicom.dcmread(objects / "segmentation.dcm")
    whole = next(group for group in groups.values() if group["name"] == "Comparison")
    assert whole["Number of regions of change"] == (len(comparison.found.regions), "1")
    assert whole["Alignment of the scans"] == "Good"
    assert any(region.isMeasured for region in comparison.found.regions)
    for item, region in zip(seg.SegmentSequence, comparison.found.regions, strict=True):
        group = groups[item.TrackingUID]
        assert group["name"] == item.TrackingID == f"Lesion {region.rank}"
        # What is cut off by the examined area has no number.
        assert ("Volume" in group) == ("Long axis" in group) == region.isMeasured
        if region.isMeasured:
            assert group["Volume"][0] == pytest.approx(region.volumeMm3, rel=1e-4) and group["Volume"][1] == "mm3"
            assert group["Long axis"][0] == pytest.approx(region.largestDiameterMm, rel=1e-4)
        assert group["Change since prior"].lower() == region.kind and group["Review"] == "Not reviewed"
        assert [s.referenced_sop_instance_uid for s in group["segments"]] == [seg.SOPInstanceUID]


def test_the_registration_carries_points_as_the_transform_does(objects, comparison):
    """SimpleITK applies what the object says, in the order that the standard gives."""
    ds = pydicom.dcmread(objects / "registration.dcm")
    assert ds.SOPClassUID == DEFORMABLE
    assert ds.FrameOfReferenceUID == comparison.current.info.frameOfReferenceUid
    item = ds.DeformableRegistrationSequence[1]
    assert item.SourceFrameOfReferenceUID == comparison.prior.info.frameOfReferenceUid
    assert len(item.ReferencedImageSequence) == len(comparison.prior.planes)
    field = item.DeformableRegistrationGridSequence[0]
    vectors = np.frombuffer(field.VectorGridData, "<f4").reshape(*field.GridDimensions[::-1], 3)
    image = sitk.GetImageFromArray(vectors.astype(np.float64), isVector=True)
    rows = np.array(field.ImageOrientationPatient, float).reshape(2, 3)
    image.SetDirection(np.stack([*rows, np.cross(*rows)], axis=1).ravel())
    image.SetOrigin([float(v) for v in field.ImagePositionPatient])
    image.SetSpacing([float(v) for v in field.GridResolution])
    before, after = (
        np.array(sequence[0].FrameOfReferenceTransformationMatrix, float).reshape(4, 4)
        for sequence in (item.PreDeformationMatrixRegistrationSequence, item.PostDeformationMatrixRegistrationSequence)
    )
    deformation = sitk.DisplacementFieldTransform(image)
    ijk = np.random.default_rng(0).uniform(0, 1, (300, 3)) * (comparison.change_map.grid.sizeIjk - 1)
    points = transformPoints(comparison.change_map.grid.ijkToRas, ijk)
    judged = np.array([deformation.TransformPoint(transformPoints(before, p).tolist()) for p in points * SIGNS])
    judged = transformPoints(after, judged) * SIGNS
    ours = comparison.transform.points(points)
    assert np.abs(ours - points).max() > 2.0
    np.testing.assert_allclose(judged, ours, atol=0.1)


def test_a_rigid_registration_leads_from_the_prior_to_the_current_scan(comparison):
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [10, -7, 4], degrees=True).as_matrix()
    matrix[:3, 3] = [3, -5, 8]
    now, before = (sourceImages(stack) for stack in (comparison.current, comparison.prior))
    ds = registrationObject(now, before, Transform(matrix))
    assert ds.SOPClassUID == LINEAR
    item = ds.RegistrationSequence[1]
    assert item.FrameOfReferenceUID == comparison.prior.info.frameOfReferenceUid
    stored = item.MatrixRegistrationSequence[0].MatrixSequence[0]
    assert stored.FrameOfReferenceTransformationMatrixType == "RIGID"
    lps = np.array(stored.FrameOfReferenceTransformationMatrix, float).reshape(4, 4)
    current = np.array([[10.0, 20.0, 30.0], [-40.0, 5.0, 60.0]])
    prior = Transform(matrix).points(current)
    np.testing.assert_allclose(transformPoints(lps, prior * SIGNS) * SIGNS, current, atol=1e-4)


def test_without_regions_there_is_no_segmentation_but_a_limit(comparison, tmp_path):
    none = replace(comparison.found, labels=np.zeros_like(comparison.found.labels), regions=[])
    paths = write(tmp_path / "dicom", comparison, found=none, limit=FoundLimit("Half of 20 %.", 42.5))
    assert [path.name for path in paths] == NAMES[1:]
    report, groups = groups_of(paths[0])
    assert "Half of 20 %." in [item.get("TextValue") for item in report.ContentSequence]
    (whole,) = groups.values()
    assert whole["Signal change at which half are found"] == (42.5, "%")
    assert whole["Change since prior"] == "No change found" and whole["Number of regions of change"][0] == 0
    paths = write(tmp_path / "failed", comparison, found=none, grade="failed")
    (whole,) = groups_of(paths[0])[1].values()
    assert whole["Change since prior"] == "Not compared" and whole["Alignment of the scans"] == "Failed"


def test_only_what_a_reader_accepted_goes_out(comparison, tmp_path):
    opinions = {region.rank: Opinion("rejected", "vessel") for region in comparison.found.regions}
    opinions[2] = Opinion("accepted", "視床 <b>=1+1</b>")
    reviewer = Reviewer("Doe^Jane", "Clinic")
    folder = tmp_path / "dicom"
    write(folder, comparison, opinions=opinions, reviewer=reviewer)
    seg = pydicom.dcmread(folder / "segmentation.dcm")
    assert len(seg.SegmentSequence) == 1
    assert seg.SegmentSequence[0].SegmentDescription == "視床 <b>=1+1</b>"
    assert seg.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    report, groups = groups_of(folder / "measurements.dcm")
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "VERIFIED")
    assert groups[seg.SegmentSequence[0].TrackingUID]["Review"] == "Accepted by a reader"
    write(tmp_path / "anonymous", comparison, opinions=opinions)
    report, _ = groups_of(tmp_path / "anonymous" / "measurements.dcm")
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    write(tmp_path / "half", comparison, opinions={2: opinions[2]}, reviewer=reviewer)
    report, _ = groups_of(tmp_path / "half" / "measurements.dcm")
    assert (report.CompletionFlag, report.VerificationFlag) == ("PARTIAL", "UNVERIFIED"), "one was not judged"


def test_findings_keep_their_identifiers_at_the_next_visit(objects, comparison, tmp_path):
    """The report of a visit, read at the next: what is there again is the same finding; what is not has not changed."""
    frame = comparison.current.info.frameOfReferenceUid
    tracked = readTracked(objects / "measurements.dcm", frame)
    regions = comparison.found.regions
    assert [one.identifier for one in tracked] == [f"Lesion {region.rank}" for region in regions]
    assert all(one.middleRas is None for one in readTracked(objects / "measurements.dcm", "1.2.3"))
    # As if that visit had been this pair's prior: its places lie in the prior scan.
    points = comparison.transform.points(np.array([one.middleRas for one in tracked]))
    before = [replace(one, middleRas=tuple(point)) for one, point in zip(tracked, points, strict=True)]
    known, rest = follow(before, regions[1:], comparison.transform)
    assert {rank: one.uid for rank, one in known.items()} == {r.rank: tracked[r.rank - 1].uid for r in regions[1:]}
    assert [one.uid for one in rest] == [tracked[0].uid]
    np.testing.assert_allclose(rest[0].middleRas, tracked[0].middleRas, atol=0.1)
    # A new one gets the next number.
    known, _ = follow(before[1:], regions, comparison.transform)
    assert known[1].identifier == f"Lesion {len(regions) + 1}" and known[1].uid not in {one.uid for one in tracked}
    # Through the objects: a third visit finds what the second one only carried along.
    opinions = {region.rank: Opinion("accepted") for region in regions[1:]}
    write(tmp_path / "dicom", comparison, opinions=opinions, tracked=before)
    _, groups = groups_of(tmp_path / "dicom" / "measurements.dcm")
    assert {one.uid for one in tracked} < set(groups)
    assert groups[tracked[0].uid]["Change since prior"] == "No change found"
    again = readTracked(tmp_path / "dicom" / "measurements.dcm", frame)
    assert {one.uid for one in again} == {one.uid for one in tracked}


def test_a_finding_outside_what_was_compared_is_not_called_unchanged(comparison, tmp_path):
    none = replace(comparison.found, labels=np.zeros_like(comparison.found.labels), regions=[])
    outside = comparison.transform.points(np.array([[0.0, 0.0, 300.0]]))[0]
    tracked = [Tracked("2.25.7", "Lesion 7", tuple(outside))]
    write(tmp_path / "dicom", comparison, found=none, tracked=tracked)
    assert groups_of(tmp_path / "dicom" / "measurements.dcm")[1]["2.25.7"]["Change since prior"] == "Not compared"


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy (apt install dicom3tools)")
@pytest.mark.parametrize("name", NAMES)
def test_dciodvfy_finds_no_error(objects, name):
    run = subprocess.run(["dciodvfy", str(objects / name)], capture_output=True, text=True, check=False)
    said = run.stdout + run.stderr
    assert run.returncode == 0 and not [line for line in said.splitlines() if line.startswith("Error")], said
