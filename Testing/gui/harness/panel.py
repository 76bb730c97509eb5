"""The panel as tests see it: a stand-in for its computation, its state, its picture."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from .user import take_picture, wait_for


class Computation:
    """Stands in for ``logic.compute``: reports two stages, the second lasting until it is released or cancelled."""

    def __init__(
        self, panel: Any, error: Exception | None = None, waits: bool = False, verdict: tuple[str, str] = ("good", "")
    ) -> None:
        self.panel = panel
        self.verdict = verdict
        self.error = error
        self.released = threading.Event()
        self.listens = threading.Event()
        self.listens.set()
        self.ended = threading.Event()
        if not waits:
            self.released.set()
        panel.logic.compute = self.compute

    def compute(self, job: Any, *, progress: Any, cancelled: Any) -> Any:
        from LDRRegistrationLib.runtime.errors import RegistrationCancelled

        try:
            assert threading.current_thread() is not threading.main_thread()
            progress(0.1, "Pre-alignment")
            progress(0.4, "Deformation")
            while not self.released.wait(0.002):
                if self.listens.is_set() and cancelled():
                    raise RegistrationCancelled("stopped")
            if self.error is not None:
                raise self.error
            return self.result(job)
        finally:
            self.ended.set()

    def result(self, job: Any) -> Any:
        from support.results import shift_result

        return shift_result(job, self.verdict)

    def wait_until_shown(self) -> None:
        bar = self.panel.ui.progressBar
        wait_for(lambda: "Deformation" in bar.format, "the second stage in the progress bar")


def is_idle(panel: Any) -> bool:
    return panel.ui.applyButton.text == "Apply" and not panel.ui.progressBar.visible


def node_names(className: str, hidden: bool = False) -> list[str]:
    """Of those that Slicer's lists show, or of the hidden ones, in which earlier attempts are kept."""
    import slicer

    nodes = slicer.util.getNodesByClass(className)
    return [node.GetName() for node in nodes if bool(node.GetHideFromEditors()) == hidden]


def picture(panel: Any, name: str) -> None:
    folder = os.environ.get("LDR_PICTURES")
    if folder:
        take_picture(panel.parent, Path(folder) / f"{name}.png")
