"""What a scheduler or a user says to a run: stop and save (SIGINT, SIGTERM), or save and go on (SIGUSR1)."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any

# Beyond any number of a signal.
SAVE_FLAG = 1000.0


def nothing_to_save_yet() -> None:
    """Let a call to save be ignored until there is something: by itself it would end the process."""
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)


class Signals:
    """Within ``with`` signals are noted, and heeded after the step that is under way.

    ``stopped_by`` is the number of the signal that ends the run, 0 while there is none; ``status`` what shells and
    schedulers expect a command to end with then: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self) -> None:
        self.stopped_by = 0
        self.saves = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        handlers: dict[int, Any] = {signal.SIGINT: self.stop, signal.SIGTERM: self.stop}
        if hasattr(signal, "SIGUSR1"):
            handlers[signal.SIGUSR1] = self._save
        self._before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def stop(self, number: int, frame: FrameType | None = None) -> None:
        self.stopped_by = int(number)

    def _save(self, number: int, frame: FrameType | None) -> None:
        self.saves = True

    @property
    def status(self) -> int:
        return 128 + self.stopped_by if self.stopped_by else 0
