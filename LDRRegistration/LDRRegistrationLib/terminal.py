"""The terminal of the command line: progress on one line, and Ctrl-C that waits where it must."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def interruptsWait() -> Iterator[None]:
    """Ctrl-C counts only afterwards: it would leave a library half loaded, or a set of files half renewed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def showProgress(fraction: float, stage: str) -> None:
    if sys.stderr.isatty():
        filled = round(24 * fraction)
        line = f"[{'#' * filled}{'.' * (24 - filled)}] {fraction:4.0%} {stage}"
        print("\r" + line.ljust(shutil.get_terminal_size().columns - 1), end="", file=sys.stderr, flush=True)


def clearProgress() -> None:
    if sys.stderr.isatty():
        print("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", end="", file=sys.stderr, flush=True)
