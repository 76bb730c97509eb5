"""The slice views: what they show, where they look, and putting both back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import slicer
import vtk

from .matrices import arrayFromMatrix


def compositeNodes(scene: Any) -> list[Any]:
    """What says which volumes each slice view shows."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")
    return [scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode") for n in range(count)]


def sliceLogics(scene: Any) -> list[Any]:
    """What computes the pictures of the slice views; none without the Slicer application."""
    found = slicer.app.applicationLogic().GetSliceLogics() if hasattr(slicer, "app") else None
    logics = [] if found is None else [found.GetItemAsObject(n) for n in range(found.GetNumberOfItems())]
    return [logic for logic in logics if logic.GetMRMLScene() is scene]


def lookAt(volumeNode: Any) -> None:
    """Let every slice view that has not shown ``volumeNode`` show all of it, from where it looks now.

    Views stay where they looked when their volumes are replaced, which may be beside the new ones. A view that shows
    the volume already is left alone: the user may have zoomed in.
    """
    for logic in sliceLogics(volumeNode.GetScene()):
        if logic.GetSliceCompositeNode().GetBackgroundVolumeID() != volumeNode.GetID():
            width, height = logic.GetSliceNode().GetDimensions()[:2]
            logic.FitSliceToVolume(volumeNode, width, height)
            logic.GetSliceCompositeNode().SetBackgroundVolumeID(volumeNode.GetID())
            logic.SnapSliceOffsetToIJK()


def crossing(scene: Any, near: np.ndarray) -> np.ndarray:
    """(3,) in RAS mm: where the slice views' planes cross, nearest to ``near`` along what they leave open."""
    matrices = [arrayFromMatrix(logic.GetSliceNode().GetSliceToRAS()) for logic in sliceLogics(scene)]
    if not matrices:
        return near
    normals = np.array([matrix[:3, 2] for matrix in matrices])
    distances = np.array([matrix[:3, 2] @ (matrix[:3, 3] - near) for matrix in matrices])
    return near + np.linalg.lstsq(normals, distances, rcond=1e-6)[0]


def jumpTo(scene: Any, ras: Sequence[float]) -> None:
    """Move all slice views to a point in the world."""
    for node in _sliceNodes(scene):
        node.JumpSliceByOffsetting(*(float(mm) for mm in ras))


def rememberViews(scene: Any) -> Callable[[], None]:
    """A function that lets the slice views show again what they show now, from where they look now."""
    views = [
        (
            view,
            scene.GetNodeByID(view.GetBackgroundVolumeID() or ""),
            scene.GetNodeByID(view.GetForegroundVolumeID() or ""),
            view.GetForegroundOpacity(),
        )
        for view in compositeNodes(scene)
    ]
    places = [_placeOf(logic.GetSliceNode()) for logic in sliceLogics(scene)]
    marks = [(node, node.GetRulerType(), node.GetOrientationMarkerType()) for node in _sliceNodes(scene)]

    def idOf(node: Any) -> str | None:
        return node.GetID() if node is not None and scene.IsNodePresent(node) else None

    def putBack() -> None:
        for view, background, foreground, opacity in views:
            if scene.IsNodePresent(view):
                with slicer.util.NodeModify(view):
                    view.SetBackgroundVolumeID(idOf(background))
                    view.SetForegroundVolumeID(idOf(foreground))
                    view.SetForegroundOpacity(opacity)
        for sliceNode, ruler, marker in marks:
            if scene.IsNodePresent(sliceNode):
                sliceNode.SetRulerType(ruler)
                sliceNode.SetOrientationMarkerType(marker)
        for sliceNode, (width, _height, depth), origin, sliceToRas in places:
            if scene.IsNodePresent(sliceNode):
                # The view may have another shape by now; its pixels stay square.
                columns, rows = sliceNode.GetDimensions()[:2]
                with slicer.util.NodeModify(sliceNode):
                    sliceNode.SetFieldOfView(width, width * rows / max(columns, 1), depth)
                    sliceNode.SetXYZOrigin(*origin)
                    sliceNode.GetSliceToRAS().DeepCopy(sliceToRas)
                    sliceNode.UpdateMatrices()

    return putBack


def showScale(scene: Any) -> None:
    """A ruler, and axes that say the patient's sides, in every slice view; ``rememberViews`` first puts them back."""
    kinds = slicer.vtkMRMLAbstractViewNode
    for node in _sliceNodes(scene):
        if node.GetRulerType() == kinds.RulerTypeNone:
            node.SetRulerType(kinds.RulerTypeThin)
        if node.GetOrientationMarkerType() == kinds.OrientationMarkerTypeNone:
            node.SetOrientationMarkerType(kinds.OrientationMarkerTypeAxes)


def _sliceNodes(scene: Any) -> list[Any]:
    count = scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")
    return [scene.GetNthNodeByClass(n, "vtkMRMLSliceNode") for n in range(count)]


def _placeOf(sliceNode: Any) -> tuple[Any, ...]:
    sliceToRas = vtk.vtkMatrix4x4()
    sliceToRas.DeepCopy(sliceNode.GetSliceToRAS())
    return sliceNode, sliceNode.GetFieldOfView(), sliceNode.GetXYZOrigin(), sliceToRas
