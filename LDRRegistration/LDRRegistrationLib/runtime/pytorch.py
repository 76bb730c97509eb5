"""PyTorch: the one thing the engine needs that Slicer does not bring along.

Nothing here runs when a module is imported or a page is opened. ``installTorch`` may show a dialog and so belongs to
the main thread; ``importTorch`` takes seconds the first time and belongs to whatever thread computes.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.metadata
import importlib.util
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from .errors import DependencyError
from .language import tr as _

MINIMUM_TORCH_VERSION = (2, 1)
# Rounds of waiting before a thread sleeps: fast on a quiet machine, not slow on a busy one.
SPINS = "3000"
# How the loaders of the three systems say that a library found no room.
_NO_ROOM = re.compile(
    "cannot allocate memory|failed to map segment|not enough (space|memory)|paging file is too small", re.IGNORECASE
)
_importing = threading.Lock()
_SUFFIX = ".dylib" if sys.platform == "darwin" else ".so"
_REQUIREMENT = ">=" + ".".join(str(part) for part in MINIMUM_TORCH_VERSION)


def torchIsInstalled() -> bool:
    """Whether torch can be found; it is not imported, so this takes no time and loads nothing."""
    try:
        return importlib.util.find_spec("torch") is not None
    except (ImportError, ValueError):
        return False


def installTorch(askConfirmation: bool = True) -> None:
    """Make sure that torch is installed, by the PyTorch extension of Slicer if it is not. Main thread only.

    :param askConfirmation: let the PyTorch extension ask the user before it downloads anything.
    :raises DependencyError: torch is missing and could not be installed.
    """
    if torchIsInstalled():
        return
    try:
        import PyTorchUtils
    except ModuleNotFoundError as error:
        raise DependencyError(
            _(
                "PyTorch is not installed. In Slicer, install the PyTorch extension from the Extensions "
                'Manager and restart; elsewhere, run: pip install "torch{requirement}".'
            ).format(requirement=_REQUIREMENT)
        ) from error
    try:
        installed = PyTorchUtils.PyTorchUtilsLogic().installTorch(
            askConfirmation=askConfirmation,
            torchVersionRequirement=_REQUIREMENT,
        )
    except Exception as error:  # pip, the network and the disk each fail in their own way
        raise DependencyError(_("PyTorch could not be installed: {error}").format(error=error)) from error
    if installed is None:
        raise DependencyError(_("PyTorch was not installed, and registration cannot run without it."))
    importlib.invalidate_caches()
    _checkNumpy()


def _checkNumpy() -> None:
    """PyTorch 2.2, the last one for Macs with Intel processors, brings an older NumPy along than Slicer has loaded."""
    import numpy as np

    try:
        onDisk = importlib.metadata.version("numpy")
    except importlib.metadata.PackageNotFoundError:  # a NumPy that was not installed as a package
        return
    if onDisk != np.__version__:
        raise DependencyError(
            _("PyTorch was installed together with another version of NumPy: restart the application.")
        )


def importTorch() -> ModuleType:
    """Return the torch module, in any thread.

    :raises DependencyError: torch is missing, damaged or too old.
    """
    try:
        with _importing, patientOpenMp():
            _preloadLibraries()
            import torch
    except ModuleNotFoundError as error:
        if error.name not in (None, "torch"):
            raise DependencyError(
                _("PyTorch is installed but lacks a part that it needs: {name}.").format(name=error.name)
            ) from error
        raise DependencyError(
            _("PyTorch is not installed; version {requirement} is needed.").format(requirement=_REQUIREMENT)
        ) from error
    except MemoryError as error:
        raise _tooLittleMemory() from error
    except (ImportError, OSError) as error:
        if _NO_ROOM.search(str(error)):
            raise _tooLittleMemory() from error
        raise DependencyError(
            _(
                "PyTorch is installed but cannot be loaded ({error}). Install it anew, in Slicer with the "
                "PyTorch Utils module."
            ).format(error=error)
        ) from error
    found = re.match(r"(\d+)\.(\d+)", torch.__version__)
    if found is not None and tuple(int(part) for part in found.groups()) < MINIMUM_TORCH_VERSION:
        raise DependencyError(
            _(
                "PyTorch {version} is too old: {requirement} is needed. Update it, in Slicer with the "
                "PyTorch Utils module, and restart."
            ).format(version=torch.__version__, requirement=_REQUIREMENT)
        )
    return torch


def _preloadLibraries() -> None:
    """Load PyTorch's shared libraries by a call that lends the GIL, so that the window answers meanwhile.

    Python holds the GIL while an import waits for the system's loader: a third of a second. A library that is loaded
    already costs it nothing. On Windows PyTorch itself loads them by such calls. What cannot be loaded here is left to
    the import, which says why.
    """
    if "torch" not in sys.modules:
        openLibraries(torchLibraries())


def torchLibraries() -> list[tuple[Path, bool]]:
    """PyTorch's shared libraries, and whether all others are to see their symbols: as PyTorch itself opens them."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return []
    folder = Path(found.origin).parent / "lib"
    named = [
        (folder / f"libtorch_{name}{_SUFFIX}", isGlobal)
        for name, isGlobal in (("global_deps", True), ("cpu", False), ("python", False))
    ]
    return [(path, isGlobal) for path, isGlobal in named if path.exists()]


def openLibraries(libraries: list[tuple[Path, bool]]) -> None:
    """Let the system load libraries, in their order and up to one that it cannot, without Python's lock.

    For an import that follows, which finds them there. Windows is left to that import.
    """
    if sys.platform == "win32":
        return
    load = ctypes.CDLL(None).dlopen
    load.argtypes, load.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    for path, isGlobal in libraries:
        if load(os.fsencode(path), os.RTLD_NOW | (os.RTLD_GLOBAL if isGlobal else 0)) is None:
            return


def finishImport() -> None:
    """Wait until no thread is in the midst of loading torch, which nothing can stop.

    A process that ends meanwhile, and takes the libraries from under that thread, crashes.
    """
    with _importing:
        pass


def _tooLittleMemory() -> DependencyError:
    return DependencyError(
        _("There is too little memory to load PyTorch: close other programs, or allow this one more of it.")
    )


@contextlib.contextmanager
def patientOpenMp() -> Iterator[None]:
    """Let GNU's OpenMP, which PyTorch brings along on Linux, soon send waiting threads to sleep; unless the user says.

    By default they spin, for milliseconds. Where anything else uses the cores, each small operation then waits for a
    thread that is not running: a registration of one second was seen to take fourteen. Where they never spin, waking
    them takes as long as many a small operation, and two threads are slower than one. OpenMP reads the variable when it
    is loaded. That of Windows and macOS would understand OMP_WAIT_POLICY alone, and then never spin: it is left alone.
    """
    name = "GOMP_SPINCOUNT"
    isMine = sys.platform.startswith("linux") and "torch" not in sys.modules
    isMine = isMine and not {name, "OMP_WAIT_POLICY"} & set(os.environ)
    if isMine:
        os.environ[name] = SPINS
    try:
        yield
    finally:
        if isMine:
            del os.environ[name]


def ensureTorch(askConfirmation: bool = True) -> ModuleType:
    """Install torch if it is missing, and return it. Main thread only.

    :raises DependencyError: torch is missing, damaged, too old or could not be installed.
    """
    installTorch(askConfirmation)
    return importTorch()
