"""One background thread that computes, one task after another. It knows nothing of Qt, VTK or torch.

The thread is made once and kept: OpenMP, and so torch, keeps a pool of helpers for every thread that calls it, and
making a new pool for each run costs more than the smaller stages of a registration.
"""

from __future__ import annotations

import gc
import queue
import threading
import traceback
from collections.abc import Callable
from typing import Any

from .errors import RegistrationCancelled
from .progress import CancelCallback, ProgressCallback

Computation = Callable[[ProgressCallback, CancelCallback], Any]


class Task:
    """One computation: its progress, its outcome, and the wish to stop it. Both threads may use it."""

    def __init__(self, computation: Computation) -> None:
        self._computation: Computation | None = computation
        self._progress: queue.SimpleQueue[tuple[float, str]] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self._done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None
        self.errorDetails = ""

    def cancel(self) -> None:
        """Ask the computation to stop; it does so at its next look at the cancel callback."""
        self._cancelled.set()

    @property
    def wasCancelled(self) -> bool:
        """Whether it was asked to stop, or said that it stopped; its result, if any, is not wanted."""
        return self._cancelled.is_set() or isinstance(self.error, RegistrationCancelled)

    def wait(self, seconds: float) -> bool:
        """Whether the outcome is known, after waiting for it for at most so long without holding the GIL."""
        return self._done.wait(seconds)

    def takeProgress(self) -> list[tuple[float, str]]:
        """What was reported since the last call: (fraction, stage) pairs, oldest first."""
        reports = []
        while not self._progress.empty():
            reports.append(self._progress.get_nowait())
        return reports

    def run(self) -> None:
        """Compute. Called by the worker's thread."""
        try:
            if self._computation is not None and not self._cancelled.is_set():
                self.result = self._computation(self._report, self._cancelled.is_set)
        except BaseException as error:  # the waiting thread must hear of whatever happened
            self.errorDetails = traceback.format_exc()
            self.error = error.with_traceback(None)
        finally:
            # The computation holds the input volumes, and the traceback held every array of the run: let them go.
            self._computation = None
            self._done.set()

    def _report(self, fraction: float, stage: str) -> None:
        self._progress.put((fraction, stage))


class Worker:
    """The thread. It starts with the first task and does not keep the application from ending."""

    def __init__(self, name: str = "LDRRegistration") -> None:
        self._name = name
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, computation: Computation) -> Task:
        """Compute in the background, after the tasks submitted before.

        :param computation: called with a progress callback (fraction, stage) and a cancel callback.
        """
        task = Task(computation)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._tasks.put(task)
        return task

    def close(self, seconds: float = 2.0) -> None:
        """End the thread after its present task, waiting for that for at most so long. Cancel the task first."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join(seconds)
            self._thread = None

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            _noCollection.begin()
            try:
                task.run()
                del task  # else its result would stay in memory until the next task
            finally:
                _noCollection.end()


class _NoCollection:
    """While any task runs Python collects no garbage by itself.

    It would in whichever thread happens to ask for memory, and the garbage of other modules may hold what only the main
    thread may end: a timer of Qt's that ends elsewhere crashes the application.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks = 0
        self._before = False

    def begin(self) -> None:
        with self._lock:
            if self._tasks == 0:
                self._before = gc.isenabled()
                gc.disable()
            self._tasks += 1

    def end(self) -> None:
        """The last thing that a thread does before it waits: what is left to collect waits for another thread."""
        with self._lock:
            self._tasks -= 1
            if self._tasks == 0 and self._before:
                gc.enable()


_noCollection = _NoCollection()
