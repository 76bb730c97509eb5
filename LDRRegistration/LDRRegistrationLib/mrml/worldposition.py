"""Where nodes lie in the world, and whether a volume is still the one that was registered."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .matrices import arrayFromMatrix, localToWorld
from .nodes import NodeReference, isAbove
from .transforms import notedSides


def resultAbove(movingVolumeNode: Any, transformNode: Any = None) -> Any:
    """The transform above ``movingVolumeNode`` that is the result of registering that very volume, or None.

    :param transformNode: the only one that counts; without it the nearest one does.
    """
    if movingVolumeNode is None or not movingVolumeNode.IsA("vtkMRMLTransformableNode"):
        return None
    role = slicer.vtkMRMLTransformNode.GetMovingNodeReferenceRole()
    parent = movingVolumeNode.GetParentTransformNode()
    while parent is not None:
        if parent.GetNodeReference(role) is movingVolumeNode and transformNode in (None, parent):
            return parent
        parent = parent.GetParentTransformNode()
    return None


def isOfPair(transformNode: Any, fixedVolumeNode: Any, movingVolumeNode: Any) -> bool:
    """Whether ``transformNode`` is the result of registering these two volumes."""
    found = scansOf(transformNode)
    return found[0] is fixedVolumeNode and found[1] is movingVolumeNode


def scansOf(transformNode: Any) -> tuple[Any, Any]:
    """The fixed and the moving volume that ``transformNode`` is the result of; None for one that is gone."""
    roles = slicer.vtkMRMLTransformNode
    fixed, moving = roles.GetFixedNodeReferenceRole(), roles.GetMovingNodeReferenceRole()
    return transformNode.GetNodeReference(fixed), transformNode.GetNodeReference(moving)


def toWorldRas(node: Any, result: Any = None) -> np.ndarray:
    """4x4 from the coordinates ``node`` stores to world RAS.

    :param result: a transform that is left out, if it stands above ``node``: a registration's result, which shows where
        the moving volume was carried. Then this is where the node lay before it was put under that transform.
    :raises RegistrationError: if another parent transform is not linear.
    """
    if result is None or not isAbove(result, node):
        return localToWorld(node)
    between = vtk.vtkMatrix4x4()
    if not slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(node.GetParentTransformNode(), result, between):
        raise RegistrationError(
            _("{name} is under a non-linear transform: harden it (or a copy) first.").format(name=node.GetName())
        )
    return notedSides(result)[0] @ arrayFromMatrix(between)


# The parent transform that a moving volume had before it was put under its registration's result.
BEFORE_ROLE = "LDRRegistration.before"


def noteParentBefore(transformNode: Any, movingVolumeNode: Any) -> None:
    """Note on ``transformNode``, which is to carry ``movingVolumeNode``, under which transform that lies now."""
    if not isAbove(transformNode, movingVolumeNode):
        transformNode.SetNodeReferenceID(BEFORE_ROLE, movingVolumeNode.GetTransformNodeID())


def parentBefore(transformNode: Any, movingVolumeNode: Any) -> Any:
    """The transform that ``movingVolumeNode`` lies under as long as ``transformNode`` does not carry it; or None."""
    if not isAbove(transformNode, movingVolumeNode):
        return movingVolumeNode.GetParentTransformNode()
    return transformNode.GetNodeReference(BEFORE_ROLE)


class RegisteredVolume:
    """A volume node as it was when a registration began; by its modified times, so that looking takes no time.

    :param result: an earlier result of the volume, if it is one, under which it may lie without having moved.
    """

    def __init__(self, node: Any, result: Any = None) -> None:
        self._reference = NodeReference(node)
        self._result = None if result is None else NodeReference(result)
        self._state = self._stateOf(node)

    def node(self) -> Any:
        """The node, with the voxels and in the place that it had.

        :raises RegistrationError: it left the scene, or its voxels, its geometry or its parent transform changed.
        """
        node = self._reference.node()
        try:
            same = self._stateOf(node) == self._state
        except RegistrationError:  # it is under a non-linear transform now
            same = False
        if not same:
            raise RegistrationError(
                _(
                    "{name} was changed while it was registered, so the result is not about it any more; nothing "
                    "was changed. Register again."
                ).format(name=node.GetName())
            )
        return node

    def _stateOf(self, node: Any) -> tuple[Any, ...]:
        # Times of modification are never given twice, so another image has another time.
        image = node.GetImageData()
        matrix = vtk.vtkMatrix4x4()
        node.GetIJKToRASMatrix(matrix)
        known = self._result
        result = resultAbove(node, known.node()) if known is not None and known.isPresent else None
        matrices = arrayFromMatrix(matrix), toWorldRas(node, result)
        return image and image.GetMTime(), *(matrix.tolist() for matrix in matrices)
