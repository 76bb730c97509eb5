"""A real MRML scene, and volume nodes in it."""

import numpy as np
import slicer
from LDRRegistrationLib.mrml.files import newScene
from LDRRegistrationLib.mrml.matrices import matrixFromArray
from LDRRegistrationLib.mrml.volumes import imageDataFromArray
from LDRRegistrationLib.registration.settings import Prealignment
from LDRRegistrationLib.space.image import Image


def add_volume(scene, image: Image, name: str = "volume", class_name: str = "vtkMRMLScalarVolumeNode"):
    """A volume node that holds ``image``."""
    node = scene.AddNewNodeByClass(class_name, name)
    node.SetAndObserveImageData(imageDataFromArray(image.array))
    node.SetIJKToRASMatrix(matrixFromArray(image.ijkToRas))
    return node


def add_linear_transform(scene, matrix_to_parent: np.ndarray, name: str = "parent"):
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", name)
    node.SetMatrixTransformToParent(matrixFromArray(matrix_to_parent))
    return node


def from_parent_points(transform_node, points_ras: np.ndarray) -> np.ndarray:
    transform = transform_node.GetTransformFromParent()
    return np.array([transform.TransformPoint(p) for p in points_ras])


def array_of(volume_node) -> np.ndarray:
    return slicer.util.arrayFromVolume(volume_node)


def snapshot(scene) -> list[tuple[str, int]]:
    """Every node of the scene with its modification time: equal before and after means that nothing was touched."""
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    return [(node.GetID(), node.GetMTime()) for node in nodes]


def arguments_for(fixed, moving, transform, warped, **changes):
    """Of ``registerVolumes``, without pre-alignment and refinement: what a constant network says is the result."""
    return {
        "fixedVolumeNode": fixed,
        "movingVolumeNode": moving,
        "outputTransformNode": transform,
        "outputVolumeNode": warped,
        "prealignment": Prealignment.NONE,
        "preset": "accurate",
        "refinementSteps": 0,
        **changes,
    }


__all__ = [
    "add_linear_transform",
    "add_volume",
    "arguments_for",
    "array_of",
    "from_parent_points",
    "newScene",
    "snapshot",
]
