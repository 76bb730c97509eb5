"""The list of attempts: a click goes back to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from ..mrml.history import Attempt, History


class HistoryControl:
    """Shows the attempts at the chosen pair, oldest first, and goes back to one of them, or to the one before.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param tell: takes what the status line is to say of an attempt: sentence, verdict and figures.
    :param log: takes a line for the panel's log.
    """

    def __init__(self, ui: Any, tell: Callable[..., None], log: Callable[[str], None]) -> None:
        self._ui, self._tell, self._log = ui, tell, log
        self._history = History()
        self._nodes: tuple[Any, Any, Any] = (None, None, None)
        self._volume: Any = None
        self._updating = False
        ui.historyList.connect("currentRowChanged(int)", self._onRow)
        # A section that opens shows all that is in it.
        ui.resultCollapsibleButton.connect("contentsCollapsed(bool)", lambda collapsed: self._show())
        ui.undoButton.connect("clicked(bool)", lambda checked=False: self._onUndo())

    def follow(self, nodes: tuple[Any, Any, Any], outputVolumeNode: Any) -> None:
        """:param nodes: fixed volume, moving volume and their transform; None for each that is not there."""
        self._nodes, self._volume = nodes, outputVolumeNode
        if None not in nodes:
            self._history.restore(nodes[2].GetScene())
        self._show()

    def forget(self) -> None:
        """The scene is about to go."""
        self._history.forget()
        self.follow((None, None, None), None)

    def add(self, job: Any, result: Any) -> None:
        self._history.add(job, result)
        self._show()

    @property
    def held(self) -> Attempt | None:
        """The attempt whose result the transform node holds."""
        return self._history.of(*self._nodes)[self._present] if self._present >= 0 else None

    @property
    def _present(self) -> int:
        return self._history.present(*self._nodes)

    def _show(self) -> None:
        attempts, present = self._history.of(*self._nodes), self._present
        self._updating = True
        try:
            self._ui.historyList.clear()
            for attempt in attempts:
                self._ui.historyList.addItem(attempt.words)
            self._ui.historyList.setCurrentRow(present)
        finally:
            self._updating = False
        for widget in (self._ui.historyLabel, self._ui.historyList, self._ui.undoButton):
            widget.visible = len(attempts) > 1
        self._ui.undoButton.enabled = present > 0

    def _onUndo(self) -> None:
        if self._present > 0:
            self._onRow(self._present - 1)
        else:
            self._tell(_("There is no earlier attempt to go back to."))

    def _onRow(self, row: int) -> None:
        attempts = self._history.of(*self._nodes)
        if self._updating or not 0 <= row < len(attempts) or row == self._present:
            return
        attempt = attempts[row]
        if not self._history.goBackTo(attempt, self._volume):
            self._log(
                _('The volume "{name}" is not of that attempt: press Apply to make it anew.').format(
                    name=self._volume.GetName()
                )
            )
        record = attempt.record
        self._tell("", record.verdict, record.summary, record.notes.splitlines())
        self._show()
