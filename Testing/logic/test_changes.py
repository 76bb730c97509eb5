"""A comparison of two visits on a real scene: nodes, slider, opinions, report; what fails leaves nothing behind."""

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.mrml import changenodes as nodes
from LDRRegistrationLib.mrml.views import jumpTo
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.image import Image
from support.scene import add_linear_transform, add_volume, array_of, snapshot
from support.visits import GONE, NEW, centroid, found


@pytest.mark.parametrize("chosen", [{"preset": "accurate"}, {"refinementSteps": 9}, {"adaptationIterations": 40}])
def test_settings_that_would_have_no_effect_are_refused(visits, chosen):
    with pytest.raises(RegistrationError, match="cannot be chosen to find changes"):
        found(visits, **chosen)


def test_change_is_called_inside_the_masks_alone(visits):
    """The new lesion lies left of the middle, the gone one right of it: by the current's mask, and by the prior's."""
    for node, keyword, side in ((visits.current, "fixedMaskNode", -1), (visits.prior, "movingMaskNode", 1)):
        image = imageFromVolumeNode(node)
        half = (side * image.grid.pointsRas()[..., 0] > 0).astype(np.uint8)
        mask = add_volume(visits.scene, Image(half, image.ijkToRas), "half", "vtkMRMLLabelMapVolumeNode")
        changes = found(visits, **{keyword: mask})
        kinds = {region.kind for region in changes.detection.regions if region.volumeMm3 > 100}
        assert kinds == {"new" if side < 0 else "gone"}, changes.summary


def test_everything_is_made(visits, compared_before):
    changes = found(visits)
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
    assert slicer.util.arrayFromVolume(visits.current) is not None and visits.prior.GetParentTransformNode() is None


def test_parent_transforms_are_respected(visits, compared_before):
    plain = found(visits)
    parent = np.eye(4)
    parent[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    parent[:3, 3] = (40.0, -10.0, 5.0)
    node = add_linear_transform(visits.scene, parent)
    for volume in (visits.current, visits.prior):
        volume.SetAndObserveTransformNodeID(node.GetID())
    moved = found(visits)
    assert moved.changeVolumeNode.GetParentTransformNode() is node
    for before, now in zip(plain.detection.regions, moved.detection.regions, strict=True):
        expected = parent[:3, :3] @ before.centroidRas + parent[:3, 3]
        np.testing.assert_allclose(now.centroidRas, expected, atol=1.0)
        np.testing.assert_allclose(centroid(moved, now.name), expected, atol=1.5)


def test_masks_of_the_user(visits, visit_scans, compared_before):
    image = visit_scans[0]
    left = np.zeros(image.array.shape, np.uint8)
    left[:, :, : image.array.shape[2] // 2] = 1
    from LDRRegistrationLib.space.image import Image

    labels = add_volume(visits.scene, Image(left, image.ijkToRas), "left", "vtkMRMLLabelMapVolumeNode")
    kinds = [region.kind for region in found(visits, maskNode=labels).detection.regions]
    assert kinds == ["new"]
    kinds = [region.kind for region in found(visits, excludeMaskNode=labels).detection.regions]
    assert kinds == ["gone"]


@pytest.mark.parametrize(
    ("others", "match"),
    [
        ({"sensitivity": 2.0}, "between 0 and 1"),
        ({"currentDate": "2019-01-01", "priorDate": "2020-01-01"}, "swap them"),
        ({"prealignment": "slow"}, "setting is unknown"),
    ],
)
def test_refusals_leave_the_scene_as_it_was(visits, others, match):
    before = snapshot(visits.scene)
    with pytest.raises(RegistrationError, match=match):
        found(visits, **others)
    assert snapshot(visits.scene) == before


def test_a_cancelled_run_leaves_nothing(visits):
    before = snapshot(visits.scene)
    with pytest.raises(RegistrationCancelled):
        found(visits, cancelCallback=lambda: True)
    assert snapshot(visits.scene) == before


def test_a_run_that_fails_at_its_end_leaves_nothing(visits, at_once, monkeypatch):
    before = snapshot(visits.scene)

    def fail(*unused):
        raise MemoryError

    monkeypatch.setattr(nodes, "fillTable", fail)
    with pytest.raises(MemoryError):
        found(visits)
    assert [i for i, _ in snapshot(visits.scene)] == [i for i, _ in before]


def test_views_go_where_a_region_is(visits):
    if not visits.scene.IsNodeClassRegistered("vtkMRMLSliceNode"):
        visits.scene.RegisterNodeClass(slicer.vtkMRMLSliceNode())
    view = slicer.vtkMRMLSliceNode()
    view.SetLayoutName("Red")
    visits.scene.AddNode(view)
    jumpTo(visits.scene, (10.0, 20.0, 30.0))
    assert view.GetSliceToRAS().GetElement(2, 3) == pytest.approx(30.0)


def test_dates_of_the_dicom_studies_are_seen(visits, compared_before):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(visits.scene)
    for volume, date in ((visits.current, "20190101"), (visits.prior, "20200101")):
        study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), f"Study {date}")
        hierarchy.SetItemAttribute(study, "DICOM.StudyDate", date)
        hierarchy.CreateItem(study, volume)  # as the Slicer application does by itself
    before = snapshot(visits.scene)
    with pytest.raises(RegistrationError, match=r"The prior scan .2020-01-01. was made after the current one"):
        found(visits)
    assert snapshot(visits.scene) == before
    assert found(visits, currentDate="2021-01-01").detection.regions, "what the user says counts"
