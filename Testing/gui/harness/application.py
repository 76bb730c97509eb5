"""The application around the panel: ``install()`` fills ``slicer``, ``qt`` and ``ctk``; ``open_module()`` opens it.

With the environment variable SLICER_SOURCE naming a checkout of Slicer, its own ScriptedLoadableModule and
parameterNodeWrapper are used in place of the stand-ins: a check on both, for those who have one.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import types
import unittest
from pathlib import Path
from typing import Any

import PySide6
import shiboken6
import slicer
import slicer.util
from PySide6 import QtCore, QtWidgets

from . import pythonqt, selectors, widgets


class _Application:
    """What the panel and ``slicer.util`` ask of ``slicer.app``."""

    applicationName = "Slicer"
    defaultScenePath = ""

    def __init__(self, application: QtWidgets.QApplication) -> None:
        self._application = application
        self.slots: dict[str, list[Any]] = {}
        # Tests may speak another one.
        self.language = str
        self.applicationLocaleName = ""
        self.translators: list[QtCore.QTranslator] = []
        self._moduleManager = _ModuleManager()
        # Of this process alone: what a user of this machine has chosen elsewhere is not ours to read or to change.
        self._settingsFolder = QtCore.QTemporaryDir()
        path = self._settingsFolder.filePath("Slicer.ini")
        self._settings = QtCore.QSettings(path, QtCore.QSettings.Format.IniFormat)
        # Display nodes ask the application's color logic for their colors.
        self._logic = slicer.vtkSlicerApplicationLogic()
        self._logic.SetMRMLScene(slicer.mrmlScene)
        self._logic.GetColorLogic().SetMRMLScene(slicer.mrmlScene)
        # The module Segmentations says of which kinds segments are; without it they cannot be copied.
        self._segmentations = slicer.vtkSlicerSegmentationsModuleLogic()
        self._segmentations.SetMRMLScene(slicer.mrmlScene)
        # The module Sequences makes its classes known.
        for kind in (slicer.vtkMRMLSequenceNode, slicer.vtkMRMLSequenceBrowserNode):
            slicer.mrmlScene.RegisterNodeClass(kind())

    def processEvents(self) -> None:
        self._application.processEvents()

    def moduleManager(self) -> Any:
        return self._moduleManager

    def applicationLogic(self) -> Any:
        return self._logic

    def topLevelWidgets(self) -> list[Any]:
        return [pythonqt.wrap(widget) for widget in self._application.topLevelWidgets()]

    def connect(self, signature: str, slot: Any) -> None:
        """Slicer says startupCompleted() once all modules are loaded; the tests say it themselves."""
        self.slots.setdefault(signature, []).append(slot)

    def userSettings(self) -> QtCore.QSettings:
        return self._settings

    def testingEnabled(self) -> bool:
        return True

    def translate(self, context: str, text: str) -> str:
        return self.language(QtCore.QCoreApplication.translate(context, text))

    def loadTranslations(self, folder: str) -> None:
        """As Slicer: all files of the user's language in a folder; of none, where Slicer speaks English."""
        for path in sorted(Path(folder).glob(f"*_{self.applicationLocaleName}.qm")):
            translator = QtCore.QTranslator(self._application)
            if not translator.load(str(path)):
                raise RuntimeError(f"{path} is no translation")
            self.translators.append(translator)
            self._application.installTranslator(translator)

    def pauseRender(self) -> None:
        pass

    resumeRender = pauseRender


class _ModuleManager:
    """Slicer's ScriptedLoadableModuleWidget connects cleanup() here; the tests call it themselves."""

    def connect(self, signature: str, slot: Any) -> None:
        pass

    disconnect = connect


class ScriptedLoadableModule:
    def __init__(self, parent: Any) -> None:
        self.parent = parent
        self.moduleName = type(self).__name__


class ScriptedLoadableModuleWidget:
    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent = parent
        self.layout = parent.layout()

    def resourcePath(self, name: str) -> str:
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / name)

    def setup(self) -> None:
        pass

    def onReload(self) -> None:
        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = type(self).__name__.removesuffix("Logic")

    def getParameterNode(self) -> Any:
        found = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        if found is not None:
            return found
        node = slicer.vtkMRMLScriptedModuleNode()
        node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return slicer.mrmlScene.AddNode(node)


