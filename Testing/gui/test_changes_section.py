"""The Changes section, used with the mouse on the bundled pair; nothing stands in for the computation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness.panel import is_idle, node_names, picture
from harness.user import choose, click, click_cell, wait_for


@pytest.fixture
def scans(panel: Any) -> tuple[Any, Any]:
    import slicer
    from LDRRegistrationLib.mrml.reading import readVolume
    from support.data import CURRENT_FLAIR, PRIOR_FLAIR

    volumes = []
    for path, name in ((CURRENT_FLAIR, "Current FLAIR"), (PRIOR_FLAIR, "Prior FLAIR")):
        volumes.append(readVolume(slicer.mrmlScene, path))
        volumes[-1].SetName(name)
    choose(panel.ui.fixedVolumeSelector, "Current FLAIR")
    choose(panel.ui.movingVolumeSelector, "Prior FLAIR")
    click(panel.ui.changesCollapsibleButton)
    return volumes[0], volumes[1]


def compare(panel: Any) -> None:
    click(panel.ui.findChangesButton)
    wait_for(lambda: is_idle(panel), "the end of the comparison", seconds=120.0)
    assert panel.errors == []


def test_from_click_to_report(
    panel: Any, scans: tuple[Any, Any], compared_before: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import qt
    import slicer

    ui = panel.ui
    red = slicer.vtkMRMLSliceNode()
    red.SetLayoutName("Red")
    red = slicer.mrmlScene.AddNode(red)
    view = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    assert not ui.sensitivitySlider.enabled and not ui.exportChangesButton.enabled
    compare(panel)
    assert "of change in the brain" in ui.statusLabel.text
    assert ui.statusLabel.text.splitlines()[0] == "Alignment: good. Check the edges." or ui.statusLabel.text.startswith(
        "Check: "
    )
    assert ui.outputTransformSelector.currentNode() is None, "the next Apply would overwrite it"
    assert node_names("vtkMRMLTransformNode") == ["Prior FLAIR to Current FLAIR (LDR, for changes)"]
    assert view.GetForegroundVolumeID() is None, "views change only when asked"
    table = ui.changesTable
    count = table.rowCount
    assert count >= 1 and table.item(0, 0).text() == "1 new"

    click(ui.nextChangeButton)
    assert table.currentRow() == 0
    assert red.GetSliceToRAS().GetElement(2, 3) == pytest.approx(-10.6, abs=3.0)
    red.JumpSliceByOffsetting(0.0, 0.0, 70.0)
    click_cell(table, 0, 0)
    assert red.GetSliceToRAS().GetElement(2, 3) == pytest.approx(-10.6, abs=3.0), "also in the row that is chosen"
    type_into(ui.changeNoteEdit, "left thalamus")
    click(ui.acceptChangeButton)
    assert table.item(0, 1).text() == "accepted"
    changed = SegmentEvents(panel)
    for value in range(51, 101):
        ui.sensitivitySlider.value = value
    wait_for(lambda: table.rowCount > count, "the regions at another sensitivity")
    segmentation = panel.logic.getParameterNode().changeSegmentation.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == table.rowCount
    assert changed.added <= table.rowCount and changed.removed <= count, "once, not at each tick of the slider"
    assert table.rowCount > count and "regions of change" in ui.statusLabel.text
    assert panel.logic.getParameterNode().changeSensitivity == 100
    assert "accepted" in [table.item(row, 1).text() for row in range(table.rowCount)]
    assert ui.statusLabel.text.count("\n") == 1, "the verdict stays above the new summary"
    picture(panel, "changes")
    click(ui.showChangesButton)
    shown = slicer.mrmlScene.GetNodeByID(view.GetForegroundVolumeID())
    assert shown.GetName() == "Change, Current FLAIR" and ui.showChangesButton.text == "Hide map"
    click(ui.showChangesButton)
    assert view.GetForegroundVolumeID() is None and ui.showChangesButton.text == "Show map"

    monkeypatch.setattr(slicer.app, "defaultScenePath", str(tmp_path))
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda _parent, _title, at: at, raising=False)
    click(ui.exportChangesButton)
    assert ui.applyButton.text == "Cancel", "it is written in the worker"
    wait_for(lambda: is_idle(panel), "the report", seconds=120.0)
    assert panel.errors == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["changes.csv", "changes.html", "changes.json"]
    assert "left thalamus" in (tmp_path / "changes.csv").read_text(encoding="utf-8")
    click(ui.dicomChangesButton)
    wait_for(lambda: is_idle(panel), "the refusal")
    assert '"Current FLAIR" did not' in ui.outputsHintLabel.text and ui.outputsHintLabel.visible, "it is from a file"
    made = slicer.mrmlScene.GetNumberOfNodes()
    compare(panel)
    assert slicer.mrmlScene.GetNumberOfNodes() == made, "the next comparison of the same scans fills the same nodes"
    assert table.rowCount > count
    choose(ui.fixedVolumeSelector, "Prior FLAIR")
    choose(ui.movingVolumeSelector, "Current FLAIR")
    compare(panel)
    assert len(node_names("vtkMRMLTransformNode")) == 2, "that of other scans has nodes of its own"
    slicer.mrmlScene.Clear()
    assert table.rowCount == 0 and not ui.sensitivitySlider.enabled


def test_cancel_and_refusal_leave_the_scene_as_it_was(panel: Any, scans: tuple[Any, Any], add_volume: Any) -> None:
    import slicer

    before = slicer.mrmlScene.GetNumberOfNodes()
    click(panel.ui.findChangesButton)
    assert panel.ui.applyButton.text == "Cancel" and not panel.ui.changesCollapsibleButton.enabled
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run", seconds=60.0)
    assert slicer.mrmlScene.GetNumberOfNodes() == before and panel.errors == []
    add_volume("Flat", value=7.0)
    choose(panel.ui.movingVolumeSelector, "Flat")
    before = slicer.mrmlScene.GetNumberOfNodes()
    click(panel.ui.findChangesButton)
    wait_for(lambda: is_idle(panel), "the refusal", seconds=60.0)
    assert "Flat is constant" in panel.ui.findHintLabel.text and panel.errors == []
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert panel.ui.changesTable.rowCount == 0
    click(panel.ui.acceptChangeButton)
    assert panel.errors == [] and panel.ui.regionsHintLabel.text == "", "nothing to accept: disabled"


class SegmentEvents:
    """Counts the segments that come and go: Slicer draws all of them anew at each."""

    def __init__(self, panel: Any) -> None:
        segmentation = panel.logic.getParameterNode().changeSegmentation.GetSegmentation()
        self.added = self.removed = 0
        segmentation.AddObserver(segmentation.SegmentAdded, self._onAdded)
        segmentation.AddObserver(segmentation.SegmentRemoved, self._onRemoved)

    def _onAdded(self, *unused: Any) -> None:
        self.added += 1

    def _onRemoved(self, *unused: Any) -> None:
        self.removed += 1


def type_into(widget: Any, text: str) -> None:
    from harness import pythonqt
    from PySide6.QtTest import QTest

    QTest.keyClicks(pythonqt.unwrap(widget), text)


def test_a_saved_scene_has_the_list_and_what_was_said(
    panel: Any, scans: tuple[Any, Any], compared_before: None, tmp_path: Path
) -> None:
    import slicer

    ui, scene = panel.ui, slicer.mrmlScene
    compare(panel)
    click(ui.nextChangeButton)
    click(ui.rejectChangeButton)
    count = ui.changesTable.rowCount
    usual = ui.exportChangesButton.toolTip
    assert not ui.changesPairLabel.visible
    choices = panel.logic.getParameterNode()
    for node, name in ((choices.changeTable, "t.tsv"), (choices.changeVolume, "c.nrrd"), (scans[0], "s.nrrd")):
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(str(tmp_path / name))
        assert node.GetStorageNode().WriteData(node)
    scene.SetURL(str(tmp_path / "saved.mrml"))
    assert scene.Commit()
    scene.Clear()
    assert ui.changesTable.rowCount == 0
    scene.SetURL(str(tmp_path / "saved.mrml"))
    scene.Connect()
    panel.enter()
    assert ui.changesTable.rowCount == count
    assert ui.changesTable.item(0, 0).text() == "1 new" and ui.changesTable.item(0, 1).text() == "rejected"
    # The comparison itself is not in the scene: what needs it says so, and what to do.
    why = ui.changesPairLabel.text
    assert ui.changesPairLabel.visible and "Find changes" in why
    for widget in (ui.sensitivitySlider, ui.exportChangesButton, ui.dicomChangesButton, ui.reportPatientComboBox):
        assert not widget.enabled and widget.toolTip == why
    # The map is there.
    view = scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    click(ui.showChangesButton)
    assert view.GetForegroundVolumeID() == panel.logic.getParameterNode().changeVolume.GetID()
    assert ui.showChangesButton.text == "Hide map"
    click(ui.showChangesButton)
    assert view.GetForegroundVolumeID() is None
    red = slicer.vtkMRMLSliceNode()
    red.SetLayoutName("Red")
    red = scene.AddNode(red)
    click(ui.nextChangeButton)
    assert red.GetSliceToRAS().GetElement(2, 3) == pytest.approx(-10.6, abs=3.0)
    click(ui.acceptChangeButton)
    node = panel.logic.getParameterNode().changeTable
    assert node.GetCellText(0, node.GetColumnIndex("Verdict")) == "accepted"
    # Other scans are another reason, and none is none.
    choose(ui.movingVolumeSelector, "Select a volume")
    assert "other scans" in ui.exportChangesButton.toolTip and not ui.showChangesButton.enabled
    scene.Clear()
    panel.enter()
    assert not ui.changesPairLabel.visible and ui.exportChangesButton.toolTip not in (usual, why)
    assert panel.errors == []
