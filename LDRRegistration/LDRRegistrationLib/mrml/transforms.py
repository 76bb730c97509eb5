"""The engine's Transform to a vtkMRMLTransformNode."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..field import DisplacementField, Transform
from .matrices import matrixFromArray


def gridTransform(field: DisplacementField) -> slicer.vtkOrientedGridTransform:
    """x -> x + v(x) as VTK's grid transform, in RAS.

    Interpolation is cubic from the start, as Slicer sets it on every grid that it reads from a file: the node answers
    the same before and after it is saved.
    """
    nk, nj, ni = field.grid.shape
    imageData = vtk.vtkImageData()
    imageData.SetDimensions(ni, nj, nk)
    imageData.SetOrigin(field.grid.ijkToRas[:3, 3])
    imageData.SetSpacing(field.grid.spacing)
    vectors = np.ascontiguousarray(field.vectors, dtype=np.float32).reshape(-1, 3)
    imageData.GetPointData().SetScalars(numpy_support.numpy_to_vtk(vectors, deep=True))
    direction = np.eye(4)
    direction[:3, :3] = field.grid.direction
    grid = slicer.vtkOrientedGridTransform()
    grid.SetGridDirectionMatrix(matrixFromArray(direction))
    grid.SetDisplacementGridData(imageData)
    grid.SetInterpolationModeToCubic()
    return grid


def updateTransformNode(transformNode, transform: Transform, fixedVolumeNode, movingVolumeNode) -> None:
    """Let ``transformNode`` hold T(x) = A(x + v(x)) as its transform *from* parent, and note the two volumes.

    In Slicer's words T is the resampling direction, so the node set on the moving volume carries it onto the fixed one.
    The node is taken out of any parent transform: T starts at world RAS.
    """
    general = vtk.vtkGeneralTransform()
    general.PostMultiply()
    if transform.field is not None:
        general.Concatenate(gridTransform(transform.field))
    general.Concatenate(matrixFromArray(transform.affine))
    with slicer.util.NodeModify(transformNode):
        transformNode.SetAndObserveTransformNodeID(None)
        if transform.field is None:
            transformNode.SetMatrixTransformFromParent(matrixFromArray(transform.affine))
        else:
            transformNode.SetAndObserveTransformFromParent(general)
        role = slicer.vtkMRMLTransformNode
        transformNode.SetNodeReferenceID(role.GetFixedNodeReferenceRole(), fixedVolumeNode.GetID())
        transformNode.SetNodeReferenceID(role.GetMovingNodeReferenceRole(), movingVolumeNode.GetID())
