"""The files of a cohort as a whole: its table, its page, and what is kept of its runs; one run at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..runtime.errors import RegistrationError
from ..runtime.workfolder import replaceFile, sha256

TABLE, PAGE, RECORD, LOCK = "cohort.tsv", "cohort.html", "cohort.json", ".ldr-cohort.lock"


@contextlib.contextmanager
def onlyRun(output: Path) -> Iterator[None]:
    """Inside the block no other run works in ``output``, where the system can say so.

    :raises RegistrationError: another one does.
    """
    with (output / LOCK).open("ab") as file:
        try:
            _lock(file)
        except BlockingIOError as error:
            raise RegistrationError(
                f"Another run is at work in {output}: wait for it, or choose another folder."
            ) from error
        yield


def _lock(file: IO[bytes]) -> None:
    """:raises BlockingIOError: another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError as error:
            raise BlockingIOError from error
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        return


class Record:
    """cohort.json: what the table and the page held when they were written, and how long runs took.

    A table that somebody changed since, or that was never ours, is not lost.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._content: dict[str, Any] = {"runs": [], "sha256": {}}
        with contextlib.suppress(OSError, ValueError):
            content = json.loads((output / RECORD).read_text(encoding="utf-8"))
            if isinstance(content, dict) and isinstance(content.get("runs"), list):
                self._content = {"runs": content["runs"], "sha256": dict(content.get("sha256", {}))}

    def refuseForeign(self, overwrite: bool) -> None:
        """:raises RegistrationError: a file of our name is not ours, or not any more."""
        for name in (TABLE, PAGE):
            path = self._output / name
            if os.path.lexists(path) and not overwrite and not self._isOurs(path):
                raise RegistrationError(
                    f"{path} was not written by ldr-register, or was changed since: move it away, or give "
                    "--overwrite to lose it."
                )

    @property
    def runs(self) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self._content["runs"]
        return runs

    def add(self, run: dict[str, Any]) -> None:
        self._content["runs"].append(run)

    def write(self, texts: dict[str, str]) -> None:
        """The files, each at once and only where something is new; before them their hashes, old and new."""
        before, now = self._content["sha256"], {name: [_digest(text)] for name, text in texts.items()}
        try:
            if any(not self._holds(name, now[name][0]) for name in now):
                self._content["sha256"] = {name: sorted({*now[name], *before.get(name, [])}) for name in now}
                self._save()
            for name, text in texts.items():
                replaceText(self._output / name, text)
            self._content["sha256"] = now
            self._save()
        except OSError as error:
            raise RegistrationError(
                f"{TABLE} and {PAGE} could not be written into {self._output}: {error.strerror or error}."
            ) from error

    def _holds(self, name: str, digest: str) -> bool:
        return (self._output / name).is_file() and sha256(self._output / name) == digest

    def _isOurs(self, path: Path) -> bool:
        return path.is_file() and sha256(path) in self._content["sha256"].get(path.name, [])

    def _save(self) -> None:
        replaceText(self._output / RECORD, json.dumps(self._content, indent=1) + "\n")


def recordedRuns(output: Path) -> list[dict[str, Any]]:
    """How long the runs in ``output`` took, as ``CohortRun`` noted it."""
    return Record(output).runs


def replaceText(path: Path, text: str) -> bool:
    """Let a file hold ``text``, at once; false, and nothing is touched, if it does already."""
    data = text.encode("utf-8")
    if path.is_file() and path.read_bytes() == data:
        return False
    replaceFile(path, lambda part: part.write_bytes(data))
    return True


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
