"""Files to nodes without the Slicer application: volumes and transforms of the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ..dicom.stacks import Stack
from ..dicom.voxels import readStack
from ..imagefiles import itk
from ..imagefiles.reading import readImage, stem
from ..imagefiles.streams import checkRegularFile
from ..runtime.errors import RegistrationError
from ..runtime.terminal import silentVtk
from ..space.grid import LPS_FROM_RAS
from ..space.image import Image
from ..space.labelwarp import wholeNumbers
from .matrices import checkStart, linearMatrix, matrixFromArray
from .transformtext import TEXT_SUFFIXES, isWholeText
from .volumes import imageDataFromArray

TRANSFORM_SUFFIXES = (".h5", ".tfm", ".txt", ".mat", ".nrrd", ".mha", ".nii.gz")


class Reading(Protocol):
    """How an image file is read: ``readImage``, or what has done it before."""

    def __call__(self, path: Path) -> tuple[Image, list[str]]:
        """:raises RegistrationError: it cannot be read."""


def readVolume(scene, path: Path, labels: bool = False, notes: list[str] | None = None, read: Reading = readImage):
    """A scalar (or label map) volume node from any image file, on exactly the file's own grid.

    Slicer's reader would turn the slices of a left-handed volume round; results would then not lie voxel on voxel with
    the file that the user gave.

    :param notes: receives sentences on what the file's header left open or said twice.
    :raises RegistrationError: the file is missing, is not an image, is not 3D, has several values per voxel, says of
        itself what cannot be, or is damaged.
    """
    return _volumeNode(scene, _readImage(path, notes, read), labels)


def readLabels(scene, path: Path, notes: list[str] | None = None, read: Reading = readImage):
    """The same for a label map whose labels are to be carried: a node of integers.

    :raises RegistrationError: as for a volume; and if the values are not whole numbers.
    """
    image = _readImage(path, notes, read)
    return _volumeNode(scene, replace(image, array=wholeNumbers(image)), labels=True)


def readSeries(scene, stack: Stack, notes: list[str] | None = None):
    """The same from a series of DICOM images.

    :raises RegistrationError: it is no volume, or its voxels cannot be read.
    """
    image, said = readStack(stack)
    if notes is not None:
        notes.extend(said)
    return _volumeNode(scene, image, labels=False)


def _readImage(path: Path, notes: list[str] | None, read: Reading) -> Image:
    image, said = read(path)
    if notes is not None:
        notes.extend(said)
    return image


def _volumeNode(scene, image: Image, labels: bool):
    node = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode" if labels else "vtkMRMLScalarVolumeNode", image.name)
    node.SetAndObserveImageData(imageDataFromArray(image.array, copy=False))
    node.SetIJKToRASMatrix(matrixFromArray(image.ijkToRas))
    return node


def readTransform(scene, path: Path):
    """A transform node from an ITK transform file; one of several linear transforms becomes a single matrix.

    :raises RegistrationError: the file is missing or is not a transform, or its numbers are none that a registration
        could start from.
    """
    checkRegularFile(path)
    if path.suffix in TEXT_SUFFIXES and not isWholeText(path):
        raise RegistrationError(f"{path} is damaged: it ends before its last number.")
    itk.checkName(path)
    name = itk.shown(stem(path))
    matrix = _linearFromItk(path)
    if matrix is not None:
        checkStart(matrix, str(path))
        node = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
        node.SetMatrixTransformFromParent(matrixFromArray(matrix))
        return node
    _checkVectors(path)
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
    storage = scene.AddNewNodeByClass("vtkMRMLTransformStorageNode")
    storage.SetFileName(str(path.resolve()))
    with silentVtk(), itk.silence():
        read = storage.ReadData(node)
    scene.RemoveNode(storage)
    if not read:
        scene.RemoveNode(node)
        raise RegistrationError(f"{path} cannot be read as a transform ({', '.join(TRANSFORM_SUFFIXES)}).")
    matrix = linearMatrix(node.GetTransformFromParent())
    if matrix is not None:
        checkStart(matrix, str(path))
    return node


def _checkVectors(path: Path) -> None:
    """MRML takes any image for a grid of displacements, whatever its voxels hold.

    :raises RegistrationError: it is an image whose voxels are no vectors.
    """
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    with itk.silence():
        try:
            reader.ReadImageInformation()
        except RuntimeError:
            return
    if reader.GetNumberOfComponents() != 3:
        raise RegistrationError(f"{path} is an image and no transform: a field of displacements has 3 values a voxel.")


def _linearFromItk(path: Path) -> np.ndarray | None:
    """4x4 in RAS of a file with a linear transform, composed or not; None for every other file.

    MRML keeps a composite as it is and calls it non-linear, and does not know all of ITK's linear classes.

    :raises RegistrationError: it is a transform of the plane.
    """
    import SimpleITK

    with itk.silence():
        try:
            transform = SimpleITK.ReadTransform(str(path))
        except RuntimeError:
            return None
    if transform.GetDimension() != 3:
        raise RegistrationError(f"{path} is a transform in {transform.GetDimension()} dimensions; 3 are needed.")
    if not transform.IsLinear():
        return None
    matrix = np.eye(4)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    for axis in range(3):
        matrix[:3, axis] = transform.TransformVector(np.eye(3)[axis].tolist(), (0.0, 0.0, 0.0))
    return LPS_FROM_RAS @ matrix @ LPS_FROM_RAS
