"""What is carried by a transform: volumes, label maps, points in CSV, surface models."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..imagefiles.streams import checkRegularFile
from ..runtime.errors import RegistrationError
from ..runtime.terminal import silentVtk
from ..space.sampledvalues import integerLimits
from .inverse import pointsBack, pointsThrough

if TYPE_CHECKING:
    import SimpleITK

MODEL_ENDINGS = (".vtk", ".vtp", ".stl", ".ply", ".obj")
OF_LABELS = ("nearest", "gaussian")
INTERPOLATIONS = ("linear", *OF_LABELS, "bspline", "sinc")
# The columns of points, in LPS (as ITK and ANTs write them) and in RAS; signs are to LPS.
COLUMNS = ((("x", "y", "z"), (1, 1, 1)), (("l", "p", "s"), (1, 1, 1)), (("r", "a", "s"), (-1, -1, 1)))


def carryImage(
    image: SimpleITK.Image,
    transform: SimpleITK.Transform,
    reference: SimpleITK.Image,
    interpolation: str,
    padding: float | None,
) -> SimpleITK.Image:
    """``image`` on the voxels of ``reference``, in its own scalar type.

    :param interpolation: one of INTERPOLATIONS; "gaussian" lets the labels around a point vote by a Gaussian of their
        distance, "nearest" takes the nearest one.
    :param padding: the value beyond the image; by default its smallest one, or 0 for label maps.
    :raises RegistrationError: a label map of fractions.
    """
    import SimpleITK as sitk

    chosen = {
        "linear": sitk.sitkLinear,
        "nearest": sitk.sitkNearestNeighbor,
        "gaussian": sitk.sitkLabelGaussian,
        "bspline": sitk.sitkBSpline3,
        "sinc": sitk.sitkLanczosWindowedSinc,
    }[interpolation]
    isLabels = interpolation in OF_LABELS
    array = sitk.GetArrayViewFromImage(image)
    kind = image.GetPixelID()
    if interpolation == "gaussian" and array.dtype.kind == "f":
        if not np.array_equal(array, np.round(array)):
            raise RegistrationError("Gaussian voting is for label maps, and this image has values that are not whole.")
        image = sitk.Cast(image, sitk.sitkInt32)
    if padding is None:
        padding = 0.0 if isLabels else float(array.min())
    # Rounded, and within the limits of its type: a spline and a sinc overshoot.
    inBetween = image.GetPixelID() if isLabels else sitk.sitkFloat64
    result = sitk.Resample(image, reference, transform, chosen, padding, inBetween)
    if array.dtype.kind in "iu" and not isLabels:
        result = sitk.Round(sitk.Clamp(result, sitk.sitkFloat64, *integerLimits(array.dtype)))
    return sitk.Cast(result, kind)


def carryCsv(path: Path, transform: SimpleITK.Transform, inwards: bool) -> tuple[str, int]:
    """The text of a CSV file whose points were carried, and how many were not found (their cells are empty).

    The columns x, y, z or L, P, S are LPS mm, R, A, S are RAS mm; all others stay.

    :param inwards: against the transform, from moving to fixed points.
    :raises RegistrationError: it is no table of points.
    """
    checkRegularFile(path)
    try:
        rows = [row for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RegistrationError(f"{path} is no table in CSV.") from error
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    fitting = [(columns, signs) for columns, signs in COLUMNS if all(names.count(name) == 1 for name in columns)]
    if not fitting:
        raise RegistrationError(f"{path} has no columns of points: x, y, z or L, P, S (LPS), or R, A, S (RAS).")
    columns, signs = fitting[0]
    places = [names.index(name) for name in columns]
    try:
        points = np.array([[float(row[place]) for place in places] for row in rows[1:]], dtype=float).reshape(-1, 3)
    except (ValueError, IndexError) as error:
        raise RegistrationError(f"{path} has a point that is not three numbers.") from error
    moved = _moved(points * signs, transform, inwards) * signs
    for row, point in zip(rows[1:], moved, strict=True):
        for place, value in zip(places, point, strict=True):
            row[place] = f"{value:.6f}" if np.isfinite(value) else ""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue(), int((~np.isfinite(moved)).any(axis=1).sum())


def carryModel(path: Path, output: Path, transform: SimpleITK.Transform, inwards: bool, isRas: bool) -> int:
    """Write a surface model whose points were carried; returns how many were not found (those stay).

    :param isRas: the file is in RAS, and the result will be; by default both are LPS, as Slicer writes them.
    :raises RegistrationError: it is no model.
    """
    import vtk
    from vtk.util import numpy_support

    checkRegularFile(path)
    model = _reader(path, vtk)
    if model is None or model.GetNumberOfPoints() == 0:
        raise RegistrationError(f"{path} cannot be read as a surface model ({', '.join(MODEL_ENDINGS)}).")
    signs = np.array([-1.0, -1.0, 1.0]) if isRas else np.ones(3)
    points = numpy_support.vtk_to_numpy(model.GetPoints().GetData()).astype(float)
    moved = _moved(points * signs, transform, inwards) * signs
    isLost = ~np.isfinite(moved).all(axis=1)
    moved[isLost] = points[isLost]
    carried = vtk.vtkPoints()
    carried.SetDataTypeToDouble()
    carried.SetData(numpy_support.numpy_to_vtk(moved, deep=True))
    model.SetPoints(carried)
    # Those of the surface as it was.
    model.GetPointData().SetNormals(None)
    model.GetCellData().SetNormals(None)
    writers = {
        ".vtk": vtk.vtkPolyDataWriter,
        ".vtp": vtk.vtkXMLPolyDataWriter,
        ".stl": vtk.vtkSTLWriter,
        ".ply": vtk.vtkPLYWriter,
        ".obj": vtk.vtkOBJWriter,
    }
    writer = writers[output.suffix.lower()]()
    writer.SetFileName(str(output))
    writer.SetInputData(model)
    if not writer.Write():
        raise OSError(f"{output} could not be written.")
    return int(isLost.sum())


def _moved(points: np.ndarray, transform: SimpleITK.Transform, inwards: bool) -> np.ndarray:
    return pointsBack(transform, points) if inwards else pointsThrough(transform, points)


def _reader(path: Path, vtk):
    readers = {
        ".vtk": vtk.vtkPolyDataReader,
        ".vtp": vtk.vtkXMLPolyDataReader,
        ".stl": vtk.vtkSTLReader,
        ".ply": vtk.vtkPLYReader,
        ".obj": vtk.vtkOBJReader,
    }
    reader = readers[path.suffix.lower()]()
    reader.SetFileName(str(path))
    with silentVtk():
        reader.Update()
    return reader.GetOutput()
