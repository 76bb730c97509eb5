"""A comparison of two visits on a real scene: nodes, slider, opinions, report; what fails leaves nothing behind."""

import csv
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.change.table import Opinion
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.logic import change as changes_module
from LDRRegistrationLib.mrml import changenodes as nodes
from LDRRegistrationLib.mrml.matrices import localToWorld
from LDRRegistrationLib.mrml.opinions import readBook
from LDRRegistrationLib.mrml.verdicts import notedVerdict
from LDRRegistrationLib.mrml.views import jumpTo
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.image import Image
from support.phantom import head
from support.scene import add_linear_transform, add_volume, array_of, newScene, snapshot
from support.simulate import Lesion, Protocol, paint, rescan

NEW, GONE, WEAK = Lesion(np.array((-28.0, 30, 10)), 10.0, 250.0), Lesion(np.array((28.0, 30, -10)), 9.0, 250.0), 18.0


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(6)
    weak = Lesion(np.array((-30.0, -30, -12)), 5.0, WEAK)
    anatomy = head()
    current, _ = rescan(paint(anatomy, [NEW, weak]), Protocol(noise=0.015), rng)
    prior, _ = rescan(paint(anatomy, [GONE]), Protocol(noise=0.015, degrees=4.0, shiftMm=4.0), rng)
    return current, prior


def in_scene(images):
    scene = newScene()
    current, prior = (
        add_volume(scene, image, name) for image, name in zip(images, ("Smith now", "Smith then"), strict=True)
    )
    return SimpleNamespace(scene=scene, current=current, prior=prior, logic=RegistrationLogic())


@pytest.fixture
def s(images):
    return in_scene(images)


@pytest.fixture(scope="module")
def compared(images, remembered):
    """One comparison for all tests of what is done with it."""
    s = in_scene(images)
    with pytest.MonkeyPatch.context() as patched:
        remembered.install(patched)
        outcome = s.logic.computeChanges(s.logic.prepareChanges(currentVolumeNode=s.current, priorVolumeNode=s.prior))
    return outcome.result, outcome.changeMap


@pytest.fixture
def at_once(compared, monkeypatch):
    """``found`` without the computation; ``at_once.verdict`` is that of the alignment."""
    result, changeMap = compared
    case = SimpleNamespace(verdict=Verdict("good", ""))

    def answer(*unused, **others):
        return replace(result, verdict=case.verdict), changeMap

    monkeypatch.setattr(changes_module, "compareVisits", answer)
    return case


def found(s, **others):
    return s.logic.detectChanges(currentVolumeNode=s.current, priorVolumeNode=s.prior, **others)


def centroid(changes, name):
    """Of a segment, in world RAS."""
    segmentation = changes.segmentationNode.GetSegmentation()
    identifier = segmentation.GetSegmentIdBySegmentName(name)
    image = slicer.vtkOrientedImageData()
    changes.segmentationNode.GetBinaryLabelmapRepresentation(identifier, image)
    from LDRRegistrationLib.mrml.labelmaps import arrayFromOrientedImage
    from LDRRegistrationLib.space.grid import transformPoints

    array, ijkToLocal = arrayFromOrientedImage(image)
    points = transformPoints(localToWorld(changes.segmentationNode) @ ijkToLocal, np.argwhere(array)[:, ::-1])
    return points.mean(axis=0)


@pytest.mark.parametrize("chosen", [{"preset": "accurate"}, {"refinementSteps": 9}, {"adaptationIterations": 40}])
def test_settings_that_would_have_no_effect_are_refused(s, chosen):
    with pytest.raises(RegistrationError, match="cannot be chosen to find changes"):
        found(s, **chosen)


def test_change_is_called_inside_the_masks_alone(s):
    """The new lesion lies left of the middle, the gone one right of it: by the current's mask, and by the prior's."""
    for node, keyword, side in ((s.current, "fixedMaskNode", -1), (s.prior, "movingMaskNode", 1)):
        image = imageFromVolumeNode(node)
        half = (side * image.grid.pointsRas()[..., 0] > 0).astype(np.uint8)
        mask = add_volume(s.scene, Image(half, image.ijkToRas), "half", "vtkMRMLLabelMapVolumeNode")
        changes = found(s, **{keyword: mask})
        kinds = {region.kind for region in changes.detection.regions if region.volumeMm3 > 100}
        assert kinds == {"new" if side < 0 else "gone"}, changes.summary


