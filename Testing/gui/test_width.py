"""Slicer's module panel does not scroll sideways: every section has to fit into 380 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from harness import pythonqt
from harness.user import choose

WIDTH = 380
# A wide font, of a size that Slicer uses, which every machine that runs the tests has.
FONT = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
LONG = "Series 12: t1_mprage_sag_p2_iso_1.0mm after contrast, corrected, skull-stripped and resampled to 1 mm"


@pytest.fixture
def font(application: None) -> Iterator[None]:
    from PySide6.QtGui import QFont, QFontDatabase
    from PySide6.QtWidgets import QApplication

    before = QApplication.font()
    (family,) = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(FONT)))
    chosen = QFont(family)
    chosen.setPixelSize(12)
    QApplication.setFont(chosen)
    yield
    QApplication.setFont(before)


def test_every_section_fits_whatever_the_volumes_are_called(font: None, panel: Any, add_volume: Any) -> None:
    import slicer

    for name in (LONG, LONG + " 2"):
        add_volume(name)
    choose(panel.ui.fixedVolumeSelector, LONG)
    choose(panel.ui.movingVolumeSelector, LONG + " 2")
    frame = pythonqt.unwrap(panel.parent)
    for name in ("inputs", "outputs", "advanced", "expert", "result", "changes", "study"):
        getattr(panel.ui, f"{name}CollapsibleButton").collapsed = False
    slicer.app.processEvents()
    assert frame.minimumSizeHint().width() <= WIDTH
    # The same after the panel had to say something.
    panel.onRunFailed(RuntimeError("A sentence that is as long as a sentence has to be to say what went wrong."), "")
    slicer.app.processEvents()
    assert frame.minimumSizeHint().width() <= WIDTH


def test_labels_that_say_nothing_take_no_room(panel: Any, pair: tuple[Any, Any]) -> None:
    ui = panel.ui
    for section, labels in {
        "result": (
            "viewsHintLabel",
            "doubtfulLabel",
            "carryHintLabel",
            "landmarksHintLabel",
            "followedLabel",
            "roiHintLabel",
            "saveHintLabel",
        ),
        "changes": ("sideBySideHintLabel", "regionsHintLabel", "outputsHintLabel"),
        "advanced": ("presetHintLabel",),
        "expert": ("deviceHintLabel",),
        "study": ("studyProblemLabel",),
    }.items():
        button = getattr(ui, f"{section}CollapsibleButton")
        for collapsed in (False, True, False):
            button.collapsed = collapsed
        for name in labels:
            label = pythonqt.unwrap(getattr(ui, name))
            assert label.text() == "" and not label.isVisible(), name
            label.setText("Something")
        button.collapsed = True
        button.collapsed = False
        assert all(pythonqt.unwrap(getattr(ui, name)).isVisible() for name in labels if name != "studyProblemLabel")
