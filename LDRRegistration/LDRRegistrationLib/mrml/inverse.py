"""The inverse of a registration's transform as a node of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid, transformPoints
from ..space.transform import DisplacementField
from .matrices import arrayFromMatrix, matrixFromArray
from .nodes import NodeReference, allOrNothing
from .transforms import elements, gridTransform, linearMatrix, notedSides, noteSides, pointsThrough, withTightInverse
from .verdicts import copyVerdict

CHECKED_POINTS = 20_000
MARGIN_VOXELS = 3


@dataclass
class InverseTransform:
    """The node, and how far T(T^-1(y)) lies from y: mean and largest over points all over the field, mm."""

    transformNode: Any
    meanErrorMm: float
    largestErrorMm: float


@dataclass
class InverseJob:
    """A transform on its way to its inverse: what it is, of its own, and the nodes."""

    forward: vtk.vtkAbstractTransform
    transformNode: NodeReference
    outputTransformNode: NodeReference | None


def inverseTransform(transformNode, outputTransformNode=None) -> InverseTransform:
    """See RegistrationLogic.inverseTransform."""
    job = prepareInverse(transformNode, outputTransformNode)
    return publishInverse(job, computeInverse(job))


def prepareInverse(transformNode, outputTransformNode=None) -> InverseJob:
    """Check the nodes and take what is needed of them."""
    if transformNode is None or not transformNode.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(_("Choose the transform to invert."))
    if outputTransformNode is transformNode:
        raise RegistrationError(_("The output is the transform itself, which would be lost: choose another node."))
    forward = withTightInverse(transformNode.GetTransformFromParent())
    return InverseJob(forward, NodeReference(transformNode), NodeReference.to(outputTransformNode))


def computeInverse(
    job: InverseJob, check: Callable[[], object] = lambda: None
) -> tuple[vtk.vtkAbstractTransform, float, float]:
    """The inverse, and its mean and largest error in mm; touches no node, and runs in any thread."""
    forward = job.forward
    matrix = linearMatrix(forward)
    if matrix is not None:
        inverse: vtk.vtkAbstractTransform = vtk.vtkTransform()
        inverse.SetMatrix(matrixFromArray(np.linalg.inv(matrix)))
        return inverse, 0.0, 0.0
    inverse, points = _sampledInverse(forward, check)
    there = pointsThrough(forward, pointsThrough(inverse, points, check), check)
    distances = np.linalg.norm(there - points, axis=1)
    return inverse, float(distances.mean()), float(distances.max())


def publishInverse(job: InverseJob, found: tuple[vtk.vtkAbstractTransform, float, float]) -> InverseTransform:
    """Put it into the output node, made if there is none.

    :raises RegistrationError: a node left the scene meanwhile. The scene is as it was.
    """
    inverse, mean, largest = found
    transformNode = job.transformNode.node()
    outputTransformNode = None if job.outputTransformNode is None else job.outputTransformNode.node()
    source, result = notedSides(transformNode)
    scene = transformNode.GetScene()
    with allOrNothing(scene):
        if outputTransformNode is None:
            name = f"Inverse of {transformNode.GetName()}"
            outputTransformNode = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
        outputTransformNode.SetAndObserveTransformNodeID(None)
        outputTransformNode.SetAndObserveTransformFromParent(None)
        outputTransformNode.SetAndObserveTransformFromParent(inverse)
        noteSides(outputTransformNode, sourceToWorld=result, resultToWorld=source)
        copyVerdict(transformNode, outputTransformNode)
    return InverseTransform(outputTransformNode, mean, largest)


def _sampledInverse(
    forward: vtk.vtkAbstractTransform, check: Callable[[], object]
) -> tuple[vtk.vtkAbstractTransform, np.ndarray]:
    """The inverse as grids that other programs can read too, and points (n, 3) where it counts.

    With A the linear parts of T alone, T = A S, where S goes hardly anywhere: so T^-1 = S^-1 A^-1, and S^-1 - 1 is what
    is sampled, at the points of the grid of T. What acts in boxes before is inverted box by box, each on its own grid.
    """
    boxes, rest = _boxesOf(forward)
    affine = np.eye(4)
    for element in elements(rest):
        part = linearMatrix(element)
        affine = affine if part is None else part @ affine
    grid = _gridOf(rest).padded((MARGIN_VOXELS,) * 3)
    solved = vtk.vtkGeneralTransform()
    solved.PostMultiply()
    solved.Concatenate(matrixFromArray(affine))
    solved.Concatenate(rest.GetInverse())
    points = grid.pointsRas()
    vectors = (pointsThrough(solved, points, check) - points).astype(np.float32)
    inverse = vtk.vtkGeneralTransform()
    inverse.PostMultiply()
    inverse.Concatenate(matrixFromArray(np.linalg.inv(affine)))
    inverse.Concatenate(gridTransform(DisplacementField(vectors, grid)))
    found = [transformPoints(affine, _between(points))]
    for box in reversed(boxes):
        own = _gridOf(box)
        points = own.pointsRas()
        vectors = (pointsThrough(box.GetInverse(), points, check) - points).astype(np.float32)
        inverse.Concatenate(gridTransform(DisplacementField(vectors, own)))
        found.append(pointsThrough(forward, _between(points), check))
    return inverse, np.concatenate(found)


def _between(points: np.ndarray) -> np.ndarray:
    """(n, 3): places between the points (k, j, i, 3) of a grid, where sampling could be wrong."""
    between = points[:-1, :-1, :-1] + (points[1:, 1:, 1:] - points[:-1, :-1, :-1]) / 2.0
    return between.reshape(-1, 3)[:: max(1, between.size // 3 // CHECKED_POINTS)]


def _boxesOf(
    transform: vtk.vtkAbstractTransform,
) -> tuple[list[vtk.vtkAbstractTransform], vtk.vtkAbstractTransform]:
    """The grids that act before the last one of those at the beginning, and all else."""
    parts = elements(transform)
    isGrid = [isinstance(part, slicer.vtkOrientedGridTransform) for part in parts]
    count = max((isGrid.index(False) if False in isGrid else len(parts)) - 1, 0)
    if count == 0:
        return [], transform
    rest = vtk.vtkGeneralTransform()
    rest.PostMultiply()
    for part in parts[count:]:
        rest.Concatenate(part)
    return parts[:count], rest


def _gridOf(transform: vtk.vtkAbstractTransform) -> Grid:
    """The points of the first displacement grid of ``transform``.

    :raises RegistrationError: there is none (a B-spline or thin plate spline of another program).
    """
    for element in elements(transform):
        if isinstance(element, vtk.vtkGridTransform) and element.GetDisplacementGrid() is not None:
            image = element.GetDisplacementGrid()
            direction = np.eye(3)
            if hasattr(element, "GetGridDirectionMatrix") and element.GetGridDirectionMatrix() is not None:
                direction = arrayFromMatrix(element.GetGridDirectionMatrix())[:3, :3]
            ijkToRas = np.eye(4)
            ijkToRas[:3, :3] = direction * image.GetSpacing()
            ijkToRas[:3, 3] = image.GetOrigin()
            ni, nj, nk = image.GetDimensions()
            return Grid((nk, nj, ni), ijkToRas)
    raise RegistrationError(_("The transform has no displacement grid: it is none of a registration here."))
