"""The Whole study section: a folder or a sequence registered to one, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from harness import pythonqt
from harness.panel import Computation, is_idle, node_names, picture
from harness.user import choose, click, click_cell, wait_for


class Study:
    """Three volumes in a folder, the second of which has a segmentation; and what the panel shows of them."""

    def __init__(self, panel: Any, add_volume: Any) -> None:
        import slicer

        self.panel, self.ui, self.scene = panel, panel.ui, slicer.mrmlScene
        self.hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self.scene)
        self.folder = self.hierarchy.CreateFolderItem(self.hierarchy.GetSceneItemID(), "Study")
        self.volumes = [add_volume(name) for name in ("Atlas", "First", "Second", "Third")]
        for volume in self.volumes:
            self.hierarchy.CreateItem(self.folder, volume)
        self.segmentation = add_segmentation(self.scene, self.volumes[2], "Lesion")
        self.ui.studyCollapsibleButton.collapsed = False
        slicer.app.processEvents()

    def choose(self) -> None:
        self.ui.studyFolderSelector.setCurrentItem(self.folder)

    def run(self) -> None:
        click(self.ui.studyButton)
        wait_for(lambda: is_idle(self.panel), "the end of the study")

    @property
    def rows(self) -> list[list[str]]:
        table = pythonqt.unwrap(self.ui.studyTable)
        cells = [[table.item(row, column) for column in range(4)] for row in range(table.rowCount())]
        return [["" if cell is None else cell.text() for cell in row] for row in cells]


def add_segmentation(scene: Any, volume: Any, name: str) -> Any:
    """One segment, a cube, drawn on ``volume``."""
    import numpy as np
    import slicer
    from LDRRegistrationLib.mrml.matrices import matrixFromArray
    from LDRRegistrationLib.mrml.volumes import imageDataFromArray

    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    labels = np.zeros((8, 9, 10), np.uint8)
    labels[3:6, 3:6, 3:6] = 1
    oriented = slicer.vtkOrientedImageData()
    oriented.DeepCopy(imageDataFromArray(labels))
    oriented.SetImageToWorldMatrix(matrixFromArray(np.eye(4)))
    node.AddSegmentFromBinaryLabelmapRepresentation(oriented, "cube", [1.0, 0.0, 0.0], "")
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    return node


@pytest.fixture
def study(panel: Any, add_volume: Any) -> Iterator[Study]:
    made = Study(panel, add_volume)
    yield made
    # A hierarchy that lives on would be taken for that of the next scene.
    vars(made).clear()


def results(study: Study) -> list[str]:
    return [name for name in node_names("vtkMRMLTransformNode") if name.endswith("(LDR)")]


def failing(study: Study, name: str) -> None:
    """The volume of this name cannot be registered."""
    from LDRRegistrationLib.runtime.errors import RegistrationError

    usual = study.panel.logic.compute

    def compute(job: Any, *, progress: Any, cancelled: Any) -> Any:
        if job.moving.name == name:
            raise RegistrationError(f"{name} is constant.")
        return usual(job, progress=progress, cancelled=cancelled)

    study.panel.logic.compute = compute


def test_all_volumes_are_registered_to_the_first_and_a_click_shows_one(study: Study, views: Any) -> None:
    ui = study.ui
    assert not ui.studyButton.enabled
    study.choose()
    assert ui.studyButton.enabled and ui.studyProblemLabel.text == ""
    Computation(study.panel)
    failing(study, "First")
    study.run()
    rows = study.rows
    good = ["Good", "0.300"]
    assert [row[:3] for row in rows] == [["First", "Failed", ""], ["Second", *good], ["Third", *good]]
    assert all(float(row[3]) < 60 for row in rows)
    assert ui.studyProblemLabel.text == "2 registered: 2 good, 0 to be checked; 1 could not be registered."
    assert "First: First is constant." in ui.logTextEdit.toPlainText() and study.panel.errors == []
    assert results(study) == ["Second to Atlas (LDR)", "Third to Atlas (LDR)"]
    # Carried along: a hardened copy, while the original stays.
    copy = study.scene.GetFirstNodeByName("Lesion, Second to Atlas (LDR)")
    assert copy.GetParentTransformNode() is None and study.segmentation.GetParentTransformNode() is None
    import numpy as np
    from LDRRegistrationLib.mrml.labelmaps import gridOfOrientedImage

    labels = copy.GetBinaryLabelmapInternalRepresentation(copy.GetSegmentation().GetNthSegmentID(0))
    assert np.allclose(gridOfOrientedImage(labels).ijkToRas[:3, :3], np.eye(3)) and labels.GetScalarRange()[1] == 1
    picture(study.panel, "study")

    click_cell(ui.studyTable, 1, 0)
    assert [ui.fixedVolumeSelector.currentNode(), ui.movingVolumeSelector.currentNode()] == [
        study.volumes[0],
        study.volumes[2],
    ]
    transform = study.scene.GetFirstNodeByName("Second to Atlas (LDR)")
    assert study.volumes[2].GetParentTransformNode() is transform
    assert ui.statusLabel.text.startswith("Alignment: good. Check the edges.") and ui.resultCollapsibleButton.enabled
    click_cell(ui.studyTable, 2, 0)
    assert study.volumes[2].GetParentTransformNode() is None, "what was shown before goes back"
    assert study.volumes[3].GetParentTransformNode() is study.scene.GetFirstNodeByName("Third to Atlas (LDR)")
    click_cell(ui.studyTable, 0, 0)
    assert ui.studyProblemLabel.text == "First is constant." and ui.studyButton.enabled


def test_what_it_lacks_is_said_beside_the_selectors(study: Study) -> None:
    ui, hierarchy = study.ui, study.hierarchy
    empty = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Empty")
    ui.studyFolderSelector.setCurrentItem(empty)
    assert ui.studyProblemLabel.text == "There is no volume in Empty." and not ui.studyButton.enabled
    ui.studyFolderSelector.setCurrentItem(hierarchy.GetItemByDataNode(study.volumes[1]) or _item(study, "First"))
    assert "First is one node" in ui.studyProblemLabel.text and not ui.studyButton.enabled
    one = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "One")
    hierarchy.SetItemParent(_item(study, "Third"), one)
    ui.studyFolderSelector.setCurrentItem(one)
    assert "no other volume" in ui.studyProblemLabel.text and not ui.studyButton.enabled
    choose(ui.studyFixedSelector, "Atlas")
    assert ui.studyProblemLabel.text == "" and ui.studyButton.enabled


def _item(study: Study, name: str) -> int:
    return int(study.hierarchy.GetItemByName(name))


def test_it_goes_on_while_another_module_is_open_and_the_status_bar_says_so(study: Study) -> None:
    from PySide6.QtWidgets import QMainWindow

    window = QMainWindow()
    window.setObjectName("qSlicerMainWindow")
    window.statusBar()
    computation = Computation(study.panel, waits=True)
    study.choose()
    click(study.ui.studyButton)
    computation.wait_until_shown()
    frame = pythonqt.unwrap(study.panel.parent)
    frame._entered = False
    study.panel.exit()
    computation.released.set()
    wait_for(lambda: "3 registered" in window.statusBar().currentMessage(), "the end in the status bar")
    assert [row[1] for row in study.rows] == ["Good"] * 3
    frame._entered = True
    study.panel.enter()
    assert is_idle(study.panel) and study.ui.studyProblemLabel.text.startswith("3 registered")
    window.close()


def test_cancel_keeps_what_is_done(study: Study) -> None:
    computation = Computation(study.panel)
    usual = study.panel.logic.compute
    begun = []

    def compute(job: Any, *, progress: Any, cancelled: Any) -> Any:
        begun.append(job.moving.name)
        if len(begun) == 2:
            computation.released.clear()
        return usual(job, progress=progress, cancelled=cancelled)

    study.panel.logic.compute = compute
    study.choose()
    click(study.ui.studyButton)
    wait_for(lambda: len(begun) == 2, "the second volume")
    assert study.ui.studyButton.text == "Cancel" and not study.ui.studyFolderSelector.enabled
    click(study.ui.studyButton)
    wait_for(lambda: is_idle(study.panel), "the end")
    assert study.ui.studyProblemLabel.text.startswith("Cancelled") and begun == ["First", "Second"]
    assert [row[1] for row in study.rows] == ["Good", "waiting", "waiting"]
    assert results(study) == ["First to Atlas (LDR)"]
    assert study.ui.studyButton.text == "Register all" and study.ui.studyButton.enabled


def test_a_volume_that_is_deleted_meanwhile_stops_nothing(study: Study) -> None:
    computation = Computation(study.panel, waits=True)
    study.choose()
    click(study.ui.studyButton)
    computation.wait_until_shown()
    for volume in study.volumes[1:3]:
        study.scene.RemoveNode(volume)
    computation.released.set()
    wait_for(lambda: is_idle(study.panel), "the end")
    assert [row[1] for row in study.rows] == ["Failed", "Failed", "Good"]
    assert results(study) == ["Third to Atlas (LDR)"] and study.panel.errors == []


def test_the_scene_is_closed_meanwhile(study: Study) -> None:
    computation = Computation(study.panel, waits=True)
    study.choose()
    click(study.ui.studyButton)
    computation.wait_until_shown()
    study.scene.Clear()
    assert is_idle(study.panel) and study.rows == [] and not study.ui.studyButton.enabled
    wait_for(computation.ended.is_set, "the computation to notice")


def test_a_sequence_with_a_frame_that_cannot_be_registered(study: Study) -> None:
    from LDRRegistrationLib.runtime.errors import RegistrationError

    sequence = study.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Breathing")
    for number, volume in enumerate(study.volumes[1:]):
        sequence.SetDataNodeAtValue(volume, str(number))
    study.choose()
    study.ui.studySequenceSelector.setCurrentNode(sequence)
    assert study.ui.studyFolderSelector.currentItem() == 0, "one of both is chosen"
    usual = Computation(study.panel).compute

    def compute(job: Any, *, progress: Any, cancelled: Any) -> Any:
        if job.moving.name.endswith("frame 1"):
            raise RegistrationError("Frame 1 is constant.")
        return usual(job, progress=progress, cancelled=cancelled)

    study.panel.logic.computeFrame = compute
    study.run()
    assert [row[:2] for row in study.rows] == [["Frame 0", "reference"], ["Frame 1", "Failed"], ["Frame 2", "Good"]]
    transforms = study.scene.GetFirstNodeByName("Transforms of Breathing")
    grades = [transforms.GetNthDataNode(n).GetAttribute("LDRRegistration.Verdict") for n in range(3)]
    assert grades == ["good", "failed: Frame 1 is constant.", "good"]
    points = [transforms.GetNthDataNode(n).GetTransformFromParent().TransformPoint(0, 0, 0) for n in range(3)]
    assert points[:2] == [(0, 0, 0), (0, 0, 0)] and points[2] == pytest.approx((4, -2, 1))
    browser = study.scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
    click_cell(study.ui.studyTable, 2, 0)
    assert browser.GetSelectedItemNumber() == 2
