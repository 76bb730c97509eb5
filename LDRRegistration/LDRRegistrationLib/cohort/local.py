"""Workers on this machine: spawned processes, each with a pipe of its own, that outlive no one.

Spawned, not forked: a forked process has lost the threads of PyTorch. No pool of the standard library is used: there a
worker that the system ends, for lack of memory, takes the work of all others along.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from ..runtime.errors import DependencyError
from ..runtime.startup import processIsCommand
from ..runtime.terminal import quietLibraries, signalsStop
from .worker import Outcome, Task, warmUp

# A pair whose worker is ended from outside is tried so often.
TRIES = 2
SECONDS_TO_STOP = 5.0


def registerHere(
    tasks: Sequence[Task], workers: int, threads: int, loading: list[float]
) -> Generator[Outcome, None, None]:
    """The outcome of each task, as they come; ``loading`` receives the seconds each worker took to be ready.

    :raises DependencyError: no worker can work.
    """
    waiting = deque((task, 1) for task in tasks)
    crew = [_Process(tasks[0].options, threads) for _ in range(min(workers, len(tasks)))]
    try:
        while waiting or any(one.task for one in crew):
            for index, one in enumerate(crew):
                if waiting and one.hasEnded:
                    crew[index] = _Process(tasks[0].options, threads)
                elif waiting and one.isReady and one.task is None:
                    one.give(*waiting.popleft())
            busy = [one for one in crew if not one.hasEnded]
            for ready in wait([one.connection for one in busy]):
                worker = next(one for one in busy if one.connection is ready)
                try:
                    said = worker.connection.recv()
                except (EOFError, OSError):
                    yield from _ended(worker, waiting)
                    continue
                if isinstance(said, Outcome):
                    worker.task = None
                    yield said
                elif isinstance(said, float):
                    worker.isReady = True
                    loading.append(said)
                else:
                    raise DependencyError(said)
    finally:
        for worker in crew:
            worker.stop()
        for worker in crew:
            worker.join()


def _ended(worker: _Process, waiting: deque[tuple[Task, int]]) -> Iterator[Outcome]:
    """What to do about a worker that something outside ended."""
    worker.hasEnded = True
    task, tries = worker.task, worker.tries
    worker.task = None
    if not worker.isReady:
        raise DependencyError("A worker ended while it loaded its libraries: there may be too little memory.")
    if task is not None and tries < TRIES:
        waiting.appendleft((task, tries + 1))
    elif task is not None:
        yield Outcome(
            task.pair.name, f"Its worker was ended by the system {TRIES} times: there may be too little memory for it."
        )


class _Process:
    """A worker, seen from outside."""

    def __init__(self, options: dict[str, Any], threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other, options, threads), daemon=True)
        self._process.start()
        # The worker's own end alone is left: when it dies the pipe says so.
        other.close()
        self.isReady, self.hasEnded = False, False
        self.task: Task | None = None
        self.tries = 0

    def give(self, task: Task, tries: int) -> None:
        self.task, self.tries = task, tries
        with contextlib.suppress(OSError):  # it died meanwhile: the next look at the pipe says so
            self.connection.send(task)

    def stop(self) -> None:
        """Ask it to end: at once what it is doing, and without what it has half written."""
        self.connection.close()
        if self.task is not None or not self.isReady:
            self._process.terminate()

    def join(self) -> None:
        self._process.join(SECONDS_TO_STOP)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _work(connection: Connection, options: dict[str, Any], threads: int) -> None:
    """The worker, seen from inside."""
    threading.Thread(target=_endWithParent, daemon=True).start()
    processIsCommand()
    with quietLibraries(), signalsStop(), contextlib.suppress(KeyboardInterrupt, EOFError, OSError):
        try:
            worker = warmUp(options, threads)
        except Exception as error:
            connection.send(str(error) or type(error).__name__)
            return
        connection.send(worker.seconds)
        while True:
            connection.send(worker.register(connection.recv()))


def _endWithParent() -> None:
    """Whatever ends the program that started this worker ends it, too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
