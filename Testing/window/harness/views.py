"""Slice views without a screen: what Slicer's own slice logic makes of the scene, as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from vtk.util import numpy_support

ORIENTATIONS = {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}


class SliceViews:
    """The three slice views of Slicer's usual layout, ``size`` pixels a side; ``slicer.app`` must be installed."""

    def __init__(self, size: int = 300) -> None:
        self._size = size
        self._logics = {}
        for name, orientation in ORIENTATIONS.items():
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(slicer.app._logic)
            logic.SetMRMLScene(slicer.mrmlScene)
            logic.AddSliceNode(name).SetOrientation(orientation)
            logic.GetSliceNode().SetDimensions(size, size, 1)
            self._logics[name] = logic

    def look_at(self, volume: Any) -> None:
        """Show ``volume`` alone, all of it."""
        for logic in self._logics.values():
            logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
            logic.FitSliceToAll(self._size, self._size)

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
