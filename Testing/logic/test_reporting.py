"""From two DICOM studies through a scene to a report and to objects for the archive, by the logic alone."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import slicer
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.studies import areOfDifferentPatients, studyOf
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.reports.context import AS_DICOM_SAYS
from LDRRegistrationLib.runtime.errors import DependencyError, RegistrationCancelled, RegistrationError
from support.dicomdatabase import Database, forget_folder
from support.dicomstudies import block, changed, follow_up, matrix_of, planes_of, save
from support.scene import add_linear_transform, newScene

NAME = 'O\'Brien^<b>太郎</b> "Al"'


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """The folders of the current and of the prior study. Nobody writes into them."""
    return follow_up(tmp_path_factory.mktemp("studies"), name=NAME)


@pytest.fixture(scope="module")
def compared(studies, remembered):
    """One registration and one map of change for all tests of what is done with them."""
    opened = RegistrationLogic().openStudies(*studies, scene=newScene())
    images = [imageFromVolumeNode(node) for node in (opened.currentVolumeNode, opened.priorVolumeNode)]
    return remembered.compareVisits(*images, ModelStore(), currentDate="2010-05-01", priorDate="2009-10-10")


@pytest.fixture
def s(studies, compared, compared_before, monkeypatch):
    """Both studies in a scene, and what changed between them."""
    from LDRRegistrationLib.logic import change

    scene, logic = newScene(), RegistrationLogic()
    opened = logic.openStudies(*studies, scene=scene)
    monkeypatch.setattr(change, "compareVisits", lambda *unused, **more: compared)
    current, prior = opened.currentVolumeNode, opened.priorVolumeNode
    changes = logic.detectChanges(currentVolumeNode=current, priorVolumeNode=prior, sensitivity=1.0)
    return SimpleNamespace(scene=scene, logic=logic, current=current, prior=prior, changes=changes, notes=opened.notes)


def test_the_newer_study_is_the_current_scan_whatever_the_order(studies):
    logic = RegistrationLogic()
    assert logic.listSeries(studies[0]) == ["3: T2 FLAIR ax (MR, 46 slices, 2010-05-01)"]
    for order in (studies, studies[::-1]):
        scene = newScene()
        opened = logic.openStudies(*order, scene=scene)
        assert studyOf(opened.currentVolumeNode).date == "2010-05-01"
        assert studyOf(opened.priorVolumeNode).date == "2009-10-10"
        assert opened.currentVolumeNode.GetName() == "3: T2 FLAIR ax" and opened.notes == []
        assert not areOfDifferentPatients(opened.currentVolumeNode, opened.priorVolumeNode)
        assert studyOf(opened.priorVolumeNode).patientId == "P-1"


def test_a_refused_series_leaves_the_scene_as_it_was(studies, tmp_path):
    scene = newScene()
    before = scene.GetNumberOfNodes()
    with pytest.raises(RegistrationError, match="holds no series '9'"):
        RegistrationLogic().openStudies(*studies, series="9", scene=scene)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RegistrationError, match="it is empty"):
        RegistrationLogic().openStudies(studies[0], tmp_path / "empty", scene=scene)
    assert scene.GetNumberOfNodes() == before


def test_patients_without_an_id_are_not_called_different(tmp_path):
    """Slicer makes one up of each study's UID; so does this."""
    image = block(np.random.default_rng(1), (8, 12, 12), matrix_of())
    for name, date in (("one", "20200102"), ("two", "20210102")):
        save(tmp_path / name, planes_of(image, study=name, patient=None, name="", date=date))
    scene = newScene()
    opened = RegistrationLogic().openStudies(tmp_path / "one", tmp_path / "two", scene=scene)
    nodes = opened.currentVolumeNode, opened.priorVolumeNode
    assert not areOfDifferentPatients(*nodes)
    assert any("do not say whether the two scans are of one patient" in note for note in opened.notes)
    assert [studyOf(node).patient for node in nodes] == [None, None]


def test_studies_without_dates_keep_their_order_and_say_so(tmp_path):
    image = block(np.random.default_rng(1), (8, 12, 12), matrix_of())
    for name, date in (("one", None), ("two", "20210102")):
        save(tmp_path / name, planes_of(image, study=name, date=date, AcquisitionDate=date))
    scene = newScene()
    opened = RegistrationLogic().openStudies(tmp_path / "one", tmp_path / "two", scene=scene)
    assert [studyOf(n).date for n in (opened.currentVolumeNode, opened.priorVolumeNode)] == [None, "2021-01-02"]
    assert "The headers of the current scan say no date." in opened.notes


def test_the_report_knows_the_studies_and_names_the_patient_only_if_asked(s, tmp_path):
    s.logic.judgeRegion(s.changes, rank=1, verdict="accepted")
    s.logic.exportChanges(s.changes, folder=tmp_path)
    page = (tmp_path / "changes.html").read_text(encoding="utf-8")
    for text in ("2010-05-01", "203 days", "Made up Scanner 3 3 T", "T2 FLAIR ax", "painted into this scan"):
        assert text in page, text
    assert "Brien" not in page and "P-1" not in page
    s.logic.exportChanges(s.changes, folder=tmp_path, patient=AS_DICOM_SAYS)
    page = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert "O&#x27;Brien &lt;b&gt;太郎&lt;/b&gt; &quot;Al&quot;, P-1" in page
    assert s.changes.limit is not None, "sought once"


def objects_in(folder):
    return {path.stem: pydicom.dcmread(path) for path in sorted((folder / "dicom").iterdir())}


