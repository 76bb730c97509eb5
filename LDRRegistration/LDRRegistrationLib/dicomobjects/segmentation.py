"""The regions as a DICOM Segmentation on the planes of the current scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.uid import generate_uid

from ..change.changemap import ChangeMap
from ..change.regions import Region
from ..change.table import Opinion
from ..dicom.planes import Plane
from ..runtime.version import softwareVersion
from ..space.grid import LPS_FROM_RAS
from .codes import ABNORMAL_STRUCTURE, ALGORITHM, FAMILY, LESION, coded
from .extra import importHighdicom
from .source import MANUFACTURER, MODEL, SERIAL, SERIES_NUMBERS, SourceImages
from .tracking import Tracked

LONGEST_TEXT = 1024


def segmentationObject(
    current: SourceImages,
    changeMap: ChangeMap,
    labels: np.ndarray,
    regions: Sequence[Region],
    tracked: Mapping[int, Tracked],
    opinions: Mapping[int, Opinion],
    areAccepted: bool,
) -> Any:
    """One segment for each of ``regions``, in their order, on the planes of ``current``.

    :param labels: (k, j, i) on the change map's grid, by rank.
    :param areAccepted: whether a reader accepted them.
    """
    highdicom = importHighdicom()
    numbers = np.zeros(int(labels.max()) + 1, np.uint8)
    for number, region in enumerate(regions, start=1):
        numbers[region.rank] = number
    masks = np.stack([labelsOnPlane(labels, changeMap, plane, numbers) for plane in _inFileOrder(current)])
    identification = highdicom.AlgorithmIdentificationSequence(
        name=ALGORITHM, family=coded(FAMILY), version=softwareVersion()
    )
    descriptions = []
    for number, region in enumerate(regions, start=1):
        one = tracked[region.rank]
        description = highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=f"{one.identifier}, {region.kind}",
            segmented_property_category=coded(ABNORMAL_STRUCTURE),
            segmented_property_type=coded(LESION),
            algorithm_type="SEMIAUTOMATIC" if areAccepted else "AUTOMATIC",
            algorithm_identification=identification,
            tracking_uid=one.uid,
            tracking_id=one.identifier,
        )
        note = opinions.get(region.rank, Opinion()).note
        if note:
            description.SegmentDescription = note[:LONGEST_TEXT]
        descriptions.append(description)
    return highdicom.seg.Segmentation(
        source_images=current.datasets,
        pixel_array=masks,
        segmentation_type="BINARY",
        segment_descriptions=descriptions,
        series_instance_uid=generate_uid(prefix=None),
        series_number=SERIES_NUMBERS["segmentation"],
        sop_instance_uid=generate_uid(prefix=None),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MODEL,
        software_versions=softwareVersion(),
        device_serial_number=SERIAL,
        content_label="CHANGE",
        content_description="Change since the prior scan",
        series_description="Change since the prior scan",
    )


def labelsOnPlane(labels: np.ndarray, changeMap: ChangeMap, plane: Plane, numbers: np.ndarray) -> np.ndarray:
    """(rows, columns) uint8: ``numbers`` of the labels whose voxels are nearest to the plane's."""
    toRas = np.eye(4)
    toRas[:3, 0] = plane.axesLps[0] * plane.spacing[0]
    toRas[:3, 1] = plane.axesLps[1] * plane.spacing[1]
    toRas[:3, 3] = plane.positionLps
    toMap = changeMap.grid.rasToIjk @ LPS_FROM_RAS @ toRas
    rows, columns = plane.shape
    i, j = np.arange(columns)[None, :], np.arange(rows)[:, None]
    index = [np.rint(toMap[axis, 0] * i + toMap[axis, 1] * j + toMap[axis, 3]).astype(int) for axis in range(3)]
    inside = np.ones(plane.shape, bool)
    for axis, values in enumerate(index):
        inside &= (values >= 0) & (values < changeMap.grid.sizeIjk[axis])
    found = np.zeros(plane.shape, np.uint8)
    if inside.any():
        found[inside] = numbers[labels[index[2][inside], index[1][inside], index[0][inside]]]
    return found


def _inFileOrder(images: SourceImages) -> list[Plane]:
    """The planes as ``images.datasets``, or as the frames of the one file."""
    planes = images.stack.planes
    return list(planes) if planes[0].frame is None else sorted(planes, key=lambda plane: plane.frame or 0)
