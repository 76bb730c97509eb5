"""What is done with changes that were found: slider, opinions, outputs, a saved scene; the comparison is made once."""

import csv

import numpy as np
import pytest
from LDRRegistrationLib.change.table import Opinion
from LDRRegistrationLib.mrml import changenodes as nodes
from LDRRegistrationLib.mrml.opinions import readBook
from LDRRegistrationLib.mrml.verdicts import notedVerdict
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationError
from support.scene import newScene, snapshot
from support.visits import found


def test_the_slider_and_what_a_reader_says(visits, at_once, tmp_path):
    changes = found(visits)
    made = visits.scene.GetNumberOfNodes()
    new = next(region for region in changes.detection.regions if region.kind == "new")
    visits.logic.judgeRegion(changes, rank=new.rank, verdict="accepted", note="surely")
    visits.logic.redetect(changes, sensitivity=1.0)
    assert len(changes.detection.regions) > 2 and visits.scene.GetNumberOfNodes() == made
    assert changes.segmentationNode.GetSegmentation().GetNumberOfSegments() == len(changes.detection.regions)
    (rank,) = changes.opinions
    again = changes.detection.regions[rank - 1]
    np.testing.assert_allclose(again.centroidRas, new.centroidRas, atol=2.0)
    visits.logic.redetect(changes, sensitivity=0.5)
    assert [o.note for o in changes.opinions.values()] == ["surely"]
    segmentation = changes.segmentationNode.GetSegmentation()
    ids, drawn = list(segmentation.GetSegmentIDs()), []
    for event in (segmentation.SegmentAdded, segmentation.SegmentRemoved):
        segmentation.AddObserver(event, lambda *unused: drawn.append(1))
    visits.logic.redetect(changes, sensitivity=0.5)
    assert list(segmentation.GetSegmentIDs()) == ids and not drawn, "what stays as it is is not drawn anew"
    visits.logic.redetect(changes, sensitivity=1.0)
    names = [segmentation.GetNthSegment(n).GetName() for n in range(segmentation.GetNumberOfSegments())]
    assert drawn and names == [region.name for region in changes.detection.regions]
    visits.logic.redetect(changes, sensitivity=0.5)
    with pytest.raises(RegistrationError, match="no region 9"):
        visits.logic.judgeRegion(changes, rank=9, verdict="accepted")

    paths = visits.logic.exportChanges(changes, folder=tmp_path / "report")
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
        visits.logic.exportChanges(changes, folder=tmp_path / "file" / "below")


def test_given_outputs_are_used_again(visits, at_once):
    first = found(visits)
    second = found(
        visits,
        outputTransformNode=first.transformNode,
        outputChangeVolumeNode=first.changeVolumeNode,
        outputSegmentationNode=first.segmentationNode,
        outputTableNode=first.tableNode,
    )
    assert second.tableNode is first.tableNode and second.segmentationNode is first.segmentationNode
    assert visits.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert first.segmentationNode.GetSegmentation().GetNumberOfSegments() == 2
    with pytest.raises(RegistrationError, match="which would be lost"):
        found(visits, outputChangeVolumeNode=visits.prior)


@pytest.mark.parametrize("name", ["changeVolumeNode", "segmentationNode", "tableNode"])
def test_a_part_that_was_removed_is_noticed(visits, at_once, name):
    changes = found(visits)
    detection = changes.detection
    visits.scene.RemoveNode(getattr(changes, name))
    before = snapshot(visits.scene)
    with pytest.raises(RegistrationError, match="no longer in the scene"):
        visits.logic.redetect(changes, sensitivity=0.7)
    assert changes.detection is detection and snapshot(visits.scene) == before
    if name == "tableNode":
        with pytest.raises(RegistrationError, match="no longer in the scene"):
            visits.logic.judgeRegion(changes, rank=1, verdict="accepted")
        assert changes.opinions == {}
    if name == "changeVolumeNode":
        with pytest.raises(RegistrationError, match="no longer in the scene"):
            nodes.showInViews(changes.changeVolumeNode, visits.current)


