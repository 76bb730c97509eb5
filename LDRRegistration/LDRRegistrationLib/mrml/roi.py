"""ROI nodes of Slicer to boxes in space."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from ..registration.box import RefinementBox
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import canonicalAxes, transformPoints
from .carrying import volumeGrid
from .matrices import arrayFromMatrix, localToWorld, matrixFromArray
from .views import crossing

# Along each side of a new box, or half of the volume's where that is less.
USUAL_MM = 80.0


def boxOfRoi(roiNode: Any) -> RefinementBox | None:
    """What a vtkMRMLMarkupsROINode encloses, in world RAS mm, with its parents; None for no node.

    :raises RegistrationError: it is another node, has no size yet, or lies under a transform that bends or shears it.
    """
    if roiNode is None:
        return None
    name = roiNode.GetName() or "ROI"
    if not roiNode.IsA("vtkMRMLMarkupsROINode"):
        raise RegistrationError(_("{name} is no ROI: draw a box around what matters.").format(name=name))
    matrix = localToWorld(roiNode) @ arrayFromMatrix(roiNode.GetObjectToNodeMatrix())
    scales = np.linalg.norm(matrix[:3, :3], axis=0)
    size = np.array(roiNode.GetSize()) * scales
    if not (np.isfinite(matrix).all() and np.isfinite(size).all() and size.min() > 0.0):
        raise RegistrationError(_("{name} has no size yet: draw it around what matters.").format(name=name))
    axes = matrix[:3, :3] / scales
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-4):
        raise RegistrationError(_("{name} is under a transform that shears it: take it out of that.").format(name=name))
    return RefinementBox(matrix[:3, 3], axes, size)


def addRoi(fixedVolumeNode: Any) -> Any:
    """An ROI node, with handles to drag, where the slice views look in ``fixedVolumeNode``.

    :raises RegistrationError: the volume is under a transform that bends it.
    """
    grid, scene = volumeGrid(fixedVolumeNode), fixedVolumeNode.GetScene()
    place = crossing(scene, grid.centerRas)
    ijk = transformPoints(grid.rasToIjk, place)
    if not ((ijk >= 0) & (ijk < grid.sizeIjk)).all():
        place = grid.centerRas
    roi = scene.AddNewNodeByClass("vtkMRMLMarkupsROINode", scene.GenerateUniqueName(_("Refine here")))
    axes, signs = canonicalAxes(grid)
    size = np.minimum(USUAL_MM, 0.5 * grid.extentMm[axes])
    with slicer.util.NodeModify(roi):
        matrix = np.eye(4)
        matrix[:3, :3] = grid.direction[:, axes] * signs
        matrix[:3, 3] = place
        roi.SetAndObserveObjectToNodeMatrix(matrixFromArray(matrix))
        roi.SetSize(*size)
    roi.CreateDefaultDisplayNodes()
    display = roi.GetDisplayNode()
    if display is not None:
        display.SetFillOpacity(0.1)
        display.SetHandlesInteractive(True)
    return roi
