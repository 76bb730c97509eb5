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


def vtkTransform(transform: Transform) -> vtk.vtkAbstractTransform:
    """T(x) = A(x + v(x)) for VTK: the grid, then the affine; the affine alone where there is no field."""
    if transform.field is None:
        linear = vtk.vtkTransform()
        linear.SetMatrix(matrixFromArray(transform.affine))
        return linear
    general = vtk.vtkGeneralTransform()
    general.PostMultiply()
    general.Concatenate(gridTransform(transform.field))
    general.Concatenate(matrixFromArray(transform.affine))
    return general


def updateTransformNode(transformNode, transform: vtk.vtkAbstractTransform, fixedVolumeNode, movingVolumeNode) -> None:
    """Let ``transformNode`` hold ``transform`` as its transform *from* parent, and note the two volumes.

    In Slicer's words that is the resampling direction, so the node set on the moving volume carries it onto the fixed
    one. The node is taken out of any parent transform: T starts at world RAS.
    """
    with slicer.util.NodeModify(transformNode):
        transformNode.SetAndObserveTransformNodeID(None)
        # A node that holds a grid refuses a matrix; emptied, it takes anything.
        transformNode.SetAndObserveTransformFromParent(None)
        transformNode.SetAndObserveTransformFromParent(transform)
        role = slicer.vtkMRMLTransformNode
        transformNode.SetNodeReferenceID(role.GetFixedNodeReferenceRole(), fixedVolumeNode.GetID())
        transformNode.SetNodeReferenceID(role.GetMovingNodeReferenceRole(), movingVolumeNode.GetID())
