"""Reading two visits in the panel: swapped, side by side, by keys."""

from __future__ import annotations

from typing import Any

import pytest
from harness.user import choose, click, wait_for
from harness.views import SliceViews


@pytest.fixture
def scans(panel: Any, add_volume: Any) -> tuple[Any, Any]:
    """Two scans with a comparison's nodes in the scene; nothing is computed."""
    import slicer
    from LDRRegistrationLib.change.table import COLUMNS, TEXTS
    from LDRRegistrationLib.mrml.tables import setColumns

    current, prior = add_volume("Current"), add_volume("Prior")
    for volume in (current, prior):
        volume.CreateDefaultDisplayNodes()
    choose(panel.ui.fixedVolumeSelector, "Current")
    choose(panel.ui.movingVolumeSelector, "Prior")
    roles = slicer.vtkMRMLTransformNode
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Prior to Current")
    transform.SetNodeReferenceID(roles.GetFixedNodeReferenceRole(), current.GetID())
    transform.SetNodeReferenceID(roles.GetMovingNodeReferenceRole(), prior.GetID())
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Table of changes")
    values = {name: [f"{name} {n}" if name in TEXTS else 10.0 * n for n in (1, 2, 3)] for name in COLUMNS}
    values |= {"Region": [1, 2, 3], "Kind": ["new", "gone", "new"], "Verdict": [""] * 3, "Note": [""] * 3}
    setColumns(table, values, TEXTS)
    choices = panel.logic.getParameterNode()
    with slicer.util.NodeModify(choices):
        choices.changeTransform, choices.changeTable = transform, table
    click(panel.ui.changesCollapsibleButton)
    return current, prior


def press(panel: Any, key: str) -> None:
    from harness import pythonqt
    from PySide6.QtTest import QTest

    QTest.keyClick(pythonqt.unwrap(panel.parent), key)


def column(panel: Any, name: str) -> list[str]:
    from LDRRegistrationLib.mrml.changenodes import readTable

    return [row[name] for row in readTable(panel.logic.getParameterNode().changeTable)]


def test_swap(panel: Any, scans: tuple[Any, Any]) -> None:
    choices = panel.logic.getParameterNode()
    click(panel.ui.swapButton)
    assert (choices.fixedVolume, choices.movingVolume) == scans[::-1]
    click(panel.ui.swapButton)
    assert (choices.fixedVolume, choices.movingVolume) == scans


def test_a_list_by_keys(panel: Any, scans: tuple[Any, Any]) -> None:
    """Each verdict goes on to the next region; a letter in the note is a letter."""
    table = panel.ui.changesTable
    assert panel.ui.judgedLabel.text == "0 of 3 judged"
    press(panel, "n")
    assert table.currentRow() == 0
    press(panel, "a")
    assert table.currentRow() == 1 and column(panel, "Verdict") == ["accepted", "", ""]
    press(panel, "x")
    press(panel, "p")
    assert column(panel, "Verdict") == ["accepted", "rejected", ""] and table.currentRow() == 1
    assert panel.ui.judgedLabel.text == "2 of 3 judged"
    press(panel, "x")
    assert column(panel, "Verdict")[1] == "" and table.currentRow() == 1, "taken back, and still there"


def test_a_note_is_kept_letter_by_letter(panel: Any, scans: tuple[Any, Any]) -> None:
    from harness import pythonqt
    from PySide6.QtTest import QTest

    press(panel, "n")
    edit = pythonqt.unwrap(panel.ui.changeNoteEdit)
    QTest.keyClicks(edit, "an axn")
    assert column(panel, "Note") == ["an axn", "", ""] and column(panel, "Verdict") == ["", "", ""]
    assert panel.ui.changesTable.currentRow() == 0
    press(panel, "n")
    assert panel.ui.changeNoteEdit.text == ""
    press(panel, "p")
    assert panel.ui.changeNoteEdit.text == "an axn"


def test_keys_rest_while_the_section_is_closed(panel: Any, scans: tuple[Any, Any]) -> None:
    press(panel, "n")
    panel.ui.changesCollapsibleButton.collapsed = True
    press(panel, "a")
    assert column(panel, "Verdict") == ["", "", ""]


