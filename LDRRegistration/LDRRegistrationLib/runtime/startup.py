"""How a command loads the large libraries into its own process: as few of their parts as it needs, and side by side.

Half of the time that one pair takes is loading. In Slicer all of it is loaded already, and nothing here is used.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from .device import usableThreads
from .pytorch import importTorch, openLibraries, patientOpenMp, torchLibraries

# Where the classes of VTK are that a command uses; any other is looked for in all of VTK.
VTK_PARTS = (
    "vtkCommonCore",
    "vtkCommonMath",
    "vtkCommonTransforms",
    "vtkCommonDataModel",
    "vtkCommonExecutionModel",
    "vtkIOImage",
    # It brings the renderer of text that vtkRenderingCore only declares.
    "vtkRenderingFreeType",
    "vtkRenderingCore",
    "vtkImagingCore",
)
# The same of the package with Slicer's MRML libraries.
SLICER_PARTS = ("MRMLCore", "MRMLLogic", "vtkSegmentationCore", "vtkSlicerBaseLogic", "vtkAddonPython")
# What torch.compile and torch.export need to know about shapes, and a command does not; with all that it imports it is
# a quarter of PyTorch's own import.
UNUSED_OF_TORCH = "_meta_registrations"


class _Process:
    """What is known of this one."""

    isCommand = False
    machineCode: threading.Thread | None = None


def processIsCommand() -> None:
    """Say that this process runs a command of ours and nothing else, so that it may load parts of libraries."""
    _Process.isCommand = True


def beginLoading() -> None:
    """Let a thread load the machine code of the libraries, as a process of ours soon needs them: see loadLibraries."""
    if _Process.machineCode is None and _mayLighten():
        _Process.machineCode = threading.Thread(target=_openSharedLibraries, name="ldr: libraries")
        # Where there is no thread to be had, the imports do it.
        with contextlib.suppress(RuntimeError):
            _Process.machineCode.start()


def loadLibraries(threads: int | None = None) -> ModuleType:
    """PyTorch, SimpleITK and Slicer's MRML libraries; returns torch.

    In a process of ours, that has not loaded them yet, only their parts that are used.

    :param threads: that PyTorch may use, as far as the computer has so many cores; all of them without it.
    :raises DependencyError: PyTorch is missing, damaged or too old.
    """
    torch = _loaded()
    if threads:
        torch.set_num_threads(usableThreads(threads))
    return torch


def _loaded() -> ModuleType:
    if not _mayLighten():
        return importTorch()
    beginLoading()
    torchFolder = _folderOf("torch")
    if torchFolder is not None and (torchFolder / f"{UNUSED_OF_TORCH}.py").is_file():
        sys.modules[f"torch.{UNUSED_OF_TORCH}"] = _Unloaded(f"torch.{UNUSED_OF_TORCH}")
    torch = importTorch()
    loadSlicerLightly()
    return torch


def loadSlicerLightly() -> None:
    """Import ``vtk`` and ``slicer`` so that their other parts are loaded only once one of their names is asked for.

    Nothing is done for a Slicer whose libraries are no package of their own.
    """
    slicerCore, vtkModules = _folderOf("slicer_core"), _folderOf("vtkmodules")
    if slicerCore is None or vtkModules is None or {"vtk", "slicer", "slicer_core"} & set(sys.modules):
        return
    vtk = _Parts("vtk", "vtkmodules", VTK_PARTS, lambda: ["all"])
    vtk.__path__ = [str(vtkModules)]
    core = _Parts("slicer_core", "slicer_core", SLICER_PARTS, lambda: _partsIn(slicerCore))
    core.__path__ = [str(slicerCore)]
    sys.modules.update({"vtk": vtk, "slicer_core": core})
    core.loadFirst()
    slicer = importlib.import_module("slicer")
    vars(slicer)["__getattr__"] = core.__getattr__


def _mayLighten() -> bool:
    return _Process.isCommand and not {"torch", "vtk", "slicer"} & set(sys.modules)


class _Parts(ModuleType):
    """A module whose names are those of other modules, which are imported when the first of their names is wanted.

    :param first: the modules of ``package`` to look in, in this order.
    :param rest: those to look in where no other helps.
    """

    def __init__(self, name: str, package: str, first: Iterable[str], rest: Callable[[], list[str]]) -> None:
        super().__init__(name)
        self._package, self._first, self._rest = package, tuple(first), rest

    def loadFirst(self) -> None:
        """Have the names of the first modules at once, as for ``import *``."""
        for part in self._first:
            module = importlib.import_module(f"{self._package}.{part}")
            vars(self).update({name: found for name, found in vars(module).items() if not name.startswith("_")})

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for part in (*self._first, *self._rest()):
                module = importlib.import_module(f"{self._package}.{part}")
                if hasattr(module, name):
                    setattr(self, name, getattr(module, name))
                    return getattr(module, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


class _Unloaded(ModuleType):
    """Stands for a module until something of it is asked for; then it is loaded after all."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _openSharedLibraries() -> None:
    """What importing would load, without Python's lock, so that Python's own part of an import goes on meanwhile."""
    slicerCore, simpleItk = _folderOf("slicer_core"), _folderOf("SimpleITK")
    found = [] if slicerCore is None else sorted(slicerCore.glob("MRMLCore.*.so"))
    found += [] if simpleItk is None else sorted(simpleItk.glob("_SimpleITK*.so"))
    with patientOpenMp():
        openLibraries(torchLibraries())
    openLibraries([(path, False) for path in found])


def _partsIn(folder: Path) -> list[str]:
    return sorted({path.name.partition(".")[0] for path in folder.glob("*.so") if not path.name.startswith("lib")})


def _folderOf(package: str) -> Path | None:
    """Where a package is; it is not imported."""
    found = importlib.util.find_spec(package)
    return None if found is None or found.origin is None else Path(found.origin).parent
