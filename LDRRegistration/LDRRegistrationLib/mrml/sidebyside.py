"""The current and the prior scan side by side, registered: two linked views, all of it to be taken back."""

from __future__ import annotations

from typing import Any

import slicer

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .views import compositeNodes, lookAt, rememberViews, showScale, sliceLogics

# Slicer's own layout of two slice views, the left one and the right one.
LEFT, RIGHT = "Red", "Yellow"


class SideBySide:
    """Shows the current scan on the left and the prior one, carried by the registration, on the right.

    :param transformNode: carries ``priorNode`` onto ``currentNode``.
    :raises RegistrationError: a node is missing, or there are no two slice views.
    """

    def __init__(self, currentNode: Any, priorNode: Any, transformNode: Any) -> None:
        if None in (currentNode, priorNode, transformNode):
            raise RegistrationError(_("There is no comparison of these two scans: find the changes first."))
        self.current, self.prior, self.transform = currentNode, priorNode, transformNode
        self.scene = currentNode.GetScene()
        views = {name: self._view(name) for name in (LEFT, RIGHT)}
        if None in views.values():
            raise RegistrationError(_("There are no two slice views to show the scans in."))
        self._left, self._right = views[LEFT], views[RIGHT]
        self._putBack = rememberViews(self.scene)
        self._links = [(view, view.GetLinkedControl(), view.GetHotLinkedControl()) for view in views.values()]
        self._orientations = [(node, node.GetOrientation()) for node in self._sliceNodes()]
        layout = self.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
        self._layout = layout, None if layout is None else layout.GetViewArrangement()
        self._found = priorNode.GetParentTransformNode()
        self.isFlipped = False
        self._show()

    def flip(self) -> None:
        """Exchange the scans in place: what was on the left is on the right, and back."""
        self.isFlipped = not self.isFlipped
        self._fill()

    def restore(self) -> None:
        """Views, layout and the prior scan's place as they were found."""
        layout, arrangement = self._layout
        if layout is not None and self.scene.IsNodePresent(layout):
            layout.SetViewArrangement(arrangement)
        for node, orientation in self._orientations:
            if self.scene.IsNodePresent(node):
                node.SetOrientation(orientation)
        self._putBack()
        for view, linked, hot in self._links:
            if self.scene.IsNodePresent(view):
                view.SetLinkedControl(linked)
                view.SetHotLinkedControl(hot)
        if self.scene.IsNodePresent(self.prior):
            self._putUnder(self._found)

    def _show(self) -> None:
        self._putUnder(self.transform)
        layout = self._layout[0]
        if layout is not None:
            layout.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
        left, right = self._sliceNodes()
        right.SetOrientation(left.GetOrientation())
        lookAt(self.current)
        right.GetSliceToRAS().DeepCopy(left.GetSliceToRAS())
        right.UpdateMatrices()
        right.SetFieldOfView(*left.GetFieldOfView())
        self._fill()
        showScale(self.scene)
        for view in (self._left, self._right):
            view.SetLinkedControl(True)
            view.SetHotLinkedControl(True)

    def _fill(self) -> None:
        volumes = (self.prior, self.current) if self.isFlipped else (self.current, self.prior)
        for view, volume in zip((self._left, self._right), volumes, strict=True):
            with slicer.util.NodeModify(view):
                view.SetBackgroundVolumeID(volume.GetID())
                view.SetForegroundVolumeID(None)
                view.SetLabelVolumeID(None)

    def _view(self, name: str) -> Any:
        return next((view for view in compositeNodes(self.scene) if view.GetLayoutName() == name), None)

    def _sliceNodes(self) -> tuple[Any, Any]:
        nodes = {logic.GetSliceNode().GetLayoutName(): logic.GetSliceNode() for logic in sliceLogics(self.scene)}
        for number in range(self.scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
            node = self.scene.GetNthNodeByClass(number, "vtkMRMLSliceNode")
            nodes.setdefault(node.GetLayoutName(), node)
        return nodes[LEFT], nodes[RIGHT]

    def _putUnder(self, parent: Any) -> None:
        present = parent is not None and self.scene.IsNodePresent(parent)
        self.prior.SetAndObserveTransformNodeID(parent.GetID() if present else None)
