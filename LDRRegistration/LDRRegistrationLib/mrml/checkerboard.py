"""The fixed and the carried moving volume in tiles, or their difference: prepared, computed anywhere, published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from vtk.util import numpy_support

from .carrying import ResampledVolume, resultFromLocal, volumeGrid
from .colors import showDiverging
from .nodes import NodeReference, allOrNothing, cloneNode, copyDisplay
from .quantities import setUnit
from .volumes import imageDataFromArray, imageFromVolumeNode

TILES = 6
# So many planes are computed at a time.
PLANES = 8
# Percentiles between which a volume's values are compared; and the difference, in percent of that, of the full color.
RANGE = (2, 98)
SHOWN_PERCENT = 50.0


@dataclass
class CheckerboardJob:
    """The fixed voxels, the moving ones on their way, and the nodes."""

    fixedVoxels: np.ndarray
    carried: ResampledVolume
    fixed: NodeReference
    moving: NodeReference
    transform: NodeReference


def checkerboard(fixedVolumeNode: Any, movingVolumeNode: Any, transformNode: Any) -> Any:
    """A volume node with the tiles, on the fixed grid."""
    job = prepareCheckerboard(fixedVolumeNode, movingVolumeNode, transformNode)
    return publishCheckerboard(job, computeCheckerboard(job))


def prepareCheckerboard(fixedVolumeNode: Any, movingVolumeNode: Any, transformNode: Any) -> CheckerboardJob:
    """Take what is needed of the nodes; changes nothing in the scene."""
    toResult = resultFromLocal(movingVolumeNode, transformNode)
    carried = ResampledVolume(movingVolumeNode, toResult, volumeGrid(fixedVolumeNode))
    nodes = [NodeReference(node) for node in (fixedVolumeNode, movingVolumeNode, transformNode)]
    return CheckerboardJob(imageFromVolumeNode(fixedVolumeNode).array, carried, *nodes)


def computeCheckerboard(job: CheckerboardJob, check: Callable[[], object] = lambda: None) -> np.ndarray:
    """(k, j, i) float32 on the fixed grid; touches no node."""
    fixed, moved = _both(job, check)
    scale, offset = _toTheRangeOf(fixed, moved)
    tiles = [np.arange(size) * TILES // size for size in fixed.shape]
    isOdd = (tiles[1][:, None] + tiles[2]) % 2 == 1

    def mixed(planes: slice) -> np.ndarray:
        isMoving = isOdd ^ (tiles[0][planes] % 2 == 1)[:, None, None]
        return np.where(isMoving, scale * moved[planes] + offset, fixed[planes])

    return _byPlanes(fixed.shape, mixed, check)


def computeDifference(job: CheckerboardJob, check: Callable[[], object] = lambda: None) -> np.ndarray:
    """(k, j, i) float32 on the fixed grid: how much brighter the fixed volume is, in percent of its range.

    After both were brought to one brightness, and cut off at 100. Touches no node.
    """
    fixed, moved = _both(job, check)
    scale, offset = _toTheRangeOf(fixed, moved)
    low, high = np.percentile(fixed, RANGE)
    percent = 100.0 / max(high - low, 1e-6)

    def difference(planes: slice) -> np.ndarray:
        return np.clip(percent * (fixed[planes] - (scale * moved[planes] + offset)), -100.0, 100.0)

    return _byPlanes(fixed.shape, difference, check)


def _both(job: CheckerboardJob, check: Callable[[], object]) -> tuple[np.ndarray, np.ndarray]:
    """The fixed and the carried moving voxels on the fixed grid."""
    job.carried.compute(check)
    fixed = job.fixedVoxels
    moved = numpy_support.vtk_to_numpy(job.carried.imageData.GetPointData().GetScalars()).reshape(fixed.shape)
    check()
    return fixed, moved


def _byPlanes(shape: tuple[int, ...], values: Callable[[slice], np.ndarray], check: Callable[[], object]) -> np.ndarray:
    """float32 of ``shape``, a few planes at a time: to free an array of a whole large volume holds the window."""
    found = np.empty(shape, dtype=np.float32)
    for first in range(0, len(found), PLANES):
        check()
        planes = slice(first, first + PLANES)
        found[planes] = values(planes)
    return found


def publishCheckerboard(job: CheckerboardJob, mixed: np.ndarray) -> Any:
    """The volume node.

    :raises RegistrationError: a node left the scene meanwhile. The scene is as it was.
    """

    def show(node: Any) -> None:
        setUnit(node)
        copyDisplay(job.fixed.node(), node)

    return _publish(job, "Checkerboard", mixed, show)


def publishDifference(job: CheckerboardJob, percent: np.ndarray) -> Any:
    """The volume node of a difference: blue where the fixed volume is darker, red where it is brighter.

    :raises RegistrationError: a node left the scene meanwhile. The scene is as it was.
    """

    def show(node: Any) -> None:
        setUnit(node, "%", "percent")
        showDiverging(node, SHOWN_PERCENT)

    return _publish(job, "Difference", percent, show)


def _publish(job: CheckerboardJob, what: str, voxels: np.ndarray, show: Callable[[Any], None]) -> Any:
    fixed, moving, transform = (reference.node() for reference in (job.fixed, job.moving, job.transform))
    with allOrNothing(fixed.GetScene()):
        node = cloneNode(moving, f"{what}, {transform.GetName()}", withoutVoxels=True)
        show(node)
        job.carried.publish(node)
        node.SetAndObserveImageData(imageDataFromArray(voxels, copy=False))
    return node


def _toTheRangeOf(fixed: np.ndarray, moved: np.ndarray) -> tuple[float, float]:
    """(scale, offset): what ``moved`` is multiplied by, and what is added then, to have the middle and the spread of
    ``fixed``, so that tiles differ by content, not by brightness.
    """
    low, high = np.percentile(fixed, RANGE)
    below, above = np.percentile(moved, RANGE)
    scale = (high - low) / max(above - below, 1e-6)
    return float(scale), float(low - scale * below)
