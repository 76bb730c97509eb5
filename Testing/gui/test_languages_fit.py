"""The panel in German and in French: translated by Qt itself, and nothing of it is cut off at 380 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import translations
from harness import pythonqt
from harness.panel import picture
from harness.user import click
from test_width import WIDTH, font  # noqa: F401  a fixture

SECTIONS = ("inputs", "outputs", "advanced", "expert", "result", "changes", "study")


@pytest.fixture(params=translations.LANGUAGES)
def language(application: None, request: pytest.FixtureRequest) -> Iterator[str]:
    """The language that the user has chosen in Slicer; the module loads its translation when it is made."""
    import slicer
    from PySide6.QtWidgets import QApplication

    slicer.app.applicationLocaleName = request.param
    yield request.param
    for translator in slicer.app.translators:
        QApplication.removeTranslator(translator)
    slicer.app.translators.clear()
    slicer.app.applicationLocaleName = ""


def cut_off(frame: Any) -> list[str]:
    """The texts of the widgets that are shown narrower than these need."""
    from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton

    found = []
    for kind in (QPushButton, QCheckBox, QLabel):
        for widget in frame.findChildren(kind):
            wraps = isinstance(widget, QLabel) and widget.wordWrap()
            if widget.isVisible() and not wraps and widget.sizeHint().width() > widget.width():
                found.append(f"{widget.objectName()}: {widget.text()}")
    return found


def open_all(panel: Any) -> Any:
    import slicer

    frame = pythonqt.unwrap(panel.parent)
    frame.resize(WIDTH, 2400)
    for name in SECTIONS:
        section = getattr(panel.ui, f"{name}CollapsibleButton")
        section.enabled, section.collapsed = True, False
    for name in ("historyLabel", "historyList", "undoButton"):
        getattr(panel.ui, name).visible = True
    slicer.app.processEvents()
    return frame


@pytest.fixture
def foreign(language: str, font: None, request: pytest.FixtureRequest) -> Any:  # noqa: F811
    return request.getfixturevalue("panel")


def test_the_panel_speaks_the_language_and_fits(foreign: Any, language: str, add_volume: Any) -> None:
    from PySide6.QtWidgets import QAbstractButton, QLabel

    frame = open_all(foreign)
    known = translations.translations(language)
    english = {source for _context, source in known}
    same = {source for (_context, source), text in known.items() if source == text}
    shown = [w.text() for kind in (QAbstractButton, QLabel) for w in frame.findChildren(kind)]
    assert [text for text in shown if text in english - same] == [], "left in English"
    assert known["LDRRegistration", "Apply"] in shown
    assert foreign.ui.statusLabel.text == known["gui.hints", "Choose a fixed and a moving volume."]
    picture(foreign, f"language-{language}")
    assert frame.minimumSizeHint().width() <= WIDTH and frame.width() == WIDTH
    assert cut_off(frame) == []
    # What other states say on the same buttons.
    ui = foreign.ui
    for button, context, sentences in (
        (ui.afterButton, "gui.resultsection", ("Show before", "Show after")),
        (ui.applyButton, "gui.view", ("Cancel", "Cancelling...")),
        (ui.sideBySideButton, "gui.reading", ("One scan", "Side by side")),
        (ui.showChangesButton, "gui.changesection", ("Show map", "Hide map")),
        (ui.studyButton, "gui.studysection", ("Cancel", "Register all")),
    ):
        for sentence in sentences:
            button.text = known[context, sentence]
            pythonqt.unwrap(button).window().layout().activate()
            assert cut_off(frame) == []
    headers = pythonqt.unwrap(ui.studyTable).horizontalHeader()
    assert all(headers.sectionSizeHint(column) <= headers.sectionSize(column) for column in range(4))


def test_english_fits_too(font: None, panel: Any) -> None:  # noqa: F811
    assert cut_off(open_all(panel)) == []


def test_a_widget_that_is_cut_off_is_seen(font: None, panel: Any) -> None:  # noqa: F811
    frame = open_all(panel)
    panel.ui.gridButton.text = "Ein Gitter, das ganz und gar nicht passt"
    pythonqt.unwrap(panel.ui.gridButton).setFixedWidth(100)
    assert [text.partition(":")[0] for text in cut_off(frame)] == ["gridButton"]


def test_without_a_translation_the_panel_is_english(panel: Any) -> None:
    assert panel.ui.applyButton.text == "Apply"
    click(panel.ui.advancedCollapsibleButton)
    assert Path(translations.FOLDER).is_dir()
