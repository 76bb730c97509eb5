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
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..runtime.errors import RegistrationError
from ..runtime.terminal import interruptsWait, printable
from ..runtime.workfolder import clearStale, oneAtATime, sha256, workFolder, writeThrough

REPORT = "report.json"
DICOM_FOLDER = "dicom"
# The report comes last: with it the result is complete.
OUTPUTS = (
    "transform.h5",
    "warped.nii.gz",
    "warped.json",
    "warped_labels.nii.gz",
    "warped_labels.json",
    "expected_error.nii.gz",
    "change.nii.gz",
    "change_regions.nii.gz",
    "change_uncompared.nii.gz",
    "changes.csv",
    "changes.html",
    "changes.json",
    "overview.png",
    f"{DICOM_FOLDER}/segmentation.dcm",
    f"{DICOM_FOLDER}/measurements.dcm",
    f"{DICOM_FOLDER}/registration.dcm",
    f"{DICOM_FOLDER}/structures.dcm",
    f"{DICOM_FOLDER}/dose.dcm",
    REPORT,
)
# What each of them is called in the folder, by default.
USUAL_NAMES = {name: name for name in OUTPUTS}
# Those of a sequence, one a frame, and of a template, one an image.
_OF_MANY = re.compile(r"([^\W_][\w.+=,@-]*)?transform_[\w.+=,@-]+\.h5")
PLAN, BEFORE = "plan.json", "before"
LARGEST_REPORT_BYTES = 10_000_000


def prepareFolder(
    output: Path, inputs: Iterable[Path | None], overwrite: bool, called: Mapping[str, str] = USUAL_NAMES
) -> None:
    """Make the folder and see that a result may be put there.

    :param called: what each of OUTPUTS is called in the folder, in their order.
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
        for name in (*called.values(), DICOM_FOLDER):
            if path is not None and _same(path, output / name):
                raise RegistrationError(
                    f"{path} is the same file as {output / name} and would be overwritten by the result: choose "
                    "another output folder."
                )
    _refuseForeign(output, overwrite, called)


def prefixed(name: str, prefix: str) -> str:
    """``name``, which may be in a folder, with ``prefix`` before the file's own name."""
    folder, slash, own = name.rpartition("/")
    return f"{folder}{slash}{prefix}{own}"


def frameFile(number: int) -> str:
    """What the transform of a sequence's frame is called."""
    return f"transform_{number:03d}.h5"


@contextlib.contextmanager
def resultsFor(output: Path) -> Iterator[Path]:
    """A work folder for files that are to be published; a full disk is a sentence.

    :raises RegistrationError: something could not be written.
    """
    try:
        with workFolder(output) as part:
            yield part
    except OSError as error:
        why = error.strerror or "a file did not arrive whole on the disk, which may be full"
        raise RegistrationError(
            f"The results could not be written into {output}: {why}; what was there is untouched."
        ) from error


def sealed(report: dict[str, Any], part: Path, called: Mapping[str, str] = USUAL_NAMES) -> str:
    """The text of a report that lists the files in ``part`` and can be told from one that was changed."""
    names = [name for name in called if name != REPORT and (part / name).is_file()]
    content = {**report, "outputs": {called[name]: sha256(part / name) for name in names}}
    return json.dumps({**content, "checksum": _checksum(content)}, indent=2) + "\n"


def unchanged(text: str) -> dict[str, Any] | None:
    """The content of a report, if it is as ``sealed`` wrote it."""
    try:
        content = json.loads(text)
        return content if content.pop("checksum") == _checksum(content) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def publish(part: Path, output: Path, overwrite: bool, called: Mapping[str, str] = USUAL_NAMES) -> list[str]:
    """Put the files in ``part``, among them the report, in their place; returns their names.

    What an earlier result has and this one has not is removed. Signals come too late here: the result stands.

    :raises RegistrationError: a file that is not ours got in the way. The folder is as it was.
    :raises OSError: a file cannot be put there; likewise.
    """
    names = [name for name in called if (part / name).is_file()]
    for name in names:
        if called[name] != name:
            os.replace(part / name, part / called[name])
    names = [called[name] for name in names]
    for name in names:
        writeThrough(part / name)
    with contextlib.suppress(KeyboardInterrupt), interruptsWait(), oneAtATime(output):
        _refuseForeign(output, overwrite, called)
        removed = [name for name in _ownFiles(output, called) if name not in names]
        outputs = list(dict.fromkeys([*removed, *called.values()]))
        present = [name for name in outputs if (output / name).is_file()]
        plan = {
            "outputs": outputs,
            "replace": {name: sha256(part / name) for name in names},
            "remove": removed,
            "present": {name: sha256(output / name) for name in present},
        }
        _keep(part, output, [name for name in present if name in names or name in removed])
        draft = part / f"{PLAN}.part"
        draft.write_text(json.dumps(plan), encoding="utf-8")
        writeThrough(draft)
        try:
            os.replace(draft, part / PLAN)
            _carryOut(part, output, names, removed, outputs)
        except BaseException:
            (part / PLAN).unlink(missing_ok=True)
            _putBack(part, output, names)
            raise
        with contextlib.suppress(OSError):
            writeThrough(output)
    return names


