"""Series into stacks of planes, each of which is one volume, or says why it is none."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .planes import STACK_ATTRIBUTES, Plane
from .scan import ScanInfo, scanInfo, text

MINIMUM_PLANES = 4
# Planes nearer to each other lie at one place; directions that differ by less are one.
SAME_PLACE_MM, SAME_DIRECTION = 0.01, 1e-3
# Of a voxel: what is off by less is rounding.
ROUNDING = 0.1
LOCALISERS = ("LOCALIZER", "LOCALISER", "SCOUT", "TOPOGRAM", "SURVEY", "PLANNING")
# By the second part of the image type, what is no original although the first part may say so.
DERIVED = ("DERIVED", "SECONDARY")


@dataclass(frozen=True, eq=False)
class Stack:
    """Planes of one series, size and direction, ordered along their normal.

    ``label``: the series' number, with a part ("3.2") where several stacks have it. ``notes``: how the series was
    taken apart.
    """

    planes: tuple[Plane, ...]
    label: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def description(self) -> str:
        header = self.planes[0].header
        return text(header, "SeriesDescription") or text(header, "ProtocolName") or "without description"

    @cached_property
    def info(self) -> ScanInfo:
        return scanInfo(self.planes[0].header, self.description)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Planes, rows, columns, as they are stored."""
        return (len(self.planes), *self.planes[0].shape)

    @property
    def positionsMm(self) -> np.ndarray:
        """(n,): along the normal of the first plane, ascending."""
        return np.array([plane.positionLps @ self.planes[0].normalLps for plane in self.planes])

    @property
    def isLocaliser(self) -> bool:
        words = " ".join(self.planes[0].imageType[2:])
        named = self.description.upper()
        return any(word in words for word in LOCALISERS) or any(word in named for word in (*LOCALISERS[:4], "3-PLANE"))

    @property
    def isDerived(self) -> bool:
        return any(part in DERIVED for part in self.planes[0].imageType[:2])

    @property
    def problem(self) -> str | None:
        """Why it is no volume; None if it is one."""
        first = self.planes[0]
        header = first.header
        if int(header.get("SamplesPerPixel", 1)) != 1 or "PALETTE" in text(header, "PhotometricInterpretation"):
            return "is in colour; one value per voxel is needed"
        if "MOSAIC" in first.imageType:
            return "is a mosaic of slices, which says not where they lie: convert it first (dcm2niix)"
        if first.frame is None and int(header.get("NumberOfFrames", 1) or 1) > 1:
            return "is a multi-frame file that says not where its frames lie"
        if not first.isPlaced:
            return "says not where its images lie or how large their voxels are"
        if len(self.planes) < MINIMUM_PLANES:
            one = "has only one slice" if len(self.planes) == 1 else f"has only {len(self.planes)} slices"
            return f"{one}; a volume has at least {MINIMUM_PLANES}"
        if (np.diff(self.positionsMm) < SAME_PLACE_MM).any():
            return "has several images at one place"
        return None

    @property
    def isEven(self) -> bool:
        """Whether its planes have one distance."""
        return isEven(self.positionsMm)

    @property
    def shown(self) -> str:
        """For lists: what it is."""
        kind = ", localiser" if self.isLocaliser else ", derived" if self.isDerived else ""
        day = f", {self.info.date}" if self.info.date else ""
        count = len(self.planes)
        slices = "1 slice" if count == 1 else f"{count} slices"
        return f"{self.label}: {self.description} ({self.info.modality or '?'}, {slices}{day}{kind})"


def isEven(positions: np.ndarray) -> bool:
    """Whether ascending positions are as far apart as each other, but for rounding."""
    if len(positions) < 3:
        return True
    even = np.linspace(positions[0], positions[-1], len(positions))
    step = even[1] - even[0]
    return bool(step > 0 and np.abs(positions - even).max() <= ROUNDING * step)


