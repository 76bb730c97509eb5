"""A comparison of two visits on its way from nodes to nodes: what is asked, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..change.answer import judgeComparison, worse
from ..change.changemap import ChangeMap
from ..change.detection import Detection, detect
from ..change.detectionlimit import DetectionLimit, detectionLimit
from ..mrml.jobs import RegistrationJob
from ..mrml.nodes import NodeReference
from ..numerics.dlpack import toArray
from ..registration.register import RegistrationResult
from ..registration.verdict import Verdict
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..runtime.progress import CancelCallback, ProgressCallback
from ..space.image import Image
from ..space.resample import sampleOnGrid


@dataclass
class ChangeJob:
    """One comparison on its way from nodes to nodes: the registration's job, and where and how to look."""

    registration: RegistrationJob
    include: Image | None
    exclude: Image | None
    currentDate: str | None
    priorDate: str | None
    sensitivity: float
    outputs: tuple[NodeReference | None, ...]


@dataclass
class ChangeOutcome:
    """What ``computeChanges`` found, ready to be published."""

    result: RegistrationResult
    changeMap: ChangeMap
    detection: Detection
    imageData: Any
    # The alignment's own verdict, and what would have been found, once that was asked for.
    alignment: Verdict
    limit: DetectionLimit | None = None

    @property
    def summary(self) -> str:
        """What was found, and what would have been, in sentences."""
        return self.detection.explanation + (f" {self.limit.sentence}" if self.limit is not None else "")

    @property
    def verdict(self) -> Verdict:
        """The worse of the alignment's and the comparison's."""
        return self.result.verdict

    @property
    def notes(self) -> list[str]:
        return [*self.result.notes, *self.changeMap.notes]

    def findLimit(self, progress: ProgressCallback | None = None, cancelled: CancelCallback | None = None) -> None:
        """Set ``limit``, and the verdict by it, in any thread; touches no node.

        :raises RegistrationCancelled: ``cancelled`` said so; nothing is set.
        """
        self.limit = detectionLimit(self.changeMap, self.detection.sensitivity, progress, cancelled)
        verdict = worse(self.alignment, judgeComparison(self.changeMap, self.limit))
        self.result = replace(self.result, verdict=verdict)


def listChanges(alignment: Verdict, changeMap: ChangeMap, sensitivity: float) -> Detection:
    """The regions of change; none where the scans were not aligned, since then everything differs.

    :raises RegistrationError: the sensitivity is not between 0 and 1.
    """
    detection = detect(changeMap, sensitivity)
    if alignment.grade != "failed":
        return detection
    why = (
        _("No change is listed, because the scans were not aligned. {sentence}")
        .format(sentence=alignment.sentence)
        .strip()
    )
    return Detection(np.zeros_like(detection.labels), [], sensitivity, why, [])


def leftOut(changeMap: ChangeMap, exclude: Image) -> ChangeMap:
    """The map with no change inside ``exclude``."""
    values = np.asarray(exclude.array > 0, dtype=np.float32)
    outside = toArray(sampleOnGrid(values, exclude.ijkToRas, changeMap.grid)) <= 0.5
    mask = changeMap.mask & outside
    if not mask.any():
        raise RegistrationError(_("Nothing is left to look at: the mask to leave out covers all of it."))
    return replace(changeMap, mask=mask, z=changeMap.z * outside)
