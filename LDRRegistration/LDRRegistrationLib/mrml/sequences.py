"""Sequences of volumes (4D): frames as images, and a sequence of transforms beside them."""

from __future__ import annotations

from typing import Any

import slicer

from ..errors import RegistrationError
from ..field import Transform
from ..image import Image
from .nodes import allOrNothing
from .transforms import vtkTransform
from .volumes import imageFromVolumeNode


def framesOf(sequenceNode: Any) -> list[Image]:
    """The frames of a sequence, in the coordinates of the sequence.

    :raises RegistrationError: it is no sequence of at least two scalar volumes.
    """
    if sequenceNode is None or not sequenceNode.IsA("vtkMRMLSequenceNode"):
        raise RegistrationError("Choose a sequence of volumes.")
    nodes = [sequenceNode.GetNthDataNode(n) for n in range(sequenceNode.GetNumberOfDataNodes())]
    if len(nodes) < 2 or not all(node.IsA("vtkMRMLScalarVolumeNode") for node in nodes):
        raise RegistrationError(f"{sequenceNode.GetName()} is no sequence of at least two volumes.")
    frames = []
    for number, node in enumerate(nodes):
        image = imageFromVolumeNode(node)
        frames.append(Image(image.array, image.ijkToRas, f"{sequenceNode.GetName()}, frame {number}"))
    return frames


def publishTransforms(sequenceNode: Any, transforms: list[Transform], outputSequenceNode: Any = None) -> Any:
    """A sequence of transform nodes with the index values of ``sequenceNode``, in step with it in its browsers.

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
            for number, transform in enumerate(transforms):
                node = slicer.vtkMRMLTransformNode()
                node.SetName(f"{sequenceNode.GetName()} {number} (LDR)")
                node.SetAndObserveTransformFromParent(vtkTransform(transform))
                outputSequenceNode.SetDataNodeAtValue(node, sequenceNode.GetNthIndexValue(number))
        browsers = _browsersOf(sequenceNode)
        if not browsers and scene.IsNodeClassRegistered("vtkMRMLSequenceBrowserNode"):
            browsers = [scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{sequenceNode.GetName()} browser")]
            browsers[0].SetAndObserveMasterSequenceNodeID(sequenceNode.GetID())
        for browser in browsers:
            browser.AddSynchronizedSequenceNode(outputSequenceNode)
    return outputSequenceNode


def _browsersOf(sequenceNode: Any) -> list[Any]:
    scene = sequenceNode.GetScene()
    count = scene.GetNumberOfNodesByClass("vtkMRMLSequenceBrowserNode")
    browsers = [scene.GetNthNodeByClass(number, "vtkMRMLSequenceBrowserNode") for number in range(count)]
    return [browser for browser in browsers if browser.IsSynchronizedSequenceNode(sequenceNode, True)]
