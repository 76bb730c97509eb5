"""Nodes to files without the Slicer application: the scene, volumes and transforms of the command line.

Here LPS, the convention of ITK files, meets RAS.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import slicer
import vtk

from ..runtime.terminal import silentVtk
from ..runtime.workfolder import checkRoom
from ..space.grid import LPS_FROM_RAS
from ..space.image import Image
from .transforms import elements
from .volumes import imageFromVolumeNode

if TYPE_CHECKING:
    import SimpleITK

# Of a file's own structure, and of each transform in it.
HDF5_BYTES, HDF5_BYTES_OF_ELEMENT = 10_000, 2_000


def newScene() -> slicer.vtkMRMLScene:
    """An empty scene that knows volumes, transforms and the subject hierarchy."""
    scene = slicer.vtkMRMLScene()
    applicationLogic = slicer.vtkSlicerApplicationLogic()
    applicationLogic.SetMRMLScene(scene)
    return scene


def writeVolume(node, path: Path) -> None:
    """Write a volume node that has no parent transform as an image file (``.nii.gz``, ``.nrrd``, ...)."""
    writeImage(imageFromVolumeNode(node), path)


def writeImage(image: Image, path: Path) -> None:
    """The same for an Image."""
    import SimpleITK

    try:
        SimpleITK.WriteImage(itkImage(image), str(path), useCompression=True)
    except RuntimeError as error:
        raise OSError(f"{path} could not be written.") from error


def itkImage(image: Image) -> SimpleITK.Image:
    """An Image in RAS as one of SimpleITK, in LPS."""
    import SimpleITK

    volume = SimpleITK.GetImageFromArray(image.array)
    ijkToLps = LPS_FROM_RAS @ image.ijkToRas
    volume.SetOrigin(ijkToLps[:3, 3].tolist())
    volume.SetSpacing(image.grid.spacing.tolist())
    volume.SetDirection((ijkToLps[:3, :3] / image.grid.spacing).ravel().tolist())
    return volume


def writeTransform(node, path: Path) -> None:
    """``.h5``: an ITK transform, fixed to moving points in LPS, that SimpleITK, ANTs and Slicer read.

    A file that is there already is lost.

    :raises OSError: it cannot be written.
    """
    if path.suffix == ".h5":
        try:
            checkRoom(path, _sizeOfHdf5(node.GetTransformFromParent()))
        except OSError as error:
            raise OSError(f"{path} could not be written.") from error
    storage = node.GetScene().AddNewNodeByClass("vtkMRMLTransformStorageNode")
    storage.SetFileName(str(path.resolve()))
    with silentVtk():
        written = storage.WriteData(node)
    node.GetScene().RemoveNode(storage)
    if not written or not path.is_file():
        raise OSError(f"{path} could not be written.")


def _sizeOfHdf5(transform: vtk.vtkAbstractTransform) -> int:
    """A little more than the bytes that Slicer's writer takes: one in double precision for every value of a grid."""
    size = HDF5_BYTES
    for element in elements(transform):
        size += HDF5_BYTES_OF_ELEMENT
        for grid in ("GetDisplacementGrid", "GetCoefficientData"):
            image = getattr(element, grid)() if hasattr(element, grid) else None
            if image is not None:
                size += 8 * image.GetNumberOfPoints() * image.GetNumberOfScalarComponents()
    return size
