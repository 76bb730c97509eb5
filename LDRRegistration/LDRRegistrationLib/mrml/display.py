"""A registration's result in the slice views: only what is asked for, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from ..errors import RegistrationError
from .checkerboard import checkerboard
from .places import placeBefore
from .volumechange import localVolumeChange

GRID, MAGNITUDE = "grid", "magnitude"
VOLUME_CHANGE, CHECKERBOARD = "volume change", "checkerboard"
OVERLAY_OPACITY = 0.8


def compositeNodes(scene: Any) -> list[Any]:
    """What says which volumes each slice view shows."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode") for n in range(count)]


def rememberViews(scene: Any) -> Callable[[], None]:
    """A function that lets the slice views show again what they show now."""
    views = [
        (
            view,
            scene.GetNodeByID(view.GetBackgroundVolumeID() or ""),
            scene.GetNodeByID(view.GetForegroundVolumeID() or ""),
            view.GetForegroundOpacity(),
        )
        for view in compositeNodes(scene)
    ]

    def idOf(node: Any) -> str | None:
        return node.GetID() if node is not None and scene.IsNodePresent(node) else None

    def putBack() -> None:
        for view, background, foreground, opacity in views:
            if scene.IsNodePresent(view):
                with slicer.util.NodeModify(view):
                    view.SetBackgroundVolumeID(idOf(background))
                    view.SetForegroundVolumeID(idOf(foreground))
                    view.SetForegroundOpacity(opacity)

    return putBack


class ResultDisplay:
    """Shows one registration; ``restore`` puts back the views, the moving volume's parent and what was made for it.

    :param transformNode: the registration's output, which carries ``movingVolumeNode`` onto ``fixedVolumeNode``.
    """

    def __init__(self, fixedVolumeNode: Any, movingVolumeNode: Any, transformNode: Any) -> None:
        if None in (fixedVolumeNode, movingVolumeNode, transformNode):
            raise RegistrationError("There is no result to show: choose the volumes and their transform.")
        self.fixed, self.moving, self.transform = fixedVolumeNode, movingVolumeNode, transformNode
        self.scene = fixedVolumeNode.GetScene()
        self._putBack = rememberViews(self.scene)
        # The volume may lie under its result already, as in a saved scene: then that is how it is put back.
        self._found = movingVolumeNode.GetParentTransformNode()
        self._before = placeBefore(transformNode, movingVolumeNode)
        self._moved = False
        self._made: dict[str, Any] = {}

    def blend(self, opacity: float) -> None:
        """The moving volume over the fixed one, as it is carried at present; ``opacity`` 0 to 1."""
        self._overlay(self.moving, opacity)

    def showAfter(self, after: bool) -> None:
        """Carry the moving volume by the registration's transform, or leave it where it was."""
        self._putUnder(self.transform if after else self._before)
        self._moved = True

    @property
    def isAfter(self) -> bool:
        return self.moving.GetTransformNodeID() == self.transform.GetID()

    def showDeformation(self, mode: str | None) -> None:
        """The deformation in the slices: "grid", "magnitude" (in contours, mm), or None for neither."""
        if mode is None and self.transform.GetDisplayNode() is None:
            return
        if self.transform.GetDisplayNode() is None:
            self.transform.CreateDefaultDisplayNodes()
        display = self.transform.GetDisplayNode()
        with slicer.util.NodeModify(display):
            if mode is not None:
                modes = slicer.vtkMRMLTransformDisplayNode
                kinds = {GRID: modes.VIS_MODE_GRID, MAGNITUDE: modes.VIS_MODE_CONTOUR}
                display.SetVisualizationMode(kinds[mode])
            display.SetVisibility2D(mode is not None)
            display.SetVisibility(mode is not None)

    def has(self, what: str) -> bool:
        """Whether VOLUME_CHANGE or CHECKERBOARD is there already."""
        return what in self._made and bool(self.scene.IsNodePresent(self._made[what]))

    def showVolumeChange(self, node: Any = None) -> Any:
        """The map of local volume change over the fixed volume, with a colour legend where Slicer has one; the node.

        :param node: the map, if it was made elsewhere; it goes with the rest.
        """
        if node is not None or not self.has(VOLUME_CHANGE):
            self._made[VOLUME_CHANGE] = node or localVolumeChange(self.transform, self.fixed)
            self._addLegend(self._made[VOLUME_CHANGE])
        self._overlay(self._made[VOLUME_CHANGE], OVERLAY_OPACITY)
        return self._made[VOLUME_CHANGE]

    def showCheckerboard(self, node: Any = None) -> Any:
        """Tiles of the fixed and of the carried moving volume in turn; the node, see ``showVolumeChange``."""
        if node is not None or not self.has(CHECKERBOARD):
            self._made[CHECKERBOARD] = node or checkerboard(self.fixed, self.moving, self.transform)
        for view in compositeNodes(self.scene):
            view.SetBackgroundVolumeID(self._made[CHECKERBOARD].GetID())
            view.SetForegroundVolumeID(None)
        return self._made[CHECKERBOARD]

    def restore(self) -> None:
        """Everything as it was found."""
        self._putBack()
        if self._moved and self.scene.IsNodePresent(self.moving):
            self._putUnder(self._found)
        self._moved = False
        if self.scene.IsNodePresent(self.transform):
            self.showDeformation(None)
        for node in self._made.values():
            if self.scene.IsNodePresent(node):
                for number in range(node.GetNumberOfDisplayNodes() - 1, -1, -1):
                    self.scene.RemoveNode(node.GetNthDisplayNode(number))
                self.scene.RemoveNode(node)
        self._made = {}

    def _putUnder(self, parent: Any) -> None:
        present = parent is not None and self.scene.IsNodePresent(parent)
        self.moving.SetAndObserveTransformNodeID(parent.GetID() if present else None)

    def _overlay(self, node: Any, opacity: float) -> None:
        for view in compositeNodes(self.scene):
            with slicer.util.NodeModify(view):
                view.SetBackgroundVolumeID(self.fixed.GetID())
                view.SetForegroundVolumeID(node.GetID())
                view.SetForegroundOpacity(opacity)

    def _addLegend(self, node: Any) -> None:
        # The Colors module of the Slicer application has it; nothing but the legend needs that.
        if self.scene.IsNodeClassRegistered("vtkMRMLColorLegendDisplayNode"):
            legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
            legend.SetTitleText("Volume change (%)")
