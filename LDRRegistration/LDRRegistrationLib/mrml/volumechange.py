"""A map of local volume change, with colors that say which way, from a transform node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import slicer
import vtk

from ..change.searchregion import findBody
from ..numerics.dlpack import toArray
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.pytorch import importTorch, torchIsInstalled
from ..space.grid import Grid
from ..space.image import Image
from ..space.resample import sampleOnGrid
from .carrying import volumeGrid
from .colors import HIDDEN, showDiverging
from .matrices import matrixFromArray
from .nodes import NodeReference, allOrNothing
from .quantities import setUnit
from .transforms import linearMatrix, notedSides, pointsThrough, withTightInverse
from .volumes import imageDataFromArray, imageFromVolumeNode

SPACING_MM = 2.0
# Beyond, a change says less about tissue than about the registration.
MAXIMUM_PERCENT = 300.0
SHOWN_PERCENT = 50.0
# So many planes of the map are differentiated at a time.
PLANES = 8
# Of the usual spread of the map in the body: what is within it is this pair's noise.
NOISE_SPREADS = 2.0
NOISE_VOXELS = 1_000_000


@dataclass
class VolumeChangeJob:
    """A map on its way: the transform, of its own, the grid of the map, and the nodes."""

    transform: vtk.vtkAbstractTransform
    sourceScale: float
    grid: Grid
    transformNode: NodeReference
    outputVolumeNode: NodeReference | None
    # The scan whose body counts, for a map to look at; None for one to measure.
    reference: Image | None = None
    noisePercent: float = 0.0


def localVolumeChange(transformNode, referenceVolumeNode, outputVolumeNode=None, onlyInBody: bool = False):
    """See RegistrationLogic.localVolumeChange; ``onlyInBody``: see ``prepareVolumeChange``."""
    job = prepareVolumeChange(transformNode, referenceVolumeNode, outputVolumeNode, onlyInBody)
    return publishVolumeChange(job, computeVolumeChange(job))


def prepareVolumeChange(
    transformNode, referenceVolumeNode, outputVolumeNode=None, onlyInBody: bool = False
) -> VolumeChangeJob:
    """Check the nodes and take what is needed of them.

    :param onlyInBody: a map to look at: 0 in the air, and its colors begin above the pair's noise.
    """
    if transformNode is None or not transformNode.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(_("Choose the transform whose volume change is to be shown."))
    reference = volumeGrid(referenceVolumeNode)
    steps = np.maximum(np.rint(SPACING_MM / reference.spacing), 1).astype(int)
    ijkToRas = reference.ijkToRas @ np.diag([*steps, 1.0])
    # The middle of the first block of voxels.
    ijkToRas[:3, 3] += reference.ijkToRas[:3, :3] @ ((steps - 1) / 2.0)
    sizes = np.maximum(reference.sizeIjk // steps, 2)
    grid = Grid((int(sizes[2]), int(sizes[1]), int(sizes[0])), ijkToRas)
    return VolumeChangeJob(
        transform=withTightInverse(transformNode.GetTransformFromParent()),
        # The transform ends in the moving volume's own coordinates, which a parent may have scaled.
        sourceScale=float(np.linalg.det(notedSides(transformNode)[0][:3, :3])),
        grid=grid,
        transformNode=NodeReference(transformNode),
        outputVolumeNode=NodeReference.to(outputVolumeNode),
        # A map of a scene that was saved can be seen where PyTorch is not installed, without which no body is found.
        reference=imageFromVolumeNode(referenceVolumeNode) if onlyInBody and torchIsInstalled() else None,
    )


def publishVolumeChange(job: VolumeChangeJob, percent: np.ndarray):
    """Put the map into the output node, made if there is none; the node.

    :raises RegistrationError: a node left the scene meanwhile. The scene is as it was.
    """
    transformNode, grid = job.transformNode.node(), job.grid
    outputVolumeNode = None if job.outputVolumeNode is None else job.outputVolumeNode.node()
    scene = transformNode.GetScene()
    with allOrNothing(scene):
        if outputVolumeNode is None:
            name = f"Volume change, {transformNode.GetName()}"
            outputVolumeNode = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        with slicer.util.NodeModify(outputVolumeNode):
            outputVolumeNode.SetAndObserveTransformNodeID(None)
            outputVolumeNode.SetIJKToRASMatrix(matrixFromArray(grid.ijkToRas))
            # Before it has voxels, whose range would be looked for else.
            showDiverging(outputVolumeNode, max(SHOWN_PERCENT, job.noisePercent / HIDDEN))
            outputVolumeNode.SetAndObserveImageData(imageDataFromArray(percent, copy=False))
            setUnit(outputVolumeNode, "%", "percent")
    return outputVolumeNode


def computeVolumeChange(job: VolumeChangeJob, check: Callable[[], object] = lambda: None) -> np.ndarray:
    """(k, j, i) float32: 100 (1 / det J - 1) of the transform from parent at the points of the job's grid.

    At most ``MAXIMUM_PERCENT``, also where the field folds, which has no volume to compare. Runs in any thread.
    """
    transform, grid = job.transform, job.grid
    matrix = linearMatrix(transform)
    if matrix is not None:
        determinant = np.full(grid.shape, np.linalg.det(matrix[:3, :3]))
    else:
        moved = pointsThrough(transform, grid.pointsRas(), check)
        determinant = _determinants(moved, check) / np.linalg.det(grid.ijkToRas[:3, :3])
    determinant = determinant * job.sourceScale
    least = 1.0 / (1.0 + MAXIMUM_PERCENT / 100.0)
    percent = (100.0 * (1.0 / np.maximum(determinant, least) - 1.0)).astype(np.float32)
    if job.reference is None:
        return percent
    importTorch()
    body = findBody(job.reference)
    inside = toArray(sampleOnGrid(body.array.astype(np.float32), body.ijkToRas, grid)) > 0.5
    check()
    # Of a large map every so many-th voxel will do: to pick them out holds Python's lock.
    every = slice(None, None, max(1, inside.size // NOISE_VOXELS))
    values = percent.ravel()[every][inside.ravel()[every]]
    if values.size:
        spread = 1.4826 * float(np.median(np.abs(values - np.median(values))))
        job.noisePercent = NOISE_SPREADS * spread
    return np.where(inside, percent, np.float32(0.0))


def _determinants(moved: np.ndarray, check: Callable[[], object]) -> np.ndarray:
    """(k, j, i): det of d(moved) / d(i, j, k) of points (k, j, i, 3).

    Central differences, so that values belong to voxels; the engine's own (numerics.displacement) belong to cells,
    where a fold cannot hide between two voxels. A few planes at a time: their arrays are small, and soon freed.
    """
    found = np.empty(moved.shape[:3])
    for first in range(0, len(moved), PLANES):
        check()
        before = min(first, 1)
        planes = moved[first - before : first + PLANES + 1]
        steps = [np.moveaxis(np.gradient(planes, axis=axis), -1, 0) for axis in (2, 1, 0)]
        found[first : first + PLANES] = _determinant(*steps)[before : before + PLANES]
    return found


def _determinant(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """(...) of the three columns (3, ...). To lay them out for NumPy's own takes long, and keeps Python's lock."""
    return a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
