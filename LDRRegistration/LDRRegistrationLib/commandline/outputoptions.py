"""The options on how results look, what they are called, and what is said meanwhile."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..runtime.errors import RegistrationError
from ..space.resampling import Interpolation, ScalarType
from .outputfolder import USUAL_NAMES, prefixed

LONGEST_PREFIX = 100
SHELLS = ("bash", "zsh", "tcsh")
LOG_FORMATS = ("text", "json")
MISSING = "--print-completion needs shtab, which is not installed: run pip install 'ldr-registration[completion]'."
# What shtab calls the names of files.
_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}
_PREFIX = re.compile(r"[^\W_][\w.+=,@-]*")


def addOutputOptions(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--interpolation",
        choices=[kind.value for kind in Interpolation],
        help="of warped.nii.gz (default: linear); cubic blurs least and takes some seconds longer",
    )
    group.add_argument(
        "--padding",
        type=float,
        metavar="V",
        help="value where MOVING has none (default: its own padding, or else -1000 in CT, or else its lowest value)",
    )
    group.add_argument(
        "--scalar-type",
        choices=[kind.value for kind in ScalarType],
        help="of warped.nii.gz: that of MOVING (default), in which values are rounded, or 32-bit float",
    )
    group.add_argument("--prefix", metavar="P", help="put before the name of every file that is written, as sub-01_")
    addLogOptions(group)
    addCompletion(group)


def addLogOptions(group: Any) -> None:
    """:param group: of argparse, or a parser."""
    group.add_argument("--quiet", action="store_true", help="say only what went wrong; the exit status says the rest")
    group.add_argument(
        "--log-format",
        choices=LOG_FORMATS,
        default="text",
        help="json: on the standard error, for programs, one object a line with the stages, the verdict and errors",
    )


def addCompletion(group: Any) -> None:
    """:param group: of argparse, or a parser."""
    group.add_argument(
        "--print-completion",
        choices=SHELLS,
        action=PrintCompletion,
        help="print what lets a shell complete the options, and stop (needs shtab)",
    )


def wantsJson(arguments: Sequence[str]) -> bool:
    """Whether ``arguments`` ask for a log in JSON, though they may be unreadable otherwise."""
    return bool(re.search(r"(?:^|\0)--log[a-z-]*[=\0]json(?:$|\0)", "\0".join(arguments)))


def calledBy(prefix: str | None) -> dict[str, str]:
    """What each output is called with ``prefix`` before its name.

    :raises RegistrationError: it cannot begin a file's name on every system.
    """
    if prefix is None:
        return dict(USUAL_NAMES)
    if not _PREFIX.fullmatch(prefix) or len(prefix.encode()) > LONGEST_PREFIX:
        raise RegistrationError(
            f"--prefix {prefix!r} cannot begin the names of files: letters, digits and .-_+=,@ can, at most "
            f"{LONGEST_PREFIX}, of which the first is a letter or a digit."
        )
    return {name: prefixed(name, prefix) for name in USUAL_NAMES}


class PrintCompletion(argparse.Action):
    """Prints the shell's part of completion, made by shtab from the very parser, and stops."""

    def __call__(self, parser: argparse.ArgumentParser, _namespace: Any, values: Any, _option: Any = None) -> None:
        from ..runtime.terminal import complain, show

        try:
            import shtab
        except ImportError:
            complain(MISSING, parser.prog)
            parser.exit(2)
        _completeFiles(parser)
        show([shtab.complete(parser, shell=values)], parser.prog)
        parser.exit(0)


def _completeFiles(parser: argparse.ArgumentParser) -> None:
    for action in parser._actions:
        if action.type is Path:
            action.complete = _FILES  # type: ignore[attr-defined]
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _completeFiles(inner)
