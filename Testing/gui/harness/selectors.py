"""Stand-ins for the widgets that a node is chosen in, on a real scene: what Slicer's Python can reach, no more.

As in ``widgets``, methods are only those that PythonQt exposes; all others are private here.
"""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QEvent, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QWidget,
)


class qMRMLNodeComboBox(QWidget):
    currentNodeChanged = Signal(object)
    nodeAddedByUserAction = Signal(object)
    mrmlSignals = ("currentNodeChanged(vtkMRMLNode*)", "nodeAddedByUserAction(vtkMRMLNode*)")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, Any] = {}
        self._scene: Any = None
        self._node: Any = None
        # As Slicer's scene model, which follows the scene by events and not at all times.
        self._rows: list[Any] = []
        self._observations: list[int] = []
        self._box = QComboBox()
        # ctkComboBox is as wide as its longest row, names of nodes among them, unless it is told otherwise.
        self._box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._box.activated.connect(self._onActivated)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self.setEnabled(False)

    def _stored(kind: Any, name: str, default: Any) -> Property:
        def store(self: qMRMLNodeComboBox, value: Any) -> None:
            self._values[name] = value
            self._rows = self._nodes()
            self._refresh()

        return Property(kind, lambda self: self._values.get(name, default), store)

    nodeTypes = _stored("QStringList", "nodeTypes", [])
    baseName = _stored(str, "baseName", "")
    noneDisplay = _stored(str, "noneDisplay", "None")
    noneEnabled = _stored(bool, "noneEnabled", False)
    addEnabled = _stored(bool, "addEnabled", True)
    removeEnabled = _stored(bool, "removeEnabled", True)
    renameEnabled = _stored(bool, "renameEnabled", False)
    showChildNodeTypes = _stored(bool, "showChildNodeTypes", True)
    del _stored

    def setSizeAdjustPolicy(self, policy: QComboBox.SizeAdjustPolicy) -> None:
        self._box.setSizeAdjustPolicy(policy)

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._leaveScene()
        self._scene = scene
        events = slicer.vtkMRMLScene
        # With the priorities of qMRMLSceneModel.
        self._observations = [
            scene.AddObserver(events.NodeAddedEvent, self._onNodeAdded, 10.0),
            scene.AddObserver(events.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved, -10.0),
            scene.AddObserver(events.EndCloseEvent, self._onNewContent),
            scene.AddObserver(events.EndImportEvent, self._onNewContent),
        ]
        self.setEnabled(True)
        self._onNewContent()

    def _leaveScene(self) -> None:
        """As its destructor in Slicer."""
        for tag in self._observations:
            self._scene.RemoveObserver(tag)
        self._observations = []

    def _onNodeAdded(self, *unused: Any) -> None:
        # Ids and references are not valid before the end of an import.
        if not self._scene.IsImporting():
            self._rows = self._nodes()
            self._refresh()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAboutToBeRemoved(self, caller: Any, event: str, node: Any) -> None:
        if self._scene.IsClosing() or node not in self._rows:
            return
        place = self._rows.index(node)
        self._rows.remove(node)
        if node is self._node:
            # What Qt's combo box makes of a row that vanishes: the next one is current, or else the last.
            self._select(self._rows[min(place, len(self._rows) - 1)] if self._rows else None)
        else:
            self._refresh()

    def _onNewContent(self, *unused: Any) -> None:
        self._rows = []
        self._select(None)
        self._rows = self._nodes()
        self._refresh()

    def currentNode(self) -> Any:
        return self._node

    def setCurrentNode(self, node: Any) -> None:
        self._select(node if node in self._rows else None)

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        nodes = [self._scene.GetNthNode(i) for i in range(self._scene.GetNumberOfNodes())]
        return [node for node in nodes if not node.GetHideFromEditors() and self._accepts(node)]

    def _accepts(self, node: Any) -> bool:
        if self.showChildNodeTypes:
            return any(node.IsA(name) for name in self.nodeTypes)
        return node.GetClassName() in self.nodeTypes

    def _select(self, node: Any) -> None:
        changed = node is not self._node
        self._node = node
        self._refresh()
        if changed:
            self.currentNodeChanged.emit(node)

    def _refresh(self) -> None:
        self._box.clear()
        if self.noneEnabled:
            self._box.addItem(self.noneDisplay, "node:")
        for node in self._rows:
            self._box.addItem(node.GetName(), f"node:{node.GetID()}")
        self._box.setCurrentIndex(self._box.findData(f"node:{self._node.GetID() if self._node else ''}"))
        label = self.nodeTypes[0].removeprefix("vtkMRML").removesuffix("Node") if self.nodeTypes else ""
        if self.addEnabled or self.removeEnabled:
            self._box.insertSeparator(self._box.count())
        if self.addEnabled:
            self._box.addItem(f"Create new {label}", "create:")
        if self.removeEnabled:
            self._box.addItem(f"Delete current {label}", "delete:")

    def _onActivated(self, index: int) -> None:
        action, _colon, nodeId = self._box.itemData(index).partition(":")
        if action == "node":
            self._select(self._scene.GetNodeByID(nodeId) if nodeId else None)
        elif action == "create":
            name = self._scene.GenerateUniqueName(self.baseName)
            self._select(self._scene.AddNewNodeByClass(self.nodeTypes[0], name))
            self.nodeAddedByUserAction.emit(self._node)
        elif self._node is not None:
            self._scene.RemoveNode(self._node)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self._box.setEnabled(self.isEnabled())


