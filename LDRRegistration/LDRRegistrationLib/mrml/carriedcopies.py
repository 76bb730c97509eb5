"""Copies of nodes, carried by a registration's transform: prepared, computed in any thread, published."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .carrying import CarryJob, checkCarriable, prepareCarry, resultFromLocal
from .nodes import NodeReference, allOrNothing, checkScene, cloneNode
from .verdicts import copyVerdict


@dataclass
class CopiesJob:
    """The transform's node, and each node to be copied with what becomes of its content."""

    transformNode: NodeReference
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


def computeCopies(job: CopiesJob, check: Callable[[], object] = lambda: None) -> None:
    """Touches no node; ``check`` raises to stop."""
    for _node, carried in job.carried:
        carried.compute(check)


def publishCopies(job: CopiesJob) -> list[Any]:
    """The copies.

    :raises RegistrationError: a node left the scene meanwhile. The scene is as it was.
    """
    transformNode = job.transformNode.node()
    copies = []
    with allOrNothing(transformNode.GetScene()):
        for reference, carried in job.carried:
            node = reference.node()
            copy = cloneNode(node, f"{node.GetName()}, {transformNode.GetName()}")
            copy.SetAndObserveTransformNodeID(None)
            carried.publish(copy)
            copyVerdict(transformNode, copy)
            copies.append(copy)
    return copies
