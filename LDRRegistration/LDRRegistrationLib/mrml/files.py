"""Files to nodes and back without the Slicer application: the scene, volumes and transforms of the command line.

Here LPS, the convention of ITK files, meets RAS.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import slicer
import vtk

from ..errors import RegistrationError
from ..geometry import LPS_FROM_RAS
from ..image import Image
from .matrices import matrixFromArray
from .transformtext import TEXT_SUFFIXES, isWholeText
from .volumes import imageDataFromArray, imageFromVolumeNode

LONGEST_HEADER = 10_000_000
TRANSFORM_SUFFIXES = (".h5", ".tfm", ".txt", ".mat", ".nrrd", ".mha", ".nii.gz")


def newScene() -> slicer.vtkMRMLScene:
    """An empty scene that knows volumes, transforms and the subject hierarchy."""
    scene = slicer.vtkMRMLScene()
    applicationLogic = slicer.vtkSlicerApplicationLogic()
    applicationLogic.SetMRMLScene(scene)
    volumesLogic = slicer.vtkSlicerVolumesLogic()
    volumesLogic.SetMRMLApplicationLogic(applicationLogic)
    volumesLogic.SetMRMLScene(scene)
    return scene


def readVolume(scene, path: Path, labels: bool = False):
    """A scalar (or label map) volume node from any image file that ITK reads, on exactly the file's own grid.

    Slicer's reader would turn the slices of a left-handed volume round; results would then not lie voxel on voxel with
    the file that the user gave.

    :raises RegistrationError: the file is missing, is not an image, is not 3D, or has several values per voxel.
    """
    import SimpleITK

    reader = _imageReader(path)
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise RegistrationError(f"{path} is damaged: its voxels cannot be read.") from error
    ijkToLps = np.eye(4)
    ijkToLps[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    ijkToLps[:3, 3] = image.GetOrigin()
    node = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode" if labels else "vtkMRMLScalarVolumeNode", _stem(path))
    node.SetAndObserveImageData(imageDataFromArray(SimpleITK.GetArrayViewFromImage(image)))
    node.SetIJKToRASMatrix(matrixFromArray(LPS_FROM_RAS @ ijkToLps))
    return node


def readTransform(scene, path: Path):
    """A transform node from an ITK transform file.

    :raises RegistrationError: the file is missing or is not a transform.
    """
    if not path.is_file():
        raise RegistrationError(f"The transform file {path} does not exist.")
    if path.suffix in TEXT_SUFFIXES and not isWholeText(path):
        raise RegistrationError(f"{path} is damaged: it ends before its last number.")
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", _stem(path))
    storage = scene.AddNewNodeByClass("vtkMRMLTransformStorageNode")
    storage.SetFileName(str(path.resolve()))
    with _silentVtk():
        read = storage.ReadData(node)
    scene.RemoveNode(storage)
    if not read:
        scene.RemoveNode(node)
        raise RegistrationError(f"{path} cannot be read as a transform ({', '.join(TRANSFORM_SUFFIXES)}).")
    return node


def writeVolume(node, path: Path) -> None:
    """Write a volume node that has no parent transform as an image file (``.nii.gz``, ``.nrrd``, ...)."""
    writeImage(imageFromVolumeNode(node), path)


def writeImage(image: Image, path: Path) -> None:
    """The same for an Image."""
    import SimpleITK

    volume = SimpleITK.GetImageFromArray(image.array)
    ijkToLps = LPS_FROM_RAS @ image.ijkToRas
    volume.SetOrigin(ijkToLps[:3, 3].tolist())
    volume.SetSpacing(image.grid.spacing.tolist())
    volume.SetDirection((ijkToLps[:3, :3] / image.grid.spacing).ravel().tolist())
    try:
        SimpleITK.WriteImage(volume, str(path), useCompression=True)
    except RuntimeError as error:
        raise OSError(f"{path} could not be written.") from error


def writeTransform(node, path: Path) -> None:
    """``.h5``: an ITK transform, fixed to moving points in LPS, that SimpleITK, ANTs and Slicer read."""
    storage = node.GetScene().AddNewNodeByClass("vtkMRMLTransformStorageNode")
    storage.SetFileName(str(path.resolve()))
    with _silentVtk():
        written = storage.WriteData(node)
    node.GetScene().RemoveNode(storage)
    if not written or not path.is_file():
        raise OSError(f"{path} could not be written.")


def _imageReader(path: Path):
    import SimpleITK

    if not path.exists():
        raise RegistrationError(f"{path} does not exist.")
    if path.is_dir():
        raise RegistrationError(f"{path} is a folder; give one image file (a DICOM series: save it as .nrrd first).")
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        reason = str(error).rsplit("ITK ERROR:", maxsplit=1)[-1].strip() if "ITK ERROR:" in str(error) else ""
        raise RegistrationError(f"{path} is not an image that can be read. {reason}".strip()) from error
    size, components = reader.GetSize(), reader.GetNumberOfComponents()
    if len(size) != 3:
        raise RegistrationError(f"{path} has {len(size)} dimensions; only 3D volumes can be registered.")
    if components != 1:
        raise RegistrationError(f"{path} has {components} values per voxel (a color image?); one is needed.")
    _checkNotTruncated(path, reader)
    return reader


def _checkNotTruncated(path: Path, reader) -> None:
    """ITK reads a NIfTI file that was cut off without a word, and fills up with whatever is there."""
    import SimpleITK

    expected = int(np.prod(reader.GetSize())) * SimpleITK.Image(1, 1, 1, reader.GetPixelID()).GetSizeOfPixelComponent()
    if path.name.endswith(".nii"):
        whole = path.stat().st_size >= expected
    elif path.name.endswith(".nii.gz") and expected + LONGEST_HEADER < 2**32:
        # The last four bytes of a gzip file are its uncompressed length; of one that was cut off they are anything.
        with path.open("rb") as file:
            file.seek(-4, 2)
            (length,) = struct.unpack("<I", file.read(4))
        whole = expected <= length <= expected + LONGEST_HEADER
    else:
        whole = True
    if not whole:
        raise RegistrationError(f"{path} is damaged: it ends before its last voxel.")


def _stem(path: Path) -> str:
    name = path.name
    for suffix in (".nii.gz", *path.suffixes[-1:]):
        if suffix and name.endswith(suffix):
            return name[: -len(suffix)]
    return name


class _silentVtk:
    """VTK prints its reading errors; the caller says it in one sentence instead."""

    def __enter__(self) -> None:
        self._shown = vtk.vtkObject.GetGlobalWarningDisplay()
        vtk.vtkObject.GlobalWarningDisplayOff()

    def __exit__(self, *exception) -> None:
        vtk.vtkObject.SetGlobalWarningDisplay(self._shown)