class qMRMLSubjectHierarchyComboBox(QComboBox):
    """Rows of the subject hierarchy: its folders and the nodes in them, as far as the properties let them be shown.

    As in Slicer, no row is current until one is chosen.
    """

    currentItemChanged = Signal(object)
    mrmlSignals = ("currentItemChanged(vtkIdType)",)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, Any] = {}
        self._scene: Any = None
        self._item = 0
        self._observations: list[int] = []
        self.activated.connect(lambda row: self._select(self.itemData(row) or 0))

    def _stored(kind: Any, name: str, default: Any) -> Property:
        def store(self: qMRMLSubjectHierarchyComboBox, value: Any) -> None:
            self._values[name] = value

        return Property(kind, lambda self: self._values.get(name, default), store)

    nodeTypes = _stored("QStringList", "nodeTypes", [])
    noneEnabled = _stored(bool, "noneEnabled", False)
    noneDisplay = _stored(str, "noneDisplay", "None")
    showEmptyHierarchyItems = _stored(bool, "showEmptyHierarchyItems", True)
    del _stored

    def setMRMLScene(self, scene: Any) -> None:
        self._leaveScene()
        self._scene = scene
        events = slicer.vtkMRMLScene
        self._observations = [scene.AddObserver(events.EndCloseEvent, lambda *unused: self.clearSelection())]

    def _leaveScene(self) -> None:
        for tag in self._observations:
            self._scene.RemoveObserver(tag)
        self._observations = []

    def currentItem(self) -> int:
        return self._item

    def setCurrentItem(self, item: int) -> None:
        self._select(item)

    def clearSelection(self) -> None:
        self._select(0)

    def showPopup(self) -> None:
        self._refresh()
        super().showPopup()

    def _select(self, item: int) -> None:
        changed = item != self._item
        self._item = item
        self._refresh()
        if changed:
            self.currentItemChanged.emit(item)

    def _refresh(self) -> None:
        self.clear()
        if self.noneEnabled:
            self.addItem(self.noneDisplay, 0)
        hierarchy = self._scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
        if hierarchy is not None:
            for item in self._below(hierarchy, hierarchy.GetSceneItemID(), True):
                node = hierarchy.GetItemDataNode(item)
                shown = [n for n in self._below(hierarchy, item, True) if hierarchy.GetItemDataNode(n)]
                isEmpty = node is None and not any(self._accepts(hierarchy.GetItemDataNode(n)) for n in shown)
                if (node is not None and self._accepts(node)) or (
                    node is None and (self.showEmptyHierarchyItems or not isEmpty)
                ):
                    self.addItem(hierarchy.GetItemName(item), item)
        self.setCurrentIndex(self.findData(self._item))

    def _accepts(self, node: Any) -> bool:
        return not self.nodeTypes or any(node.IsA(name) for name in self.nodeTypes)

    @staticmethod
    def _below(hierarchy: Any, item: int, recursive: bool) -> list[int]:
        ids = vtk.vtkIdList()
        hierarchy.GetItemChildren(item, ids, recursive)
        return [ids.GetId(number) for number in range(ids.GetNumberOfIds())]
