"""A hidden folder beside the place of a result, where files are written before they are renamed into it.

It may hold patients' voxels, so it never outlives its process for long: it goes with the work, also where a signal ends
that, and what a killed process left is cleared when the next one starts at the same place. A lock says which process
still lives.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .terminal import interruptsWait

PREFIX = ".ldr-register-"
LOCK = "lock"
# Between the making of a folder and of its lock there are microseconds.
YOUNG_SECONDS = 60.0
BLOCK_BYTES = 1 << 20


@contextlib.contextmanager
def workFolder(place: Path) -> Iterator[Path]:
    """A new folder in ``place``, named after this process and locked by it; gone after the block, with all in it.

    :raises OSError: it cannot be made.
    """
    folder: Path | None = None
    lock: _Lock | None = None
    try:
        with interruptsWait():
            folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
            lock = _Lock(folder / LOCK)
        yield folder
    finally:
        with interruptsWait():
            if lock is not None:
                lock.release()
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def clearStale(place: Path, finish: Callable[[Path], None] = lambda folder: None) -> None:
    """Remove the work folders in ``place`` whose process is dead, each after ``finish``. Never raises OSError."""
    with contextlib.suppress(OSError):
        for folder in sorted(place.glob(f"{PREFIX}*")):
            with contextlib.suppress(OSError):
                if folder.is_dir() and not folder.is_symlink() and not _lives(folder):
                    with interruptsWait():
                        finish(folder)
                        shutil.rmtree(folder, ignore_errors=True)


def replaceFile(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file of the same name elsewhere, which takes the place of ``path`` only when it is whole.

    A link stays a link: what it points to is replaced.

    :raises OSError: it cannot be written; what was there is untouched. What ``write`` raises goes on.
    """
    target = path.resolve()

    def written(folder: Path) -> list[Path]:
        write(folder / target.name)
        return [folder / target.name]

    replaceFiles(target.parent, written)


def replaceFiles(place: Path, write: Callable[[Path], list[Path]]) -> list[Path]:
    """Let ``write`` make files in another folder, which take their places in ``place`` only when all are whole.

    :returns: where they are.
    :raises OSError: they cannot be written. What ``write`` raises goes on; what was there is untouched then.
    """
    clearStale(place)
    with workFolder(place) as folder:
        parts = write(folder)
        for part in parts:
            writeThrough(part)
        with interruptsWait():
            for part in parts:
                os.replace(part, place / part.name)
        with contextlib.suppress(OSError):
            writeThrough(place)
    return [place / part.name for part in parts]


def sha256(path: Path) -> str:
    """Of a file's content.

    :raises OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def writeThrough(path: Path) -> None:
    """Let the disk hold a file, or the names in a folder, before anything else happens.

    :raises OSError: it does not.
    """
    if path.is_dir() and os.name == "nt":
        return  # no such thing there
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def checkRoom(path: Path, size: int) -> None:
    """See that a new file at ``path`` could hold ``size`` bytes now; nothing is left there.

    For writers that must not fail half way. HDF5 keeps a file open that it could not write, and crashes over it when
    the process ends.

    :raises OSError: it could not.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0))
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, size)
        else:
            block = bytes(BLOCK_BYTES)
            while size > 0:
                size -= os.write(handle, block[:size])
    finally:
        os.close(handle)
        path.unlink()


@contextlib.contextmanager
def oneAtATime(place: Path) -> Iterator[None]:
    """Inside the block no other process is inside one for the same folder, where the system can say so."""
    try:
        import fcntl

        handle = os.open(place, os.O_RDONLY)
    except (ImportError, OSError):  # Windows
        yield
        return
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class _Lock:
    """A file that is locked as long as this process lives."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        self._file.close()


def _lives(folder: Path) -> bool:
    """Whether the process that made the folder still runs; true in doubt."""
    lock = folder / LOCK
    try:
        file = lock.open("r+b")
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime < YOUNG_SECONDS or _runs(folder)
    with file:
        try:
            import fcntl
        except ImportError:
            # Windows removes no file that is open.
            file.close()
            lock.unlink()
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return _runs(folder)
    return False


def _runs(folder: Path) -> bool:
    """Whether there is a process of the number in the folder's name."""
    number = folder.name.removeprefix(PREFIX).partition("-")[0]
    if os.name == "nt" or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
