"""Placing the moving volume by hand: under a linear transform with handles in the views, over the fixed volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import transformPoints
from ..space.image import Image
from .jobs import checkVolumes
from .matrices import arrayFromMatrix, linearFromWorld, localToWorld, matrixFromArray
from .nodes import isAbove
from .views import compositeNodes, lookAt, rememberViews
from .volumes import imageFromVolumeNode

OPACITY = 0.5
# What is switched on, and off: a volume is shifted and turned, and keeps its size.
HANDLES = {
    "EditorVisibility": True,
    "EditorSliceIntersectionVisibility": True,
    "EditorScalingEnabled": False,
    "EditorScalingSliceEnabled": False,
}


def startWhereItLies(transformNode: Any, volumeNode: Any) -> None:
    """Let a new linear transform place ``volumeNode`` where its present parent does: the first look moves nothing.

    :raises RegistrationError: that parent is not linear.
    """
    transformNode.SetMatrixTransformToParent(matrixFromArray(localToWorld(volumeNode)))


class HandPlacement:
    """Shows the moving volume under ``transformNode``, which has handles to drag, until ``end`` puts all of it back.

    :param transformNode: a linear transform, which a registration can start from afterwards.
    :raises RegistrationError: the volumes are no pair, or cannot be placed by this transform.
    """

    def __init__(self, fixedVolumeNode: Any, movingVolumeNode: Any, transformNode: Any) -> None:
        checkVolumes(fixedVolumeNode, movingVolumeNode)
        if isAbove(transformNode, movingVolumeNode) or isAbove(transformNode, fixedVolumeNode):
            raise RegistrationError(
                _("A volume lies under {transform} already: take it out of it first.").format(
                    transform=transformNode.GetName()
                )
            )
        linearFromWorld(transformNode)
        self.fixed, self.moving, self.transform = fixedVolumeNode, movingVolumeNode, transformNode
        self.scene = fixedVolumeNode.GetScene()
        self._images = imageFromVolumeNode(fixedVolumeNode), imageFromVolumeNode(movingVolumeNode)
        self._movingToWorld = localToWorld(movingVolumeNode)
        self._found = movingVolumeNode.GetParentTransformNode()
        self._center = transformNode.GetCenterOfTransformation()
        self._hadDisplay = transformNode.GetDisplayNode() is not None
        self._handles: dict[str, bool] = {}
        self._putBack = rememberViews(self.scene)
        self._show()

    def images(self) -> tuple[Image, Image]:
        """The fixed and the moving image in world RAS mm, the latter where it lay before; the nodes' own memory."""
        return self._images

    def matrix(self) -> np.ndarray:
        """4x4 from fixed to moving RAS mm, of the moving image where it lay before: a registration would start so.

        :raises RegistrationError: the transform is not linear any more.
        """
        return self._movingToWorld @ linearFromWorld(self.transform)

    def isOf(self, fixedVolumeNode: Any, movingVolumeNode: Any, transformNode: Any) -> bool:
        return (self.fixed, self.moving, self.transform) == (fixedVolumeNode, movingVolumeNode, transformNode)

    def end(self) -> None:
        """The views, the moving volume's parent and the handles as they were found; the transform stays."""
        self._putBack()
        if self.scene.IsNodePresent(self.moving) and self.moving.GetParentTransformNode() is self.transform:
            isThere = self._found is not None and self.scene.IsNodePresent(self._found)
            self.moving.SetAndObserveTransformNodeID(self._found.GetID() if isThere else None)
        if not self.scene.IsNodePresent(self.transform):
            return
        self.transform.SetCenterOfTransformation(*self._center)
        display = self.transform.GetDisplayNode()
        if display is not None and not self._hadDisplay:
            self.scene.RemoveNode(display)
        elif display is not None:
            self._set(display, self._handles)

    def _show(self) -> None:
        image = self._images[1]
        # The handles are in the middle of the volume, not in the origin of the world.
        matrix = vtk.vtkMatrix4x4()
        self.moving.GetIJKToRASMatrix(matrix)
        center = transformPoints(arrayFromMatrix(matrix), (image.grid.sizeIjk - 1) / 2)
        self.transform.SetCenterOfTransformation(*center)
        if not self._hadDisplay:
            self.transform.CreateDefaultDisplayNodes()
        display = self.transform.GetDisplayNode()
        self._handles = {name: getattr(display, f"Get{name}")() for name in HANDLES}
        self.moving.SetAndObserveTransformNodeID(self.transform.GetID())
        self._set(display, HANDLES)
        display.UpdateEditorBounds()
        lookAt(self.fixed)
        for view in compositeNodes(self.scene):
            with slicer.util.NodeModify(view):
                view.SetBackgroundVolumeID(self.fixed.GetID())
                view.SetForegroundVolumeID(self.moving.GetID())
                view.SetForegroundOpacity(OPACITY)

    @staticmethod
    def _set(display: Any, handles: dict[str, bool]) -> None:
        with slicer.util.NodeModify(display):
            for name, value in handles.items():
                getattr(display, f"Set{name}")(value)
