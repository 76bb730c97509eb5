"""Nodes carried by a transform: volumes, label maps, segmentations, markups and models, each in its own way."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from ..errors import RegistrationError
from ..geometry import Grid
from ..language import tr as _
from .labelmaps import gridOfOrientedImage, orientedImage
from .matrices import arrayFromMatrix, localToWorld, matrixFromArray
from .nodes import isAbove
from .resampling import coveringGrid, resample
from .transforms import accurate, linearMatrix, notedSides

BINARY_LABELMAP = "Binary labelmap"


def checkCarriable(node) -> None:
    """Raise RegistrationError unless ``node`` can be carried by any transform."""
    name = (node.GetName() if node is not None else None) or "A node"
    if node is None or not node.IsA("vtkMRMLTransformableNode") or node.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(
            _("{name} cannot be carried by a transform: choose volumes, segmentations, markups or models.").format(
                name=name
            )
        )
    if not node.CanApplyNonLinearTransforms():
        raise RegistrationError(_("{name} is of a kind that only linear transforms can carry.").format(name=name))
    if node.IsA("vtkMRMLVolumeNode") and (node.GetImageData() is None or node.GetImageData().GetNumberOfPoints() == 0):
        raise RegistrationError(_("{name} is empty: it has no voxels.").format(name=name))


def sourceFromLocal(node, transformNode) -> vtk.vtkAbstractTransform:
    """From ``node``'s own coordinates to those that ``transformNode`` carries (the moving volume's own)."""
    chain = vtk.vtkGeneralTransform()
    chain.PostMultiply()
    part = vtk.vtkGeneralTransform()
    if isAbove(transformNode, node):
        slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(node.GetParentTransformNode(), transformNode, part)
        chain.Concatenate(part)
    else:
        if node.GetParentTransformNode() is not None:
            node.GetParentTransformNode().GetTransformToWorld(part)
            chain.Concatenate(part)
        chain.Concatenate(matrixFromArray(np.linalg.inv(notedSides(transformNode)[0])))
    return chain


def resultFromSource(transformNode) -> vtk.vtkAbstractTransform:
    """From what ``transformNode`` carries to where it ends in the world."""
    chain = vtk.vtkGeneralTransform()
    chain.PostMultiply()
    part = vtk.vtkGeneralTransform()
    transformNode.GetTransformToWorld(part)
    chain.Concatenate(part)
    chain.Concatenate(matrixFromArray(notedSides(transformNode)[1]))
    return chain


def resultFromLocal(node, transformNode) -> vtk.vtkAbstractTransform:
    """Where ``transformNode`` carries what is given in ``node``'s own coordinates, in the world.

    A node that lies under the transform already is carried once, not twice.
    """
    chain = vtk.vtkGeneralTransform()
    chain.PostMultiply()
    chain.Concatenate(sourceFromLocal(node, transformNode))
    chain.Concatenate(resultFromSource(transformNode))
    return accurate(chain)


def worldFromLocal(node) -> vtk.vtkAbstractTransform:
    """All the transforms above ``node``."""
    chain = vtk.vtkGeneralTransform()
    if node.GetParentTransformNode() is not None:
        node.GetParentTransformNode().GetTransformToWorld(chain)
    return accurate(chain)


def carry(node, transform: vtk.vtkAbstractTransform, referenceVolumeNode=None) -> None:
    """Replace the content of ``node`` by what ``transform`` makes of it, in the world.

    Volumes and labelmaps keep their axes and spacing, and grow as needed; by a linear transform no voxel is touched. A
    reference volume, whose linear parents count, gives them its grid instead. Label maps, segments: nearest neighbor.
    """
    reference = None if referenceVolumeNode is None else volumeGrid(referenceVolumeNode)
    if node.IsA("vtkMRMLVolumeNode"):
        _carryVolume(node, transform, reference)
    elif node.IsA("vtkMRMLSegmentationNode"):
        _carrySegmentation(node, transform, reference)
    else:
        node.SetAndObserveTransformNodeID(None)
        node.ApplyTransform(transform)


def volumeGrid(volumeNode) -> Grid:
    """The voxels of a volume node in the world.

    :raises RegistrationError: it is under a non-linear transform, or has no voxels.
    """
    if volumeNode.GetImageData() is None:
        raise RegistrationError(_("{volume} is empty: it has no voxels.").format(volume=volumeNode.GetName()))
    ni, nj, nk = volumeNode.GetImageData().GetDimensions()
    return Grid((nk, nj, ni), localToWorld(volumeNode) @ _ijkToLocal(volumeNode))


def _ijkToLocal(volumeNode) -> np.ndarray:
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return arrayFromMatrix(matrix)


def _carryVolume(node, transform: vtk.vtkAbstractTransform, reference: Grid | None) -> None:
    matrix = linearMatrix(transform)
    ijkToLocal = _ijkToLocal(node)
    if reference is None and matrix is not None and _keepsAngles(matrix @ ijkToLocal):
        node.SetAndObserveTransformNodeID(None)
        node.SetIJKToRASMatrix(matrixFromArray(matrix @ ijkToLocal))
        return
    imageData = node.GetImageData()
    ni, nj, nk = imageData.GetDimensions()
    grid = reference or coveringGrid(Grid((nk, nj, ni), ijkToLocal), transform)
    labels = bool(node.IsA("vtkMRMLLabelMapVolumeNode"))
    fill = 0.0 if labels or imageData.GetNumberOfScalarComponents() > 1 else imageData.GetScalarRange()[0]
    resampled = resample(imageData, ijkToLocal, transform, grid, labels, fill)
    with slicer.util.NodeModify(node):
        node.SetAndObserveTransformNodeID(None)
        node.SetIJKToRASMatrix(matrixFromArray(grid.ijkToRas))
        node.SetAndObserveImageData(resampled)


def _keepsAngles(ijkToRas: np.ndarray) -> bool:
    """Whether the axes are still at right angles: a volume node cannot hold sheared ones."""
    axes = ijkToRas[:3, :3] / np.linalg.norm(ijkToRas[:3, :3], axis=0)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() < 1e-6)


def _carrySegmentation(node, transform: vtk.vtkAbstractTransform, reference: Grid | None) -> None:
    # Slicer's own hardening cuts off what lies near the border of an oblique labelmap: it finds the new extent from two
    # corners of a box along the world's axes. So labelmaps are resampled here.
    segmentation = node.GetSegmentation()
    node.SetAndObserveTransformNodeID(None)
    if segmentation.GetSourceRepresentationName() != BINARY_LABELMAP:
        node.ApplyTransform(transform)
        return
    segmentation.InvalidateNonSourceRepresentations()
    for layer in range(segmentation.GetNumberOfLayers(BINARY_LABELMAP)):
        image = segmentation.GetLayerDataObject(layer, BINARY_LABELMAP)
        if image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
            continue
        source = gridOfOrientedImage(image)
        grid = reference or coveringGrid(source, transform)
        matrix = vtk.vtkMatrix4x4()
        image.GetImageToWorldMatrix(matrix)
        resampled = resample(image, arrayFromMatrix(matrix), transform, grid, True, 0.0)
        image.DeepCopy(orientedImage(resampled, grid.ijkToRas))
    segmentation.Modified()