class ScriptedLoadableModuleTest(unittest.TestCase):
    def delayDisplay(self, message: str) -> None:
        logging.info(message)


def install() -> None:
    """Make the process look like Slicer to a scripted module. Call it once, before importing the module."""
    if sys.version_info < (3, 12) and PySide6.__version_info__[:2] == (6, 12):
        raise RuntimeError("PySide6 6.12 loses references to None, which ends Python 3.11 in time: install 6.11")
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
    application.setStyle("Fusion")
    slicer.mrmlScene = slicer.vtkMRMLScene()
    slicer.app = _Application(application)
    slicer.modules = types.SimpleNamespace()

    sys.modules["qt"] = pythonqt.make_qt_module()
    ctk = sys.modules["ctk"] = types.ModuleType("ctk")
    ctk.ctkCollapsibleButton = pythonqt.add_class(widgets.ctkCollapsibleButton)
    for stand_in in (
        widgets.qMRMLWidget,
        selectors.qMRMLNodeComboBox,
        selectors.qMRMLSubjectHierarchyComboBox,
        widgets.qSlicerScriptedLoadableModuleWidget,
    ):
        setattr(slicer, stand_in.__name__, pythonqt.add_class(stand_in))

    source = os.environ.get("SLICER_SOURCE")
    if source:
        _use_slicers_own(Path(source) / "Base" / "Python" / "slicer", ctk)
    else:
        _use_stand_ins()


def open_module(path: Path) -> Any:
    """Import a scripted module and show its panel as Slicer does; return the widget object, whose ``parent`` it is in.

    As in Slicer, the present widget object is ``slicer.modules.<module name>Widget``, also after a reload.
    """
    name = path.stem
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def make_widget() -> None:
        widget = getattr(sys.modules[name], name + "Widget")(frame)
        setattr(slicer.modules, name + "Widget", widget)
        widget.setup()

    frame = slicer.qSlicerScriptedLoadableModuleWidget(make_widget)
    frame.setLayout(sys.modules["qt"].QVBoxLayout())
    frame.setMRMLScene(slicer.mrmlScene)
    description = types.SimpleNamespace(path=str(path), widgetRepresentation=lambda: frame)
    getattr(module, name)(description)
    setattr(slicer.modules, name.lower(), description)
    make_widget()
    frame.show()
    pythonqt.unwrap(frame)._entered = True
    widget = getattr(slicer.modules, name + "Widget")
    widget.enter()
    return widget


def close_module(frame: Any) -> None:
    """End a panel as Slicer does when it quits: its window goes with all widgets in it, which leave the scene.

    Widgets that stayed would follow the scene of every later panel, and each panel would be slower than the last.
    """
    widget = pythonqt.unwrap(frame)
    widget.close()
    for selector in widget.findChildren(QtWidgets.QWidget):
        if isinstance(selector, selectors.qMRMLNodeComboBox | selectors.qMRMLSubjectHierarchyComboBox):
            selector._leaveScene()
    shiboken6.delete(widget)


def _use_stand_ins() -> None:
    from . import parameters

    scripted = types.ModuleType("slicer.ScriptedLoadableModule")
    for base in (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    ):
        setattr(scripted, base.__name__, base)
    i18n = types.ModuleType("slicer.i18n")
    i18n.getContext = _context
    i18n.translate = slicer.app.translate
    i18n.tr = lambda text: i18n.translate(_context(sys._getframe(1).f_code.co_filename), text)
    for name, stand_in in (("ScriptedLoadableModule", scripted), ("i18n", i18n), ("parameterNodeWrapper", parameters)):
        sys.modules["slicer." + name] = stand_in
        setattr(slicer, name, stand_in)


def _context(source_file: str) -> str:
    """As Slicer names it: the file, after its folder if that is a package."""
    path = Path(source_file)
    return f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").exists() else path.stem


def _use_slicers_own(folder: Path, ctk: types.ModuleType) -> None:
    slicer.__path__.append(str(folder))
    # Slicer's connectors compare a widget's class with every class they know; those not stood in for match nothing.
    for module, prefix in ((ctk, "ctk"), (slicer, "qMRML")):
        _answer_with_dummies(module, prefix)


def _answer_with_dummies(module: types.ModuleType, prefix: str) -> None:
    def missing(name: str) -> type:
        if not name.startswith(prefix):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return type(name, (), {})

    module.__getattr__ = missing
