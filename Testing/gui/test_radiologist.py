"""Plays a radiologist with two DICOM studies, from opening them to the report and to what goes back to the archive.

Every click and key is counted. With LDR_PICTURES naming a folder, a picture of each step goes there, in a light and in
a dark palette, at the width that Slicer's module panel has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from harness import pythonqt, user
from harness.panel import is_idle
from harness.user import wait_for
from harness.views import SliceViews
from support.dicomdatabase import Database, forget_folder
from support.dicomstudies import follow_up

NAME = 'O\'Brien-Wolfeschlegelsteinhausenbergerdorff^<b>Tarō 太郎</b> "Al"'
WIDTH, HEIGHT = 380, 1150
# Choosing both series in Slicer's DICOM module and loading them, and going on to this module.
BEFORE_THE_PANEL = 5
MOST = 35
JUDGED = 10
NOTE = "MS?"


class Radiologist:
    """Counts what the mouse and the keyboard do."""

    def __init__(self, panel: Any, views: SliceViews) -> None:
        self.panel, self.ui, self.views = panel, panel.ui, views
        self.count = BEFORE_THE_PANEL
        self.steps: list[str] = []

    def click(self, widget: Any) -> None:
        assert widget.enabled, widget.name
        self.count += 1
        user.click(widget)

    def keys(self, text: str, widget: Any = None) -> None:
        from PySide6.QtTest import QTest

        self.count += len(text)
        QTest.keyClicks(pythonqt.unwrap(widget or self.panel.parent), text)

    def enter(self, widget: Any) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        self.count += 1
        QTest.keyClick(pythonqt.unwrap(widget), Qt.Key.Key_Return)

    def wait(self) -> None:
        wait_for(lambda: is_idle(self.panel), "the end of a run", seconds=600.0)
        assert self.panel.errors == []

    def show(self, step: str) -> None:
        """Keep pictures of the panel and of the views."""
        self.steps.append(step)
        frame = pythonqt.unwrap(self.panel.parent)
        frame.layout().activate()
        assert frame.minimumSizeHint().width() <= WIDTH, (step, widest(frame))
        frame.resize(WIDTH, HEIGHT)
        folder = os.environ.get("LDR_PICTURES")
        if not folder:
            return
        from LDRRegistrationLib.reports.png import writePng

        name = f"radiologist-{len(self.steps):02d}-{step}"
        user.take_picture(self.panel.parent, Path(folder) / f"{name}.png")
        with dark_palette():
            # A style sheet takes the palette that there is when it is set.
            self.panel._changes.update()
            self.panel._updateView()
            user.take_picture(self.panel.parent, Path(folder) / f"{name}-dark.png")
        self.panel._changes.update()
        self.panel._updateView()
        writePng(Path(folder) / f"{name}-views.png", self.views.picture())


def widest(frame: Any) -> list[tuple[int, str]]:
    from PySide6.QtWidgets import QWidget

    found = frame.findChildren(QWidget)
    return sorted(((w.minimumSizeHint().width(), w.objectName()) for w in found if w.isVisible()), reverse=True)[:12]


class dark_palette:
    """Inside the block the window is drawn as Slicer's dark style draws it."""

    def __enter__(self) -> None:
        from PySide6.QtGui import QColor, QPalette
        from PySide6.QtWidgets import QApplication

        self._before = QApplication.palette()
        palette = QPalette(QColor(50, 50, 50), QColor(50, 50, 50))
        palette.setColor(QPalette.ColorRole.Base, QColor(35, 35, 35))
        palette.setColor(QPalette.ColorRole.AlternateBase, QColor(45, 45, 45))
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(125, 125, 125))
        QApplication.setPalette(palette)
        QApplication.processEvents()

    def __exit__(self, *unused: object) -> None:
        from PySide6.QtWidgets import QApplication

        QApplication.setPalette(self._before)
        QApplication.processEvents()


@pytest.fixture
def studies(tmp_path: Path) -> tuple[Path, Path]:
    return follow_up(tmp_path / "studies", lesions=11, name=NAME)


