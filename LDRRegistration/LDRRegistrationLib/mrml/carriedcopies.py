"""Copies of nodes, carried by a registration's transform: prepared, computed in any thread, published."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .carrying import CarryJob, checkCarriable, prepareCarry, resultFromLocal, worldFromLocal
from .nodes import NodeReference, allOrNothing, checkScene, cloneNode
from .verdicts import copyVerdict


@dataclass
class CopiesJob:
    """The transform's node, None for the nodes' own parents, and each node to be copied with its content to be."""

    transformNode: NodeReference | None
    carried: list[tuple[NodeReference, CarryJob]]


def prepareCopies(transformNode, nodes: Iterable, referenceVolumeNode=None) -> CopiesJob:
    """See ResultsLogic.applyTransform; changes nothing in the scene."""
    nodes = list(nodes)
    if transformNode is None or not transformNode.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(_("Choose the transform to apply."))
    if not nodes:
        raise RegistrationError(_("Choose at least one node to carry."))
    for node in nodes:
        checkCarriable(node)
    checkScene(transformNode, referenceVolumeNode, *nodes)
    carried = [
        (NodeReference(node), prepareCarry(node, resultFromLocal(node, transformNode), referenceVolumeNode))
        for node in nodes
    ]
    return CopiesJob(NodeReference(transformNode), carried)


def prepareHardened(volumeNode) -> CopiesJob:
    """See ResultsLogic.hardenedCopy; changes nothing in the scene."""
    checkCarriable(volumeNode)
    return CopiesJob(None, [(NodeReference(volumeNode), prepareCarry(volumeNode, worldFromLocal(volumeNode)))])


def computeCopies(job: CopiesJob, check: Callable[[], object] = lambda: None) -> None:
    """Touches no node; ``check`` raises to stop."""
    for _node, carried in job.carried:
        carried.compute(check)


def publishCopies(job: CopiesJob) -> list[Any]:
    """The copies.

    :raises RegistrationError: a node left the scene meanwhile. The scene is as it was.
    """
    transformNode = None if job.transformNode is None else job.transformNode.node()
    nodes = [reference.node() for reference, _carried in job.carried]
    copies = []
    with allOrNothing(nodes[0].GetScene()):
        for node, (_reference, carried) in zip(nodes, job.carried, strict=True):
            name = node.GetName()
            name = f"{name} hardened" if transformNode is None else f"{name}, {transformNode.GetName()}"
            copy = cloneNode(node, name, withoutVoxels=node.IsA("vtkMRMLVolumeNode"))
            copy.SetAndObserveTransformNodeID(None)
            carried.publish(copy)
            if transformNode is not None:
                copyVerdict(transformNode, copy)
            copies.append(copy)
    return copies