def test_everything_is_made(s, compared_before):
    changes = found(s)
    assert "1 new, 1 gone" in changes.summary and changes.summary == changes.tableNode.GetDescription()
    table = changes.tableNode
    columns = [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())]
    rows = [{name: table.GetCellText(r, c) for c, name in enumerate(columns)} for r in range(table.GetNumberOfRows())]
    assert {row["Kind"] for row in rows} == {"new", "gone"} and len(rows) == 2
    for row, region in zip(rows, changes.detection.regions, strict=True):
        ras = [float(row[f"{axis} (mm)"]) for axis in "RAS"]
        lesion = NEW if row["Kind"] == "new" else GONE
        np.testing.assert_allclose(ras, lesion.centerRas, atol=2.5)
        np.testing.assert_allclose(centroid(changes, region.name), ras, atol=1.0)
        assert float(row["Volume (mm3)"]) == pytest.approx(lesion.volumeMm3, rel=0.2)
    z = array_of(changes.changeVolumeNode)
    assert z.max() > 10 and z.min() < -10
    display = changes.changeVolumeNode.GetDisplayNode()
    assert (
        display.GetWindowLevelMin() == -display.GetWindowLevelMax()
        and "Less to more" in display.GetColorNode().GetName()
    )
    assert changes.transformNode.GetTransformFromParent() is not None
    assert slicer.util.arrayFromVolume(s.current) is not None and s.prior.GetParentTransformNode() is None


