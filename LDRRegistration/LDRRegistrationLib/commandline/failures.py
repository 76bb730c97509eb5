"""What is kept of an error that nobody foresaw: a file to send to whoever maintains the program.

It says where in the code it happened and with which versions. It names no patient: what the error says is freed of the
inputs' names and folders and of every other path.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import tempfile
import traceback
from collections.abc import Iterable
from pathlib import Path

from ..reports.registrationjson import versions, withoutNames
from ..runtime.errors import DependencyError, RegistrationError
from ..runtime.memory import availableBytes
from ..runtime.terminal import printable

EXIT_INTERNAL = 1
EXIT_BAD_INPUT = 2

# Shorter parts of names are found in any word.
MINIMUM_SECRET_LETTERS = 3
# Where less is left, a library that cannot be loaded lacks memory.
MINIMUM_FREE_BYTES = 100_000_000
# /a/b, C:\a\b and \\server\a, up to what ends a path in a sentence.
_PATHS = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\|(?<![\w.<])~?/)[^\s'\":;,()<>|]*")


def explained(error: Exception, inputs: list[Path], output: Path | None) -> tuple[int, str]:
    """The exit status and the sentence for what ended a registration.

    An error that nobody foresaw is kept in a file, which the sentence names.
    """
    if isinstance(error, RegistrationError | DependencyError):
        return EXIT_BAD_INPUT, str(error)
    if isinstance(error, FileNotFoundError) and error.filename:
        return EXIT_BAD_INPUT, f"{error.filename} does not exist, or vanished meanwhile."
    if isinstance(error, OSError):
        named = error.filename or "A file"
        return EXIT_BAD_INPUT, f"{named} could not be read or written ({error.strerror or error})."
    strange = [path for path in inputs if printable(path) != str(path)]
    if strange and isinstance(error, UnicodeError):
        return EXIT_BAD_INPUT, f"{strange[0]} has a name that is not UTF-8: rename it."
    try:
        if isOutOfMemory(error):
            raise MemoryError
        logging.debug("The traceback:", exc_info=error)
        kept = writeFailure(error, [*inputs, output])
    except MemoryError:
        return EXIT_INTERNAL, "There is not enough memory for images of this size."
    where = f"please report it with {kept}, which names no files or patients" if kept else "please report it"
    return EXIT_INTERNAL, f"The registration failed by an error of the program ({type(error).__name__}): {where}."


def isOutOfMemory(error: BaseException) -> bool:
    """Whether an error says that memory ran out: torch, ITK and the loader of libraries have no type of their own."""
    if isinstance(error, ImportError) and (left := availableBytes()) is not None and left < MINIMUM_FREE_BYTES:
        return True  # the loaders of some libraries hide why
    texts = (
        "not enough memory",
        "allocate memory",
        "bad_alloc",
        "bad allocation",
        "failed to map segment",
        "start new thread",
    )
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError | ImportError) and any(text in str(error) for text in texts)
    )


def writeFailure(error: BaseException, inputs: Iterable[Path | None]) -> Path | None:
    """Write the traceback into a new file of the temporary folder; None if even that is impossible.

    :raises MemoryError: there is no memory left to do so.
    """
    names = [Path.home(), *(path for path in inputs if path is not None)]
    lines = [
        "ldr-register: an internal error. This file holds no names of files or patients.",
        f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores",
        ", ".join(f"{package} {version}" for package, version in versions().items()),
        "",
        *_traceback(error, names),
    ]
    try:
        handle, name = tempfile.mkstemp(prefix="ldr-register-failure-", suffix=".txt")
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return Path(name)


def withoutPaths(text: str, inputs: Iterable[Path]) -> str:
    """``text`` with "<path>" for paths, and "<input>" for the names of the inputs and of their folders."""
    secrets: set[str] = set()
    for path in inputs:
        for spelling in (path, Path(os.path.abspath(path)), Path(os.path.realpath(path))):
            secrets |= {str(spelling), *spelling.parts}
            # The name of a node is that of its file without its endings.
            secrets |= {spelling.name.partition(".")[0], spelling.stem, Path(spelling.stem).stem}
    roles = {secret: "<input>" for secret in secrets if len(secret) >= MINIMUM_SECRET_LETTERS}
    return _PATHS.sub("<path>", str(withoutNames(text, roles)))


def _traceback(error: BaseException, inputs: list[Path]) -> list[str]:
    """The chain of errors, the first one first, each with its places in the code; no values of variables."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_traceback(earlier, inputs), "", "and then", ""] if earlier is not None else []
    for frame in traceback.extract_tb(error.__traceback__):
        code = withoutPaths(frame.line or "", inputs)
        lines.append(f"  {_module(frame.filename)}:{frame.lineno} {frame.name}: {code}")
    return [*lines, f"{type(error).__name__}: {withoutPaths(str(error), inputs)}"]


def _module(file: str) -> str:
    """The name of a file of code from its package on: where that is installed may name a user."""
    parts = Path(file).parts
    for place in ("site-packages", "dist-packages"):
        if place in parts:
            return "/".join(parts[parts.index(place) + 1 :])
    package = Path(__file__).parents[1].name
    return "/".join(parts[parts.index(package) :]) if package in parts else Path(file).name
