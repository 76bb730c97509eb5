"""Attempts at a registration in a scene that is saved and loaded again: one click goes back to each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import pythonqt
from harness.panel import Computation, is_idle, node_names
from harness.user import choose, click, wait_for

PLACE = (10.0, -20.0, 30.0)


class Attempts(Computation):
    """Each run finds another result: shifts by 1, 2, ... mm, the first of them with a displacement field."""

    runs = 0

    def result(self, job: Any) -> Any:
        from dataclasses import replace

        from LDRRegistrationLib.space.transform import DisplacementField, Transform

        self.runs += 1
        shift = np.eye(4)
        shift[0, 3] = self.runs
        field = None
        if self.runs == 1:
            grid = job.fixed.grid
            field = DisplacementField(np.full((*grid.shape, 3), 0.5, np.float32), grid)
        found = super().result(job)
        return replace(found, transform=Transform(shift, field), similarity=self.runs / 10, settings=job.settings)


@pytest.fixture
def attempts(panel: Any, pair: tuple[Any, Any]) -> Any:
    """The panel after three attempts, the last of them of the preset Accurate; Result is open."""
    Attempts(panel)
    for number in range(3):
        if number == 2:
            choose(panel.ui.presetComboBox, panel.ui.presetComboBox.itemText(1))
        click(panel.ui.applyButton)
        wait_for(lambda: is_idle(panel), "the end of the run")
    click(panel.ui.resultCollapsibleButton)
    return panel


def save(folder: Path) -> None:
    """As Slicer's dialog: hidden nodes, too, each into a file that is called as the node is."""
    import slicer

    scene = slicer.mrmlScene
    for number in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode")):
        node = scene.GetNthNodeByClass(number, "vtkMRMLStorableNode")
        if node.GetSaveWithScene() and node.IsA("vtkMRMLTransformableNode") and not node.IsA("vtkMRMLDisplayNode"):
            node.AddDefaultStorageNode()
            storage = node.GetStorageNode()
            storage.SetFileName(str(folder / f"{node.GetName()}.{storage.GetDefaultWriteFileExtension()}"))
            assert storage.WriteData(node), node.GetName()
    scene.SetURL(str(folder / "saved.mrml"))
    assert scene.Commit()


def load(folder: Path) -> None:
    import slicer

    slicer.mrmlScene.SetURL(str(folder / "saved.mrml"))
    assert slicer.mrmlScene.Connect()


def rows(ui: Any) -> list[str]:
    return [ui.historyList.item(number).text() for number in range(ui.historyList.count)]


def shift(ui: Any) -> float:
    transform = ui.outputTransformSelector.currentNode().GetTransformFromParent()
    return float(transform.TransformPoint(*PLACE)[0] - PLACE[0])


def visible(panel: Any) -> list[str]:
    """The transforms that a user can choose."""
    box = pythonqt.unwrap(panel.ui.outputTransformSelector)._box
    return [box.itemText(n) for n in range(box.count()) if box.itemText(n).endswith("(LDR)")]


