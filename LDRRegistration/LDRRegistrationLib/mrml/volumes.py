"""Volume nodes to Images, and warped arrays to volume nodes."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..errors import RegistrationError
from ..image import Image
from .matrices import arrayFromMatrix, localToWorld, matrixFromArray


def imageFromVolumeNode(volumeNode) -> Image:
    """A copy of the voxels, placed in the world: linear parent transforms are in ``ijkToRas``.

    :raises RegistrationError: for no node, another class, no voxels, several components, a non-linear parent.
    """
    if volumeNode is None:
        raise RegistrationError("A volume is missing: choose a fixed and a moving volume.")
    name = volumeNode.GetName() or "the volume"
    if not isinstance(volumeNode, slicer.vtkMRMLScalarVolumeNode):
        raise RegistrationError(f"{name} is not a scalar volume.")
    imageData = volumeNode.GetImageData()
    scalars = imageData.GetPointData().GetScalars() if imageData is not None else None
    if imageData is None or scalars is None or imageData.GetNumberOfPoints() == 0:
        raise RegistrationError(f"{name} is empty: it has no voxels.")
    components = scalars.GetNumberOfComponents()
    if components != 1:
        raise RegistrationError(f"{name} has {components} values per voxel (a color image?); one is needed.")
    ni, nj, nk = imageData.GetDimensions()
    array = numpy_support.vtk_to_numpy(scalars).reshape(nk, nj, ni).copy()
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return Image(array, localToWorld(volumeNode) @ arrayFromMatrix(matrix), name)


def updateVolumeNode(volumeNode, array: np.ndarray, referenceNode, displayedLikeNode=None) -> None:
    """Give ``volumeNode`` the voxels ``array`` (k, j, i) in the geometry, and under the parent, of ``referenceNode``.

    ``displayedLikeNode``'s window, level and colors are copied, and the node goes beside ``referenceNode`` in the
    subject hierarchy.
    """
    imageData = vtk.vtkImageData()
    nk, nj, ni = array.shape
    imageData.SetDimensions(ni, nj, nk)
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=True)
    scalars.SetName("scalars")
    imageData.GetPointData().SetScalars(scalars)
    matrix = vtk.vtkMatrix4x4()
    referenceNode.GetIJKToRASMatrix(matrix)
    with slicer.util.NodeModify(volumeNode):
        volumeNode.SetIJKToRASMatrix(matrixFromArray(arrayFromMatrix(matrix)))
        volumeNode.SetAndObserveTransformNodeID(referenceNode.GetTransformNodeID())
        volumeNode.SetAndObserveImageData(imageData)
        if displayedLikeNode is not None:
            volumeNode.CreateDefaultDisplayNodes()
            displayedLikeNode.CreateDefaultDisplayNodes()
            volumeNode.GetDisplayNode().CopyContent(displayedLikeNode.GetDisplayNode())
    _placeBeside(volumeNode, referenceNode)


def _placeBeside(node, referenceNode) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    if hierarchy is None:
        return
    item, reference = hierarchy.GetItemByDataNode(node), hierarchy.GetItemByDataNode(referenceNode)
    if item and reference:
        hierarchy.SetItemParent(item, hierarchy.GetItemParent(reference))