def test_a_comparison_does_not_outlive_its_scene(visits, at_once):
    """New nodes have the ids of the old ones."""
    job = visits.logic.prepareChanges(currentVolumeNode=visits.current, priorVolumeNode=visits.prior)
    outcome = visits.logic.computeChanges(job)
    changes = visits.logic.publishFoundChanges(job, outcome)
    outputs = {
        "outputTransformNode": changes.transformNode,
        "outputChangeVolumeNode": changes.changeVolumeNode,
        "outputSegmentationNode": changes.segmentationNode,
        "outputTableNode": changes.tableNode,
    }
    job = visits.logic.prepareChanges(currentVolumeNode=visits.current, priorVolumeNode=visits.prior, **outputs)
    classes = [(node.GetClassName(), node.GetID()) for node in (visits.current, visits.prior, *outputs.values())]
    visits.scene.Clear(0)
    again = [visits.scene.AddNewNodeByClass(className, "another").GetID() for className, _ in classes]
    assert set(again) & {nodeId for _, nodeId in classes}
    before = snapshot(visits.scene)
    with pytest.raises(RegistrationError, match="removed from the scene"):
        visits.logic.publishFoundChanges(job, outcome)
    with pytest.raises(RegistrationError, match="no longer in the scene"):
        visits.logic.redetect(changes, sensitivity=0.7)
    assert snapshot(visits.scene) == before


@pytest.mark.parametrize("grade", ["good", "check", "failed"])
def test_changes_are_listed_only_where_the_scans_were_aligned(visits, at_once, tmp_path, grade):
    at_once.verdict = Verdict(grade, "" if grade == "good" else "Who knows.")
    changes = found(visits)
    listed = 0 if grade == "failed" else 2
    assert changes.tableNode.GetNumberOfRows() == listed
    assert changes.segmentationNode.GetSegmentation().GetNumberOfSegments() == listed
    visits.logic.redetect(changes, sensitivity=0.9)
    assert bool(changes.detection.regions) == bool(listed), "whatever the sensitivity"
    visits.logic.exportChanges(changes, folder=tmp_path)
    report = (tmp_path / "changes.html").read_text(encoding="utf-8")
    assert ("Who knows." in report) == (grade != "good")
    if grade == "failed":
        assert changes.summary.startswith("No change is listed, because the scans were not aligned. Who knows.")
    with pytest.raises(RegistrationError, match="between 0 and 1"):
        visits.logic.redetect(changes, sensitivity=2.0)
    for node in (changes.transformNode, changes.changeVolumeNode):
        assert notedVerdict(node).partition(":")[0] == grade


def test_opinions_never_vanish(visits, at_once, tmp_path):
    """Not when the slider hides their region, when changes are found again, or when the scene is saved and loaded."""
    changes = found(visits)
    visits.logic.redetect(changes, sensitivity=1.0)
    weakest = len(changes.detection.regions)
    note = 'a;b:c "d" & <e>, Ödem'
    visits.logic.judgeRegion(changes, rank=weakest, verdict="rejected", note=note)
    place = changes.detection.regions[-1].centroidRas
    visits.logic.redetect(changes, sensitivity=0.0)
    assert changes.opinions == {}, "the region is hidden"
    visits.logic.redetect(changes, sensitivity=1.0)
    assert changes.opinions == {weakest: Opinion("rejected", note)}

    outputs = {
        "outputTransformNode": changes.transformNode,
        "outputChangeVolumeNode": changes.changeVolumeNode,
        "outputSegmentationNode": changes.segmentationNode,
        "outputTableNode": changes.tableNode,
    }
    again = found(visits, sensitivity=1.0, **outputs)
    assert again.opinions == {weakest: Opinion("rejected", note)}
    visits.scene.SetURL(str(tmp_path / "saved.mrml"))
    assert visits.scene.Commit()
    loaded = newScene()
    loaded.SetURL(str(tmp_path / "saved.mrml"))
    loaded.Import()
    (entry,) = readBook(loaded.GetFirstNodeByClass("vtkMRMLTableNode"))
    assert entry.opinion == Opinion("rejected", note)
    assert np.linalg.norm(entry.points - place, axis=1).min() < 6.0

    visits.logic.judgeRegion(again, rank=weakest)
    assert readBook(again.tableNode) == [], "taken back"


def test_a_row_of_a_saved_scene_is_judged_by_its_place(visits, at_once):
    changes = found(visits)
    table = changes.tableNode
    nodes.writeOpinion(table, 1, "accepted", "")
    nodes.writeOpinion(table, 1, "rejected", "seen twice")
    nodes.writeOpinion(table, 0, "accepted", "")
    changes.findOpinions()
    assert changes.opinions == {1: Opinion("accepted"), 2: Opinion("rejected", "seen twice")}
    table.SetAttribute("LDRRegistration.Opinions", "%5Bbroken")
    assert readBook(table) == []
