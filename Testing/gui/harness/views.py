"""Slice views without a screen: what Slicer's own slice logic makes of the scene, as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

ORIENTATIONS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}


class SliceViews:
    """The three slice views of Slicer's usual layout, ``size`` pixels a side; ``slicer.app`` must be installed."""

    def __init__(self, size: int = 300) -> None:
        self._size = size
        self._logics = {}
        _removeNodes()
        for name, orientation in ORIENTATIONS.items():
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
            logic.SetMRMLScene(slicer.mrmlScene)
            logic.AddSliceNode(name).SetOrientation(orientation)
            logic.GetSliceNode().SetDimensions(size, size, 1)
            self._logics[name] = logic
        # As Slicer's layout manager does: here the panel finds them.
        found = vtk.vtkCollection()
        for logic in self._logics.values():
            found.AddItem(logic)
        slicer.app.applicationLogic().SetSliceLogics(found)

    def close(self) -> None:
        """Take the views out of the scene."""
        slicer.app.applicationLogic().SetSliceLogics(None)
        for logic in self.logics:
            logic.SetMRMLScene(None)
        _removeNodes()

    def look_at(self, volume: Any) -> None:
        """Show ``volume`` alone, all of it."""
        for logic in self._logics.values():
            logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
            logic.UpdatePipeline()
            logic.FitSliceToAll(self._size, self._size)

    def zoom(self, factor: float) -> None:
        """Let the views show less (or more) of what they show."""
        for logic in self.logics:
            node = logic.GetSliceNode()
            width, height, depth = node.GetFieldOfView()
            node.SetFieldOfView(factor * width, factor * height, depth)

    def places(self) -> np.ndarray:
        """Where each view looks: (3, n)."""
        nodes = [logic.GetSliceNode() for logic in self.logics]
        return np.array(
            [[*slicer.util.arrayFromVTKMatrix(n.GetSliceToRAS()).ravel(), *n.GetFieldOfView()] for n in nodes]
        )

    @property
    def logics(self) -> list[Any]:
        return list(self._logics.values())

    def jump_to(self, ras: Any) -> None:
        for logic in self._logics.values():
            logic.GetSliceNode().JumpSliceByOffsetting(*ras)

    def picture(self) -> np.ndarray:
        """(size, 3 size, 3) uint8."""
        return np.concatenate([self._one(logic) for logic in self._logics.values()], axis=1)

    def _one(self, logic: Any) -> np.ndarray:
        logic.UpdatePipeline()
        blend = logic.GetBlend()
        blend.Update()
        output = blend.GetOutput()
        colors = numpy_support.vtk_to_numpy(output.GetPointData().GetScalars())
        return colors.reshape(self._size, self._size, -1)[::-1, :, :3].astype(np.uint8)


def _removeNodes() -> None:
    """Views are singletons, which stay when a scene is closed; new ones would not be the nodes of the scene."""
    for kind in ("vtkMRMLSliceNode", "vtkMRMLSliceCompositeNode"):
        for node in slicer.util.getNodesByClass(kind):
            slicer.mrmlScene.RemoveNode(node)