def test_other_scans_have_other_changes(panel: Any, scans: tuple[Any, Any], add_volume: Any) -> None:
    ui = panel.ui
    assert ui.changesTable.enabled and "other scans" not in ui.changesPairLabel.text and ui.sideBySideButton.enabled
    add_volume("Another")
    choose(ui.movingVolumeSelector, "Another")
    assert ui.changesPairLabel.visible and "other scans" in ui.changesPairLabel.text
    assert not ui.changesTable.enabled and not ui.acceptChangeButton.enabled and not ui.sideBySideButton.enabled
    choose(ui.movingVolumeSelector, "Prior")
    assert ui.changesTable.enabled and ui.acceptChangeButton.enabled
    assert "other scans" not in ui.changesPairLabel.text


def test_side_by_side_and_flipped(panel: Any, views: SliceViews, scans: tuple[Any, Any]) -> None:
    import slicer

    current, prior = scans
    layout = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLayoutNode")
    layout.SetViewArrangement(3)
    views.look_at(current)
    places = views.places()
    choices = panel.logic.getParameterNode()
    left, right = (logic.GetSliceCompositeNode() for logic in views.logics[:2])
    click(panel.ui.sideBySideButton)
    assert (left.GetBackgroundVolumeID(), right.GetBackgroundVolumeID()) == (current.GetID(), prior.GetID())
    assert prior.GetTransformNodeID() == choices.changeTransform.GetID(), "carried onto the current scan"
    assert layout.GetViewArrangement() == layout.SlicerLayoutSideBySideView
    assert left.GetLinkedControl() and right.GetLinkedControl()
    nodes = [logic.GetSliceNode() for logic in views.logics[:2]]
    assert nodes[0].GetOrientation() == nodes[1].GetOrientation() == "Axial"
    assert nodes[0].GetFieldOfView()[0] == pytest.approx(nodes[1].GetFieldOfView()[0])
    kinds = slicer.vtkMRMLAbstractViewNode
    assert {node.GetRulerType() for node in nodes} == {kinds.RulerTypeThin}
    assert {node.GetOrientationMarkerType() for node in nodes} == {kinds.OrientationMarkerTypeAxes}
    press(panel, "f")
    assert (left.GetBackgroundVolumeID(), right.GetBackgroundVolumeID()) == (prior.GetID(), current.GetID())
    click(panel.ui.sideBySideButton)
    assert layout.GetViewArrangement() == 3 and prior.GetTransformNodeID() is None
    assert not left.GetLinkedControl() and right.GetBackgroundVolumeID() == current.GetID()
    assert views.places() == pytest.approx(places)
    assert nodes[0].GetRulerType() == kinds.RulerTypeNone == nodes[1].GetOrientationMarkerType()
    panel.ui.changesCollapsibleButton.enabled = False
    choices.parameterNode.Modified()
    panel.ui.changesCollapsibleButton.enabled = True
    click(panel.ui.flipButton)
    assert left.GetBackgroundVolumeID() == prior.GetID(), "shown and flipped at once"
    choose(panel.ui.movingVolumeSelector, "Current")
    assert prior.GetTransformNodeID() is None, "what is shown of others goes back"
    assert panel.errors == []


def test_a_note_stays_with_its_region_when_the_rows_change(panel: Any, scans: tuple[Any, Any]) -> None:
    """The same row shows another region after another comparison, or at another sensitivity."""
    from harness import pythonqt
    from LDRRegistrationLib.change.table import TEXTS
    from LDRRegistrationLib.mrml.changenodes import readTable
    from LDRRegistrationLib.mrml.tables import setColumns
    from PySide6.QtTest import QTest

    press(panel, "n")
    edit = pythonqt.unwrap(panel.ui.changeNoteEdit)
    QTest.keyClicks(edit, "first")
    table = panel.logic.getParameterNode().changeTable
    rows = readTable(table)[1:]
    numbers = {name: [row[name] if name in TEXTS else float(row[name]) for row in rows] for name in rows[0]}
    setColumns(table, numbers, TEXTS)
    panel.exit()
    panel.enter()
    assert panel.ui.changesTable.currentRow() == 0 and panel.ui.changeNoteEdit.text == ""
    QTest.keyClicks(edit, "second")
    assert column(panel, "Note") == ["second", ""]


