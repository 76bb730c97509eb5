"""Takes one computation at a time through prepare, compute (in the background) and publish."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import qt
import slicer
from slicer.i18n import tr as _

from ..runtime.worker import Task, Worker

# In Slicer, Qt's event loop keeps Python's lock while it idles, so the computing thread runs Python code only while
# this side waits for it. Hence the shortest of pauses between long waits; 30 ms is far from being felt in the window.
POLL_INTERVAL_MS = 1
POLL_WAIT_SECONDS = 0.03


@dataclass(frozen=True)
class Run:
    """A computation in three steps, of which only ``compute`` leaves the main thread, and what to do at its end.

    ``prepare(**parameters)`` answers a job, ``compute(job, progress=, cancelled=)`` a result, and ``publish(job,
    result)`` brings that into the scene; ``finished(job, result, published)`` hears what publish answered.
    """

    prepare: Callable[..., Any]
    compute: Callable[..., Any]
    publish: Callable[[Any, Any], Any]
    finished: Callable[[Any, Any, Any], None]


class RunListener(Protocol):
    """Hears, in the main thread, how a run goes. In the end it, or the run, is told exactly once."""

    def onRunProgress(self, fraction: float, stage: str) -> None: ...

    def isResultKept(self, result: Any) -> bool:
        """Before anything reaches the scene; may ask the user."""

    def onRunFailed(self, error: BaseException, details: str) -> None: ...

    def onRunCancelled(self, reason: str) -> None: ...


class RunController:
    """Call ``start``; the listener is told the rest. Nothing of MRML or Qt is touched outside the main thread."""

    def __init__(self, listener: RunListener) -> None:
        self._listener = listener
        self._worker = Worker()
        self._task: Task | None = None
        self._run: Run | None = None
        self._hears: RunListener = listener
        self._job: Any = None
        self._nodes: list[slicer.vtkMRMLNode] = []
        self._started = 0.0
        # Called before nodes are read: who has moved a volume for a while puts it back.
        self.beforeStart: Callable[[], None] = lambda: None
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_INTERVAL_MS)
        self._timer.connect("timeout()", self._poll)

    @property
    def isRunning(self) -> bool:
        return self._task is not None

    @property
    def secondsRunning(self) -> float:
        """How long ago the last run began."""
        return time.monotonic() - self._started

    def start(self, run: Run, listener: RunListener | None = None, **parameters: Any) -> None:
        """Start a run.

        :param listener: hears of this run, in place of the usual one.
        :param parameters: those of ``run.prepare``, whose errors pass through and leave everything as it was.
        """
        if self.isRunning:
            raise RuntimeError("A computation is already running.")
        self.beforeStart()
        job = run.prepare(**parameters)
        self._run, self._job, self._hears = run, job, listener or self._listener
        self._nodes = [value for value in parameters.values() if isinstance(value, slicer.vtkMRMLNode)]
        self._task = self._worker.submit(
            lambda progress, cancelled: run.compute(job, progress=progress, cancelled=cancelled)
        )
        self._started = time.monotonic()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the run to stop. It ends when the computation notices, and its result is dropped in any case."""
        if self._task is not None:
            self._task.cancel()

    def abandon(self, reason: str) -> None:
        """End the run at once, without waiting for the computation: its nodes are gone or about to go.

        :param reason: why, for the user.
        """
        if self._task is not None:
            self._task.cancel()
            self._forget()
            self._hears.onRunCancelled(reason)

    def close(self) -> None:
        """Drop the run and end the background thread; the panel is going away, so the listener is told nothing."""
        self.cancel()
        self._forget()
        self._timer.disconnect("timeout()", self._poll)
        self._worker.close()

    def _forget(self) -> None:
        self._timer.stop()
        self._task, self._run, self._job, self._nodes = None, None, None, []

    def _poll(self) -> None:
        task = self._task
        if task is None:
            return
        if not all(slicer.mrmlScene.IsNodePresent(node) for node in self._nodes):
            self.abandon(_("Cancelled: a volume or a transform that it needs was deleted."))
            return
        reports = task.takeProgress()
        if reports and not task.wasCancelled:
            self._hears.onRunProgress(*reports[-1])
        if task.wait(POLL_WAIT_SECONDS):
            run, job = self._run, self._job
            assert run is not None
            # Forget it first: the listener may show a dialog, and dialogs run the event loop and so this timer.
            self._forget()
            self._end(task, run, job)

    def _end(self, task: Task, run: Run, job: Any) -> None:
        # While the user is asked another run may begin.
        hears = self._hears
        if task.wasCancelled:
            hears.onRunCancelled(_("Cancelled; the scene is as it was."))
        elif task.error is not None:
            hears.onRunFailed(task.error, task.errorDetails)
        elif not hears.isResultKept(task.result):
            hears.onRunCancelled(_("Discarded; the scene is as it was."))
        else:
            try:
                # The scene may have changed while the user was asked: publish looks.
                with slicer.util.RenderBlocker():
                    published = run.publish(job, task.result)
            except Exception as error:
                hears.onRunFailed(error, traceback.format_exc())
            else:
                run.finished(job, task.result, published)
