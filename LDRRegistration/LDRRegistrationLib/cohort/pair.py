"""One pair of a cohort: its files, and where its result belongs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..commandline.outputfolder import REPORT, USUAL_NAMES
from ..runtime.errors import RegistrationError

# What a row may name besides the two images, as the options of one registration are called.
FILES = ("fixed_mask", "moving_mask", "labels", "initial", "change_mask")
LONGEST_NAME = 120
# Names that Windows keeps for devices, whatever ending they have.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_PLAIN = re.compile(r"[^\W_][\w.+=,@ -]*", re.UNICODE)


@dataclass(frozen=True)
class Pair:
    """``folder`` is that of the result, below the cohort's; ``called`` says what each output file is called there.

    ``files``: further inputs by FILES' names. ``extra``: columns of the table that only travel along. ``sidecars``:
    small json files that are written beside the images, by the output's usual name.
    """

    name: str
    folder: str
    fixed: Path
    moving: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    dates: tuple[str | None, str | None] = (None, None)
    extra: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=lambda: USUAL_NAMES)
    sidecars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    noted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, Path]:
        """Every file that is read, by its role."""
        return {"fixed": self.fixed, "moving": self.moving, **self.files}

    @property
    def reportPath(self) -> str:
        """Of its report, below the cohort's folder."""
        return f"{self.folder}/{self.called[REPORT]}"

    @property
    def picturePath(self) -> str:
        return f"{self.folder}/{self.called['overview.png']}"


def checkNames(pairs: Iterable[Pair], source: str) -> None:
    """See that every pair has a result of its own, also where a file system knows no capitals.

    :raises RegistrationError: two would lie in one place, or a name is no name of a folder.
    """
    seen: dict[str, Pair] = {}
    for pair in pairs:
        wrong = whatIsWrong(pair.name)
        if wrong:
            raise RegistrationError(f"{source} names a pair {pair.name!r}, which {wrong}: choose another name.")
        place = pair.reportPath.casefold()
        if place in seen:
            raise RegistrationError(
                f"{source} has two pairs with the same output, {pair.folder} ({_shown(seen[place])}; {_shown(pair)}): "
                "give each a name of its own."
            )
        seen[place] = pair


def whatIsWrong(name: str) -> str:
    """Why ``name`` cannot be a folder's on every system; empty if it can."""
    if not _PLAIN.fullmatch(name) or name.endswith((" ", ".")):
        return "is not made of letters, digits and .-_+=,@ alone, or does not begin with a letter or digit"
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} bytes"
    if _DEVICES.fullmatch(name):
        return "is the name of a device on Windows"
    return "is the name of a file of ours" if name.casefold() in {"cohort.tsv", "cohort.html", "cohort.json"} else ""


def _shown(pair: Pair) -> str:
    return f"{pair.fixed.name} with {pair.moving.name}"
