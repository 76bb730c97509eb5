"""Files to nodes and back without the Slicer application: the scene, volumes and transforms of the command line."""

from __future__ import annotations

from pathlib import Path

import slicer
import vtk

from ..errors import RegistrationError

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
    """A scalar (or label map) volume node from any image file that ITK reads.

    :raises RegistrationError: the file is missing, is not an image, is not 3D, or has several values per voxel.
    """
    _checkImageFile(path)
    className = "vtkMRMLLabelMapVolumeNode" if labels else "vtkMRMLScalarVolumeNode"
    node = scene.AddNewNodeByClass(className, _stem(path))
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(path.resolve()))
    storage.SetSingleFile(1)
    with _silentVtk():
        read = storage.ReadData(node)
    if not read or node.GetImageData() is None:
        raise RegistrationError(f"{path} cannot be read as a volume.")
    node.SetAndObserveStorageNodeID(storage.GetID())
    return node


def readTransform(scene, path: Path):
    """A transform node from an ITK transform file.

    :raises RegistrationError: the file is missing or is not a transform.
    """
    if not path.is_file():
        raise RegistrationError(f"The transform file {path} does not exist.")
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", _stem(path))
    storage = scene.AddNewNodeByClass("vtkMRMLTransformStorageNode")
    storage.SetFileName(str(path.resolve()))
    with _silentVtk():
        read = storage.ReadData(node)
    if not read:
        raise RegistrationError(f"{path} cannot be read as a transform ({', '.join(TRANSFORM_SUFFIXES)}).")
    return node


def writeVolume(node, path: Path) -> None:
    _write("vtkMRMLVolumeArchetypeStorageNode", node, path)


def writeTransform(node, path: Path) -> None:
    """``.h5``: an ITK transform, fixed to moving points in LPS, that SimpleITK, ANTs and Slicer read."""
    _write("vtkMRMLTransformStorageNode", node, path)


def _write(storageClass: str, node, path: Path) -> None:
    storage = node.GetScene().AddNewNodeByClass(storageClass)
    storage.SetFileName(str(path.resolve()))
    with _silentVtk():
        written = storage.WriteData(node)
    node.GetScene().RemoveNode(storage)
    if not written or not path.is_file():
        raise OSError(f"{path} could not be written.")


def _checkImageFile(path: Path) -> None:
    import SimpleITK

    if not path.exists():
        raise RegistrationError(f"{path} does not exist.")
    if path.is_dir():
        raise RegistrationError(f"{path} is a folder; give one image file (a DICOM series: save it as .nrrd first).")
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise RegistrationError(f"{path} is not an image that can be read.") from error
    size, components = reader.GetSize(), reader.GetNumberOfComponents()
    if len(size) != 3:
        raise RegistrationError(f"{path} has {len(size)} dimensions; only 3D volumes can be registered.")
    if components != 1:
        raise RegistrationError(f"{path} has {components} values per voxel (a color image?); one is needed.")


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
