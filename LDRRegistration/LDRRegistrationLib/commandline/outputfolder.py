"""The output folder of the command line: it never loses a file that is not ours, and never keeps half a result.

report.json lists the files of its result with their SHA-256. Only what it lists, and only as long as the hash holds, is
replaced or removed by a later run. New files are written into a work folder, checked, and then renamed all at once; if
the process is killed within that instant, the next one finishes it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..runtime.errors import RegistrationError
from ..runtime.terminal import interruptsWait, printable
from ..runtime.workfolder import clearStale, oneAtATime, writeThrough

REPORT = "report.json"
# The report comes last: with it the result is complete.
OUTPUTS = (
    "transform.h5",
    "warped.nii.gz",
    "warped_labels.nii.gz",
    "change.nii.gz",
    "change_regions.nii.gz",
    "change_uncompared.nii.gz",
    "changes.csv",
    "changes.html",
    "overview.png",
    REPORT,
)
PLAN, BEFORE = "plan.json", "before"
LARGEST_REPORT_BYTES = 10_000_000


def prepareFolder(output: Path, inputs: Iterable[Path | None], overwrite: bool) -> None:
    """Make the folder and see that a result may be put there.

    :raises RegistrationError: it cannot be written, an input lies where a result would, or a file of such a name is not
        ours and ``overwrite`` is false.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            pass
    except OSError as error:
        raise RegistrationError(f"The output folder {output} cannot be written: {error.strerror}.") from error
    if printable(output) != str(output):
        raise RegistrationError(f"The output folder {output} has a name that is not UTF-8: choose another one.")
    with oneAtATime(output):
        clearStale(output, lambda folder: _finish(folder, output))
    for path in inputs:
        for name in OUTPUTS:
            if path is not None and _same(path, output / name):
                raise RegistrationError(
                    f"{path} is the same file as {output / name} and would be overwritten by the result: choose "
                    "another output folder."
                )
    _refuseForeign(output, overwrite)


def sealed(report: dict[str, Any], part: Path) -> str:
    """The text of a report that lists the files in ``part`` and can be told from one that was changed."""
    names = [name for name in OUTPUTS if name != REPORT and (part / name).is_file()]
    content = {**report, "outputs": {name: _sha256(part / name) for name in names}}
    return json.dumps({**content, "checksum": _checksum(content)}, indent=2) + "\n"


def publish(part: Path, output: Path, overwrite: bool) -> list[str]:
    """Put the files in ``part``, among them the report, in their place; returns their names.

    What an earlier result has and this one has not is removed. Signals come too late here: the result stands.

    :raises RegistrationError: a file that is not ours got in the way. The folder is as it was.
    :raises OSError: a file cannot be put there; likewise.
    """
    names = [name for name in OUTPUTS if (part / name).is_file()]
    for name in names:
        writeThrough(part / name)
    with contextlib.suppress(KeyboardInterrupt), interruptsWait(), oneAtATime(output):
        _refuseForeign(output, overwrite)
        removed = [name for name in _ownFiles(output) if name not in names]
        present = [name for name in OUTPUTS if (output / name).is_file()]
        plan = {
            "replace": {name: _sha256(part / name) for name in names},
            "remove": removed,
            "present": {name: _sha256(output / name) for name in present},
        }
        _keep(part, output, [name for name in present if name in names or name in removed])
        draft = part / f"{PLAN}.part"
        draft.write_text(json.dumps(plan), encoding="utf-8")
        writeThrough(draft)
        try:
            os.replace(draft, part / PLAN)
            _carryOut(part, output, names, removed)
        except BaseException:
            (part / PLAN).unlink(missing_ok=True)
            _putBack(part, output, names)
            raise
        with contextlib.suppress(OSError):
            writeThrough(output)
    return names


def _carryOut(part: Path, output: Path, names: list[str], removed: list[str]) -> None:
    for name in removed:
        (output / name).unlink(missing_ok=True)
    for name in OUTPUTS:
        if name in names and (part / name).is_file():
            os.replace(part / name, output / name)


def _keep(part: Path, output: Path, names: list[str]) -> None:
    """Keep the files that are about to go, as links that take no space where the disk has such."""
    (part / BEFORE).mkdir()
    for name in names:
        kept = part / BEFORE / name
        try:
            os.link(output / name, kept, follow_symlinks=False)
        except (OSError, NotImplementedError):
            shutil.copy2(output / name, kept)


def _putBack(part: Path, output: Path, names: list[str]) -> None:
    """What there was before ``_carryOut``."""
    kept = {path.name for path in (part / BEFORE).iterdir()}
    for name in names:
        if name not in kept and not (part / name).exists():
            (output / name).unlink(missing_ok=True)
    for name in kept:
        with contextlib.suppress(OSError):
            os.replace(part / BEFORE / name, output / name)


def _finish(folder: Path, output: Path) -> None:
    """What a process that was killed while it renamed its files has left to do, if nobody touched them since."""
    try:
        plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        names, removed, present = dict(plan["replace"]), list(plan["remove"]), dict(plan["present"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    known = {*names, *removed, *present}
    if not known <= set(OUTPUTS) or any(_isStrange(output / n, {present.get(n), names.get(n)}) for n in known):
        return
    _carryOut(folder, output, list(names), removed)


def _isStrange(path: Path, digests: set[str | None]) -> bool:
    return os.path.lexists(path) and (not path.is_file() or _sha256(path) not in digests)


def _refuseForeign(output: Path, overwrite: bool) -> None:
    """:raises RegistrationError: a file of one of our names is not ours, or not any more."""
    own = _ownFiles(output)
    for name in OUTPUTS:
        path = output / name
        if path.is_dir() and not path.is_symlink():
            raise RegistrationError(f"{path} is a folder and in the way of the result: choose another output folder.")
        if not overwrite and os.path.lexists(path) and name not in own:
            raise RegistrationError(
                f"{path} was not written by ldr-register, or was changed since: choose another output folder, or give "
                "--overwrite to lose it."
            )


def _ownFiles(output: Path) -> list[str]:
    """The files that an earlier report in ``output`` lists and that are still what it says, and the report itself."""
    path = output / REPORT
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST_REPORT_BYTES:
            return []
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("checksum") != _checksum(content):
            return []
        listed = {name: str(digest) for name, digest in content["outputs"].items() if name in OUTPUTS}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    regular = [name for name in listed if (output / name).is_file() and not (output / name).is_symlink()]
    return [*(name for name in regular if _sha256(output / name) == listed[name]), REPORT]


def _same(path: Path, other: Path) -> bool:
    """Whether two paths are one file: by links of either kind, or by other spellings."""
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
