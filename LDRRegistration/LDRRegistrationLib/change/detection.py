"""Regions of change out of a change map, at a chosen sensitivity: a pure function, fast enough for a slider."""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.boxes import Box
from ..space.intensity import Modality
from .changemap import ChangeMap
from .evidence import Evidence, evidence
from .followedregions import Lesion, describeLesion, followedLesions, withoutTwice
from .readercriteria import ReaderCriteria
from .regions import Region, describe

# The sensitivities that a slider marks: few false alarms, the usual one, everything.
SENSITIVITIES = {"few": 0.25, "usual": 0.5, "everything": 1.0}
USUAL_SENSITIVITY = SENSITIVITIES["usual"]
# From the usual sensitivity to 1 (or to 0) the evidence that is asked for halves (or doubles) so many times.
EVIDENCE_OCTAVES = 1.0
MINIMUM_EVIDENCE = 2.0**-EVIDENCE_OCTAVES
# The smallest region in mm3, and in voxels whatever their size.
SMALLEST_MM3, SMALLEST_VOXELS = 20.0, 3
# So many parts are looked at closely, and so many of them measured.
MAXIMUM_PARTS, MAXIMUM_REGIONS = 80, 40


@dataclass(frozen=True)
class Detection:
    """``labels`` (k, j, i) int16 on the change map's grid: n for ``regions[n - 1]``, best evidence first.

    ``explanation`` says in a sentence what was found, or why nothing was. ``boxes[n - 1]`` is the part of ``labels``
    that holds all of region n.
    """

    labels: np.ndarray
    regions: list[Region]
    sensitivity: float
    explanation: str
    boxes: list[Box]


@dataclass(frozen=True, eq=False)
class Candidates:
    """All that may be change, measured once: a Detection at any sensitivity is a part of it from the start.

    ``boxes`` are those of the regions, so that nothing looks at each voxel again when the slider moves.
    """

    labels: np.ndarray
    regions: list[Region]
    boxes: list[Box]


_known: WeakKeyDictionary[ChangeMap, Candidates] = WeakKeyDictionary()


def candidates(changeMap: ChangeMap) -> Candidates:
    """Every region of at least half the usual evidence; of one map computed once."""
    found = _known.get(changeMap)
    if found is None:
        found = _known[changeMap] = _candidates(changeMap)
    return found


def _candidates(changeMap: ChangeMap) -> Candidates:
    from scipy.ndimage import find_objects

    voxel = float(np.prod(changeMap.grid.spacing))
    parts = [
        part
        for part in evidence(changeMap, MINIMUM_EVIDENCE)
        if part.voxels.sum() >= max(SMALLEST_MM3 / voxel, SMALLEST_VOXELS)
    ][:MAXIMUM_PARTS]
    reader = ReaderCriteria(changeMap)
    scored = [(part.peak * reader.factor(part), part) for part in parts]
    scored = [item for item in scored if item[0] >= MINIMUM_EVIDENCE]
    scored, lesions = withoutTwice(changeMap, scored, followedLesions(changeMap, reader, MINIMUM_EVIDENCE))
    every = sorted([*scored, *((one.evidence, one) for one in lesions)], key=lambda item: -item[0])[:MAXIMUM_REGIONS]
    labels = np.zeros(changeMap.z.shape, dtype=np.int16)
    ranked = [(rank, strength, one) for rank, (strength, one) in enumerate(every, start=1)]
    regions = describe(changeMap, [(n, e, one) for n, e, one in ranked if isinstance(one, Evidence)], labels)
    regions += [describeLesion(changeMap, one, n, labels) for n, _, one in ranked if isinstance(one, Lesion)]
    boxes = find_objects(labels, max_label=len(ranked))
    # A region of which others took every voxel is none.
    kept = [region for region in sorted(regions, key=lambda region: region.rank) if boxes[region.rank - 1] is not None]
    return Candidates(labels, kept, [boxes[region.rank - 1] for region in kept])


def detect(changeMap: ChangeMap, sensitivity: float = USUAL_SENSITIVITY, mask: np.ndarray | None = None) -> Detection:
    """The regions whose evidence, as a reader weighs it, is enough at a sensitivity. Nothing is measured anew.

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
    every = candidates(changeMap)
    least = evidenceNeeded(sensitivity)
    listed = [item for item in zip(every.regions, every.boxes, strict=True) if item[0].evidence >= least]
    if mask is not None:
        touched = set(np.unique(every.labels[mask]).tolist())
        listed = [item for item in listed if item[0].rank in touched]
    labels = np.zeros_like(every.labels)
    for number, (region, box) in enumerate(listed, start=1):
        labels[box][every.labels[box] == region.rank] = number
    regions = [replace(region, rank=number) for number, (region, _box) in enumerate(listed, start=1)]
    explanation = _explanation(changeMap, regions)
    return Detection(labels, regions, sensitivity, explanation, [box for _region, box in listed])


def evidenceNeeded(sensitivity: float) -> float:
    """The least ``Region.evidence`` that is listed at a sensitivity: 2 at 0, 1 at 0.5, 0.5 at 1."""
    return 2.0 ** (2.0 * EVIDENCE_OCTAVES * (0.5 - sensitivity))


def counts(changeMap: ChangeMap) -> dict[str, int]:
    """How many regions each of ``SENSITIVITIES`` would list."""
    return {name: len(detect(changeMap, mark).regions) for name, mark in SENSITIVITIES.items()}


def _explanation(changeMap: ChangeMap, regions: list[Region]) -> str:
    where = {"brain": _("the brain"), "stripped": _("the brain"), "body": _("the body")}.get(
        changeMap.place, _("the mask")
    )
    prefix = _("Not validated on CT: ") if changeMap.modality is Modality.CT else ""
    overall = "" if changeMap.ventricles is None else changeMap.ventricles.sentence
    if not regions:
        return " ".join([prefix + _("Nothing found in {where}.").format(where=where), overall]).strip()
    counted = {
        "new": _("{count} new"),
        "grown": _("{count} grown"),
        "shrunken": _("{count} shrunken"),
        "gone": _("{count} gone"),
        "ventricle": _("{count} at the ventricles"),
    }
    kinds = {text: sum(region.kind == kind for region in regions) for kind, text in counted.items()}
    listed = ", ".join(text.format(count=count) for text, count in kinds.items() if count)
    volume = sum(region.volumeMm3 for region in regions if region.isMeasured) / 1000.0
    cut = sum(region.isCutOff for region in regions)
    sentence = (
        _("{count} region of change in {where}: {counts}; {volume:.2f} ml in all.")
        if len(regions) == 1
        else _("{count} regions of change in {where}: {counts}; {volume:.2f} ml in all.")
    )
    said = prefix + sentence.format(count=len(regions), where=where, counts=listed, volume=volume)
    left = _("{count} cut off by the examined area, without a number.").format(count=cut) if cut else ""
    return " ".join(part for part in (said, left, overall) if part)
