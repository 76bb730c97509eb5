"""Nodes carried by a transform: volumes, label maps, segmentations, markups and models, each in its own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid
from .labelmaps import gridOfOrientedImage, orientedImage
from .matrices import arrayFromMatrix, localToWorld, matrixFromArray
from .nodes import isAbove
from .resampling import coveringGrid, resample
from .transforms import linearMatrix, notedSides, withTightInverse
from .volumes import copiedVoxels

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
    return withTightInverse(chain)


def worldFromLocal(node) -> vtk.vtkAbstractTransform:
    """All the transforms above ``node``."""
    chain = vtk.vtkGeneralTransform()
    if node.GetParentTransformNode() is not None:
        node.GetParentTransformNode().GetTransformToWorld(chain)
    return withTightInverse(chain)


class CarryJob(Protocol):
    """A node's content on its way through a transform; ``compute`` touches no node, and runs in any thread."""

    def compute(self, check: Callable[[], object] = lambda: None) -> None: ...

    def publish(self, node) -> None:
        """Give the content to ``node``, a copy of the node it was taken from."""


def prepareCarry(node, transform: vtk.vtkAbstractTransform, referenceVolumeNode=None) -> CarryJob:
    """The content of ``node`` on its way to what ``transform`` makes of it, in the world.

    Volumes and labelmaps keep their axes and spacing, and grow as needed; by a linear transform no voxel is touched. A
    reference volume, whose linear parents count, gives them its grid instead. Label maps, segments: nearest neighbor.

    :param transform: the job's own from now on.
    """
    reference = None if referenceVolumeNode is None else volumeGrid(referenceVolumeNode)
    if node.IsA("vtkMRMLVolumeNode"):
        matrix, ijkToLocal = linearMatrix(transform), _ijkToLocal(node)
        if reference is None and matrix is not None and _keepsAngles(matrix @ ijkToLocal):
            return _MovedVolume(node.GetImageData(), matrix @ ijkToLocal)
        return ResampledVolume(node, transform, reference)
    if node.IsA("vtkMRMLSegmentationNode"):
        if node.GetSegmentation().GetSourceRepresentationName() == BINARY_LABELMAP:
            return _ResampledSegmentation(node, transform, reference)
    return _MovedPoints(transform)


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


def _keepsAngles(ijkToRas: np.ndarray) -> bool:
    """Whether the axes are still at right angles: a volume node cannot hold sheared ones."""
    axes = ijkToRas[:3, :3] / np.linalg.norm(ijkToRas[:3, :3], axis=0)
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() < 1e-6)


class _MovedVolume:
    """A volume that a linear transform carries: only its place changes."""

    def __init__(self, imageData: vtk.vtkImageData, ijkToRas: np.ndarray) -> None:
        self._imageData, self._ijkToRas = _shallowCopy(imageData), ijkToRas

    def compute(self, check: Callable[[], object] = lambda: None) -> None:
        self._imageData = copiedVoxels(self._imageData)

    def publish(self, node) -> None:
        with slicer.util.NodeModify(node):
            node.SetAndObserveTransformNodeID(None)
            node.SetIJKToRASMatrix(matrixFromArray(self._ijkToRas))
            node.SetAndObserveImageData(self._imageData)


class _MovedPoints:
    """What consists of points: markups, models, segmentations of surfaces."""

    def __init__(self, transform: vtk.vtkAbstractTransform) -> None:
        self._transform = transform

    def compute(self, check: Callable[[], object] = lambda: None) -> None:
        pass

    def publish(self, node) -> None:
        if node.IsA("vtkMRMLSegmentationNode"):
            node.GetSegmentation().InvalidateNonSourceRepresentations()
        node.SetAndObserveTransformNodeID(None)
        node.ApplyTransform(self._transform)


class ResampledVolume:
    """Voxels of a volume through any transform; ``imageData`` holds them, at first as they are.

    :param grid: what it is resampled on, in the world; without it the volume's own grows to cover the result.
    """

    def __init__(self, node, transform: vtk.vtkAbstractTransform, grid: Grid | None) -> None:
        self.imageData = _shallowCopy(node.GetImageData())
        self._ijkToLocal, self._transform, self._grid = _ijkToLocal(node), transform, grid
        self._labels = bool(node.IsA("vtkMRMLLabelMapVolumeNode"))

    def compute(self, check: Callable[[], object] = lambda: None) -> None:
        """To be called once."""
        imageData = self.imageData
        ni, nj, nk = imageData.GetDimensions()
        self._grid = self._grid or coveringGrid(Grid((nk, nj, ni), self._ijkToLocal), self._transform)
        isPlain = self._labels or imageData.GetNumberOfScalarComponents() > 1
        fill = 0.0 if isPlain else _least(imageData)
        self.imageData = resample(imageData, self._ijkToLocal, self._transform, self._grid, self._labels, fill, check)

    def publish(self, node) -> None:
        """Give the voxels to ``node``, without a parent transform."""
        with slicer.util.NodeModify(node):
            node.SetAndObserveTransformNodeID(None)
            node.SetIJKToRASMatrix(matrixFromArray(self._grid.ijkToRas if self._grid else self._ijkToLocal))
            node.SetAndObserveImageData(self.imageData)


class _ResampledSegmentation:
    """Labelmaps of segments.

    Slicer's own hardening cuts off what lies near the border of an oblique labelmap: it finds the new extent from two
    corners of a box along the world's axes.
    """

    def __init__(self, node, transform: vtk.vtkAbstractTransform, reference: Grid | None) -> None:
        self._transform, self._reference = transform, reference
        self._layers: list[tuple[int, vtk.vtkImageData, Grid, np.ndarray]] = []
        segmentation = node.GetSegmentation()
        for layer in range(segmentation.GetNumberOfLayers(BINARY_LABELMAP)):
            image = segmentation.GetLayerDataObject(layer, BINARY_LABELMAP)
            if image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
                continue
            matrix = vtk.vtkMatrix4x4()
            image.GetImageToWorldMatrix(matrix)
            self._layers.append((layer, _shallowCopy(image), gridOfOrientedImage(image), arrayFromMatrix(matrix)))
        self._resampled: dict[int, vtk.vtkImageData] = {}

    def compute(self, check: Callable[[], object] = lambda: None) -> None:
        for layer, image, source, ijkToLocal in self._layers:
            grid = self._reference or coveringGrid(source, self._transform)
            resampled = resample(image, ijkToLocal, self._transform, grid, True, 0.0, check)
            self._resampled[layer] = orientedImage(resampled, grid.ijkToRas)

    def publish(self, node) -> None:
        segmentation = node.GetSegmentation()
        node.SetAndObserveTransformNodeID(None)
        segmentation.InvalidateNonSourceRepresentations()
        for layer, image in self._resampled.items():
            segmentation.GetLayerDataObject(layer, BINARY_LABELMAP).DeepCopy(image)
        segmentation.Modified()


def _least(image: vtk.vtkImageData) -> float:
    """The least value, which NumPy finds without Python's lock; what is not a number counts as little as in VTK."""
    least = float(np.fmin.reduce(numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())))
    return least if np.isfinite(least) else 0.0


def _shallowCopy(image: vtk.vtkImageData) -> vtk.vtkImageData:
    copy = vtk.vtkImageData()
    copy.ShallowCopy(image)
    return copy
