"""RTSTRUCT: the structures that were drawn in the prior scan, carried onto the current one.

What was drawn is outlines in slices, which a deformation bends out of their planes. So an area is carried as the share
of each voxel that it covers, and outlined anew in the slices of the current scan. Objects are LPS mm.
"""

from __future__ import annotations

import itertools
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from ..runtime.errors import RegistrationError
from ..space.grid import LPS_FROM_RAS, Grid, transformPoints
from ..space.image import Image
from ..space.transform import Transform
from .outlines import areaOf, outlinesOf, withKeyholes
from .source import SourceImages, newObject, references

RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
# Of a slice: outlines whose points are farther apart along the normal lie in no slice.
FLAT = 0.25
# So many usual distances without an outline are one that was left out; more is the end of a part.
LEFT_OUT = 2.5


@dataclass
class Structure:
    """``outlines``: closed, (n, 3) each in LPS mm; ``points``: (n, 3), single ones."""

    number: int
    name: str
    color: list[int]
    kind: str = ""
    outlines: list[np.ndarray] = field(default_factory=list)
    points: list[np.ndarray] = field(default_factory=list)


def readStructures(path: Path, frameOfReferenceUid: str) -> tuple[list[Structure], list[str]]:
    """The structures of an object, and sentences on what of it cannot be carried.

    :raises RegistrationError: it is none, or is about another scan than the one with that frame of reference.
    """
    ds = readObject(path, RTSTRUCT, "structures (RTSTRUCT)")
    frames = {str(item.get("FrameOfReferenceUID", "")) for item in ds.get("ReferencedFrameOfReferenceSequence", [])}
    frames |= {str(item.get("ReferencedFrameOfReferenceUID", "")) for item in ds.get("StructureSetROISequence", [])}
    if frameOfReferenceUid not in frames:
        raise RegistrationError(
            f"The structures in {path} were not drawn in MOVING: their frame of reference is another."
        )
    observed = {
        int(item.ReferencedROINumber): str(item.get("RTROIInterpretedType", "") or "")
        for item in ds.get("RTROIObservationsSequence", [])
    }
    found: dict[int, Structure] = {}
    for item in ds.get("StructureSetROISequence", []):
        number = int(item.ROINumber)
        found[number] = Structure(number, str(item.get("ROIName", "")), [255, 0, 0], observed.get(number, ""))
    notes = []
    for item in ds.get("ROIContourSequence", []):
        structure = found.get(int(item.ReferencedROINumber))
        if structure is None:
            continue
        if item.get("ROIDisplayColor"):
            structure.color = [int(value) for value in item.ROIDisplayColor]
        left = 0
        for contour in item.get("ContourSequence", []):
            points = np.array([float(value) for value in contour.ContourData]).reshape(-1, 3)
            if contour.ContourGeometricType == "CLOSED_PLANAR" and len(points) > 2:
                structure.outlines.append(points)
            elif contour.ContourGeometricType == "POINT":
                structure.points.append(points)
            else:
                left += 1
        if left:
            notes.append(f"Structure {structure.name}: {left} open outlines were not carried.")
    kept = [one for one in found.values() if one.outlines or one.points]
    if not kept:
        raise RegistrationError(f"{path} holds no outlines that could be carried.")
    return kept, notes


def readObject(path: Path, sopClass: str, called: str) -> Dataset:
    """:raises RegistrationError: the file is no such object."""
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(path)
            isRight = ds.get("SOPClassUID") == sopClass
    except Exception as error:  # whatever a damaged file happens to break in pydicom
        raise RegistrationError(f"{path} cannot be read as DICOM.") from error
    if not isRight:
        raise RegistrationError(f"{path} holds no {called}.")
    return ds


def coverageOf(structure: Structure, grid: Grid) -> np.ndarray:
    """(k, j, i) in [0, 1]: the share of each voxel of the scan's ``grid`` that lies inside the structure.

    Slices that were left out between two outlines get a shape between these.

    :raises RegistrationError: its outlines lie in no slices of the scan.
    """
    planes: dict[int, list[np.ndarray]] = defaultdict(list)
    for outline in structure.outlines:
        ijk = transformPoints(grid.rasToIjk @ LPS_FROM_RAS, outline)
        if np.ptp(ijk[:, 2]) > FLAT:
            raise RegistrationError(f"Structure {structure.name} is not outlined in the slices of MOVING.")
        # In hundredths of a slice: outlines of one plane belong together.
        planes[round(float(ijk[:, 2].mean()) * 100)].append(ijk[:, :2])
    covered = np.zeros(grid.shape, np.float32)
    drawn = sorted(planes)
    usual = float(np.median(np.diff(drawn))) if len(drawn) > 1 else 100.0
    nearest: dict[int, int] = {}
    for plane in drawn:
        k = round(plane / 100)
        if k not in nearest or abs(plane - 100 * k) < abs(nearest[k] - 100 * k):
            nearest[k] = plane
    areas = {k: areaOf(planes[plane], grid.shape[1:]) for k, plane in nearest.items() if 0 <= k < grid.shape[0]}
    for k, area in areas.items():
        covered[k] = area
    for one, other in itertools.pairwise(sorted(areas)):
        if 1 < other - one and 100 * (other - one) <= LEFT_OUT * max(usual, 100.0):
            for k in range(one + 1, other):
                covered[k] = _between(areas[one], areas[other], (k - one) / (other - one))
    return covered


