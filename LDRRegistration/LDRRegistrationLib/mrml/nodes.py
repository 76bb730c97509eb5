"""Nodes as such: where a transform stands above one, copies, and taking back what was made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .quantities import copyMeaning, forgetFiles


class NodeReference:
    """A node that may leave its scene before it is needed; it is not kept alive.

    An id will not do: once a scene was cleared, the same ids are given to other nodes.
    """

    def __init__(self, node) -> None:
        self._scene = node.GetScene()
        # Python's own weak references end with the wrapper, while the node is still there.
        self._node = vtk.vtkWeakReference()
        self._node.Set(node)

    @property
    def isPresent(self) -> bool:
        """Whether it is still a node of its scene."""
        node = self._node.Get()
        return node is not None and bool(self._scene.IsNodePresent(node))

    def node(self):
        """The node.

        :raises RegistrationError: it left the scene.
        """
        if not self.isPresent:
            raise RegistrationError(
                _("A volume or an output was removed from the scene meanwhile; nothing was changed.")
            )
        return self._node.Get()

    @staticmethod
    def to(node) -> NodeReference | None:
        """A reference to ``node``, or None to None."""
        return None if node is None else NodeReference(node)


def isAbove(transformNode, node) -> bool:
    """Whether ``transformNode`` is among the parent transforms of ``node``."""
    parent = node.GetParentTransformNode()
    while parent is not None:
        if parent is transformNode:
            return True
        parent = parent.GetParentTransformNode()
    return False


def checkScene(*nodes) -> None:
    """Raise RegistrationError unless all ``nodes`` that are not None are in one scene."""
    present = [node for node in nodes if node is not None]
    if present and (present[0].GetScene() is None or any(n.GetScene() is not present[0].GetScene() for n in present)):
        raise RegistrationError(_("The volumes, outputs and transforms must all be nodes of one scene."))


def cloneNode(node, name: str, withoutVoxels: bool = False):
    """A deep copy of ``node`` in its scene, with its own display node, under the same parent transform and beside it.

    As Slicer's subject hierarchy clones items; that function itself works only where its plugins are. What will hold
    other values than certain DICOM files says no more that it is these.

    :param withoutVoxels: of a volume that gets voxels of its own at once: to copy those of a large one holds the
        window, and so does what is displayed of them.
    """
    copy = node.GetScene().AddNewNodeByClass(node.GetClassName(), name)
    copyDisplay(node, copy)
    copy.CopyContent(node, not withoutVoxels)
    if withoutVoxels:
        copy.SetAndObserveImageData(None)
    if node.IsA("vtkMRMLVolumeNode"):
        copyMeaning(node, copy)
    forgetFiles(copy)
    copy.SetName(name)
    copy.SetAndObserveTransformNodeID(node.GetTransformNodeID())
    placeBeside(copy, node)
    return copy


def copyDisplay(node, copy) -> None:
    """Display ``copy`` as ``node`` is displayed, if it is at all; to be called before ``copy`` has content.

    A volume keeps the window of the other, so that both look alike, instead of finding one of its own: that takes
    seconds for a large volume, in the window's thread, at each change of its voxels.
    """
    if getattr(node, "GetDisplayNode", lambda: None)() is None:
        return
    copy.CreateDefaultDisplayNodes()
    display = copy.GetDisplayNode()
    with slicer.util.NodeModify(display):
        display.CopyContent(node.GetDisplayNode())
        if display.IsA("vtkMRMLScalarVolumeDisplayNode"):
            display.AutoWindowLevelOff()


def placeBeside(node, referenceNode) -> None:
    """Put ``node`` where ``referenceNode`` is in the subject hierarchy."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    if hierarchy is None:
        return
    item, reference = hierarchy.GetItemByDataNode(node), hierarchy.GetItemByDataNode(referenceNode)
    if item and reference:
        hierarchy.SetItemParent(item, hierarchy.GetItemParent(reference))


@contextlib.contextmanager
def allOrNothing(scene) -> Iterator[None]:
    """If the block fails, the nodes that it added to ``scene`` are removed."""
    before = {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}
    try:
        yield
    except BaseException:
        nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
        for node in nodes:
            if node.GetID() not in before and scene.IsNodePresent(node):
                scene.RemoveNode(node)
        raise
