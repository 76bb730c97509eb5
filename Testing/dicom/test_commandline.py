"""ldr-register on two DICOM studies, from the folders to what an archive takes; and what it refuses in a sentence."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from support.data import CURRENT_FLAIR, PRIOR_FLAIR
from support.dicomstudies import block, matrix_of, planes_of, save

OBJECTS = ["measurements.dcm", "registration.dcm", "segmentation.dcm"]


@pytest.fixture(scope="module")
def output(studies, remembered, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    arguments = [*map(str, studies), "-o", str(folder), "--change", "--dicom-out", "--hide-names", "--patient", "X <7>"]
    with pytest.MonkeyPatch.context() as patched:
        remembered.install(patched)
        assert main(arguments) == 0
    return folder


def test_everything_is_written_and_the_dates_are_dicoms(output, studies):
    assert sorted(path.name for path in (output / "dicom").iterdir()) == OBJECTS
    report = json.loads((output / "report.json").read_text())
    assert report["fixedSeries"]["date"] == "2010-05-01" and report["movingSeries"]["date"] == "2009-10-10"
    page = (output / "changes.html").read_text(encoding="utf-8")
    assert "203 days" in page and "Patient: X &lt;7&gt;" in page and "Yamada" not in page
    # The warped prior lies on the current scan's own grid.
    warped, current = (sitk.ReadImage(str(path)) for path in (output / "warped.nii.gz", CURRENT_FLAIR))
    assert warped.GetSize() == current.GetSize()
    np.testing.assert_allclose(warped.GetOrigin(), current.GetOrigin(), atol=1e-3)
    np.testing.assert_allclose(warped.GetDirection(), current.GetDirection(), atol=1e-5)


def test_no_file_name_is_in_the_report(output, studies):
    text = (output / "report.json").read_text()
    assert '"fixed": "FIXED"' in text and '"moving": "MOVING"' in text
    assert not any(str(folder) in text for folder in studies) and "T2 FLAIR" not in text


def test_no_name_is_in_the_notes_either(studies, tmp_path):
    """Of a series that was left out, of a damaged file, of a mask, and of folders that are named from here."""
    current, prior = (tmp_path / f"Mueller {name}" for name in ("now", "then"))
    for folder, copy in zip(studies, (current, prior), strict=True):
        shutil.copytree(folder, copy)
    damaged = sorted(current.rglob("*.dcm"))[0]
    (current / "Mueller1957.dcm").write_bytes(damaged.read_bytes()[:2000])
    for path in sorted(prior.rglob("*.dcm")):
        plane = pydicom.dcmread(path)
        plane.SeriesInstanceUID, plane.SeriesNumber = plane.SeriesInstanceUID + ".9", 99
        plane.SOPInstanceUID = plane.SOPInstanceUID + ".9"
        plane.SeriesDescription, plane.ImageType = "Muellers map", ["DERIVED", "SECONDARY"]
        plane.save_as(prior / f"derived-{path.name}")
    out = tmp_path / "out"
    assert main([str(current), str(prior), "-o", str(out), "--hide-names"]) == 0
    report = (out / "report.json").read_text()
    assert "computed from other images" in report or "derived" in report
    assert "ueller" not in report


@pytest.mark.skipif(not (shutil.which("Orthanc") and shutil.which("storescu")), reason="apt install orthanc dcmtk")
def test_an_archive_takes_the_objects(output, tmp_path):
    """A real Orthanc on the loopback address, sent to by dcmtk, has all of them afterwards."""
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    settings = {
        "StorageDirectory": str(tmp_path / "db"),
        "IndexDirectory": str(tmp_path / "db"),
        "HttpPort": ports[0],
        "DicomPort": ports[1],
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "Plugins": [],
    }
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    archive = subprocess.Popen(
        ["Orthanc", str(tmp_path / "orthanc.json")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                _ask(ports[0], "system")
                break
            except OSError:
                assert archive.poll() is None and time.monotonic() < deadline
                time.sleep(0.2)
        files = [str(output / "dicom" / name) for name in OBJECTS]
        subprocess.run(
            ["storescu", "-R", "127.0.0.1", str(ports[1]), *files], check=True, capture_output=True, timeout=60
        )
        stored = {
            _ask(ports[0], f"instances/{one}")["MainDicomTags"]["SOPInstanceUID"] for one in _ask(ports[0], "instances")
        }
        assert stored == {str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in files}
        (study,) = _ask(ports[0], "studies")
        assert len(_ask(ports[0], f"studies/{study}")["Series"]) == 3
    finally:
        archive.terminate()
        archive.wait(30)


def _ask(port, what):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{what}", timeout=5) as answer:
        return json.load(answer)


@pytest.fixture
def small(tmp_path):
    """Two small studies; nothing is to be registered."""
    image = block(np.random.default_rng(1), (8, 12, 12), matrix_of())
    for name, patient in (("one", "P-1"), ("two", "P-2")):
        save(tmp_path / name, planes_of(image, study=name, patient=patient))
    return [str(tmp_path / "one"), str(tmp_path / "two")]


def refused(arguments, output, capsys):
    assert main([*arguments, "-o", str(output)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and not list(output.iterdir())
    return said


def test_objects_need_dicom_scans_of_one_patient(small, tmp_path, capsys):
    output = tmp_path / "out"
    files = [str(CURRENT_FLAIR), str(PRIOR_FLAIR)]
    assert "both scans are DICOM" in refused([*files, "--change", "--dicom-out"], output, capsys)
    assert "different patients" in refused([*small, "--change", "--dicom-out"], output, capsys)
    assert main([*small, "-o", str(output), "--dicom-out"]) == 2
    assert "--dicom-out can be used only with --change" in capsys.readouterr().err


def test_without_highdicom_it_says_so(studies, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom", None)
    said = refused([*map(str, studies), "--change", "--dicom-out"], tmp_path / "out", capsys)
    assert "highdicom, which is not installed" in said and "[dicom]" in said


def test_series_are_listed_and_asked_for(small, tmp_path, capsys):
    assert main([small[0], "--list-series"]) == 0
    assert "3: T2 FLAIR ax (MR, 8 slices, 2010-05-01)" in capsys.readouterr().out
    output = tmp_path / "out"
    assert "holds no series '8'" in refused([*small, "--series", "8"], output, capsys)
    assert "holds no series '9'" in refused([*small, "--series", "3", "--series", "9"], output, capsys)
    files = [str(CURRENT_FLAIR), str(PRIOR_FLAIR)]
    assert "--series can be used only with DICOM" in refused([*files, "--series", "3"], output, capsys)


def test_a_prior_that_is_newer_is_refused(studies, tmp_path, capsys):
    current, prior = map(str, studies)
    assert "swap them" in refused([prior, current, "--change"], tmp_path / "out", capsys)


def test_a_prior_report_that_is_none(studies, tmp_path, capsys):
    path = tmp_path / "x.dcm"
    path.write_text("no DICOM")
    arguments = [*map(str, studies), "--change", "--dicom-out", "--prior-report", str(path)]
    assert "cannot be read as a DICOM measurement report" in refused(arguments, tmp_path / "out", capsys)


def test_scans_of_different_patients_are_said(small):
    from LDRRegistrationLib.dicom.choosing import chooseSeries
    from LDRRegistrationLib.dicom.scan import ScanInfo, pairNotes

    one, two = (chooseSeries(type(CURRENT_FLAIR)(folder)).info for folder in small)
    assert "different patients" in pairNotes(one, two)[0]
    assert pairNotes(one, one) == []
    assert "do not say whether" in pairNotes(ScanInfo(date="2010-01-01"), one)[0]
    assert "say no date" in pairNotes(ScanInfo(patientId="P-1"), one)[0]
