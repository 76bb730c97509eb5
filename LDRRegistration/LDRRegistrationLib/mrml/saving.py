"""A registration's transform as files that other programs read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.workfolder import replaceFile
from ..space.grid import LPS_FROM_RAS, Grid
from .carrying import volumeGrid
from .filechecks import checkImageFile, checkTransformFile
from .files import writeTransform
from .nodes import NodeReference
from .transforms import pointsThrough, withTightInverse

FIELD_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")
ITK_SUFFIXES = (".h5", ".tfm", ".txt")


@dataclass
class SaveJob:
    """A transform on its way into a file: its node, or for a displacement field the transform itself and its grid."""

    transformNode: NodeReference
    path: Path
    grid: Grid | None
    transform: vtk.vtkAbstractTransform | None


def saveTransform(transformNode, path: Path, referenceVolumeNode=None) -> None:
    """See ResultsLogic.saveTransform."""
    job = prepareSave(transformNode, path, referenceVolumeNode)
    computeSave(job)
    publishSave(job)


def prepareSave(transformNode, path: Path, referenceVolumeNode=None) -> SaveJob:
    """Check what is asked for; writes nothing."""
    if transformNode is None or not transformNode.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(_("Choose the transform to save."))
    if not path.parent.is_dir():
        raise RegistrationError(_("The folder {folder} does not exist.").format(folder=path.parent))
    if path.is_dir():
        raise RegistrationError(f"{path} is a folder.")
    if _suffix(path) is None:
        raise RegistrationError(
            _(
                "{name} says no format: end it with {transforms} for an ITK transform, or with {fields} for a "
                "displacement field."
            ).format(name=path.name, transforms=", ".join(ITK_SUFFIXES), fields=", ".join(FIELD_SUFFIXES))
        )
    if _suffix(path) in ITK_SUFFIXES:
        return SaveJob(NodeReference(transformNode), path, None, None)
    grid = _reference(transformNode, referenceVolumeNode)
    return SaveJob(NodeReference(transformNode), path, grid, withTightInverse(transformNode.GetTransformFromParent()))


def computeSave(job: SaveJob, check: Callable[[], object] = lambda: None) -> None:
    """Write a displacement field, which may take minutes; touches no node, and runs in any thread."""
    transform, grid = job.transform, job.grid
    if transform is None or grid is None:
        return

    def write(part: Path) -> None:
        _writeField(transform, part, grid, check)
        checkImageFile(part, grid.shape, components=3)

    _replace(job.path, write)


def publishSave(job: SaveJob) -> None:
    """Write an ITK transform, by the node's own writer."""
    node = job.transformNode.node()
    if job.grid is not None:
        return

    def write(part: Path) -> None:
        writeTransform(node, part)
        checkTransformFile(part, node)

    _replace(job.path, write)


def _suffix(path: Path) -> str | None:
    return next((suffix for suffix in (*ITK_SUFFIXES, *FIELD_SUFFIXES) if path.name.lower().endswith(suffix)), None)


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    def writeAs(part: Path) -> None:
        # Writers know a format by its ending in small letters.
        usual = part.with_name(f"transform{_suffix(path)}")
        write(usual)
        os.replace(usual, part)

    try:
        replaceFile(path, writeAs)
    except OSError as error:
        why = error.strerror or _("it did not arrive whole on the disk, which may be full")
        raise RegistrationError(_("{path} could not be written: {why}.").format(path=path, why=why)) from error


def _reference(transformNode, referenceVolumeNode) -> Grid:
    if referenceVolumeNode is None:
        role = slicer.vtkMRMLTransformNode.GetFixedNodeReferenceRole()
        referenceVolumeNode = transformNode.GetNodeReference(role)
    if referenceVolumeNode is None:
        raise RegistrationError(_("Choose the volume whose voxels the displacement field is to have."))
    return _withoutShear(volumeGrid(referenceVolumeNode))


def _withoutShear(grid: Grid) -> Grid:
    """``grid``, or where a parent transform has sheared it, which image files cannot say, one along R, A, S over it."""
    if np.allclose(grid.direction.T @ grid.direction, np.eye(3), atol=1e-5):
        return grid
    corners = grid.cornersRas
    first, last = corners.min(axis=0), corners.max(axis=0)
    spacing = float(grid.spacing.min())
    size = np.ceil((last - first) / spacing).astype(int) + 1
    ijkToRas = np.diag([spacing, spacing, spacing, 1.0])
    ijkToRas[:3, 3] = first
    return Grid((int(size[2]), int(size[1]), int(size[0])), ijkToRas)


def _writeField(transform: vtk.vtkAbstractTransform, path: Path, grid: Grid, check: Callable[[], object]) -> None:
    """T(x) - x in LPS mm at the voxels of ``grid``, as ITK keeps displacement fields."""
    import SimpleITK

    vectors = np.empty((*grid.shape, 3), dtype=np.float32)
    for k in range(grid.shape[0]):
        # One slice at a time, since double-precision points of a whole volume take gigabytes.
        slab = grid.ijkToRas.copy()
        slab[:3, 3] += k * grid.ijkToRas[:3, 2]
        points = Grid((1, *grid.shape[1:]), slab).pointsRas()
        vectors[k] = (pointsThrough(transform, points, check) - points)[0]
    check()
    image = SimpleITK.GetImageFromArray(vectors * np.array([-1.0, -1.0, 1.0], dtype=np.float32), isVector=True)
    ijkToLps = LPS_FROM_RAS @ grid.ijkToRas
    image.SetOrigin(ijkToLps[:3, 3].tolist())
    image.SetSpacing(grid.spacing.tolist())
    image.SetDirection((ijkToLps[:3, :3] / grid.spacing).ravel().tolist())
    try:
        SimpleITK.WriteImage(image, str(path), useCompression=True)
    except RuntimeError as error:
        raise OSError(_("{path} could not be written.").format(path=path)) from error
