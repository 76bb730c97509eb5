"""A map of local volume change, with colors that say which way, from a transform node."""

from __future__ import annotations

import numpy as np
import slicer

from ..errors import RegistrationError
from ..geometry import Grid
from ..language import tr as _
from .carrying import volumeGrid
from .colors import showDiverging
from .matrices import matrixFromArray
from .nodes import allOrNothing
from .transforms import accurate, linearMatrix, notedSides, pointsThrough
from .values import setUnit
from .volumes import imageDataFromArray

SPACING_MM = 2.0
# Beyond, a change says less about tissue than about the registration.
MOST_PERCENT = 300.0
SHOWN_PERCENT = 50.0


def localVolumeChange(transformNode, referenceVolumeNode, outputVolumeNode=None):
    """See RegistrationLogic.localVolumeChange."""
    if transformNode is None or not transformNode.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(_("Choose the transform whose volume change is to be shown."))
    reference = volumeGrid(referenceVolumeNode)
    steps = np.maximum(np.rint(SPACING_MM / reference.spacing), 1).astype(int)
    ijkToRas = reference.ijkToRas @ np.diag([*steps, 1.0])
    # The middle of the first block of voxels.
    ijkToRas[:3, 3] += reference.ijkToRas[:3, :3] @ ((steps - 1) / 2.0)
    sizes = np.maximum(reference.sizeIjk // steps, 2)
    grid = Grid((int(sizes[2]), int(sizes[1]), int(sizes[0])), ijkToRas)
    percent = percentChange(transformNode, grid)
    scene = transformNode.GetScene()
    with allOrNothing(scene):
        if outputVolumeNode is None:
            name = f"Volume change, {transformNode.GetName()}"
            outputVolumeNode = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        with slicer.util.NodeModify(outputVolumeNode):
            outputVolumeNode.SetAndObserveTransformNodeID(None)
            outputVolumeNode.SetIJKToRASMatrix(matrixFromArray(grid.ijkToRas))
            outputVolumeNode.SetAndObserveImageData(imageDataFromArray(percent))
            setUnit(outputVolumeNode, "%", "percent")
        showDiverging(outputVolumeNode, SHOWN_PERCENT)
    return outputVolumeNode


def percentChange(transformNode, grid: Grid) -> np.ndarray:
    """(k, j, i) float32: 100 (1 / det J - 1) of the transform from parent at the points of ``grid``.

    At most ``MOST_PERCENT``, also where the field folds, which has no volume to compare.
    """
    transform = accurate(transformNode.GetTransformFromParent())
    matrix = linearMatrix(transform)
    if matrix is not None:
        determinant = np.full(grid.shape, np.linalg.det(matrix[:3, :3]))
    else:
        moved = pointsThrough(transform, grid.pointsRas())
        # d(moved) / d(i, j, k); the arrays run k, j, i.
        steps = [np.gradient(moved, axis=axis) for axis in (2, 1, 0)]
        determinant = np.linalg.det(np.stack(steps, axis=-1)) / np.linalg.det(grid.ijkToRas[:3, :3])
    # The transform ends in the moving volume's own coordinates, which a parent may have scaled.
    determinant = determinant * np.linalg.det(notedSides(transformNode)[0][:3, :3])
    least = 1.0 / (1.0 + MOST_PERCENT / 100.0)
    return (100.0 * (1.0 / np.maximum(determinant, least) - 1.0)).astype(np.float32)
