"""Many registrations one after the other, each of which the run controller computes; what becomes of each is a row."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..mrml.nodes import NodeReference
from ..registration.register import RegistrationResult
from .controller import Run, RunController
from .view import errorInWords

# What a step of a row runs, and the parameters of its ``prepare``; None where there is nothing to do.
Part = Callable[[], tuple[Run, dict[str, Any]] | None]


@dataclass
class Row:
    """One volume, or one frame, of a study.

    ``parts`` are done one after the other. ``needs`` are the nodes without which there is no such row.
    """

    name: str
    parts: list[Part] = field(default_factory=list)
    needs: list[NodeReference] = field(default_factory=list)
    result: RegistrationResult | None = None
    error: str = ""
    seconds: float | None = None
    transform: NodeReference | None = None
    frame: int | None = None
    isRunning: bool = False

    @property
    def isDone(self) -> bool:
        return self.seconds is not None


class StudyRun:
    """Takes rows through the controller, whose listener it is meanwhile. A row that fails stops no other.

    :param onRow: called with the number of a row that has changed.
    :param onProgress: called with the fraction of the whole, and with a line that says what is done.
    :param onEnd: called once, with the reason if it was cancelled; else with nothing.
    """

    def __init__(
        self,
        controller: RunController,
        rows: list[Row],
        onRow: Callable[[int], None],
        onProgress: Callable[[float, str], None],
        onEnd: Callable[[str], None],
    ) -> None:
        self._controller, self.rows = controller, rows
        self._onRow, self._onProgress, self._onEnd = onRow, onProgress, onEnd
        self._number = -1
        self._parts: list[Part] = []
        self._started = 0.0

    def start(self) -> None:
        self._advance()

    def onRunProgress(self, fraction: float, stage: str) -> None:
        line = _("{number} of {count}, {name}: {stage}").format(
            number=self._number + 1, count=len(self.rows), name=self._row.name, stage=stage
        )
        self._onProgress((self._number + fraction) / len(self.rows), line)

    def isResultKept(self, result: Any) -> bool:
        """Nobody is asked: the table says what is to be thought of it."""
        return True

    def onRunFailed(self, error: BaseException, details: str) -> None:
        self._fail(error, details)
        self._advance()

    def onRunCancelled(self, reason: str) -> None:
        row = self._row
        isGone = not all(reference.isPresent for reference in row.needs) and not slicer.mrmlScene.IsClosing()
        row.isRunning = False
        if isGone:
            row.error = reason
            self._endRow()
            self._advance()
        else:
            self._onRow(self._number)
            self._onEnd(reason)

    @property
    def _row(self) -> Row:
        return self.rows[self._number]

    def _fail(self, error: BaseException, details: str) -> None:
        sentence, _details = errorInWords(error, details)
        row = self._row
        if row.result is not None:
            sentence = _("Its segmentations were not carried along: {why}").format(why=sentence)
        row.error = sentence
        self._parts = []

    def _advance(self) -> None:
        """Start what comes next: a loop, since what cannot even begin is many rows deep in a row."""
        while True:
            if not self._parts:
                if self._number >= 0 and not self._row.isDone:
                    self._endRow()
                if self._number + 1 == len(self.rows):
                    self._onEnd("")
                    return
                self._number += 1
                self._parts, self._started = list(self._row.parts), time.monotonic()
                self._row.isRunning = True
                self._onRow(self._number)
                continue
            try:
                made = self._parts.pop(0)()
                if made is None:
                    continue
                run, parameters = made
                self._controller.start(replace(run, finished=self._then(run)), self, **parameters)
            except Exception as error:
                self._fail(error, traceback.format_exc())
            else:
                return

    def _then(self, run: Run) -> Callable[[Any, Any, Any], None]:
        def finished(job: Any, result: Any, published: Any) -> None:
            run.finished(job, result, published)
            self._advance()

        return finished

    def _endRow(self) -> None:
        self._row.seconds, self._row.isRunning = time.monotonic() - self._started, False
        self._parts = []
        self._onRow(self._number)
