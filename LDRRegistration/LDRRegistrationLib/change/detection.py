"""Regions of change out of a change map, at a chosen sensitivity: a pure function, fast enough for a slider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.boxes import Box, boundingBox
from .changemap import ChangeMap
from .regions import Region, describe

SENSITIVITIES = {"low": 0.25, "default": 0.5, "high": 0.75}
# Change over its standard deviation that a region must reach somewhere, and that its voxels must have, at 0.5.
SEED_Z, EXTENT_Z = 7.0, 3.0
# Misalignment leaves ribbons along edges, and lesions are compact: a region whose longest side is more than this many
# times the diameter of a ball of its volume must be stronger in proportion.
COMPACT = 1.4
# From the default to 1 (or to 0) the thresholds halve (or double).
OCTAVES = 1.0
LEAST_Z = 2.0
# The smallest region at 0.5, in mm3 of voxels above EXTENT_Z, and in voxels whatever their size.
SMALLEST_MM3, SMALLEST_VOXELS = 25.0, 4
MAXIMUM_REGIONS = 30


@dataclass(frozen=True)
class Detection:
    """``labels`` (k, j, i) int16 on the change map's grid: n for ``regions[n - 1]``, best evidence first.

    ``explanation`` says in a sentence what was found, or why nothing was.
    """

    labels: np.ndarray
    regions: list[Region]
    sensitivity: float
    explanation: str


def detect(
    changeMap: ChangeMap, sensitivity: float = SENSITIVITIES["default"], mask: np.ndarray | None = None
) -> Detection:
    """Connected regions of one sign with hysteresis: seeds above a high threshold, grown down to a low one.

    :param sensitivity: 0 (only the strongest changes) to 1.
    :param mask: (k, j, i) bool on the map's grid; regions that do not touch it are left out.
    :raises RegistrationError: the sensitivity is not between 0 and 1, or the mask is empty.
    """
    if not 0.0 <= sensitivity <= 1.0:
        raise RegistrationError(
            _("The sensitivity {sensitivity} is not between 0 and 1.").format(sensitivity=sensitivity)
        )
    if mask is not None and not mask.any():
        raise RegistrationError(_("The mask is empty: there is nothing to detect."))
    factor = 2.0 ** (2.0 * OCTAVES * (0.5 - sensitivity))
    seed, extent = max(SEED_Z * factor, LEAST_Z), max(EXTENT_Z * factor, LEAST_Z)
    voxel = float(np.prod(changeMap.grid.spacing))
    smallest = max(SMALLEST_MM3 * factor, SMALLEST_VOXELS * voxel)
    cores = [
        (box, core)
        for box, core in _hysteresis(changeMap.z, seed, extent)
        if core.sum() * voxel >= smallest
        and np.abs(changeMap.z[box][core]).max() > seed * max(1.0, _elongation(core, changeMap) / COMPACT)
    ]
    if mask is not None:
        cores = [core for core in cores if (mask[core[0]] & core[1]).any()]
    cores.sort(key=lambda core: -float(np.abs(changeMap.z[core[0]][core[1]]).sum()))
    labels = np.zeros(changeMap.z.shape, dtype=np.int16)
    regions = describe(changeMap, cores[:MAXIMUM_REGIONS], labels)
    return Detection(labels, regions, sensitivity, _explanation(changeMap, regions, len(cores), seed, smallest))


def _hysteresis(z: np.ndarray, seed: float, extent: float) -> list[tuple[Box, np.ndarray]]:
    """Parts of one sign above ``extent`` with a voxel above ``seed``: a box (k, j, i) and the bool voxels in it."""
    import SimpleITK as sitk

    found = []
    for signed in (z, -z):
        whole = boundingBox(signed > extent)
        if whole is None:
            continue
        part = signed[whole]
        above = sitk.GetImageFromArray((part > extent).astype(np.uint8))
        numbers = sitk.GetArrayFromImage(sitk.ConnectedComponent(above))
        wanted = np.unique(numbers[part > seed])
        # All voxels of all components in one pass, sorted by component.
        places = np.nonzero(numbers)
        number = numbers[places]
        order = np.argsort(number, kind="stable")
        ends = (np.searchsorted(number[order], wanted, side=side) for side in ("left", "right"))
        for first, last in zip(*ends, strict=True):
            voxels = [axis[order[first:last]] for axis in places]
            low = [int(axis.min()) for axis in voxels]
            inside = np.zeros([int(axis.max()) + 1 - start for axis, start in zip(voxels, low, strict=True)], bool)
            inside[tuple(axis - start for axis, start in zip(voxels, low, strict=True))] = True
            starts = [start + outer.start for start, outer in zip(low, whole, strict=True)]
            k, j, i = (slice(start, start + n) for start, n in zip(starts, inside.shape, strict=True))
            found.append(((k, j, i), inside))
    return found


def _elongation(core: np.ndarray, changeMap: ChangeMap) -> float:
    spacing = changeMap.grid.spacing[::-1]
    ball = (6.0 / np.pi * core.sum() * np.prod(spacing)) ** (1.0 / 3.0)
    return float((np.array(core.shape) * spacing).max() / ball)


def _explanation(changeMap: ChangeMap, regions: list[Region], found: int, seed: float, smallest: float) -> str:
    where = {"brain": _("the brain"), "body": _("the body")}.get(changeMap.place, _("the mask"))
    if not regions:
        return _(
            "No change found in {where}: nowhere is a region of at least {smallest:.0f} mm3 more than "
            "{seed:.1f} times as different as noise and misalignment explain."
        ).format(where=where, smallest=smallest, seed=seed)
    counted = {
        "new": _("{count} new"),
        "grown": _("{count} grown"),
        "shrunken": _("{count} shrunken"),
        "gone": _("{count} gone"),
    }
    kinds = {text: sum(region.kind == kind for region in regions) for kind, text in counted.items()}
    counts = ", ".join(text.format(count=count) for text, count in kinds.items() if count)
    volume = sum(region.volumeMm3 for region in regions) / 1000.0
    more = (
        _(" (the {count} with the best evidence of {found})").format(count=len(regions), found=found)
        if found > len(regions)
        else ""
    )
    sentence = (
        _("{count} region of change in {where}{more}: {counts}; {volume:.2f} ml in all.")
        if len(regions) == 1
        else _("{count} regions of change in {where}{more}: {counts}; {volume:.2f} ml in all.")
    )
    return sentence.format(count=len(regions), where=where, more=more, counts=counts, volume=volume)
