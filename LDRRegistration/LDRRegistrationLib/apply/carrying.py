"""What is carried by a transform: volumes, label maps, points in CSV, surface models."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..imagefiles.streams import checkRegularFile
from ..runtime.errors import RegistrationError
from ..space.sampledvalues import integerLimits
from . import modelfiles
from .inverse import pointsBack, pointsThrough

if TYPE_CHECKING:
    import SimpleITK

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
    isLabels: bool = False,
) -> SimpleITK.Image:
    """``image`` on the voxels of ``reference``, in its own scalar type.

    :param interpolation: one of INTERPOLATIONS; "gaussian" lets the labels around a point vote by a Gaussian of their
        distance, "nearest" takes the nearest one.
    :param padding: the value beyond the image; by default its smallest one, or 0 for label maps.
    :param isLabels: it is a label map; for "gaussian" it always is.
    :raises RegistrationError: a label map of fractions; a padding that its voxels cannot hold; an image that a spline
        cannot be put through.
    """
    import SimpleITK as sitk

    chosen = {
        "linear": sitk.sitkLinear,
        "nearest": sitk.sitkNearestNeighbor,
        "gaussian": sitk.sitkLabelGaussian,
        "bspline": sitk.sitkBSpline3,
        "sinc": sitk.sitkLanczosWindowedSinc,
    }[interpolation]
    isLabels, isPlain = isLabels or interpolation == "gaussian", interpolation in OF_LABELS
    array = sitk.GetArrayViewFromImage(image)
    kind = image.GetPixelID()
    if interpolation == "gaussian" and array.dtype.kind == "f":
        if not np.array_equal(array, np.round(array)):
            raise RegistrationError("Gaussian voting is for label maps, and this image has values that are not whole.")
        image = sitk.Cast(image, sitk.sitkInt64)
    if interpolation == "bspline":
        _checkForSpline(array)
    _checkPadding(padding, array.dtype)
    if padding is None:
        padding = 0.0 if isLabels else _least(array)
    # Rounded, and within the limits of its type: a spline and a sinc overshoot.
    inBetween = image.GetPixelID() if isPlain else sitk.sitkFloat64
    result = sitk.Resample(image, reference, transform, chosen, padding, inBetween)
    if array.dtype.kind in "iu" and not isPlain:
        result = sitk.Round(sitk.Clamp(result, sitk.sitkFloat64, *integerLimits(array.dtype)))
    return sitk.Cast(result, kind)


def _checkForSpline(array: np.ndarray) -> None:
    if 2 in array.shape:  # ITK mirrors what is beyond the border, and reads something else there
        raise RegistrationError("bspline needs one voxel or at least 3 along each axis; linear and sinc do with 2.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise RegistrationError(
            "The image has values that are no number, which bspline would spread over all of it: choose linear or sinc."
        )


def _checkPadding(padding: float | None, dtype: np.dtype) -> None:
    if padding is None or dtype.kind not in "iu":
        return
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    if not (least <= padding <= most and float(padding).is_integer()):
        raise RegistrationError(
            f"A --padding of {padding:g} cannot be held by the image's voxels ({dtype.name}, {least} to {most})."
        )


def _least(array: np.ndarray) -> float:
    """The smallest value that is a number; 0 if none is."""
    values = array[np.isfinite(array)]
    return float(values.min()) if values.size else 0.0


def carryCsv(path: Path, transform: SimpleITK.Transform, inwards: bool) -> tuple[str, int]:
    """The text of a CSV file whose points were carried, and how many were not found (their cells are empty).

    The columns x, y, z or L, P, S are LPS mm, R, A, S are RAS mm; all others stay. A table that has several of these
    has each of them carried.

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
    lost = np.zeros(len(rows) - 1, dtype=bool)
    for columns, signs in fitting:
        places = [names.index(name) for name in columns]
        try:
            cells = [[float(row[place]) for place in places] for row in rows[1:]]
        except (ValueError, IndexError) as error:
            raise RegistrationError(f"{path} has a point that is not three numbers.") from error
        moved = _moved(np.array(cells, dtype=float).reshape(-1, 3) * signs, transform, inwards) * signs
        lost |= ~np.isfinite(moved).all(axis=1)
        for row, point in zip(rows[1:], moved, strict=True):
            for place, value in zip(places, point, strict=True):
                row[place] = f"{value:.6f}" if np.isfinite(value) else ""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue(), int(lost.sum())


def carryModel(path: Path, output: Path, transform: SimpleITK.Transform, inwards: bool, isRas: bool) -> int:
    """Write a surface model whose points were carried; returns how many were not found (those stay).

    :param isRas: the file is in RAS, and the result will be; by default what the file says, as Slicer's do, or else
        LPS. The result says so, too.
    :raises RegistrationError: it is no model, or says that it is in LPS.
    """
    import vtk
    from vtk.util import numpy_support

    checkRegularFile(path)
    model, space = modelfiles.read(path)
    if model is None or model.GetNumberOfPoints() == 0:
        raise RegistrationError(f"{path} cannot be read as a surface model ({', '.join(modelfiles.ENDINGS)}).")
    if isRas and space == "LPS":
        raise RegistrationError(f"{path} says that it is in LPS: leave --ras out.")
    space = "RAS" if isRas else space or "LPS"
    signs = np.array([-1.0, -1.0, 1.0]) if space == "RAS" else np.ones(3)
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
    modelfiles.write(model, output, space)
    return int(isLost.sum())


def _moved(points: np.ndarray, transform: SimpleITK.Transform, inwards: bool) -> np.ndarray:
    return pointsBack(transform, points) if inwards else pointsThrough(transform, points)
