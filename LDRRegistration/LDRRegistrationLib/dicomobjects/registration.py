"""The registration as a (Deformable) Spatial Registration object: the prior's coordinates to the current scan's.

DICOM PS3.3 C.20.2 and C.20.3. Of a deformation the object holds what the engine has: to a point of the current scan
(the registered frame of reference) the offset of the grid is added, and the matrix that follows leads to the prior
(the source): T(x) = A(x + v(x)). A linear registration is stored the other way, as its object demands: the matrix leads
from the source to the registered frame of reference. Everything in an object is LPS mm.
"""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from ..space.grid import LPS_FROM_RAS, Grid
from ..space.transform import DisplacementField, Transform
from .source import SourceImages, newObject, references

LINEAR, DEFORMABLE = "1.2.840.10008.5.1.4.1.1.66.1", "1.2.840.10008.5.1.4.1.1.66.3"
# Readers interpolate a grid linearly, and the engine's field is cubic between its points: of these steps along the
# field's grid the widest that is nowhere more than so much off there is taken.
STEPS, LARGEST_ERROR_MM = (8, 4, 2), 0.05


def registrationObject(current: SourceImages, prior: SourceImages, transform: Transform) -> Dataset:
    """The object that carries ``prior`` onto ``current``; ``transform``: current to prior points, RAS mm.

    It may have no boxes: an object has one grid.
    """
    assert not transform.boxes
    isDeformable = transform.field is not None
    ds = newObject(
        current, DEFORMABLE if isDeformable else LINEAR, "REG", "registration", "Registration of the prior scan"
    )
    ds.ContentLabel, ds.ContentDescription, ds.ContentCreatorName = "REGISTRATION", "Prior scan to current scan", ""
    if transform.field is not None:
        ds.DeformableRegistrationSequence = [_itself(current), _deformed(prior, transform, transform.field)]
    else:
        inverse = LPS_FROM_RAS @ np.linalg.inv(transform.affine) @ LPS_FROM_RAS
        ds.RegistrationSequence = [_linear(current, np.eye(4)), _linear(prior, inverse)]
    _referTo(ds, current, prior)
    return ds


def _kindOf(matrix: np.ndarray) -> str:
    linear = matrix[:3, :3]
    return "RIGID" if np.allclose(linear @ linear.T, np.eye(3), atol=1e-6) else "AFFINE"


def _matrix(matrix: np.ndarray) -> Dataset:
    item = Dataset()
    item.FrameOfReferenceTransformationMatrix = [f"{value:.10g}"[:16] for value in matrix.ravel()]
    item.FrameOfReferenceTransformationMatrixType = _kindOf(matrix)
    return item


def _linear(images: SourceImages, matrix: np.ndarray) -> Dataset:
    item = Dataset()
    item.FrameOfReferenceUID = images.first.FrameOfReferenceUID
    item.ReferencedImageSequence = references(images)
    registration = Dataset()
    registration.RegistrationTypeCodeSequence = []
    registration.MatrixSequence = [_matrix(matrix)]
    item.MatrixRegistrationSequence = [registration]
    return item


def _itself(images: SourceImages) -> Dataset:
    """The registered images lie where they lie."""
    item = Dataset()
    item.SourceFrameOfReferenceUID = images.first.FrameOfReferenceUID
    item.ReferencedImageSequence = references(images)
    item.RegistrationTypeCodeSequence = []
    item.PreDeformationMatrixRegistrationSequence = [_matrix(np.eye(4))]
    item.PostDeformationMatrixRegistrationSequence = [_matrix(np.eye(4))]
    return item


def _deformed(images: SourceImages, transform: Transform, field: DisplacementField) -> Dataset:
    item = Dataset()
    item.SourceFrameOfReferenceUID = images.first.FrameOfReferenceUID
    item.ReferencedImageSequence = references(images)
    item.RegistrationTypeCodeSequence = []
    item.PreDeformationMatrixRegistrationSequence = [_matrix(np.eye(4))]
    item.PostDeformationMatrixRegistrationSequence = [_matrix(LPS_FROM_RAS @ transform.affine @ LPS_FROM_RAS)]
    grid, vectors = _thinned(field)
    # (k, j, i, 3): in LPS, i fastest, as the object's planes, rows and columns follow each other.
    vectors = vectors * np.diag(LPS_FROM_RAS)[:3].astype(np.float32)
    lps = LPS_FROM_RAS @ grid.ijkToRas
    if np.linalg.det(lps[:3, :3]) < 0:
        # The object has no direction of its own for the planes: they follow the right hand.
        last = np.eye(4)
        last[2, 2], last[2, 3] = -1.0, grid.shape[0] - 1.0
        lps, vectors = lps @ last, vectors[::-1]
    place = Dataset()
    axes = lps[:3, :3] / grid.spacing
    place.ImageOrientationPatient = [f"{value:.10f}"[:16] for value in axes[:, :2].T.ravel()]
    place.ImagePositionPatient = [f"{value:.8f}"[:16] for value in lps[:3, 3]]
    place.GridDimensions = [int(n) for n in grid.sizeIjk]
    place.GridResolution = [float(mm) for mm in grid.spacing]
    place.VectorGridData = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
    item.DeformableRegistrationGridSequence = [place]
    return item


def _thinned(field: DisplacementField) -> tuple[Grid, np.ndarray]:
    """The field on the coarsest grid that holds it: the grid, and vectors (k, j, i, 3) in mm RAS."""
    for step in STEPS:
        # Beyond its grid the field is 0, as it is at its end.
        extra = [(0, -(n - 1) % step) for n in field.grid.shape]
        whole = np.pad(field.vectors, [*extra, (0, 0)])
        thin = np.ascontiguousarray(whole[::step, ::step, ::step])
        filled = thin
        for axis in range(3):
            filled = _between(filled, step, axis)
        if float(np.abs(filled - whole).max()) <= LARGEST_ERROR_MM / np.sqrt(3.0):
            k, j, i = thin.shape[:3]
            return Grid((k, j, i), field.grid.ijkToRas @ np.diag([step, step, step, 1.0])), thin
    return field.grid, field.vectors


def _between(values: np.ndarray, step: int, axis: int) -> np.ndarray:
    """``values`` with ``step`` - 1 more between two along an axis, linearly."""
    values = np.moveaxis(values, axis, 0)
    filled = np.empty(((len(values) - 1) * step + 1, *values.shape[1:]), np.float32)
    filled[::step] = values
    for n in range(1, step):
        filled[n::step] = values[:-1] + np.float32(n / step) * (values[1:] - values[:-1])
    return np.moveaxis(filled, 0, axis)


def _referTo(ds: Dataset, current: SourceImages, prior: SourceImages) -> None:
    """The common sequences that say which series, of this and of the other study, an object refers to."""

    def series(images: SourceImages) -> Dataset:
        item = Dataset()
        item.SeriesInstanceUID = images.first.SeriesInstanceUID
        item.ReferencedInstanceSequence = references(images)
        return item

    if current.first.StudyInstanceUID == prior.first.StudyInstanceUID:
        isOne = current.first.SeriesInstanceUID == prior.first.SeriesInstanceUID
        ds.ReferencedSeriesSequence = [series(current)] if isOne else [series(current), series(prior)]
        return
    ds.ReferencedSeriesSequence = [series(current)]
    other = Dataset()
    other.StudyInstanceUID = prior.first.StudyInstanceUID
    other.ReferencedSeriesSequence = [series(prior)]
    ds.StudiesContainingOtherReferencedInstancesSequence = [other]
