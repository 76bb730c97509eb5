"""All objects of one comparison, into a folder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..change.changemap import ChangeMap
from ..change.detection import Detection
from ..change.table import ACCEPTED, Opinion
from ..dicom.stacks import Stack
from ..reports.context import FoundLimit
from ..space.transform import Transform
from .measurements import Reviewer, measurementReport
from .registration import registrationObject
from .segmentation import segmentationObject
from .source import sourceImages
from .tracking import Tracked, follow

# What may be in a folder afterwards.
NAMES = ("segmentation.dcm", "measurements.dcm", "registration.dcm")


def writeObjects(
    folder: Path,
    current: Stack,
    prior: Stack,
    transform: Transform,
    changeMap: ChangeMap,
    detection: Detection,
    *,
    grade: str,
    opinions: Mapping[int, Opinion] | None = None,
    reviewer: Reviewer | None = None,
    tracked: Sequence[Tracked] = (),
    limit: FoundLimit | None = None,
) -> list[Path]:
    """segmentation.dcm (where there are regions), measurements.dcm and registration.dcm in ``folder``, which is made.

    :param transform: current to prior points, RAS mm.
    :param opinions: what a reader said, by rank: then only what was accepted goes out, and the report is complete
        once they said something of each region; None: nobody looked at them, all regions go out.
    :param tracked: the findings of the prior visit's report, in the prior scan.
    :raises DependencyError: highdicom is not installed.
    :raises OSError: they cannot be written.
    """
    areAccepted = opinions is not None
    said = opinions or {}
    isComplete = areAccepted and all(said.get(r.rank, Opinion()).verdict for r in detection.regions)
    regions = [r for r in detection.regions if not areAccepted or said.get(r.rank, Opinion()).verdict == ACCEPTED]
    now, before = sourceImages(current), sourceImages(prior)
    # What was rejected is no finding; what was found before and is not among the regions did not change.
    identities, unchanged = follow(tracked, regions, transform)
    objects: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # highdicom and pydicom on elements that scanners write otherwise
        segmentation = None
        if regions:
            segmentation = segmentationObject(now, changeMap, detection.labels, regions, identities, said, areAccepted)
            objects["segmentation"] = segmentation
        objects["measurements"] = measurementReport(
            now,
            before,
            changeMap,
            detection.labels,
            regions,
            identities,
            unchanged,
            segmentation,
            grade=grade,
            limit=limit or FoundLimit(),
            areAccepted=areAccepted,
            isComplete=isComplete,
            reviewer=reviewer or Reviewer(),
        )
        objects["registration"] = registrationObject(now, before, transform)
        folder.mkdir(exist_ok=True)
        paths = [folder / f"{name}.dcm" for name in objects]
        for path, dataset in zip(paths, objects.values(), strict=True):
            dataset.save_as(path, enforce_file_format=True)
    return paths
