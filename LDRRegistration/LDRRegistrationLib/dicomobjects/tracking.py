"""Findings that keep their identifiers from visit to visit: read from the measurement report of the prior one."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ..change.regions import Region
from ..dicom.scan import text
from ..reports.nearest import nearestRegions
from ..runtime.errors import RegistrationError
from ..space.transform import Transform
from .codes import COMPARISON

# A finding is the region whose middle lies within half its size, and this, of where the finding was.
NEAR_MM = 4.0
LABEL = "Lesion"
# (code, scheme) of what is read.
GROUP, IDENTIFIER, UNIQUE, FINDING = ("125007", "DCM"), ("112039", "DCM"), ("112040", "DCM"), ("121071", "DCM")
SIGNS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class Tracked:
    """One finding. ``middleRas``: in the scan that its report is about, mm; None if the report does not say it."""

    uid: str
    identifier: str
    middleRas: tuple[float, float, float] | None


def readTracked(path: Path, frameOfReferenceUid: str) -> list[Tracked]:
    """The findings of a measurement report (TID 1500); of places in other frames of reference nothing is kept.

    :raises RegistrationError: it is no structured report.
    """
    try:
        report = pydicom.dcmread(path)
    except Exception as error:  # pydicom raises whatever a damaged file happens to break
        raise RegistrationError(f"{path} cannot be read as a DICOM measurement report.") from error
    if text(report, "Modality") != "SR" or "ContentSequence" not in report:
        raise RegistrationError(f"{path} is no DICOM measurement report.")
    names: dict[str, str] = {}
    points: dict[str, list[np.ndarray]] = defaultdict(list)
    for group in _items(report):
        if group.get("ValueType") != "CONTAINER" or _code(group) != GROUP:
            continue
        items = list(_items(group))
        uid = next((text(item, "UID") for item in items if _code(item) == UNIQUE), "")
        finding = next((_concept(item, "ConceptCodeSequence") for item in items if _code(item) == FINDING), None)
        if not uid or finding == COMPARISON[:2]:
            continue
        names.setdefault(uid, next((text(item, "TextValue") for item in items if _code(item) == IDENTIFIER), ""))
        points[uid] += [
            np.array(item.GraphicData, dtype=float).reshape(-1, 3)
            for item in items
            if item.get("ValueType") == "SCOORD3D" and item.get("ReferencedFrameOfReferenceUID") == frameOfReferenceUid
        ]
    return [Tracked(uid, name, _middle(points[uid])) for uid, name in names.items()]


def trackedIn(
    reports: Iterable[Path], frameOfReferenceUid: str, named: Path | None = None
) -> tuple[list[Tracked], list[str]]:
    """The findings of the prior visit, and sentences on those that cannot be followed.

    :param reports: that lie with the prior scan. Those of other programs, and damaged ones, are no obstacle there.
    :param named: the one that the user asks for, in place of these.
    :raises RegistrationError: ``named`` is no structured report.
    """
    if named is not None:
        tracked = readTracked(named, frameOfReferenceUid)
    else:
        known: dict[str, Tracked] = {}
        for path in reports:
            with contextlib.suppress(RegistrationError):
                known.update((one.uid, one) for one in readTracked(path, frameOfReferenceUid) if one.uid not in known)
        tracked = list(known.values())
    lost = sum(one.middleRas is None for one in tracked)
    if not lost:
        return tracked, []
    s = "s" if lost > 1 else ""
    return tracked, [
        f"{lost} finding{s} of the prior's report cannot be followed: it does not say where in the prior scan."
    ]


def _middle(points: list[np.ndarray]) -> tuple[float, float, float] | None:
    """RAS of points in LPS."""
    if not points:
        return None
    r, a, s = np.concatenate(points).mean(axis=0) * SIGNS
    return float(r), float(a), float(s)


def follow(
    tracked: Sequence[Tracked], regions: Sequence[Region], transform: Transform
) -> tuple[dict[int, Tracked], list[Tracked]]:
    """Which finding each region is, by rank, new ones included; and the findings that no region is.

    :param tracked: of the prior scan. What is returned lies in the current scan.
    :param transform: current to prior points, RAS mm.
    """
    placed = [one for one in tracked if one.middleRas is not None]
    moved: list[Tracked] = []
    places: list[np.ndarray] = []
    if placed:
        points = transform.inversePoints(np.array([one.middleRas for one in placed]))
        for one, point in zip(placed, points, strict=True):
            if np.isfinite(point).all():
                places.append(point)
                moved.append(replace(one, middleRas=(float(point[0]), float(point[1]), float(point[2]))))
    taken = nearestRegions(regions, dict(enumerate(places)), NEAR_MM)
    known = {rank: moved[index] for rank, index in taken.items()}
    number = max([0, *(_number(one.identifier) for one in tracked)])
    for region in regions:
        if region.rank not in known:
            number += 1
            known[region.rank] = Tracked(generate_uid(prefix=None), f"{LABEL} {number}", region.centroidRas)
    return known, [one for index, one in enumerate(moved) if index not in taken.values()]


def _number(identifier: str) -> int:
    last = identifier.rpartition(" ")[2]
    return int(last) if last.isdecimal() else 0


def _items(item: Dataset) -> Iterator[Dataset]:
    """All content items below one, whatever lies in between."""
    for child in item.get("ContentSequence", []):
        yield child
        yield from _items(child)


def _code(item: Dataset) -> tuple[str, str]:
    return _concept(item, "ConceptNameCodeSequence")


def _concept(item: Dataset, keyword: str) -> tuple[str, str]:
    """Code and scheme; empty if there is none."""
    found = item.get(keyword)
    return (text(found[0], "CodeValue"), text(found[0], "CodingSchemeDesignator")) if found else ("", "")
