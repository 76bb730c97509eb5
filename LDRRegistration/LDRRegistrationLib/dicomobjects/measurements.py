"""The measurement report: an Enhanced structured report by template TID 1500, with identifiers that persist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ..change.changemap import ChangeMap
from ..change.regions import Region
from ..reports.context import FoundLimit
from ..runtime.version import softwareVersion
from ..space.grid import transformPoints
from . import codes
from .codes import coded
from .extra import importHighdicom
from .source import MANUFACTURER, MODEL, SERIES_NUMBERS, SourceImages
from .tracking import SIGNS, Tracked

FARTHEST_POINTS = 400
FAILED = "failed"


@dataclass(frozen=True)
class Reviewer:
    """Who answers for a report; both are needed to call it verified."""

    name: str = ""
    organization: str = ""


def measurementReport(
    current: SourceImages,
    prior: SourceImages,
    changeMap: ChangeMap,
    labels: np.ndarray,
    regions: Sequence[Region],
    tracked: Mapping[int, Tracked],
    unchanged: Sequence[Tracked],
    segmentation: Dataset | None,
    *,
    grade: str,
    limit: FoundLimit,
    areAccepted: bool,
    isComplete: bool,
    reviewer: Reviewer,
) -> Any:
    """A Comprehensive 3D SR with a group for the comparison, each region and each finding that did not change.

    :param labels: (k, j, i) on the change map's grid, by rank.
    :param segmentation: with a segment for each of ``regions``, in their order; None without any.
    :param areAccepted: whether a reader accepted the regions.
    :param isComplete: whether he judged all that were found: only then the report is complete, and may be verified.
    """
    highdicom = importHighdicom()
    sr = highdicom.sr
    frame = str(current.first.FrameOfReferenceUID)
    algorithm = sr.AlgorithmIdentification(name=codes.ALGORITHM, version=softwareVersion())
    groups = [_comparison(sr, current, algorithm, len(regions), grade, limit)]
    for number, region in enumerate(regions, start=1):
        values = [(codes.DEVIATION, region.meanZ, codes.NO_UNITS)]
        if region.isMeasured:
            values.insert(0, (codes.VOLUME, region.volumeMm3, codes.CUBIC_MM))
        if region.growthPercent is not None and region.isMeasured:
            values.append((codes.GROWTH, region.growthPercent, codes.PERCENT))
        one = tracked[region.rank]
        groups.append(
            sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=sr.TrackingIdentifier(uid=one.uid, identifier=one.identifier),
                referenced_segment=_segment(sr, segmentation, number, current),
                finding_type=coded(codes.LESION),
                algorithm_id=algorithm,
                measurements=[_measurement(sr, *value) for value in values],
                qualitative_evaluations=[
                    sr.QualitativeEvaluation(coded(codes.CHANGE), coded(codes.KINDS[region.kind])),
                    sr.QualitativeEvaluation(coded(codes.REVIEW), coded(codes.REVIEWS[areAccepted])),
                ],
            )
        )
        # The template has no coordinates in a group that refers to a segment; the next visit looks for this place.
        # What is cut off has no diameter, but a place.
        if region.isMeasured:
            name, value, unit = codes.LONG_AXIS, region.largestDiameterMm, codes.MM
            where = _coordinates(sr, "POLYLINE", _ends(labels, changeMap, region), frame)
        else:
            name, value, unit = codes.DEVIATION, region.meanZ, codes.NO_UNITS
            where = _coordinates(sr, "POINT", np.array([region.centroidRas]), frame)
        located = sr.Measurement(
            name=coded(name), value=_number(value), unit=coded(unit), referenced_coordinates=[where]
        )
        groups.append(
            sr.MeasurementsAndQualitativeEvaluations(
                tracking_identifier=sr.TrackingIdentifier(uid=one.uid, identifier=one.identifier),
                finding_type=coded(codes.LESION),
                algorithm_id=algorithm,
                measurements=[located],
            )
        )
    for one in unchanged:
        place = sr.Measurement(
            name=coded(codes.DEVIATION),
            value=_number(_at(changeMap.z, changeMap, one)),
            unit=coded(codes.NO_UNITS),
            referenced_coordinates=[_coordinates(sr, "POINT", np.array([one.middleRas]), frame)],
        )
        groups.append(
            sr.MeasurementsAndQualitativeEvaluations(
                tracking_identifier=sr.TrackingIdentifier(uid=one.uid, identifier=one.identifier),
                finding_type=coded(codes.LESION),
                algorithm_id=algorithm,
                measurements=[place],
                qualitative_evaluations=[
                    sr.QualitativeEvaluation(coded(codes.CHANGE), coded(codes.KINDS[_stateOf(one, changeMap, grade)])),
                ],
            )
        )
    content = sr.MeasurementReport(
        observation_context=_observers(sr, reviewer),
        procedure_reported=coded(codes.IMAGING),
        imaging_measurements=groups,
        title=coded(("126000", "DCM", "Imaging Measurement Report")),
    )
    if limit.sentence:
        comment = sr.TextContentItem(coded(codes.COMMENT), limit.sentence, sr.RelationshipTypeValues.CONTAINS)
        content[0].ContentSequence.append(comment)
    isVerified = isComplete and bool(reviewer.name and reviewer.organization)
    evidence = [*current.datasets, *prior.datasets, *([] if segmentation is None else [segmentation])]
    return sr.Comprehensive3DSR(
        evidence=evidence,
        content=content[0],
        series_instance_uid=generate_uid(prefix=None),
        series_number=SERIES_NUMBERS["measurements"],
        sop_instance_uid=generate_uid(prefix=None),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=isComplete,
        is_verified=isVerified,
        verifying_observer_name=reviewer.name if isVerified else None,
        verifying_organization=reviewer.organization if isVerified else None,
        series_description="Change since the prior scan: measurements",
    )


def _comparison(sr: Any, current: SourceImages, algorithm: Any, count: int, grade: str, limit: FoundLimit) -> Any:
    """How the two scans compare as a whole: also where nothing changed, what would have been found."""
    state = "unknown" if grade == FAILED else "some" if count else "none"
    values = [_measurement(sr, codes.REGIONS, float(count), codes.NO_UNITS)]
    if limit.percent is not None:
        values.append(_measurement(sr, codes.DETECTION_LIMIT, limit.percent, codes.PERCENT))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=generate_uid(prefix=None), identifier="Comparison"),
        finding_type=coded(codes.COMPARISON),
        algorithm_id=algorithm,
        measurements=values,
        qualitative_evaluations=[
            sr.QualitativeEvaluation(coded(codes.CHANGE), coded(codes.KINDS[state])),
            sr.QualitativeEvaluation(coded(codes.ALIGNMENT), coded(codes.GRADE_CODES[grade])),
        ],
        source_images=[sr.SourceImageForMeasurementGroup.from_source_image(ds) for ds in current.datasets],
    )


def _stateOf(one: Tracked, changeMap: ChangeMap, grade: str) -> str:
    """Of a finding that is none of the regions: no change, or that nobody can say."""
    return "none" if grade != FAILED and _at(changeMap.mask, changeMap, one) else "unknown"


def _at(array: np.ndarray, changeMap: ChangeMap, one: Tracked) -> float:
    """The value of an array (k, j, i) of the change map where a finding is; 0 beyond it."""
    i, j, k = np.rint(transformPoints(changeMap.grid.rasToIjk, np.array(one.middleRas))).astype(int)
    isInside = all(0 <= index < n for index, n in zip((k, j, i), array.shape, strict=True))
    return float(array[k, j, i]) if isInside else 0.0


def _observers(sr: Any, reviewer: Reviewer) -> Any:
    device = sr.ObserverContext(
        observer_type=coded(("121007", "DCM", "Device")),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=generate_uid(prefix=None), name=MODEL, manufacturer_name=MANUFACTURER, model_name=MODEL
        ),
    )
    person = None
    if reviewer.name:
        person = sr.ObserverContext(
            observer_type=coded(("121006", "DCM", "Person")),
            observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=reviewer.name),
        )
    return sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def _segment(sr: Any, segmentation: Dataset | None, number: int, current: SourceImages) -> Any:
    if segmentation is None:
        raise ValueError("regions without a segmentation")
    return sr.ReferencedSegment(
        sop_class_uid=segmentation.SOPClassUID,
        sop_instance_uid=segmentation.SOPInstanceUID,
        segment_number=number,
        source_series=sr.SourceSeriesForSegmentation(current.first.SeriesInstanceUID),
    )


def _measurement(sr: Any, name: codes.Code, value: float, unit: codes.Code) -> Any:
    return sr.Measurement(name=coded(name), value=_number(value), unit=coded(unit))


def _coordinates(sr: Any, kind: str, pointsRas: np.ndarray, frame: str) -> Any:
    return sr.CoordinatesForMeasurement3D(
        graphic_type=kind, graphic_data=pointsRas * SIGNS, frame_of_reference_uid=frame
    )


def _ends(labels: np.ndarray, changeMap: ChangeMap, region: Region) -> np.ndarray:
    """(2, 3): the voxels of a region that are farthest from each other, RAS mm; about its middle if it has only one."""
    ras = transformPoints(changeMap.grid.ijkToRas, np.argwhere(labels == region.rank)[:, ::-1])
    if len(ras) < 2:
        half = np.array([region.largestDiameterMm / 2, 0.0, 0.0])
        return np.array([np.array(region.centroidRas) - half, np.array(region.centroidRas) + half])
    if len(ras) > FARTHEST_POINTS:
        away = np.linalg.norm(ras - ras.mean(axis=0), axis=1)
        ras = ras[np.argsort(-away)[:FARTHEST_POINTS]]
    distance = np.linalg.norm(ras[:, None] - ras[None], axis=2)
    one, other = np.unravel_index(int(distance.argmax()), distance.shape)
    return ras[[one, other]]


def _number(value: float) -> float:
    """With no more digits than were measured, and than a decimal string holds."""
    return float(f"{value:.6g}")
