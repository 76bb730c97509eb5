"""Saving a transform for other programs: where the dialog begins, and what becomes of the name that it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness.panel import Computation, is_idle
from harness.user import click, wait_for


class Dialog:
    """Answers in place of the user with ``answer``, and remembers what it was asked with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        import qt
        import slicer

        self.answer = ""
        self.asked: list[tuple[Any, ...]] = []
        self.replaces = True
        self.questions: list[str] = []
        monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", self._getSaveFileName, raising=False)
        monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", self._confirm)
        monkeypatch.setattr(slicer.app, "defaultScenePath", str(folder))

    def _getSaveFileName(self, *arguments: Any) -> str:
        self.asked.append(arguments)
        return self.answer

    def _confirm(self, text: str, **unused: Any) -> bool:
        self.questions.append(text)
        return self.replaces


@pytest.fixture
def dialog(panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dialog:
    """There is a result, and the section is open."""
    import slicer

    documents = tmp_path / "documents"
    documents.mkdir()
    # Scenes of earlier tests left theirs.
    slicer.mrmlScene.SetURL("")
    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(panel.ui.resultCollapsibleButton)
    return Dialog(monkeypatch, documents)


def save(panel: Any) -> None:
    click(panel.ui.saveButton)
    wait_for(lambda: is_idle(panel), "the file")


@pytest.mark.parametrize("name", ["t.h5", "t.nii.gz", ""])
def test_the_transform_is_saved_for_other_programs(panel: Any, dialog: Dialog, tmp_path: Path, name: str) -> None:
    import SimpleITK

    folder = tmp_path / "documents"
    dialog.answer = str(folder / name) if name else ""
    save(panel)
    assert dialog.asked[0][2] == str(folder / "Prior to Current (LDR).h5") and panel.errors == []
    assert [path.name for path in folder.iterdir()] == ([name] if name else [])
    if name == "t.h5":
        read = SimpleITK.ReadTransform(str(folder / name))
        assert read.TransformPoint((-1.0, -1.0, 1.0)) == pytest.approx((-5.0, 1.0, 2.0))
    assert ("Wrote" in panel.ui.logTextEdit.toPlainText()) is bool(name)


def test_it_begins_where_the_scene_is(panel: Any, dialog: Dialog, tmp_path: Path) -> None:
    import slicer

    scene = slicer.mrmlScene
    before = scene.GetURL(), scene.GetRootDirectory()
    study = tmp_path / "study"
    try:
        scene.SetURL(str(study / "scene.mrml"))
        scene.SetRootDirectory(str(study))
        save(panel)
        study.mkdir()
        save(panel)
    finally:
        scene.SetURL(before[0])
        scene.SetRootDirectory(before[1])
    folders = [Path(asked[2]).parent.name for asked in dialog.asked]
    assert folders == ["documents", "study"], "a folder that is gone is none to begin in"


@pytest.mark.parametrize(("name", "written"), [("to prior", "to prior.h5"), ("to 2.5 mm", "to 2.5 mm.h5")])
def test_a_name_without_ending_gets_one(panel: Any, dialog: Dialog, tmp_path: Path, name: str, written: str) -> None:
    folder = tmp_path / "documents"
    dialog.answer = str(folder / name)
    save(panel)
    assert [path.name for path in folder.iterdir()] == [written] and dialog.questions == []
    # The file dialog knew of no file of that name, so it did not ask.
    (folder / written).write_text("precious")
    dialog.replaces = False
    save(panel)
    assert len(dialog.questions) == 1 and written in dialog.questions[0]
    assert (folder / written).read_text() == "precious"
    dialog.replaces = True
    save(panel)
    assert (folder / written).stat().st_size > 1000 and panel.errors == []


def test_an_ending_that_says_no_format_is_a_sentence(panel: Any, dialog: Dialog, tmp_path: Path) -> None:
    dialog.answer = str(tmp_path / "documents" / "t.doc")
    save(panel)
    assert "t.doc says no format" in panel.ui.saveHintLabel.text and panel.errors == []


def test_a_file_that_cannot_be_written_is_a_sentence(panel: Any, dialog: Dialog, tmp_path: Path) -> None:
    dialog.answer = str(tmp_path / "gone" / "t.h5")
    save(panel)
    assert "does not exist" in panel.ui.saveHintLabel.text and panel.errors == []
