"""The panel in another language: whatever it says was translated, also what the engine said in its own thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.user import choose, click, wait_for

TRANSLATED = re.compile("«[^«»]*»")


@pytest.fixture
def speaking(application: None) -> Iterator[list[str]]:
    """A language in which every text stands in marks; the list of what was to be translated."""
    import slicer

    asked: list[str] = []
    slicer.app.language = lambda text: asked.append(text) or f"«{text}»"
    yield asked
    slicer.app.language = str


@pytest.fixture
def foreign(speaking: list[str], request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("panel")


def left_untranslated(text: str) -> str:
    """What of ``text`` stands in no marks, without times and names."""
    while TRANSLATED.search(text):
        text = TRANSLATED.sub("", text)
    return " ".join(re.findall("[A-Za-z]{2,}", text))


def test_errors_and_stages_of_the_engine_are_translated(foreign: Any, speaking: list[str], add_volume: Any) -> None:
    ui = foreign.ui
    assert ui.statusLabel.text == "«Choose a fixed and a moving volume.»"
    add_volume("Current")
    add_volume("Flat", value=7.0)
    choose(ui.fixedVolumeSelector, "Current")
    choose(ui.movingVolumeSelector, "Flat")
    assert left_untranslated(ui.applyButton.toolTip) == ""
    stages: list[str] = []
    ui.progressBar.valueChanged.connect(lambda value: stages.append(ui.progressBar.format))
    click(ui.applyButton)
    wait_for(lambda: ui.applyButton.text == "«Apply»", "the refusal")
    assert ui.statusLabel.text == "«Flat is constant: every voxel is 7, there is nothing to align.»"
    assert "Reading the images" in speaking
    assert left_untranslated(ui.logTextEdit.toPlainText()) == "" == left_untranslated(" ".join(stages))
    ui.logTextEdit.clear()


def test_the_seconds_of_stages_keep_the_names_that_scripts_read(speaking: list[str]) -> None:
    from LDRRegistrationLib.runtime import progress

    library = Path(progress.__file__).parents[1]
    begun = re.findall(r'stages\.begin\("([^"]+)"', "".join(path.read_text() for path in library.rglob("*.py")))
    begun = list(dict.fromkeys(begun))
    assert len(begun) >= 10 and "Warping" in begun
    said: list[str] = []
    clock = progress.Stages(lambda fraction, stage: said.append(stage))
    for name in begun:
        clock.begin(name, 0.5)
        clock.advance(0.5)
    assert list(clock.seconds) == begun[:-1]
    assert said == [f"«{name}»" for name in begun for _ in range(2)]


def test_a_whole_registration_is_translated(foreign: Any, speaking: list[str]) -> None:
    import slicer
    from LDRRegistrationLib.mrml.reading import readVolume
    from support.data import CURRENT_FLAIR, PRIOR_FLAIR

    ui = foreign.ui
    for path, name in ((CURRENT_FLAIR, "Current"), (PRIOR_FLAIR, "Prior")):
        readVolume(slicer.mrmlScene, path).SetName(name)
    choose(ui.fixedVolumeSelector, "Current")
    choose(ui.movingVolumeSelector, "Prior")
    click(ui.applyButton)
    wait_for(lambda: not ui.progressBar.visible, "the end of the run", seconds=120.0)
    assert {"Pre-alignment", "Deformation"} <= set(speaking), "stages are named to the user"
    assert "largest displacement" in ui.statusLabel.toolTip
    for text in (ui.statusLabel.text, ui.statusLabel.toolTip, ui.logTextEdit.toPlainText()):
        assert left_untranslated(text) == ""
    assert foreign.errors == []
