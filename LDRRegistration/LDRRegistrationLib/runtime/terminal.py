"""The terminal of the command line: what is said there, and the signals that end the work."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from .jsonlog import isJson, log, logProgress

# Ctrl-C, what kill and a shutdown send, and a terminal that was closed.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class StopRequest:
    """The first signal that asked to end: an exception may be lost in a library that calls back into Python."""

    number: int | None = None

    def __call__(self) -> bool:
        """Whether there was one, as a cancel callback."""
        return self.number is not None

    @property
    def status(self) -> int:
        """The exit status of a program that a signal ended, 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + (signal.SIGINT if self.number is None else self.number)


@contextlib.contextmanager
def signalsStop() -> Iterator[StopRequest]:
    """Inside the block each of SIGNALS ends the work as Ctrl-C does, by ``Stopped``; those ignored stay ignored."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def stop(number: int, _frame: object) -> None:
        request.number = request.number or number
        raise Stopped(number)

    usual = (signal.SIG_DFL, signal.default_int_handler)
    before = {number: signal.signal(number, stop) for number in SIGNALS if signal.getsignal(number) in usual}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def interruptsWait() -> Iterator[None]:
    """The signals count only afterwards: they would leave a library half loaded, or a set of files half renewed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    # Those alone that Python handles: others end the process in any case, or never.
    before = {number: handler for number in SIGNALS if callable(handler := signal.getsignal(number))}
    for number in before:
        signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


@contextlib.contextmanager
def quietLibraries() -> Iterator[None]:
    """What libraries in C and C++ write to the standard error goes nowhere; this program's own sentences stay.

    They print errors that the caller says in a sentence. With LDR_LOG set all of it is shown.
    """
    try:
        ours = sys.stderr.fileno() == 2
    except (OSError, ValueError, AttributeError):
        ours = False  # a stream of a test or of an application
    if "LDR_LOG" in os.environ:
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:  # closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    stream = sys.stderr
    try:
        if ours:
            stream.flush()
            sys.stderr = open(kept, "w", encoding=stream.encoding, errors=stream.errors, buffering=1, closefd=False)
        os.dup2(nowhere, 2)
        yield
    finally:
        if ours:
            sys.stderr.flush()
            sys.stderr = stream
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def silentVtk() -> Iterator[None]:
    """VTK prints its errors; the caller says it in one sentence instead."""
    import vtk

    shown = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(shown)


def printable(text: str | Path) -> str:
    """``text`` without what no stream and no json file takes: bytes of a file's name that are not UTF-8."""
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", str(text))


def say(text: str, stream: TextIO | None = None) -> None:
    """One line on the standard output, or ``stream``, in whatever characters it has."""
    stream = sys.stdout if stream is None else stream
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(printable(text).encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def complain(sentence: str, program: str = "ldr-register") -> None:
    """One line on the standard error, which begins with the program's name; or a JSON object (see jsonlog.py)."""
    if isJson():
        log("error", level="error", program=program, message=printable(" ".join(sentence.split())))
        return
    clearProgress()
    with contextlib.suppress(OSError):  # closed: the exit status is left to say it
        say(f"{program}: {' '.join(sentence.split())}", sys.stderr)


def show(lines: Iterable[str], program: str = "ldr-register") -> None:
    """Print what was done; that nobody can read it changes nothing about the result."""
    try:
        for line in lines:
            say(line)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            complain(f"The standard output cannot be written: {error.strerror}.", program)
        # Else Python would try again, and complain, at its end.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def showProgress(fraction: float, stage: str) -> None:
    if isJson():
        logProgress(fraction, stage)
    elif sys.stderr.isatty():
        filled = round(24 * fraction)
        line = f"[{'#' * filled}{'.' * (24 - filled)}] {fraction:4.0%} {stage}"
        print("\r" + line.ljust(shutil.get_terminal_size().columns - 1), end="", file=sys.stderr, flush=True)


def clearProgress() -> None:
    if sys.stderr.isatty():
        print("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", end="", file=sys.stderr, flush=True)