@pytest.fixture
def reader(panel: Any, views: SliceViews, studies: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """In front of the panel, with both studies loaded from the DICOM database."""
    import slicer

    pythonqt.unwrap(panel.parent).resize(WIDTH, HEIGHT)
    panel.exit()
    opened = panel.logic.openStudies(*studies)
    for node in (opened.currentVolumeNode, opened.priorVolumeNode):
        forget_folder(node)
        node.CreateDefaultDisplayNodes()
        values = slicer.util.arrayFromVolume(node)
        node.GetDisplayNode().AutoWindowLevelOff()
        node.GetDisplayNode().SetWindowLevelMinMax(0.0, float(np.percentile(values, 99.7)))
    monkeypatch.setattr(slicer, "dicomDatabase", Database(*studies), raising=False)
    layout = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLayoutNode")
    layout.SetViewArrangement(3)
    views.look_at(opened.currentVolumeNode)
    panel.enter()
    yield Radiologist(panel, views)


def save_and_reload(reader: Radiologist, folder: Path) -> None:
    """As Slicer's own dialogs do; its clicks are not counted, as nobody has to save."""
    import slicer

    scene, number = slicer.mrmlScene, 0
    kinds = {
        "vtkMRMLScalarVolumeNode": ".nrrd",
        "vtkMRMLTableNode": ".tsv",
        "vtkMRMLTransformNode": ".h5",
        "vtkMRMLSegmentationNode": ".seg.nrrd",
    }
    for kind, ending in kinds.items():
        for node in slicer.util.getNodesByClass(kind):
            number += 1
            if node.AddDefaultStorageNode() or node.GetStorageNode() is not None:
                node.GetStorageNode().SetFileName(str(folder / f"{number}{ending}"))
                assert node.GetStorageNode().WriteData(node), node.GetName()
    scene.SetURL(str(folder / "saved.mrml"))
    assert scene.Commit()
    scene.Clear()
    assert reader.ui.changesTable.rowCount == 0
    scene.SetURL(str(folder / "saved.mrml"))
    scene.Connect()
    reader.panel.enter()


def verdicts(panel: Any) -> list[tuple[str, str]]:
    from LDRRegistrationLib.mrml.changenodes import readTable

    return [(row["Verdict"], row["Note"]) for row in readTable(panel.logic.getParameterNode().changeTable)]


def test_from_two_studies_to_the_archive(
    reader: Radiologist, compared_before: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import qt
    import slicer

    ui, panel = reader.ui, reader.panel
    assert ui.fixedInfoLabel.text.startswith("2010-05-01") and ui.movingInfoLabel.text.startswith("2009-10-10")
    reader.show("opened")
    reader.click(ui.changesCollapsibleButton)
    reader.click(ui.findChangesButton)
    reader.wait()
    count = ui.changesTable.rowCount
    assert count >= JUDGED
    reader.show("compared")
    reader.click(ui.sideBySideButton)
    reader.keys("n")
    reader.show("side-by-side")
    reader.keys("aaa")
    reader.show("three-judged")
    reader.keys("t")
    assert pythonqt.unwrap(ui.changeNoteEdit).hasFocus()
    reader.keys(NOTE, ui.changeNoteEdit)
    reader.enter(ui.changeNoteEdit)
    reader.keys("xaaaxaa")
    assert ui.judgedLabel.text == f"{JUDGED} of {count} judged"
    said = verdicts(panel)
    assert [verdict for verdict, _ in said[:JUDGED]] == ["accepted"] * 3 + ["rejected"] + ["accepted"] * 3 + [
        "rejected"
    ] + ["accepted"] * 2
    assert said[3] == ("rejected", NOTE)
    reader.keys("fm")
    reader.show("judged-flipped-map")
    reader.keys("mf")
    reader.count -= 4  # seen for the pictures; nobody has to

    report, archive = tmp_path / "report", tmp_path / "archive"
    for folder in (report, archive):
        folder.mkdir()
    folders = iter((report, archive))
    monkeypatch.setattr(slicer.app, "defaultScenePath", str(tmp_path))
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *unused: str(next(folders)), raising=False)
    reader.click(ui.exportChangesButton)
    reader.count += 1  # in the dialog
    reader.wait()
    page = (report / "changes.html").read_text(encoding="utf-8")
    assert f"8 of {count} regions of change accepted by the reader, 2 rejected, {count - JUDGED} not judged" in page
    assert "Brien" not in page and "203 days" in page and "Made up Scanner 3" in page
    assert reader.count <= MOST, reader.count
    clicks_to_report = reader.count
    assert f"**{clicks_to_report} clicks and keys**" in (Path(__file__).parents[2] / "docs" / "DICOM.md").read_text(
        encoding="utf-8"
    )

    reader.click(ui.dicomChangesButton)
    reader.wait()
    reader.show("report-and-dicom-written")
    segmentation = pydicom.dcmread(archive / "dicom" / "segmentation.dcm")
    assert len(segmentation.SegmentSequence) == 8 and str(segmentation.PatientName) == NAME
    assert sorted(p.name for p in (archive / "dicom").iterdir()) == [
        "measurements.dcm",
        "registration.dcm",
        "segmentation.dcm",
    ]

    save_and_reload(reader, tmp_path)
    assert verdicts(panel) == said and ui.judgedLabel.text == f"{JUDGED} of {count} judged"
    reader.show("reloaded")
    reader.click(ui.findChangesButton)
    reader.wait()
    assert verdicts(panel)[:JUDGED] == said[:JUDGED], "known by their places"
    reader.show("compared-again")
    folders = iter((report,))
    ui.reportPatientComboBox.currentIndex = 1
    reader.click(ui.exportChangesButton)
    reader.wait()
    page = (report / "changes.html").read_text(encoding="utf-8")
    assert "Patient: O&#x27;Brien-Wolfeschlegelsteinhausenbergerdorff &lt;b&gt;Tarō 太郎&lt;/b&gt;" in page