def carryStructures(
    structures: list[Structure], prior: Grid, current: SourceImages, grid: Grid, transform: Transform
) -> tuple[Dataset, list[str]]:
    """The object with the structures in the current scan, and sentences on what did not arrive.

    :param prior: the prior scan's grid.
    :param grid: the current scan's, k along the normal of its planes.
    :param transform: current to prior points, RAS mm.
    :raises RegistrationError: outlines lie in no slices of the prior scan.
    """
    ds = newObject(current, RTSTRUCT, "RTSTRUCT", "structures", "Structures carried from the prior scan")
    ds.StructureSetLabel, ds.StructureSetName = "CARRIED", "Carried from the prior scan"
    ds.StructureSetDate, ds.StructureSetTime = ds.ContentDate, ds.ContentTime
    ds.ApprovalStatus = "UNAPPROVED"
    ds.ReferencedFrameOfReferenceSequence = [_frame(current)]
    ds.StructureSetROISequence, ds.ROIContourSequence, ds.RTROIObservationsSequence = [], [], []
    notes = []
    images = _imagesOfSlices(current, grid)
    for structure in structures:
        contours = _contours(structure, prior, grid, transform, images)
        if not contours:
            notes.append(f"Structure {structure.name} lies outside FIXED and was not carried.")
            continue
        _add(ds, structure, contours)
    if not ds.ROIContourSequence:
        raise RegistrationError("No structure lies inside FIXED: there is nothing to write.")
    return ds, notes


def _contours(
    structure: Structure, prior: Grid, grid: Grid, transform: Transform, images: list[Dataset]
) -> list[Dataset]:
    contours = []
    if structure.outlines:
        covered = Image(coverageOf(structure, prior), prior.ijkToRas)
        carried = transform.warp(covered, grid, fill=0.0)
        for k in np.flatnonzero((carried > 0.5).any(axis=(1, 2))):
            for outline in withKeyholes(outlinesOf(carried[k])):
                ijk = np.column_stack([outline, np.full(len(outline), float(k))])
                points = transformPoints(LPS_FROM_RAS @ grid.ijkToRas, ijk)
                contours.append(_contour("CLOSED_PLANAR", points, images[k]))
    for points in structure.points:
        ras = transform.inversePoints(transformPoints(LPS_FROM_RAS, points))
        arrived = transformPoints(LPS_FROM_RAS, ras[np.isfinite(ras).all(axis=1)])
        contours += [_contour("POINT", point[None], None) for point in arrived]
    return contours


def _contour(kind: str, points: np.ndarray, image: Dataset | None) -> Dataset:
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
    item.ContourData = [f"{value:.4f}" for value in points.ravel()]
    if image is not None:
        item.ContourImageSequence = [image]
    return item


def _add(ds: Dataset, structure: Structure, contours: list[Dataset]) -> None:
    roi, shown, observation = Dataset(), Dataset(), Dataset()
    roi.ROINumber, roi.ROIName = structure.number, structure.name
    roi.ReferencedFrameOfReferenceUID = ds.FrameOfReferenceUID
    roi.ROIGenerationAlgorithm = "AUTOMATIC"
    shown.ReferencedROINumber, shown.ROIDisplayColor = structure.number, structure.color
    shown.ContourSequence = contours
    observation.ObservationNumber, observation.ReferencedROINumber = structure.number, structure.number
    observation.RTROIInterpretedType, observation.ROIInterpreter = structure.kind, ""
    ds.StructureSetROISequence.append(roi)
    ds.ROIContourSequence.append(shown)
    ds.RTROIObservationsSequence.append(observation)


def _frame(current: SourceImages) -> Dataset:
    frame, study, series = Dataset(), Dataset(), Dataset()
    frame.FrameOfReferenceUID = current.first.FrameOfReferenceUID
    # Detached Study Management, which is retired, and still what everybody writes here.
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = current.first.StudyInstanceUID
    series.SeriesInstanceUID = current.first.SeriesInstanceUID
    series.ContourImageSequence = references(current)
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence = [study]
    return frame


def _imagesOfSlices(current: SourceImages, grid: Grid) -> list[Dataset]:
    """For each slice k of ``grid`` the reference to the nearest image."""
    planes = current.stack.planes
    normal = planes[0].normalLps
    places = np.array([plane.positionLps @ normal for plane in planes])
    centres = transformPoints(LPS_FROM_RAS @ grid.ijkToRas, np.array([[0.0, 0.0, k] for k in range(grid.shape[0])]))
    items = []
    for along in centres @ normal:
        plane = planes[int(np.abs(places - along).argmin())]
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = (
            plane.header.SOPClassUID,
            plane.header.SOPInstanceUID,
        )
        if plane.frame is not None:
            item.ReferencedFrameNumber = plane.frame + 1
        items.append(item)
    return items


def _between(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """The area whose distance from its rim is between those of two areas (Raya and Udupa 1990), anew in [0, 1]."""
    distance = (1 - share) * _depth(one) + share * _depth(other)
    return np.clip(distance + 0.5, 0.0, 1.0)


def _depth(area: np.ndarray) -> np.ndarray:
    """Distance from the rim of an area in voxels, positive inside; finite where there is no rim at all."""
    from scipy.ndimage import distance_transform_edt

    inside = area > 0.5
    if not inside.any():
        return np.full(area.shape, -float(sum(area.shape)), np.float32)
    depth = distance_transform_edt(inside) - distance_transform_edt(~inside)
    return (depth - 0.5 * np.sign(depth)).astype(np.float32)