def test_a_key_too_often_on_the_last_region_takes_nothing_back(panel: Any, scans: tuple[Any, Any]) -> None:
    for key in "naaaa":
        press(panel, key)
    assert column(panel, "Verdict") == ["accepted"] * 3
    press(panel, "p")
    press(panel, "n")
    press(panel, "a")
    assert column(panel, "Verdict")[2] == "", "gone back to it and pressed again: taken back"


def test_apply_puts_back_what_side_by_side_moved(panel: Any, views: SliceViews, scans: tuple[Any, Any]) -> None:
    from harness.panel import Computation, is_idle

    _current, prior = scans
    Computation(panel)
    click(panel.ui.sideBySideButton)
    assert prior.GetTransformNodeID() is not None
    click(panel.ui.applyButton)
    assert prior.GetTransformNodeID() is None
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert panel.errors == []


def test_a_deleted_table_puts_the_views_back(panel: Any, views: SliceViews, scans: tuple[Any, Any]) -> None:
    import slicer

    click(panel.ui.sideBySideButton)
    choices = panel.logic.getParameterNode()
    slicer.mrmlScene.RemoveNode(choices.changeTable)
    slicer.mrmlScene.RemoveNode(choices.changeTransform)
    assert scans[1].GetTransformNodeID() is None


def test_the_list_sorts_and_keeps_its_order_while_it_is_judged(panel: Any, scans: tuple[Any, Any]) -> None:
    """By the head of a column: up, down, and as the regions are numbered; verdicts go to the region that is seen."""
    from harness import pythonqt
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    table = pythonqt.unwrap(panel.ui.changesTable)
    header = table.horizontalHeader()

    def click_head(column: int) -> list[str]:
        place = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
        point = header.viewport().rect().center()
        point.setX(place)
        QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
        return [table.item(row, 0).text() for row in range(table.rowCount())]

    assert click_head(0) == ["1 new", "2 gone", "3 new"]
    assert click_head(0) == ["3 new", "2 gone", "1 new"] and "↓" in table.horizontalHeaderItem(0).text()
    press(panel, "n")
    press(panel, "a")
    assert column(panel, "Verdict") == ["", "", "accepted"] and table.currentRow() == 1
    assert [table.item(row, 0).text() for row in range(3)] == ["3 new", "2 gone", "1 new"]
    assert click_head(0) == ["1 new", "2 gone", "3 new"] and "↓" not in table.horizontalHeaderItem(0).text()
    assert table.currentRow() == 1, "the same region is chosen"


@pytest.mark.parametrize("answer", [True, False])
def test_highdicom_is_installed_only_after_a_yes(
    panel: Any, scans: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    import slicer
    from LDRRegistrationLib.gui import changeoutputs

    asked: list[str] = []
    installed: list[str] = []

    def ask(text: str, **unused: Any) -> bool:
        asked.append(text)
        return answer

    def install(requirement: str) -> None:
        installed.append(requirement)
        raise RuntimeError("no network")

    monkeypatch.setattr(changeoutputs, "highdicomIsInstalled", lambda: False)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", ask)
    monkeypatch.setattr(slicer.util, "pip_install", install, raising=False)
    panel.ui.changesCollapsibleButton.collapsed = False
    panel.ui.dicomChangesButton.enabled = True
    click(panel.ui.dicomChangesButton)
    assert len(asked) == 1 and "from the internet" in asked[0].replace("\n", " ")
    assert installed == (["highdicom>=0.25"] if answer else [])
    label, says = panel.ui.outputsHintLabel, "highdicom could not be installed: no network" if answer else ""
    assert (label.text, label.visible, panel.errors) == (says, answer, [])
