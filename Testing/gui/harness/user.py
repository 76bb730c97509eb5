"""What a user does with the panel: clicks, choices, waiting, and looking at the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtTest, QtWidgets

from .pythonqt import unwrap

LEFT = QtCore.Qt.MouseButton.LeftButton


def click(widget: Any) -> None:
    """Press and release the left mouse button on a widget; nothing happens if it is disabled, as in life."""
    # A user waits until it is drawn: a section that was just opened has no size yet.
    QtWidgets.QApplication.processEvents()
    QtTest.QTest.mouseClick(unwrap(widget), LEFT)
    QtWidgets.QApplication.processEvents()


def click_cell(table: Any, row: int, column: int) -> None:
    """Click into a cell of a table."""
    widget = unwrap(table)
    center = widget.visualRect(widget.model().index(row, column)).center()
    QtTest.QTest.mouseClick(widget.viewport(), LEFT, QtCore.Qt.KeyboardModifier.NoModifier, center)
    QtWidgets.QApplication.processEvents()


def choose(selector: Any, text: str) -> None:
    """Open a combo box, or the one inside a node selector, and click on an entry."""
    widget = unwrap(selector)
    box = widget if isinstance(widget, QtWidgets.QComboBox) else widget.findChild(QtWidgets.QComboBox)
    row = box.findText(text)
    if row < 0 or not box.isEnabled():
        raise AssertionError(f"cannot choose {text!r} among {[box.itemText(i) for i in range(box.count())]}")
    box.showPopup()
    QtWidgets.QApplication.processEvents()
    view = box.view()
    center = view.visualRect(view.model().index(row, 0)).center()
    QtTest.QTest.mouseClick(view.viewport(), LEFT, QtCore.Qt.KeyboardModifier.NoModifier, center)
    box.hidePopup()
    QtWidgets.QApplication.processEvents()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Let the window live until ``condition`` holds; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        QtWidgets.QApplication.processEvents()
        # Often enough for the eye; each look at the window takes time from what is waited for.
        time.sleep(0.004)


def take_picture(widget: Any, path: Path) -> None:
    """Save what the widget looks like now."""
    QtWidgets.QApplication.processEvents()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not unwrap(widget).grab().save(str(path)):
        raise OSError(f"cannot write {path}")
