"""What the commands' parsers share: one line where something is wrong, and numbers within limits."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn

from ..runtime.terminal import complain


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, in the name of its ``prog``, and ends with status 2."""

    # What stands between the sentence and the hint to --help.
    hint = ""

    def error(self, message: str) -> NoReturn:
        # Of a command with commands the name is the first word.
        complain(f"{message}{self.hint} (--help says more).", self.prog.partition(" ")[0])
        raise SystemExit(2)


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def number(what: str, isRight: Callable[[float], bool]) -> Callable[[str], float]:
    """For argparse: reads a number for which ``isRight``; ``what`` says in a sentence what it should be."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isRight(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
        return value

    return read