def test_accepted_regions_go_back_to_the_archive(s, tmp_path):
    regions = s.changes.detection.regions
    s.logic.judgeRegion(s.changes, rank=1, verdict="accepted", note="視床")
    for region in regions[1:]:
        s.logic.judgeRegion(s.changes, rank=region.rank, verdict="rejected")
    paths = s.logic.writeDicom(s.changes, folder=tmp_path, reader="Doe^Jane", organization="Clinic")
    found = objects_in(tmp_path)
    assert sorted(path.stem for path in paths) == sorted(found) == ["measurements", "registration", "segmentation"]
    assert len(regions) > 2 and len(found["segmentation"].SegmentSequence) == 1
    assert found["segmentation"].SegmentSequence[0].SegmentDescription == "視床"
    assert found["measurements"].VerificationFlag == "VERIFIED"
    assert str(found["measurements"].PatientName) == NAME
    # At another visit the findings of this one are known by their places: here this study is its own prior.
    again = s.logic.writeDicom(s.changes, folder=tmp_path / "none", priorReport=tmp_path / "dicom" / "measurements.dcm")
    assert len(again) == 3
    s.changes.detection = replace(s.changes.detection, regions=[], labels=np.zeros_like(s.changes.detection.labels))
    s.changes.opinions = {}
    s.logic.writeDicom(s.changes, folder=tmp_path)
    assert sorted(objects_in(tmp_path)) == ["measurements", "registration"], "no segmentation of an earlier result"


def test_before_anybody_has_judged_all_go_out_as_not_reviewed(s, tmp_path):
    s.logic.writeDicom(s.changes, folder=tmp_path)
    found = objects_in(tmp_path)
    assert found["measurements"].CompletionFlag == "PARTIAL"
    assert len(found["segmentation"].SegmentSequence) == len(s.changes.detection.regions)


def test_volumes_of_slicers_database(s, studies, tmp_path, monkeypatch):
    """Identifiers are those of the report that the prior study has in the database."""
    s.logic.writeDicom(s.changes, folder=tmp_path)
    first = pydicom.dcmread(tmp_path / "dicom" / "measurements.dcm")
    # As if it were of the prior visit.
    prior = pydicom.dcmread(next(studies[1].iterdir()), stop_before_pixels=True)
    first.StudyInstanceUID = prior.StudyInstanceUID
    for item in first.iterall():
        if item.keyword == "ReferencedFrameOfReferenceUID":
            item.value = prior.FrameOfReferenceUID
    (tmp_path / "archive").mkdir()
    first.save_as(tmp_path / "archive" / "report.dcm")
    for node in (s.current, s.prior):
        forget_folder(node)
    with pytest.raises(RegistrationError, match="did not, or its files are not in the DICOM database"):
        s.logic.writeDicom(s.changes, folder=tmp_path / "out")
    monkeypatch.setattr(slicer, "dicomDatabase", Database(*studies, tmp_path / "archive"), raising=False)
    s.logic.writeDicom(s.changes, folder=tmp_path / "out")
    uids = {str(e.value) for e in first.iterall() if e.keyword == "UID"}
    again = {str(e.value) for e in objects_in(tmp_path / "out")["measurements"].iterall() if e.keyword == "UID"}
    assert len(uids & again) >= len(s.changes.detection.regions)
    monkeypatch.setattr(slicer, "dicomDatabase", Database(studies[0]), raising=False)
    with pytest.raises(RegistrationError, match="not in the DICOM database"):
        s.logic.writeDicom(s.changes, folder=tmp_path / "out")


def test_what_was_moved_is_refused(s, tmp_path):
    """Places in a scan that lay elsewhere are none in its DICOM images."""
    matrix = np.eye(4)
    matrix[0, 3] = 5.0
    transform = add_linear_transform(s.scene, matrix)
    s.current.SetAndObserveTransformNodeID(transform.GetID())
    changes = s.logic.detectChanges(currentVolumeNode=s.current, priorVolumeNode=s.prior)
    with pytest.raises(RegistrationError, match="did not lie where its DICOM images do"):
        s.logic.writeDicom(changes, folder=tmp_path)
    assert not (tmp_path / "dicom").exists()


def test_refusals_in_a_sentence(s, studies, tmp_path, monkeypatch):
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "highdicom", None)
        with pytest.raises(DependencyError, match="highdicom, which is not installed"):
            s.logic.writeDicom(s.changes, folder=tmp_path)
    with pytest.raises(RegistrationCancelled):
        s.logic.writeDicom(s.changes, folder=tmp_path, cancelCallback=lambda: True)
    other = tmp_path / "other"
    shutil.copytree(studies[1], other)
    for path in other.iterdir():
        changed(path, PatientID="P-2")
    s.prior.SetAttribute("DICOM.LDRRegistration.folder", str(other))
    with pytest.raises(RegistrationError, match="different patients"):
        s.logic.writeDicom(s.changes, folder=tmp_path)
    shutil.rmtree(other)
    with pytest.raises(RegistrationError, match="is not there any more"):
        s.logic.writeDicom(s.changes, folder=tmp_path)
    s.scene.RemoveNode(s.prior)
    with pytest.raises(RegistrationError, match="only of volumes that came from DICOM"):
        s.logic.writeDicom(s.changes, folder=tmp_path)
    with pytest.raises(RegistrationError, match="neither accepted nor rejected"):
        s.logic.judgeRegion(s.changes, rank=1, verdict="maybe")
    assert not (tmp_path / "dicom").exists()
