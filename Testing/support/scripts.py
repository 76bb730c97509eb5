"""Scripts in processes of their own that need not load their libraries again.

PyTorch, Lightning and what they bring take eight seconds of a processor at every start. Here one process has loaded
them (multiprocessing's fork server), and each script is a fork of it: its own arguments, folder, signals, output and
exit status, as if a shell had started it.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PRELOADED = ["aldk.evaluation.tables", "aldk.trainer", "aldk.commands"]
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(PRELOADED)


def _ensure_server() -> None:
    """Start the fork server if there is none. It has this process's path from the environment alone, and says nothing
    of modules that it does not find."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


class Script:
    """A running script, with the part of ``subprocess.Popen`` that tests use.

    :param words: Python's name, the script and its arguments, as for ``subprocess.Popen``.
    """

    def __init__(
        self,
        words: Sequence[Any],
        stdout: Any = None,
        stderr: Any = None,
        start_new_session: bool = False,
        cwd: Any = None,
    ) -> None:
        _python, *self.words = map(str, words)
        self._kept = [tempfile.NamedTemporaryFile() if file is subprocess.PIPE else file for file in (stdout, stderr)]
        # A fork has the files of the fork server, not those of this process: they are opened again by their names.
        names = [None if file is None else str(Path(file.name).resolve()) for file in self._kept]
        place = os.fspath(cwd or Path.cwd())
        self._process = _context.Process(
            target=_become, args=(self.words, names, start_new_session, place, dict(os.environ), list(sys.path))
        )
        _ensure_server()
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.words, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def said(self, which: int) -> str:
        """What it wrote so far: 0 to its standard output, 1 to its standard error, where that was a PIPE."""
        self._kept[which].seek(0)
        return self._kept[which].read().decode()


def run(words: Sequence[Any], cwd: Any = None) -> SimpleNamespace:
    """As ``subprocess.run`` with captured text: ``returncode``, ``stdout`` and ``stderr``."""
    script = Script(words, subprocess.PIPE, subprocess.PIPE, cwd=cwd)
    return SimpleNamespace(returncode=script.wait(), stdout=script.said(0), stderr=script.said(1))


def _become(
    words: list[str], files: list[str | None], session: bool, place: str, environment: dict[str, str], path: list[str]
) -> None:
    missing = [name for name in PRELOADED if name not in sys.modules]
    assert not missing, f"the fork server has not loaded {missing}"
    if session:
        os.setsid()
    for number, name in enumerate(files, start=1):
        if name is not None:
            os.dup2(os.open(name, os.O_WRONLY | os.O_APPEND), number)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    # As of a script that a shell starts: its own folder first.
    sys.argv, sys.path[:] = words, [str(Path(words[0]).resolve().parent), *path]
    runpy.run_path(words[0], run_name="__main__")
