"""The lower half of the panel: Apply and Cancel, progress, the status line and the log."""

from __future__ import annotations

import time
from typing import Any

from slicer.i18n import tr as _


class RunView:
    """Shows the state of a run on the widgets of the panel; decides nothing.

    :param ui: the widgets of LDRRegistration.ui, by name.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._outcome = ""
        ui.progressBar.visible = False

    def showIdle(self, missing: str, plan: str) -> None:
        """Wait for Apply.

        :param missing: what stands in the way of it, or empty.
        :param plan: what it will do, if nothing stands in the way.
        """
        self._setRunning(False)
        self._ui.applyButton.text = _("Apply")
        self._ui.applyButton.enabled = not missing
        self._ui.applyButton.toolTip = missing or plan
        self._ui.statusLabel.text = missing or self._outcome or plan

    def showRunning(self, title: str) -> None:
        """A run has begun.

        :param title: what is registered to what, for the log.
        """
        self.log(title)
        self._outcome = ""
        self._setRunning(True)
        self._ui.applyButton.text = _("Cancel")
        self._ui.applyButton.enabled = True
        self._ui.applyButton.toolTip = _("Stop the registration and leave the scene as it is")
        self._ui.statusLabel.text = _("Registering...")
        self.showProgress(0.0, _("Starting"))

    def showProgress(self, fraction: float, stage: str) -> None:
        self._ui.progressBar.value = round(100 * min(max(fraction, 0.0), 1.0))
        self._ui.progressBar.format = stage + "  %p%"

    def showCancelling(self) -> None:
        self._ui.applyButton.text = _("Cancelling...")
        self._ui.applyButton.enabled = False
        self._ui.statusLabel.text = _("Cancelling, after the present stage...")

    def setOutcome(self, sentence: str) -> None:
        """How the last run ended; stays in the status line until it is forgotten or the next run starts."""
        self._outcome = sentence
        if sentence:
            self.log(sentence)

    def forgetOutcome(self) -> None:
        """The choices have changed, so the last outcome is no longer about them."""
        self._outcome = ""

    def log(self, line: str) -> None:
        self._ui.logTextEdit.appendPlainText(f"{time.strftime('%H:%M:%S')}  {line}")

    def _setRunning(self, running: bool) -> None:
        self._ui.progressBar.visible = running
        self._ui.inputsCollapsibleButton.enabled = not running
        self._ui.outputsCollapsibleButton.enabled = not running
        self._ui.advancedCollapsibleButton.enabled = not running
        self._ui.changesCollapsibleButton.enabled = not running
        if running:
            self._ui.resultCollapsibleButton.enabled = False
