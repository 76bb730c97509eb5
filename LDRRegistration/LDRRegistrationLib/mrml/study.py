"""A whole study: the volumes in a folder of the subject hierarchy, and the segmentations that belong to each."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .verdicts import notedVerdict


def volumesIn(folderItem: int, scene: Any) -> list[Any]:
    """The scalar volumes below an item of the subject hierarchy, at any depth, in its order.

    Label maps are none, and neither is what a registration made: resampled volumes, maps of change, checkerboards.

    :param folderItem: of a folder, a study or a patient; that of the whole scene counts, too.
    :raises RegistrationError: there is no such item, or it has no volumes.
    """
    hierarchy = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    if hierarchy is None or not folderItem:
        raise RegistrationError(_("Choose a folder, a study or a patient with volumes in it."))
    if hierarchy.GetItemDataNode(folderItem) is not None:
        raise RegistrationError(
            _("{name} is one node: choose the folder, the study or the patient that it is in.").format(
                name=hierarchy.GetItemName(folderItem)
            )
        )
    ids = vtk.vtkIdList()
    hierarchy.GetItemChildren(folderItem, ids, True)
    nodes = [hierarchy.GetItemDataNode(ids.GetId(number)) for number in range(ids.GetNumberOfIds())]
    volumes = [node for node in nodes if node is not None and isScan(node)]
    if not volumes:
        raise RegistrationError(
            _("There is no volume in {name}.").format(name=hierarchy.GetItemName(folderItem) or _("the scene"))
        )
    return volumes


def segmentationsOf(volumeNode: Any) -> list[Any]:
    """The segmentations that were drawn on ``volumeNode``: which name it as their reference, or lie below it."""
    scene = volumeNode.GetScene()
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    found = [scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode") for n in range(_count(scene))]
    below: list[Any] = []
    hierarchy = scene.GetFirstNodeByClass("vtkMRMLSubjectHierarchyNode")
    item = 0 if hierarchy is None else hierarchy.GetItemByDataNode(volumeNode)
    if item:
        ids = vtk.vtkIdList()
        hierarchy.GetItemChildren(item, ids, True)
        below = [hierarchy.GetItemDataNode(ids.GetId(number)) for number in range(ids.GetNumberOfIds())]
    # A carried copy refers to the volume that it was drawn on, but lies elsewhere.
    return [
        node
        for node in found
        if (node.GetNodeReference(role) is volumeNode or node in below) and not notedVerdict(node)
    ]


def _count(scene: Any) -> int:
    return int(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode"))


def isScan(node: Any) -> bool:
    """Whether a node is a volume to be registered: no label map, and nothing that a registration made."""
    # Not label maps and vector volumes, which are of classes of their own.
    isVolume = node.GetClassName() == "vtkMRMLScalarVolumeNode"
    return isVolume and node.GetSaveWithScene() and not notedVerdict(node)
