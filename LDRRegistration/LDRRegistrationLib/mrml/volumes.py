"""Volume nodes to Images, and warped arrays to volume nodes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.image import Image
from .matrices import arrayFromMatrix
from .nodes import copyDisplay, placeBeside
from .quantities import copyMeaning
from .worldposition import toWorldRas

# What is larger is copied by the thread that computes, as the first thing that it does. Whoever changes the voxels in
# that moment is noticed when the result is published, if the node was told, as Slicer tells it.
QUICKLY_COPIED_BYTES = 64_000_000


def imageFromVolumeNode(volumeNode, result=None) -> Image:
    """The voxels, placed in the world: linear parent transforms are in ``ijkToRas``.

    The array is the node's own memory, read-only: copy it to keep it as it is.

    :param result: see ``toWorldRas``.
    :raises RegistrationError: for no node, another class, no voxels, several components, a non-linear parent.
    """
    if volumeNode is None:
        raise RegistrationError(_("A volume is missing: choose a fixed and a moving volume."))
    name = volumeNode.GetName() or "the volume"
    if not isinstance(volumeNode, slicer.vtkMRMLScalarVolumeNode):
        raise RegistrationError(_("{name} is not a scalar volume.").format(name=name))
    imageData = volumeNode.GetImageData()
    scalars = imageData.GetPointData().GetScalars() if imageData is not None else None
    if imageData is None or scalars is None or imageData.GetNumberOfPoints() == 0:
        raise RegistrationError(_("{name} is empty: it has no voxels.").format(name=name))
    components = scalars.GetNumberOfComponents()
    if components != 1:
        raise RegistrationError(
            _("{name} has {components} values per voxel (a color image?); one is needed.").format(
                name=name, components=components
            )
        )
    ni, nj, nk = imageData.GetDimensions()
    array = numpy_support.vtk_to_numpy(scalars).reshape(nk, nj, ni)
    array.flags.writeable = False
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return Image(array, toWorldRas(volumeNode, result) @ arrayFromMatrix(matrix), name)


def ownImages(*images: Image) -> tuple[Image, ...]:
    """The images with voxels of their own, which nobody else changes. In any thread."""
    return tuple(replace(image, array=image.array.copy()) for image in images)


@dataclass
class BorrowedPair:
    """The images of two volume nodes, to be made this job's own before they are computed with.

    :param borrowsVoxels: whether they are still the nodes' own memory, and are not to stay so.
    """

    fixed: Image
    moving: Image
    borrowsVoxels: bool = field(default=False, kw_only=True)

    def takeVoxelsNow(self) -> None:
        """``takeVoxels``, if that holds the window so shortly that nobody feels it; else it waits for the thread."""
        self.borrowsVoxels = True
        if self.fixed.array.nbytes + self.moving.array.nbytes <= QUICKLY_COPIED_BYTES:
            self.takeVoxels()

    def takeVoxels(self) -> None:
        """Copy the voxels that are still borrowed: before anything else, PyTorch's import too; in any thread."""
        if self.borrowsVoxels:
            self.fixed, self.moving = ownImages(self.fixed, self.moving)
            self.borrowsVoxels = False


def imageDataFromArray(array: np.ndarray, copy: bool = True) -> vtk.vtkImageData:
    """``array`` (k, j, i) as VTK holds the voxels of a volume node: without geometry.

    :param copy: False shares the memory of an array that nobody else changes; VTK keeps it as long as it needs it.
    """
    imageData = vtk.vtkImageData()
    imageData.SetDimensions(*array.shape[::-1])
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(array).ravel(), deep=copy)
    scalars.SetName("scalars")
    imageData.GetPointData().SetScalars(scalars)
    return imageData


def copiedVoxels(imageData: vtk.vtkImageData) -> vtk.vtkImageData:
    """The same voxels in memory of their own, copied without Python's lock; of one array of values, as volumes have."""
    scalars = imageData.GetPointData().GetScalars()
    copy = vtk.vtkImageData()
    if scalars is None or imageData.GetPointData().GetNumberOfArrays() > 1:
        copy.DeepCopy(imageData)
        return copy
    copy.CopyStructure(imageData)
    values = numpy_support.numpy_to_vtk(numpy_support.vtk_to_numpy(scalars).copy(), array_type=scalars.GetDataType())
    values.SetName(scalars.GetName())
    copy.GetPointData().SetScalars(values)
    return copy


def updateVolumeNode(volumeNode, imageData: vtk.vtkImageData, referenceNode, likeNode=None) -> None:
    """Give ``volumeNode`` the voxels ``imageData`` in the geometry, and under the parent, of ``referenceNode``.

    The values are those of ``likeNode``: so are their quantity and unit, and window, level and colors, if it is
    displayed at all. Without it they have a meaning and a display of their own, which should be set before: a volume
    that gets voxels looks for its window. The node goes beside ``referenceNode`` in the subject hierarchy.
    """
    matrix = vtk.vtkMatrix4x4()
    referenceNode.GetIJKToRASMatrix(matrix)
    with slicer.util.NodeModify(volumeNode):
        volumeNode.SetIJKToRASMatrix(matrix)
        volumeNode.SetAndObserveTransformNodeID(referenceNode.GetTransformNodeID())
        if likeNode is not None:
            copyDisplay(likeNode, volumeNode)
        volumeNode.SetAndObserveImageData(imageData)
        if likeNode is not None:
            copyMeaning(likeNode, volumeNode)
    placeBeside(volumeNode, referenceNode)
