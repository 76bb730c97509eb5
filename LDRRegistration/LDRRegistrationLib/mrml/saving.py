"""A registration's transform as files that other programs read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import slicer

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.workfolder import replaceFile
from ..space.grid import LPS_FROM_RAS, Grid
from .carrying import volumeGrid
from .filechecks import checkImageFile, checkTransformFile
from .files import writeTransform
from .transforms import pointsThrough, withTightInverse

FIELD_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".mha")
ITK_SUFFIXES = (".h5", ".tfm", ".txt")


def saveTransform(transformNode, path: Path, referenceVolumeNode=None) -> None:
    """See ResultsLogic.saveTransform."""
    if transformNode is None or not transformNode.IsA("vtkMRMLTransformNode"):
        raise RegistrationError(_("Choose the transform to save."))
    name = path.name.lower()
    if not path.parent.is_dir():
        raise RegistrationError(_("The folder {folder} does not exist.").format(folder=path.parent))
    if path.is_dir():
        raise RegistrationError(f"{path} is a folder.")
    if not name.endswith((*ITK_SUFFIXES, *FIELD_SUFFIXES)):
        raise RegistrationError(
            _(
                "{name} says no format: end it with {transforms} for an ITK transform, or with {fields} for a "
                "displacement field."
            ).format(name=path.name, transforms=", ".join(ITK_SUFFIXES), fields=", ".join(FIELD_SUFFIXES))
        )
    grid = None if name.endswith(ITK_SUFFIXES) else _reference(transformNode, referenceVolumeNode)

    def write(part: Path) -> None:
        # Writers know a format by its ending in small letters.
        usual = part.with_name(f"transform{next(s for s in (*ITK_SUFFIXES, *FIELD_SUFFIXES) if name.endswith(s))}")
        if grid is None:
            writeTransform(transformNode, usual)
            checkTransformFile(usual, transformNode)
        else:
            _writeField(transformNode, usual, grid)
            checkImageFile(usual, grid.shape, components=3)
        os.replace(usual, part)

    try:
        replaceFile(path, write)
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


def _writeField(transformNode, path: Path, grid: Grid) -> None:
    """T(x) - x in LPS mm at the voxels of ``grid``, as ITK keeps displacement fields."""
    import SimpleITK

    transform = withTightInverse(transformNode.GetTransformFromParent())
    vectors = np.empty((*grid.shape, 3), dtype=np.float32)
    for k in range(grid.shape[0]):
        # One slice at a time, since double-precision points of a whole volume take gigabytes.
        slab = grid.ijkToRas.copy()
        slab[:3, 3] += k * grid.ijkToRas[:3, 2]
        points = Grid((1, *grid.shape[1:]), slab).pointsRas()
        vectors[k] = (pointsThrough(transform, points) - points)[0]
    image = SimpleITK.GetImageFromArray(vectors * np.array([-1.0, -1.0, 1.0], dtype=np.float32), isVector=True)
    ijkToLps = LPS_FROM_RAS @ grid.ijkToRas
    image.SetOrigin(ijkToLps[:3, 3].tolist())
    image.SetSpacing(grid.spacing.tolist())
    image.SetDirection((ijkToLps[:3, :3] / grid.spacing).ravel().tolist())
    try:
        SimpleITK.WriteImage(image, str(path), useCompression=True)
    except RuntimeError as error:
        raise OSError(_("{path} could not be written.").format(path=path)) from error
