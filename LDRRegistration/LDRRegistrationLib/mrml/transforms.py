"""The engine's Transform to a vtkMRMLTransformNode."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..space.transform import DisplacementField, Transform
from .matrices import linearMatrix, matrixFromArray
from .portions import portions

# What the transform node alone does not say, see ``noteSides``.
SOURCE_TO_WORLD, RESULT_TO_WORLD = "LDRRegistration.SourceToWorld", "LDRRegistration.ResultToWorld"
INVERSE_TOLERANCE_MM = 1e-4
# Points of the first portion that goes through a transform, and of the smallest.
FIRST_POINTS, LEAST_POINTS = 4_000, 500


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
    """T for VTK: the grids of its boxes, that of its field, then the affine; that alone where nothing bends."""
    if not transform.fields:
        linear = vtk.vtkTransform()
        linear.SetMatrix(matrixFromArray(transform.affine))
        return linear
    general = vtk.vtkGeneralTransform()
    general.PostMultiply()
    for field in transform.fields:
        general.Concatenate(gridTransform(field))
    general.Concatenate(matrixFromArray(transform.affine))
    return general


def behindBoxes(boxes: Sequence[DisplacementField], transform: vtk.vtkAbstractTransform) -> vtk.vtkAbstractTransform:
    """``transform``, its parts shared, behind the grids of ``boxes``, the first to act first."""
    if not boxes:
        return transform
    general = vtk.vtkGeneralTransform()
    general.PostMultiply()
    for field in boxes:
        general.Concatenate(gridTransform(field))
    for part in elements(transform):
        general.Concatenate(part)
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


def noteSides(transformNode, sourceToWorld: np.ndarray | None = None, resultToWorld: np.ndarray | None = None) -> None:
    """Note on ``transformNode`` how its two sides lie in the world; None is the world itself.

    A registration's transform carries the moving volume's own coordinates into the world, whatever parent that volume
    had. What belongs to the moving volume may lie under another parent; ``sourceToWorld`` (4x4) says how to come from
    there. The inverse starts in the world and ends in those coordinates, which ``resultToWorld`` brings to the world.
    """
    for name, matrix in ((SOURCE_TO_WORLD, sourceToWorld), (RESULT_TO_WORLD, resultToWorld)):
        isNoted = matrix is not None and not np.allclose(matrix, np.eye(4), rtol=0.0, atol=1e-12)
        text = " ".join(repr(float(value)) for value in np.asarray(matrix).ravel()) if isNoted else None
        if transformNode.GetAttribute(name) != text:
            transformNode.SetAttribute(name, text)


def notedSides(transformNode) -> tuple[np.ndarray, np.ndarray]:
    """(sourceToWorld, resultToWorld), 4x4 each, as ``noteSides`` left them; identities where nothing is noted."""
    texts = [transformNode.GetAttribute(name) for name in (SOURCE_TO_WORLD, RESULT_TO_WORLD)]
    matrices = [np.eye(4) if text is None else np.array(text.split(), dtype=float).reshape(4, 4) for text in texts]
    return matrices[0], matrices[1]


def elements(transform: vtk.vtkAbstractTransform) -> list[vtk.vtkAbstractTransform]:
    """The transforms that ``transform`` is composed of, the first to act first; none for the identity."""
    collection = vtk.vtkCollection()
    slicer.vtkMRMLTransformNode.FlattenGeneralTransform(collection, transform)
    return [collection.GetItemAsObject(index) for index in range(collection.GetNumberOfItems())]


def withTightInverse(transform: vtk.vtkAbstractTransform) -> vtk.vtkAbstractTransform:
    """The same transform, its numerical inverses solved to a ten-thousandth of a mm (VTK's default is a hundredth).

    A vtkTransform if it is linear, which MRML treats exactly. Grids are shared, not copied.
    """
    matrix = linearMatrix(transform)
    if matrix is not None:
        linear = vtk.vtkTransform()
        linear.SetMatrix(matrixFromArray(matrix))
        return linear
    general = vtk.vtkGeneralTransform()
    general.PostMultiply()
    for element in elements(transform):
        copy = element.MakeTransform()
        copy.DeepCopy(element)
        if isinstance(copy, vtk.vtkWarpTransform):
            copy.SetInverseTolerance(INVERSE_TOLERANCE_MM)
        general.Concatenate(copy)
    return general


def pointsThrough(
    transform: vtk.vtkAbstractTransform, points: np.ndarray, check: Callable[[], object] = lambda: None
) -> np.ndarray:
    """``points`` (..., 3) through ``transform``, in its coordinates.

    In portions, see there: the window stays alive while another thread does this.
    """
    points = np.asarray(points, dtype=np.float64)
    flat = np.ascontiguousarray(points.reshape(-1, 3))
    moved = np.empty_like(flat)
    for portion in portions(len(flat), FIRST_POINTS, LEAST_POINTS, check):
        before, after = vtk.vtkPoints(), vtk.vtkPoints()
        before.SetData(numpy_support.numpy_to_vtk(flat[portion], deep=True))
        after.SetDataTypeToDouble()
        transform.TransformPoints(before, after)
        moved[portion] = numpy_support.vtk_to_numpy(after.GetData())
    return moved.reshape(points.shape)
