"""Which pairs are finished: the report of each holds the hash of its inputs and settings, and is written last.

A file that has its old place, size and time of change counts as unchanged; only others are read again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from ..commandline.outputfolder import unchanged
from ..registration.models import ModelStore
from ..runtime.errors import RegistrationError
from ..runtime.version import softwareVersion
from ..runtime.workfolder import sha256
from .pair import Pair

# The part of the report that is the cohort's.
KEY = "cohort"
# Options that change what is written.
SETTINGS = (
    "preset",
    "prealignment",
    "adapt",
    "device",
    "change",
    "sensitivity",
    "dicom_out",
    "hide_names",
    "trust_map",
    "interpolation",
    "padding",
    "scalar_type",
)


def resultSettings(options: argparse.Namespace, modelDigest: str) -> dict[str, Any]:
    """Everything besides a pair itself that its result depends on."""
    chosen = {name: getattr(options, name) for name in SETTINGS}
    return {**chosen, "model": modelDigest, "version": softwareVersion()}


def modelDigest(models: ModelStore, name: str) -> str:
    """SHA-256 of the file of weights that registrations will use, as it lies on this machine.

    :raises DependencyError: there is no such model.
    """
    card = models.card(name)
    try:
        return sha256(card.path)
    except OSError as error:
        raise RegistrationError(f"The model {card.path} cannot be read: {error.strerror}.") from error


def contentOf(pair: Pair, settings: dict[str, Any]) -> dict[str, Any]:
    """What the report of a finished pair says: each input's hash, size, time and place, and the key of all.

    :raises OSError: a file cannot be read.
    """
    inputs = {role: {"sha256": digestOf(path), **_looks(path)} for role, path in pair.inputs.items()}
    return {"key": _key(pair, settings, {role: found["sha256"] for role, found in inputs.items()}), "inputs": inputs}


def checkUntouched(pair: Pair, content: dict[str, Any]) -> None:
    """:raises RegistrationError: a file was changed, or vanished, since ``contentOf``."""
    for role, path in pair.inputs.items():
        try:
            same = all(content["inputs"][role][name] == value for name, value in _looks(path).items())
        except OSError as error:
            raise RegistrationError(f"{path} vanished while it was registered.") from error
        if not same:
            raise RegistrationError(f"{path} was changed while it was registered.")


def finishedReport(pair: Pair, output: Path, settings: dict[str, Any], readAgain: bool) -> dict[str, Any] | None:
    """The report of a pair that is finished with these inputs and settings, None if it is to be registered.

    :param readAgain: read files that look different from when they were registered; else they count as other files.
    """
    report = readReport(pair, output)
    if report is None:
        return None
    try:
        folder, noted = output / pair.folder, report[KEY]
        if not all((folder / name).is_file() for name in report["outputs"]) or set(noted["inputs"]) != set(pair.inputs):
            return None
        digests = {}
        for role, path in pair.inputs.items():
            known = noted["inputs"][role]
            looksSame = all(known[name] == value for name, value in _looks(path).items())
            if not (looksSame or readAgain):
                return None
            digests[role] = known["sha256"] if looksSame else digestOf(path)
        return report if noted["key"] == _key(pair, settings, digests) else None
    except (OSError, KeyError, TypeError, AttributeError):
        return None


def readReport(pair: Pair, output: Path) -> dict[str, Any] | None:
    """The report of ``pair``, whatever it was made from; None if there is none, or it was changed."""
    try:
        return unchanged((output / pair.reportPath).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def digestOf(path: Path) -> str:
    """SHA-256 of a file's content, or of the names and contents of all files in a folder."""
    if not path.is_dir():
        return sha256(path)
    listed = [f"{file.relative_to(path).as_posix()} {sha256(file)}" for file in _filesIn(path)]
    return hashlib.sha256("\n".join(listed).encode("utf-8", "surrogateescape")).hexdigest()


def _filesIn(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _looks(path: Path) -> dict[str, Any]:
    """Of a file, or of all in a folder; its place as a hash, since reports name no folders of patients."""
    found = [os.stat(file) for file in (_filesIn(path) if path.is_dir() else [path])]
    place = hashlib.sha256(os.path.abspath(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    newest = max((status.st_mtime_ns for status in found), default=0)
    return {"bytes": sum(status.st_size for status in found), "mtimeNs": newest, "place": place}


def _key(pair: Pair, settings: dict[str, Any], digests: dict[str, str]) -> str:
    shape = {
        "dates": list(pair.dates),
        "called": dict(pair.called),
        "sidecars": {name: dict(content) for name, content in pair.sidecars.items()},
    }
    content = json.dumps({"inputs": digests, "settings": settings, **shape}, sort_keys=True)
    return hashlib.sha256(content.encode("ascii")).hexdigest()