def test_parent_transforms_are_respected(s, compared_before):
    plain = found(s)
    parent = np.eye(4)
    parent[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    parent[:3, 3] = (40.0, -10.0, 5.0)
    node = add_linear_transform(s.scene, parent)
    for volume in (s.current, s.prior):
        volume.SetAndObserveTransformNodeID(node.GetID())
    moved = found(s)
    assert moved.changeVolumeNode.GetParentTransformNode() is node
    for before, now in zip(plain.detection.regions, moved.detection.regions, strict=True):
        expected = parent[:3, :3] @ before.centroidRas + parent[:3, 3]
        np.testing.assert_allclose(now.centroidRas, expected, atol=1.0)
        np.testing.assert_allclose(centroid(moved, now.name), expected, atol=1.5)


def test_the_slider_and_what_a_reader_says(s, at_once, tmp_path):
    changes = found(s)
    made = s.scene.GetNumberOfNodes()
    new = next(region for region in changes.detection.regions if region.kind == "new")
    s.logic.judgeRegion(changes, rank=new.rank, verdict="accepted", note="surely")
    s.logic.redetect(changes, sensitivity=1.0)
    assert len(changes.detection.regions) > 2 and s.scene.GetNumberOfNodes() == made
    assert changes.segmentationNode.GetSegmentation().GetNumberOfSegments() == len(changes.detection.regions)
    (rank,) = changes.opinions
    again = changes.detection.regions[rank - 1]
    np.testing.assert_allclose(again.centroidRas, new.centroidRas, atol=2.0)
    s.logic.redetect(changes, sensitivity=0.5)
    assert [o.note for o in changes.opinions.values()] == ["surely"]
    segmentation = changes.segmentationNode.GetSegmentation()
    ids, drawn = list(segmentation.GetSegmentIDs()), []
    for event in (segmentation.SegmentAdded, segmentation.SegmentRemoved):
        segmentation.AddObserver(event, lambda *unused: drawn.append(1))
    s.logic.redetect(changes, sensitivity=0.5)
    assert list(segmentation.GetSegmentIDs()) == ids and not drawn, "what stays as it is is not drawn anew"
    s.logic.redetect(changes, sensitivity=1.0)
    names = [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]
    assert drawn and names == [region.name for region in changes.detection.regions]
    s.logic.redetect(changes, sensitivity=0.5)
    with pytest.raises(RegistrationError, match="no region 9"):
        s.logic.judgeRegion(changes, rank=9, verdict="accepted")

    paths = s.logic.exportChanges(changes, folder=tmp_path / "report")
    assert [path.name for path in paths] == ["changes.csv", "changes.html", "changes.json"]
    with paths[0].open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {(row["Kind"], row["Verdict"], row["Note"]) for row in rows} == {
        ("new", "accepted", "surely"),
        ("gone", "", ""),
    }
    html = paths[1].read_text(encoding="utf-8")
    assert html.count("<img ") == 3 and "surely" in html and "not for diagnostic use" in html
    assert "Smith" not in html + paths[0].read_text(encoding="utf-8"), "no names leave the scene"
    assert "http" not in html, "self-contained"
    (tmp_path / "file").write_text("")
    with pytest.raises(RegistrationError, match="could not be written"):
        s.logic.exportChanges(changes, folder=tmp_path / "file" / "below")


def test_masks_of_the_user(s, images, compared_before):
    image = images[0]
    left = np.zeros(image.array.shape, np.uint8)
    left[:, :, : image.array.shape[2] // 2] = 1
    from LDRRegistrationLib.space.image import Image

    labels = add_volume(s.scene, Image(left, image.ijkToRas), "left", "vtkMRMLLabelMapVolumeNode")
    kinds = [region.kind for region in found(s, maskNode=labels).detection.regions]
    assert kinds == ["new"]
    kinds = [region.kind for region in found(s, excludeMaskNode=labels).detection.regions]
    assert kinds == ["gone"]


@pytest.mark.parametrize(
    ("others", "match"),
    [
        ({"sensitivity": 2.0}, "between 0 and 1"),
        ({"currentDate": "2019-01-01", "priorDate": "2020-01-01"}, "swap them"),
        ({"prealignment": "slow"}, "setting is unknown"),
    ],
)
def test_refusals_leave_the_scene_as_it_was(s, others, match):
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match=match):
        found(s, **others)
    assert snapshot(s.scene) == before


def test_cancelled_and_failed_runs_leave_nothing(s, monkeypatch):
    before = snapshot(s.scene)
    with pytest.raises(RegistrationCancelled):
        found(s, cancelCallback=lambda: True)
    assert snapshot(s.scene) == before

    def fail(*unused):
        raise MemoryError

    monkeypatch.setattr(nodes, "fillTable", fail)
    with pytest.raises(MemoryError):
        found(s)
    assert [i for i, _ in snapshot(s.scene)] == [i for i, _ in before]


def test_given_outputs_are_used_again(s, at_once):
    first = found(s)
    second = found(
        s,
        outputTransformNode=first.transformNode,
        outputChangeVolumeNode=first.changeVolumeNode,
        outputSegmentationNode=first.segmentationNode,
        outputTableNode=first.tableNode,
    )
    assert second.tableNode is first.tableNode and second.segmentationNode is first.segmentationNode
    assert s.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert first.segmentationNode.GetSegmentation().GetNumberOfSegments() == 2
    with pytest.raises(RegistrationError, match="which would be lost"):
        found(s, outputChangeVolumeNode=s.prior)


def test_views_go_where_a_region_is(s):
    if not s.scene.IsNodeClassRegistered("vtkMRMLSliceNode"):
        s.scene.RegisterNodeClass(slicer.vtkMRMLSliceNode())
    view = slicer.vtkMRMLSliceNode()
    view.SetLayoutName("Red")
    s.scene.AddNode(view)
    jumpTo(s.scene, (10.0, 20.0, 30.0))
    assert view.GetSliceToRAS().GetElement(2, 3) == pytest.approx(30.0)


def test_dates_of_the_dicom_studies_are_seen(s):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(s.scene)
    for volume, date in ((s.current, "20190101"), (s.prior, "20200101")):
        study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), f"Study {date}")
        hierarchy.SetItemAttribute(study, "DICOM.StudyDate", date)
        hierarchy.CreateItem(study, volume)  # as the Slicer application does by itself
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match=r"The prior scan .2020-01-01. was made after the current one"):
        found(s)
    assert snapshot(s.scene) == before
    assert found(s, currentDate="2021-01-01").detection.regions, "what the user says counts"


@pytest.mark.parametrize("name", ["changeVolumeNode", "segmentationNode", "tableNode"])
def test_a_part_that_was_removed_is_noticed(s, at_once, name):
    changes = found(s)
    detection = changes.detection
    s.scene.RemoveNode(getattr(changes, name))
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match="no longer in the scene"):
        s.logic.redetect(changes, sensitivity=0.7)
    assert changes.detection is detection and snapshot(s.scene) == before
    if name == "tableNode":
        with pytest.raises(RegistrationError, match="no longer in the scene"):
            s.logic.judgeRegion(changes, rank=1, verdict="accepted")
        assert changes.opinions == {}
    if name == "changeVolumeNode":
        with pytest.raises(RegistrationError, match="no longer in the scene"):
            nodes.showInViews(changes.changeVolumeNode, s.current)