def stacksOf(planes: Sequence[Plane]) -> list[Stack]:
    """All stacks in ``planes``, by series number; each plane is in exactly one."""
    bySeries: dict[tuple, list[Plane]] = defaultdict(list)
    for plane in planes:
        header = plane.header
        bySeries[(text(header, "StudyInstanceUID"), text(header, "SeriesInstanceUID"))].append(plane)
    found = [stack for series in bySeries.values() for group in _alike(series) for stack in _volumes(group)]

    def order(stack: Stack) -> tuple:
        number = stack.info.number
        return (stack.info.date or "", int(number) if number.lstrip("-").isdigit() else 0, stack.info.seriesUid)

    found.sort(key=order)
    byNumber: dict[str, list[Stack]] = defaultdict(list)
    for stack in found:
        byNumber[stack.info.number or "0"].append(stack)
    labels = {
        id(stack): number if len(same) == 1 else f"{number}.{place}"
        for number, same in byNumber.items()
        for place, stack in enumerate(same, start=1)
    }
    return [Stack(stack.planes, labels[id(stack)], stack.notes) for stack in found]


def _alike(series: list[Plane]) -> list[list[Plane]]:
    """The planes that can be of one volume: one frame of reference, kind, size and direction."""
    groups: list[list[Plane]] = []
    keys: list[tuple] = []
    for plane in series:
        key = (text(plane.header, "FrameOfReferenceUID"), plane.imageType, plane.shape)
        for group, known in zip(groups, keys, strict=True):
            if known == key and _isParallel(group[0], plane):
                group.append(plane)
                break
        else:
            groups.append([plane])
            keys.append(key)
    return groups


def _isParallel(one: Plane, other: Plane) -> bool:
    if not (one.isPlaced and other.isPlaced):
        return one.isPlaced == other.isPlaced
    return bool(
        np.abs(one.axesLps - other.axesLps).max() < SAME_DIRECTION
        and np.allclose(one.spacing, other.spacing, rtol=SAME_DIRECTION)
    )


def _volumes(group: list[Plane]) -> list[Stack]:
    """One stack, or several where images repeat, or where two acquisitions lie behind one another."""
    if not group[0].isPlaced:
        return [Stack(tuple(group))]
    group = _ordered(group)
    if not _repeats(group):
        if _isEvenGroup(group):
            return [Stack(tuple(group))]
        parts = _byMarks(group, STACK_ATTRIBUTES[:1])
        if parts and all(len(part) >= MINIMUM_PLANES and _isEvenGroup(part) for part in parts):
            return _told(parts, "their acquisition number")
        return [Stack(tuple(group))]
    for count in (1, 2):
        for names in itertools.combinations(STACK_ATTRIBUTES, count):
            parts = _byMarks(group, names)
            if parts and not any(_repeats(part) for part in parts):
                return _told(parts, " and ".join(names))
    turns: dict[int, list[Plane]] = defaultdict(list)
    last, turn = None, 0
    for plane in group:
        turn = turn + 1 if last is not None and _isOnePlace(last, plane) else 0
        turns[turn].append(plane)
        last = plane
    return _told(list(turns.values()), "their order alone")


def _told(parts: list[list[Plane]], by: str) -> list[Stack]:
    note = f"The series holds {len(parts)} volumes, told apart by {by}."
    return [Stack(tuple(_ordered(part)), notes=(note,)) for part in parts]


def _byMarks(group: list[Plane], names: tuple[str, ...]) -> list[list[Plane]]:
    """The planes by the values of marks; nothing if these tell none apart."""
    parts: dict[tuple, list[Plane]] = defaultdict(list)
    for plane in group:
        parts[tuple(plane.marks.get(name, "") for name in names)].append(plane)
    return list(parts.values()) if len(parts) > 1 else []


def _ordered(group: list[Plane]) -> list[Plane]:
    normal = group[0].normalLps
    return sorted(group, key=lambda plane: (round(float(plane.positionLps @ normal), 3), plane.number))


def _isEvenGroup(group: list[Plane]) -> bool:
    normal = group[0].normalLps
    return isEven(np.array([plane.positionLps @ normal for plane in group]))


def _repeats(group: list[Plane]) -> bool:
    """Of planes ordered along the normal, whether two lie at one place."""
    ordered = _ordered(group)
    return any(_isOnePlace(one, other) for one, other in itertools.pairwise(ordered))


def _isOnePlace(one: Plane, other: Plane) -> bool:
    return bool(abs((other.positionLps - one.positionLps) @ one.normalLps) < SAME_PLACE_MM)
