"""Whether a file that was just written holds what it should: on a full disk some writers end without a word."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import slicer
import vtk

from ..runtime.language import tr as _
from ..runtime.terminal import silentVtk
from .transforms import elements, pointsThrough, withTightInverse
from .transformtext import TEXT_SUFFIXES, isWholeText

TOLERANCE_MM = 1e-3
RANDOM_POINTS = 60
CHUNK_BYTES = 1 << 20


def checkImageFile(path: Path, shape: tuple[int, ...], components: int = 1) -> None:
    """:raises OSError: the file is not a whole image of ``shape`` ((t,) k, j, i) with so many values per voxel."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
        right = reader.GetSize() == shape[::-1] and reader.GetNumberOfComponents() == components
        value = SimpleITK.Image(1, 1, 1, reader.GetPixelID()).GetSizeOfPixelComponent()
        expected = int(np.prod(shape)) * components * value
        if path.name.endswith(".nii.gz"):
            right = right and _unpackedSize(path) >= expected
        elif path.name.endswith(".nii"):
            right = right and path.stat().st_size >= expected
        else:  # their readers notice
            reader.Execute()
    except (RuntimeError, EOFError, zlib.error) as error:
        raise _incomplete(path) from error
    if not right:
        raise _incomplete(path)


def checkTransformFile(path: Path, transformNode) -> None:
    """:raises OSError: the file does not carry points as the node does, from parent, also at the ends of its grids."""
    if path.suffix in TEXT_SUFFIXES and not isWholeText(path):
        raise _incomplete(path)
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "read")
    storage = scene.AddNewNodeByClass("vtkMRMLTransformStorageNode")
    storage.SetFileName(str(path.resolve()))
    with silentVtk():
        whole = storage.ReadData(node)
    if not whole:
        raise _incomplete(path)
    read = withTightInverse(node.GetTransformFromParent())
    written = withTightInverse(transformNode.GetTransformFromParent())
    points = _points(written)
    # The numerical inverse of a grid is found only so exactly, and far from it not at all.
    if not np.allclose(pointsThrough(read, points), pointsThrough(written, points), atol=TOLERANCE_MM, rtol=1e-6):
        raise _incomplete(path)


def _points(transform: vtk.vtkAbstractTransform) -> np.ndarray:
    """(n, 3): points all over the grids of a transform; over half a metre about the origin where it has none."""
    rng = np.random.default_rng(0)
    shares = np.concatenate([np.indices((2, 2, 2)).reshape(3, 8).T, rng.random((RANDOM_POINTS, 3))])
    found = [500.0 * (shares - 0.5)]
    for element in elements(transform):
        if not isinstance(element, slicer.vtkOrientedGridTransform) or element.GetDisplacementGrid() is None:
            continue
        image, direction = element.GetDisplacementGrid(), np.eye(3)
        matrix = element.GetGridDirectionMatrix()
        if matrix is not None:
            direction = np.array([[matrix.GetElement(row, column) for column in range(3)] for row in range(3)])
        reach = (np.array(image.GetDimensions()) - 1) * image.GetSpacing()
        found.append(image.GetOrigin() + (shares * reach) @ direction.T)
    return np.concatenate(found)


def _unpackedSize(path: Path) -> int:
    """Bytes of a gzip file's content; reading it to its end also compares the checksum."""
    size = 0
    with gzip.open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            size += len(chunk)
    return size


def _incomplete(path: Path) -> OSError:
    return OSError(_("{name} did not arrive whole on the disk, which may be full.").format(name=path.name))