def _carryOut(part: Path, output: Path, names: list[str], removed: list[str], outputs: Iterable[str]) -> None:
    for name in removed:
        (output / name).unlink(missing_ok=True)
    for name in outputs:
        if name in names and (part / name).is_file():
            (output / name).parent.mkdir(exist_ok=True)
            os.replace(part / name, output / name)
    _removeEmpty(output, removed)


def _removeEmpty(output: Path, removed: list[str]) -> None:
    """The folder of DICOM objects, once the last of them was removed."""
    if any(name.startswith(f"{DICOM_FOLDER}/") for name in removed):
        with contextlib.suppress(OSError):
            (output / DICOM_FOLDER).rmdir()


def _keep(part: Path, output: Path, names: list[str]) -> None:
    """Keep the files that are about to go, as links that take no space where the disk has such."""
    (part / BEFORE).mkdir()
    for name in names:
        kept = part / BEFORE / name
        kept.parent.mkdir(exist_ok=True)
        try:
            os.link(output / name, kept, follow_symlinks=False)
        except (OSError, NotImplementedError):
            shutil.copy2(output / name, kept)


def _putBack(part: Path, output: Path, names: list[str]) -> None:
    """What there was before ``_carryOut``."""
    before = part / BEFORE
    kept = {path.relative_to(before).as_posix() for path in before.rglob("*") if path.is_symlink() or path.is_file()}
    for name in names:
        if name not in kept and not (part / name).exists():
            (output / name).unlink(missing_ok=True)
    for name in kept:
        with contextlib.suppress(OSError):
            (output / name).parent.mkdir(exist_ok=True)
            os.replace(before / name, output / name)
    _removeEmpty(output, names)


def _finish(folder: Path, output: Path) -> None:
    """What a process that was killed while it renamed its files has left to do, if nobody touched them since."""
    try:
        plan = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        names, removed, present = dict(plan["replace"]), list(plan["remove"]), dict(plan["present"])
        outputs = [str(name) for name in plan["outputs"]]
    except (OSError, ValueError, KeyError, TypeError):
        return
    known = {*names, *removed, *present}
    plain = all(name.removeprefix(f"{DICOM_FOLDER}/") == Path(name).name for name in outputs)
    if not (plain and known <= set(outputs)) or any(
        _isStrange(output / n, {present.get(n), names.get(n)}) for n in known
    ):
        return
    _carryOut(folder, output, list(names), removed, outputs)


def _isStrange(path: Path, digests: set[str | None]) -> bool:
    return os.path.lexists(path) and (not path.is_file() or sha256(path) not in digests)


def _refuseForeign(output: Path, overwrite: bool, called: Mapping[str, str]) -> None:
    """:raises RegistrationError: a file of one of our names is not ours, or not any more."""
    own = _ownFiles(output, called)
    for name in called.values():
        path = output / name
        if path.is_dir() and not path.is_symlink():
            raise RegistrationError(f"{path} is a folder and in the way of the result: choose another output folder.")
        if not overwrite and os.path.lexists(path) and name not in own:
            raise RegistrationError(
                f"{path} was not written by ldr-register, or was changed since: choose another output folder, or give "
                "--overwrite to lose it."
            )


def _ownFiles(output: Path, called: Mapping[str, str]) -> list[str]:
    """The files that an earlier report in ``output`` lists and that are still what it says, and the report itself."""
    path, outputs = output / called[REPORT], set(called.values())
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST_REPORT_BYTES:
            return []
        content = unchanged(path.read_text(encoding="utf-8"))
        if content is None:
            return []
        # A sequence may have had more frames, a template more images, or there was one before a pair.
        listed = {
            name: str(digest)
            for name, digest in content["outputs"].items()
            if name in outputs or _OF_MANY.fullmatch(name)
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    regular = [name for name in listed if (output / name).is_file() and not (output / name).is_symlink()]
    return [*(name for name in regular if sha256(output / name) == listed[name]), path.name]


def _same(path: Path, other: Path) -> bool:
    """Whether two paths are one file: by links of either kind, or by other spellings."""
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()
