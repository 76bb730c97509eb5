"""The lower half of the panel: Apply and Cancel, progress, the status line and the log."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..registration.verdict import Verdict
from .hints import say
from .refusals import isRefusal
from .verdicts import styleOf, styleOfNotes, verdictInWords


class RunView:
    """Shows the state of a run on the widgets of the panel; decides nothing.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param isSeen: whether the panel is shown. What goes on while it is not, Slicer's status bar says.
    """

    def __init__(self, ui: Any, isSeen: Callable[[], bool] = lambda: True) -> None:
        self._ui, self._isSeen = ui, isSeen
        self._outcome = self._refused = ""
        self._verdict: Verdict | None = None
        self._figures = self._notes = ""
        self.isBusy = False
        # What ``showIdle`` was told, as long as it waits for Apply.
        self._idle: tuple[str, str] | None = None
        self._usualToolTip = ui.statusLabel.toolTip
        ui.progressBar.visible = False
        say(ui.statusNotesLabel, "")

    def showIdle(self, missing: str, plan: str) -> None:
        """Wait for Apply.

        :param missing: what stands in the way of it, or empty.
        :param plan: what it will do, if nothing stands in the way.
        """
        self._idle = (missing, plan)
        self._setRunning(False)
        self._ui.applyButton.text = _("Apply")
        self._ui.applyButton.enabled = not missing
        self._ui.applyButton.toolTip = missing or plan
        showsOutcome = bool(self._outcome) and not missing
        self._showStatus(
            missing or self._outcome or plan,
            self._verdict if showsOutcome else None,
            self._notes if showsOutcome else "",
        )

    def showRunning(self, title: str, forgets: bool = True) -> None:
        """A run has begun.

        :param title: what is done to what, for the log and the status line.
        :param forgets: whether the last outcome will no longer count.
        """
        self.log(title)
        if forgets:
            self.forgetOutcome()
        self._setRunning(True)
        self._ui.applyButton.text = _("Cancel")
        self._ui.applyButton.enabled = True
        self._ui.applyButton.toolTip = _("Stop, and leave the scene as it is")
        self._showStatus(f"{title}...")
        self.showProgress(0.0, _("Starting"))

    def showProgress(self, fraction: float, stage: str) -> None:
        self._ui.progressBar.value = round(100 * min(max(fraction, 0.0), 1.0))
        self._ui.progressBar.format = stage + "  %p%"
        self._sayOutside(f"{stage}  {self._ui.progressBar.value}%")

    def showCancelling(self) -> None:
        self._ui.applyButton.text = _("Cancelling...")
        self._ui.applyButton.enabled = False
        self._showStatus(_("Cancelling, after the present stage..."))

    def setOutcome(
        self, sentence: str, verdict: Verdict | None = None, figures: str = "", notes: Iterable[str] = ()
    ) -> None:
        """How the last run ended; stays in the status line until it is forgotten or the next run starts.

        :param verdict: on its result, if it came to one: the first line, with ``figures`` to be read by pointing at it
            and in the log.
        :param notes: what qualifies the result, in a line of its own.
        """
        self.changeOutcome(sentence, verdict, figures, notes)
        shown = [*self._outcome.splitlines(), *self._notes.splitlines()]
        for line in [*shown, *(line for line in figures.splitlines() if line not in shown)]:
            self.log(line)
        self._sayOutside(self._outcome.partition("\n")[0])

    def tell(self, sentence: str, verdict: Verdict | None = None, figures: str = "", notes: Iterable[str] = ()) -> None:
        """The same, and show it now: what was done came at once, without a run."""
        self.setOutcome(sentence, verdict, figures, notes)
        if self._idle is not None:
            self.showIdle(*self._idle)

    def refuse(self, sentence: str) -> None:
        """Say beside Apply why it was refused; empty: no more."""
        if sentence or self._outcome == self._refused:
            self.changeOutcome(sentence)
        self._refused = sentence
        if self._idle is not None:
            self.showIdle(*self._idle)

    def mention(self, line: str) -> None:
        """A line in the log, which who has left the panel should read as well."""
        self.log(line)
        self._sayOutside(line)

    def changeOutcome(
        self, sentence: str, verdict: Verdict | None = None, figures: str = "", notes: Iterable[str] = ()
    ) -> None:
        """As ``setOutcome``, without a line in the log."""
        self._outcome = sentence if verdict is None else f"{verdictInWords(verdict)}\n{sentence}".strip()
        self._verdict, self._notes = verdict, "\n".join(notes)
        # Why a result is good does not stand in the first line.
        reason = verdict.sentence if verdict is not None and verdict.grade == "good" else ""
        self._figures = f"{reason}\n{figures}".strip()

    @contextlib.contextmanager
    def busy(self, sentence: str) -> Iterator[None]:
        """Inside the block nothing can be pressed, though the window lives: what is done there shows dialogs."""
        self.log(sentence)
        self.isBusy = True
        self._setRunning(True)
        self._ui.applyButton.enabled = False
        self._showStatus(sentence)
        try:
            yield
        finally:
            self.isBusy = False
            self._setRunning(False)

    def forgetOutcome(self) -> None:
        """The choices have changed, so the last outcome is no longer about them."""
        self.changeOutcome("")

    def _sayOutside(self, line: str) -> None:
        if not self._isSeen() and line:
            slicer.util.showStatusMessage(_("LDR Registration: {line}").format(line=line))

    def log(self, line: str) -> None:
        self._ui.logTextEdit.appendPlainText(f"{time.strftime('%H:%M:%S')}  {line}")

    def _showStatus(self, text: str, verdict: Verdict | None = None, notes: str = "") -> None:
        label = self._ui.statusLabel
        label.text = text
        label.styleSheet = styleOf(verdict)
        label.toolTip = self._usualToolTip if verdict is None or not self._figures else self._figures
        say(self._ui.statusNotesLabel, notes)
        # A style sheet takes the palette that there is when it is set.
        self._ui.statusNotesLabel.styleSheet = styleOfNotes("statusNotesLabel")

    def _setRunning(self, running: bool) -> None:
        self._idle = None if running else self._idle
        self._ui.progressBar.visible = running
        self._ui.inputsCollapsibleButton.enabled = not running
        self._ui.outputsCollapsibleButton.enabled = not running
        self._ui.advancedCollapsibleButton.enabled = not running
        self._ui.expertCollapsibleButton.enabled = not running
        self._ui.changesCollapsibleButton.enabled = not running
        for name in ("FolderSelector", "SequenceSelector", "FixedSelector", "CarryCheckBox", "Button"):
            getattr(self._ui, f"study{name}").enabled = not running
        if running:
            self._ui.resultCollapsibleButton.enabled = False


def errorInWords(error: BaseException, details: str) -> tuple[str, str]:
    """A sentence for the user, and the details that go with it: none where the sentence says all."""
    if isRefusal(error):
        return str(error), ""
    logging.debug(details)
    return _("The registration failed: {error}").format(error=error), details
