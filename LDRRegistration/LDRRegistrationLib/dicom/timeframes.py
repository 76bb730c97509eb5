"""A DICOM series with several volumes of one place, one after the other in time."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from ..imagefiles.frames import Frames
from ..runtime.errors import RegistrationError
from ..runtime.terminal import printable
from .choosing import listed, named, stacksIn
from .headers import readFolder
from .stacks import Stack
from .voxels import readStack

# What orders volumes in time: the first that differs from one to the next.
IN_TIME = ("TemporalPositionIdentifier", "TriggerTime", "AcquisitionNumber", "AcquisitionTime", "ContentTime")
# Of a voxel: frames that are apart by less lie at one place.
ONE_PLACE = 0.1


def readDicomFrames(path: Path, wanted: str | None = None) -> Frames:
    """The volumes of a folder's series that has several, in the order of their times.

    :param wanted: as of ``chooseSeries``; without it there has to be one such series.
    :raises RegistrationError: there is none, or several; or its volumes differ in size or place.
    """
    folder = readFolder(path)
    stacks = stacksIn(folder)
    asked = stacks if wanted is None else named(stacks, wanted)
    series: dict[str, list[Stack]] = defaultdict(list)
    for stack in asked:
        if stack.problem is None:
            series[stack.info.seriesUid].append(stack)
    found = [several for several in series.values() if len(several) > 1]
    if not found:
        raise RegistrationError(
            f"{path} holds no series with several volumes, one after the other in time; it holds {listed(stacks)}."
        )
    if len(found) > 1:
        several = ", ".join(stacks[0].label.partition(".")[0] for stacks in found)
        raise RegistrationError(f"{path} holds several series over time ({several}): choose one by --series.")
    ordered = sorted(found[0], key=_time)
    images, notes = [], [*folder.notes, *ordered[0].notes]
    for stack in ordered:
        image, said = readStack(stack)
        notes += [note for note in said if note not in notes]
        images.append(image)
    first = images[0]
    for image in images[1:]:
        apart = np.abs(image.grid.cornersRas - first.grid.cornersRas).max()
        if image.array.shape != first.array.shape or apart > ONE_PLACE * first.grid.spacing.min():
            raise RegistrationError(f"The volumes of series {ordered[0].shown} in {path} differ in size or place.")
    return Frames(images, 1.0, "", [printable(note) for note in notes])


def _time(stack: Stack) -> tuple[float, ...]:
    marks = stack.planes[0].marks
    return (*(_number(marks.get(name)) for name in IN_TIME), float(stack.planes[0].number))


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
