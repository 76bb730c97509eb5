"""Segmentation and label map nodes to masks."""

from __future__ import annotations

import numpy as np
import slicer

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.image import Image
from ..space.masks import refuseAsEmpty
from .labelmaps import arrayFromOrientedImage
from .volumes import imageFromVolumeNode
from .worldposition import toWorldRas

BINARY_LABELMAP = "Binary labelmap"


def imageFromMaskNode(maskNode, result=None) -> Image | None:
    """What is inside any segment, or any label above 0, as 1 in an Image of uint8 in the world; None for no node.

    :param result: see ``toWorldRas``.
    :raises RegistrationError: for another kind of node, nothing inside, or a non-linear parent.
    """
    if maskNode is None:
        return None
    checkIsMask(maskNode)
    name = maskNode.GetName() or "the mask"
    if maskNode.IsA("vtkMRMLSegmentationNode"):
        return _imageFromSegmentation(maskNode, name, result)
    image = imageFromVolumeNode(maskNode, result)
    return Image((image.array > 0).astype(np.uint8), image.ijkToRas, name)


def checkIsMask(node) -> None:
    """:raises RegistrationError: it is neither a segmentation nor a label map."""
    if not (node.IsA("vtkMRMLSegmentationNode") or node.IsA("vtkMRMLLabelMapVolumeNode")):
        raise RegistrationError(
            _("{name} cannot be a mask: choose a segmentation or a label map.").format(name=node.GetName())
        )


def _imageFromSegmentation(segmentationNode, name: str, result) -> Image:
    # A copy, since another representation may have to be made.
    copy = slicer.vtkMRMLSegmentationNode()
    segmentation = copy.GetSegmentation()
    segmentation.DeepCopy(segmentationNode.GetSegmentation())
    merged = slicer.vtkOrientedImageData()
    if segmentation.GetNumberOfSegments() and segmentation.CreateRepresentation(BINARY_LABELMAP):
        copy.GenerateMergedLabelmapForAllSegments(
            merged, slicer.vtkSegmentation.EXTENT_UNION_OF_EFFECTIVE_SEGMENTS, None, None
        )
    if merged.GetPointData().GetScalars() is None or merged.GetNumberOfPoints() == 0:
        refuseAsEmpty(name)
    array, ijkToLocal = arrayFromOrientedImage(merged)
    return Image((array > 0).astype(np.uint8), toWorldRas(segmentationNode, result) @ ijkToLocal, name)
