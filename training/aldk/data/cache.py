"""What was computed once, kept on disk: subjects at the training spacing and their alignments.

The folder is the environment's ``LDR_CACHE``, or ldr-registration in the system's folder for caches; it can be
deleted at any time. A file is named by a hash of all that it was made from, and only ever appears whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER_VARIABLE = "LDR_CACHE"
# To be raised whenever the same files would be preprocessed to something else.
FORMAT = 2
DAMAGED = (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def cache_folder() -> Path:
    chosen = os.environ.get(FOLDER_VARIABLE)
    if chosen:
        return Path(chosen)
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "ldr-registration"


def file_identity(path: Path) -> list[Any]:
    """What changes when a file is replaced or written to: its path, time and size."""
    status = path.stat()
    return [str(path.resolve()), status.st_mtime_ns, status.st_size]


def cached(made_from: Any, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays that ``make`` returns, from the cache where they are there and whole.

    Parameters
    ----------
    made_from
        All that the result depends on, as json knows it.
    """
    path = _path(made_from)
    try:
        # The zip container's checksums tell a damaged file from a whole one.
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except DAMAGED:
        arrays = make()
    _store(path, arrays)
    return arrays


def is_cached(made_from: Any) -> bool:
    """Whether the cache has a file for ``cached``; whether it is whole shows when it is read."""
    return _path(made_from).is_file()


def _path(made_from: Any) -> Path:
    content = json.dumps([FORMAT, made_from], sort_keys=True)
    return cache_folder() / (hashlib.sha256(content.encode()).hexdigest()[:40] + ".npz")


def _store(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """A full disk or a folder that cannot be written costs time at the next start, and must not stop this one."""
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(part, path)
    except OSError:
        if part is not None:
            part.unlink(missing_ok=True)
