"""Reading a comparison: both scans side by side, flipped in place, the keys that spare the mouse, the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

from ..mrml.sidebyside import SideBySide
from .refusals import Refusals


class SideBySideControl:
    """The buttons that show the current and the prior scan side by side, and exchange them.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param refusals: says beside the buttons why the scans are not shown.
    :param beforeShowing: called before the views are changed.
    """

    def __init__(self, ui: Any, refusals: Refusals, beforeShowing: Callable[[], None]) -> None:
        self._ui, self._refusals, self._beforeShowing = ui, refusals, beforeShowing
        self._place = refusals.beside(ui.sideBySideHintLabel)
        self._nodes: tuple[Any, Any, Any] = (None, None, None)
        self._shown: SideBySide | None = None
        ui.sideBySideButton.connect("clicked(bool)", self.toggle)
        ui.flipButton.connect("clicked(bool)", self.flip)
        self.follow((None, None, None))

    def follow(self, nodes: tuple[Any, Any, Any]) -> None:
        """Be about the current and the prior scan and the transform between them; None where there is none.

        What is shown of others goes back.
        """
        shown = self._shown
        if shown is not None and (shown.current, shown.prior, shown.transform) != nodes:
            self.restore()
        self._nodes = nodes
        self._ui.sideBySideButton.enabled = None not in nodes
        self._update()

    def restore(self) -> None:
        """The views as they were."""
        if self._shown is not None:
            self._shown.restore()
            self._shown = None
            self._update()

    def forget(self) -> None:
        """The scene is about to go, and what was shown of it."""
        self._shown = None
        self._update()

    def toggle(self, checked: bool = False) -> None:
        """Show both scans, or put the views back."""
        self._refusals.ask(self._place, self._toggle)
        self._update()

    def _toggle(self) -> None:
        if self._shown is not None:
            self.restore()
        elif None not in self._nodes:
            self._beforeShowing()
            self._shown = SideBySide(*self._nodes)

    def flip(self, checked: bool = False) -> None:
        """Exchange the scans in place; shows them first, if they are not shown."""
        if self._shown is None:
            self.toggle()
        if self._shown is not None:
            self._shown.flip()

    def _update(self) -> None:
        shown = self._shown is not None
        self._ui.sideBySideButton.text = _("One scan") if shown else _("Side by side")
        # Not what the other button says: in a section that is disabled for a moment, so are all.
        self._ui.flipButton.enabled = None not in self._nodes


def addKeys(parent: Any, actions: Mapping[str, Callable[[], None]]) -> list[Any]:
    """Keys that work wherever the focus is in the window, but in a text, as long as ``parent`` is shown and enabled.

    :returns: the shortcuts, which Qt owns and Python has to hold.
    """
    shortcuts = []
    for key, action in actions.items():
        shortcut = qt.QShortcut(parent)
        shortcut.setKey(qt.QKeySequence(key))
        shortcut.connect("activated()", action)
        shortcuts.append(shortcut)
    return shortcuts