def test_a_comparison_does_not_outlive_its_scene(s, at_once):
    """New nodes have the ids of the old ones."""
    job = s.logic.prepareChanges(currentVolumeNode=s.current, priorVolumeNode=s.prior)
    outcome = s.logic.computeChanges(job)
    changes = s.logic.publishFoundChanges(job, outcome)
    outputs = {
        "outputTransformNode": changes.transformNode,
        "outputChangeVolumeNode": changes.changeVolumeNode,
        "outputSegmentationNode": changes.segmentationNode,
        "outputTableNode": changes.tableNode,
    }
    job = s.logic.prepareChanges(currentVolumeNode=s.current, priorVolumeNode=s.prior, **outputs)
    classes = [(node.GetClassName(), node.GetID()) for node in (s.current, s.prior, *outputs.values())]
    s.scene.Clear(0)
    again = [s.scene.AddNewNodeByClass(className, "another").GetID() for className, _ in classes]
    assert set(again) & {nodeId for _, nodeId in classes}
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match="removed from the scene"):
        s.logic.publishFoundChanges(job, outcome)
    with pytest.raises(RegistrationError, match="no longer in the scene"):
        s.logic.redetect(changes, sensitivity=0.7)
    assert snapshot(s.scene) == before


@pytest.mark.parametrize("grade", ["good", "check", "failed"])
def test_changes_are_listed_only_where_the_scans_were_aligned(s, at_once, tmp_path, grade):
    at_once.verdict = Verdict(grade, "" if grade == "good" else "Who knows.")
    changes = found(s)
    listed = 0 if grade == "failed" else 2
    assert changes.tableNode.GetNumberOfRows() == listed
    assert changes.segmentationNode.GetSegmentation().GetNumberOfSegments() == listed
    s.logic.redetect(changes, sensitivity=0.9)
    assert bool(changes.detection.regions) == bool(listed), "whatever the sensitivity"
    s.logic.exportChanges(changes, folder=tmp_path)
    report = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert ("Who knows." in report) == (grade != "good")
    if grade == "failed":
        assert changes.summary.startswith("No change is listed, because the scans were not aligned. Who knows.")
    with pytest.raises(RegistrationError, match="between 0 and 1"):
        s.logic.redetect(changes, sensitivity=2.0)
    for node in (changes.transformNode, changes.changeVolumeNode):
        assert notedVerdict(node).partition(":")[0] == grade


def test_opinions_never_vanish(s, at_once, tmp_path):
    """Not when the slider hides their region, when changes are found again, or when the scene is saved and loaded."""
    changes = found(s)
    s.logic.redetect(changes, sensitivity=1.0)
    weakest = len(changes.detection.regions)
    note = 'a;b:c "d" & <e>, Ödem'
    s.logic.judgeRegion(changes, rank=weakest, verdict="rejected", note=note)
    place = changes.detection.regions[-1].centroidRas
    s.logic.redetect(changes, sensitivity=0.0)
    assert changes.opinions == {}, "the region is hidden"
    s.logic.redetect(changes, sensitivity=1.0)
    assert changes.opinions == {weakest: Opinion("rejected", note)}

    outputs = {
        "outputTransformNode": changes.transformNode,
        "outputChangeVolumeNode": changes.changeVolumeNode,
        "outputSegmentationNode": changes.segmentationNode,
        "outputTableNode": changes.tableNode,
    }
    again = found(s, sensitivity=1.0, **outputs)
    assert again.opinions == {weakest: Opinion("rejected", note)}
    s.scene.SetURL(str(tmp_path / "saved.mrml"))
    assert s.scene.Commit()
    loaded = newScene()
    loaded.SetURL(str(tmp_path / "saved.mrml"))
    loaded.Import()
    (entry,) = readBook(loaded.GetFirstNodeByClass("vtkMRMLTableNode"))
    assert entry.opinion == Opinion("rejected", note)
    assert np.linalg.norm(entry.points - place, axis=1).min() < 6.0

    s.logic.judgeRegion(again, rank=weakest)
    assert readBook(again.tableNode) == [], "taken back"


def test_a_row_of_a_saved_scene_is_judged_by_its_place(s, at_once):
    changes = found(s)
    table = changes.tableNode
    nodes.writeOpinion(table, 1, "accepted", "")
    nodes.writeOpinion(table, 1, "rejected", "seen twice")
    nodes.writeOpinion(table, 0, "accepted", "")
    changes.findOpinions()
    assert changes.opinions == {1: Opinion("accepted"), 2: Opinion("rejected", "seen twice")}
    table.SetAttribute("LDRRegistration.Opinions", "%5Bbroken")
    assert readBook(table) == []
