"""Sequences of volumes (4D): frames as images, and a sequence of transforms beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import slicer

from ..registration.sequence import verdictOfAll
from ..registration.verdict import Verdict
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.image import Image
from ..space.transform import Transform
from .nodes import NodeReference, allOrNothing
from .transforms import vtkTransform
from .verdicts import noteVerdict
from .volumes import imageFromVolumeNode
from .worldposition import RegisteredVolume


class RegisteredFrames:
    """The frames of a sequence as they were when their registration began. See ``RegisteredVolume``."""

    def __init__(self, sequenceNode: Any) -> None:
        self._reference = NodeReference(sequenceNode)
        self._frames = [RegisteredVolume(node) for node in _dataNodes(sequenceNode)]

    def node(self) -> Any:
        """The sequence node.

        :raises RegistrationError: it left the scene, or its frames changed.
        """
        node = self._reference.node()
        if [frame.node() for frame in self._frames] != _dataNodes(node):
            raise RegistrationError(
                _(
                    "Frames of {name} were added, removed or moved while they were registered; nothing was "
                    "changed. Register again."
                ).format(name=node.GetName())
            )
        return node


def framesOf(sequenceNode: Any) -> list[Image]:
    """The frames of a sequence, in the coordinates of the sequence.

    :raises RegistrationError: it is no sequence of at least two scalar volumes.
    """
    if sequenceNode is None or not sequenceNode.IsA("vtkMRMLSequenceNode"):
        raise RegistrationError(_("Choose a sequence of volumes."))
    nodes = _dataNodes(sequenceNode)
    if len(nodes) < 2 or not all(node.IsA("vtkMRMLScalarVolumeNode") for node in nodes):
        raise RegistrationError(
            _("{sequence} is no sequence of at least two volumes.").format(sequence=sequenceNode.GetName())
        )
    frames = []
    for number, node in enumerate(nodes):
        image = imageFromVolumeNode(node)
        frames.append(replace(image, name=f"{sequenceNode.GetName()}, frame {number}"))
    return frames


def publishTransforms(
    sequenceNode: Any, transforms: list[Transform], verdicts: list[Verdict], outputSequenceNode: Any = None
) -> Any:
    """A sequence of transform nodes with the index values of ``sequenceNode``, in step with it in its browsers.

    Each transform, and the sequence for all of them, says what is to be thought of it: see ``notedVerdict``.
    Where no browser shows the frames yet, one is made.
    """
    scene = sequenceNode.GetScene()
    with allOrNothing(scene):
        if outputSequenceNode is None:
            name = f"Transforms of {sequenceNode.GetName()}"
            outputSequenceNode = scene.AddNewNodeByClass("vtkMRMLSequenceNode", name)
        with slicer.util.NodeModify(outputSequenceNode):
            outputSequenceNode.RemoveAllDataNodes()
            outputSequenceNode.SetIndexName(sequenceNode.GetIndexName())
            outputSequenceNode.SetIndexUnit(sequenceNode.GetIndexUnit())
            outputSequenceNode.SetIndexType(sequenceNode.GetIndexType())
            for number, (transform, verdict) in enumerate(zip(transforms, verdicts, strict=True)):
                node = slicer.vtkMRMLTransformNode()
                node.SetName(f"{sequenceNode.GetName()} {number} (LDR)")
                node.SetAndObserveTransformFromParent(vtkTransform(transform))
                noteVerdict(node, verdict)
                outputSequenceNode.SetDataNodeAtValue(node, sequenceNode.GetNthIndexValue(number))
            noteVerdict(outputSequenceNode, verdictOfAll(verdicts))
        browsers = _browsersOf(sequenceNode)
        if not browsers and scene.IsNodeClassRegistered("vtkMRMLSequenceBrowserNode"):
            browsers = [scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{sequenceNode.GetName()} browser")]
            browsers[0].SetAndObserveMasterSequenceNodeID(sequenceNode.GetID())
        for browser in browsers:
            browser.AddSynchronizedSequenceNode(outputSequenceNode)
    return outputSequenceNode


def goToFrame(sequenceNode: Any, transformsNode: Any, number: int) -> None:
    """Let the browsers of a sequence show frame ``number``, carried by its transform where both are shown.

    :param transformsNode: the sequence of its transforms; None if there is none yet.
    :raises RegistrationError: the sequence left the scene.
    """
    if sequenceNode is None or sequenceNode.GetScene() is None:
        raise RegistrationError(_("The sequence was removed from the scene."))
    for browser in _browsersOf(sequenceNode):
        browser.SetSelectedItemNumber(number)
        volume = browser.GetProxyNode(sequenceNode)
        carrier = None if transformsNode is None else browser.GetProxyNode(transformsNode)
        if volume is not None and carrier is not None:
            volume.SetAndObserveTransformNodeID(carrier.GetID())


def _dataNodes(sequenceNode: Any) -> list[Any]:
    return [sequenceNode.GetNthDataNode(n) for n in range(sequenceNode.GetNumberOfDataNodes())]


def _browsersOf(sequenceNode: Any) -> list[Any]:
    scene = sequenceNode.GetScene()
    count = scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")
    browsers = [scene.GetNthNodeByClass(number, "vtkMRMLSequenceBrowserNode") for number in range(count)]
    return [browser for browser in browsers if browser.IsSynchronizedSequenceNode(sequenceNode, True)]
