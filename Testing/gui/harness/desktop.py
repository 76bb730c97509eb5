"""What scripts use of the whole application: choosing a module, sample data, files of scenes, versions, the exit.

``slicer.util`` itself is Slicer's; here is what it asks of the application. ``application.install()`` comes first.
"""

from __future__ import annotations

import sys
import tempfile
import types
from pathlib import Path
from typing import Any, ClassVar

import slicer
from PySide6 import QtCore

from . import application, pythonqt


class Desktop:
    """One module's panel or none is shown, as in Slicer's main window.

    :param modules: the files of the scripted modules that there are, by name. Whatever else is chosen shows nothing.
    """

    def __init__(self, modules: dict[str, Path]) -> None:
        self._modules = modules
        self._shown = ""
        self.exitStatus: int | None = None
        self._options = types.SimpleNamespace(runPythonAndExit=False)

    def install(self) -> None:
        slicer.util.selectModule = self.selectModule
        app = slicer.app
        app.coreIOManager = lambda: self
        app.commandOptions = lambda: self._options
        app.exit = self._exit
        app.applicationVersion, app.repositoryRevision, app.platform = "stand-in", "stand-in", sys.platform
        # Scenes with their data in one file are unpacked into Slicer's cache.
        self._cacheFolder = tempfile.TemporaryDirectory()
        cache, files = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
        cache.SetRemoteCacheDirectory(self._cacheFolder.name)
        files.SetCacheManager(cache)
        slicer.mrmlScene.SetCacheManager(cache)
        slicer.mrmlScene.SetDataIOManager(files)
        sys.modules["SampleData"] = sampleData = types.ModuleType("SampleData")
        sampleData.SampleDataLogic = SampleDataLogic

    def selectModule(self, name: str) -> None:
        if name == self._shown:
            return
        if self._shown in self._modules:
            self._frame()._entered = False
            self._widget().exit()
        self._shown = name
        if name not in self._modules:
            return
        if not hasattr(slicer.modules, name + "Widget"):
            application.open_module(self._modules[name])
            # Slicer says so after it has loaded all modules, and not before its window is shown.
            QtCore.QTimer.singleShot(100, lambda: [slot() for slot in slicer.app.slots.pop("startupCompleted()", [])])
        else:
            self._frame()._entered = True
            self._widget().enter()

    def _widget(self) -> Any:
        return getattr(slicer.modules, self._shown + "Widget")

    def _frame(self) -> Any:
        return pythonqt.unwrap(self._widget().parent)

    def saveNodes(self, fileType: str, properties: dict[str, Any], messages: Any) -> bool:
        """Of qSlicerCoreIOManager; here for scenes with all their data alone."""
        if fileType != "SceneFile" or not properties["fileName"].endswith(".mrb"):
            raise ValueError(f"There is no stand-in for {fileType} in {properties['fileName']}")
        return bool(slicer.mrmlScene.WriteToMRB(properties["fileName"], None, messages))

    def loadNodes(self, fileType: str, properties: dict[str, Any], nodes: Any, messages: Any) -> bool:
        """As ``saveNodes``. Without the property "clear", Slicer adds what is in the file to the present scene."""
        clear = properties.get("clear", False)
        return bool(slicer.mrmlScene.ReadFromMRB(properties["fileName"], clear, messages))

    def _exit(self, status: int) -> None:
        if self._options.runPythonAndExit:
            raise AssertionError("slicer.util.exit takes care of this first")
        self.exitStatus = status


class SampleDataLogic:
    """Of the module SampleData: what is registered is copied and loaded; nothing is cached."""

    sources: ClassVar[list[dict[str, Any]]] = []

    @classmethod
    def registerCustomSampleDataSource(cls, **source: Any) -> None:
        cls.sources.append(source)

    def sourceForSampleName(self, sampleName: str) -> dict[str, Any] | None:
        return next((source for source in self.sources if source["sampleName"] == sampleName), None)

    def downloadSamples(self, sampleName: str) -> list[Any]:
        from urllib.parse import urlsplit
        from urllib.request import url2pathname

        from LDRRegistrationLib.mrml.reading import readVolume

        source = self.sourceForSampleName(sampleName)
        nodes = []
        for uri, name in zip(source["uris"], source["nodeNames"], strict=True) if source else ():
            nodes.append(readVolume(slicer.mrmlScene, Path(url2pathname(urlsplit(uri).path))))
            nodes[-1].SetName(name)
        return nodes