def test_rows_come_back_with_the_scene(attempts: Any, tmp_path: Path) -> None:
    ui = attempts.ui
    before = rows(ui)
    assert len(before) == 3 and before[2][9:] == "accurate, affine: good 0.300"
    ui.historyList.setCurrentRow(1)
    assert shift(ui) == pytest.approx(2.0)
    # One transform for the user, the others hidden: two attempts, that it does not hold.
    assert visible(attempts) == ["Prior to Current (LDR)"]
    assert len([name for name in node_names("vtkMRMLTransformNode", hidden=True) if "attempt" in name]) == 2
    save(tmp_path)
    load(tmp_path)
    assert rows(ui) == before and ui.historyList.currentRow == 1 and visible(attempts) == ["Prior to Current (LDR)"]
    for row, expected in ((0, 1.5), (2, 3.0), (1, 2.0)):
        ui.historyList.setCurrentRow(row)
        assert shift(ui) == pytest.approx(expected, abs=1e-3)
        assert ui.historyList.currentRow == row and ui.statusLabel.text.startswith("Alignment: good. Check the edges.")
    click(ui.undoButton)
    assert shift(ui) == pytest.approx(1.5, abs=1e-3) and not ui.undoButton.enabled
    # It goes on from there, and is saved again.
    Attempts(attempts).runs = 6
    click(ui.applyButton)
    wait_for(lambda: is_idle(attempts), "the end of the run")
    assert len(rows(ui)) == 4 and shift(ui) == pytest.approx(7.0)
    second = tmp_path / "again"
    second.mkdir()
    save(second)
    load(second)
    assert len(rows(ui)) == 4 and ui.historyList.currentRow == 3
    ui.historyList.setCurrentRow(0)
    assert shift(ui) == pytest.approx(1.5, abs=1e-3) and attempts.errors == []


def test_a_transform_that_somebody_else_changed_is_no_attempt(attempts: Any, tmp_path: Path) -> None:
    import vtk

    ui = attempts.ui
    moved = vtk.vtkTransform()
    moved.Translate(50.0, 0.0, 0.0)
    ui.outputTransformSelector.currentNode().SetAndObserveTransformFromParent(moved)
    save(tmp_path)
    load(tmp_path)
    assert len(rows(ui)) == 2 and ui.historyList.currentRow == -1
    ui.historyList.setCurrentRow(1)
    assert shift(ui) == pytest.approx(2.0)


def test_hidden_nodes_go_with_what_they_are_about(attempts: Any) -> None:
    import slicer

    scene, ui = slicer.mrmlScene, attempts.ui
    scene.RemoveNode(ui.outputTransformSelector.currentNode())
    click(ui.applyButton)
    wait_for(lambda: is_idle(attempts), "the end of the run")
    assert not [name for name in node_names("vtkMRMLTransformNode", hidden=True) if "attempt" in name]
    assert ui.historyList.count == 1


def test_only_the_last_ten_are_kept(panel: Any, pair: tuple[Any, Any]) -> None:
    from LDRRegistrationLib.mrml.history import MAXIMUM_ATTEMPTS

    Attempts(panel)
    for _number in range(MAXIMUM_ATTEMPTS + 2):
        click(panel.ui.applyButton)
        wait_for(lambda: is_idle(panel), "the end of the run")
    assert panel.ui.historyList.count == MAXIMUM_ATTEMPTS
    assert (
        len([name for name in node_names("vtkMRMLTransformNode", hidden=True) if "attempt" in name])
        == MAXIMUM_ATTEMPTS - 1
    )


def test_undo_without_anything_to_undo_is_a_sentence(attempts: Any) -> None:
    import slicer

    slicer.mrmlScene.Clear()
    assert not attempts.ui.undoButton.visible
    # As a script could.
    attempts.ui.resultCollapsibleButton.enabled = attempts.ui.undoButton.enabled = True
    pythonqt.unwrap(attempts.ui.undoButton).click()
    assert "There is no earlier attempt to go back to." in attempts.ui.logTextEdit.toPlainText()
    assert attempts.errors == []


def test_an_attempt_is_told_of_in_the_users_language(panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import slicer
    from LDRRegistrationLib.mrml.attempts import Record
    from LDRRegistrationLib.mrml.history import Attempt

    monkeypatch.setattr(slicer.app, "language", lambda text: f"«{text}»")
    for preset, said in (("fast", "«fast»"), ("unheard of", "unheard of")):
        record = Record(1, "2026-11-28 10:00:00", preset, "affine", "good", "", 0.5, "", 2, 1.0, ())
        words = Attempt(record, None, None, np.eye(4), (None, None, None)).words  # type: ignore[arg-type]
        assert f"{said}, «affine»: «good» 0.500" in words
