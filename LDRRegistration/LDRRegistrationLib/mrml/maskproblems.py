"""What can be said of a mask at once, before all of its voxels are looked at."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..space.grid import Grid, overlapFraction
from ..space.masks import refuseAsElsewhere, refuseAsEmpty
from .labelmaps import arrayFromOrientedImage
from .masks import BINARY_LABELMAP, checkIsMask
from .volumes import imageFromVolumeNode
from .worldposition import toWorldRas

# For all of a mask: what lies in it is nearly always found in the first part.
LONGEST_SEARCH_SECONDS = 0.006
SEARCHED_VOXELS = 500_000


def checkMask(maskNode: Any, volumeNode: Any, result: Any = None) -> None:
    """Refuse a mask of which it is plain within some milliseconds that it is of no use.

    :param volumeNode: the volume that it belongs to, or None.
    :param result: see ``toWorldRas``.
    :raises RegistrationError: it is empty, lies beside its volume, or under a transform that is not linear.
    """
    checkIsMask(maskNode)
    name = maskNode.GetName()
    layers = _segments(maskNode, result) if maskNode.IsA("vtkMRMLSegmentationNode") else [_labels(maskNode, result)]
    known = [layer for layer in layers if layer is not None]
    until = time.perf_counter() + LONGEST_SEARCH_SECONDS
    if len(known) == len(layers) and all(isSurelyEmpty(array, until) for array, _grid in known):
        refuseAsEmpty(name)
    if volumeNode is None or not known or len(known) < len(layers):
        return
    volume = imageFromVolumeNode(volumeNode, result)
    if not any(_meet(grid, volume.grid) for _array, grid in known):
        refuseAsElsewhere(name, volume.name)


def isSurelyEmpty(array: np.ndarray, until: float) -> bool:
    """Whether nothing of ``array`` (k, j, i) is above 0, from its middle on; False where ``until`` came before that.

    :param until: when to give up, as ``time.perf_counter`` tells the time.
    """
    values = array.reshape(-1)
    parts = [values[start : start + SEARCHED_VOXELS] for start in range(0, values.size, SEARCHED_VOXELS)]
    middle = len(parts) // 2
    for number in sorted(range(len(parts)), key=lambda number: abs(number - middle)):
        if number != middle and time.perf_counter() > until:
            return False
        if (parts[number] > 0).any():
            return False
    return True


def _labels(maskNode: Any, result: Any) -> tuple[np.ndarray, Grid]:
    image = imageFromVolumeNode(maskNode, result)
    return image.array, image.grid


def _segments(segmentationNode: Any, result: Any) -> list[tuple[np.ndarray, Grid] | None]:
    """The label maps of the segments that have any voxels; None of a segment that has no label map yet."""
    segmentation, toWorld = segmentationNode.GetSegmentation(), toWorldRas(segmentationNode, result)
    found: list[tuple[np.ndarray, Grid] | None] = []
    for segmentId in segmentation.GetSegmentIDs():
        image = segmentation.GetSegment(segmentId).GetRepresentation(BINARY_LABELMAP)
        if image is None:
            found.append(None)
        elif image.GetPointData().GetScalars() is not None and image.GetNumberOfPoints():
            array, ijkToLocal = arrayFromOrientedImage(image)
            found.append((array, Grid(array.shape, toWorld @ ijkToLocal)))
    return found


def _meet(one: Grid, other: Grid) -> bool:
    """Whether two boxes have anything in common; of a box between the points that are tried it is the other way."""
    return overlapFraction(one, other) > 0 or overlapFraction(other, one) > 0
