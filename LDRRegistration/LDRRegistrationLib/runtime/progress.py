"""The stages of a registration: how long each took, what to tell the user, and whether to stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from .errors import RegistrationCancelled
from .language import tr as _

ProgressCallback = Callable[[float, str], None]
CancelCallback = Callable[[], bool]


def portion(progress: ProgressCallback | None, first: float, last: float) -> ProgressCallback | None:
    """What a part of a computation may call with 0 to 1, where the whole is ``first`` to ``last`` done meanwhile."""
    if progress is None:
        return None
    return lambda fraction, stage: progress(first + fraction * (last - first), stage)


def stageInWords(stage: str) -> str:
    """What the user is told of a stage; its name itself, by which scripts read the seconds, is English."""
    return {
        "Reading the images": _("Reading the images"),
        "Pre-alignment": _("Pre-alignment"),
        "Deformation": _("Deformation"),
        "Adaptation": _("Adaptation"),
        "Refinement": _("Refinement"),
        "Finish": _("Finish"),
        "Following the landmarks": _("Following the landmarks"),
        "Warping": _("Warping"),
        "Finding what to compare": _("Finding what to compare"),
        "Warping the prior": _("Warping the prior"),
        "Harmonising": _("Harmonising"),
        "Noise and change": _("Noise and change"),
        "Painting lesions": _("Painting lesions"),
        "Looking for the painted lesions": _("Looking for the painted lesions"),
    }.get(stage, stage)


class Stages:
    """Call ``begin`` at the start of each stage and ``end`` after the last.

    :param progress: called with the fraction done (0 to 1) and the stage in words.
    :param cancelled: asked at each ``begin`` and ``check``; true ends the run with RegistrationCancelled.
    """

    def __init__(self, progress: ProgressCallback | None = None, cancelled: CancelCallback | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._cancelled = cancelled
        self._current: str | None = None
        self._started = 0.0
        self._from, self._until = 0.0, 1.0

    def begin(self, stage: str, fraction: float, until: float = 1.0) -> None:
        self._close()
        self.check()
        if self._progress is not None:
            self._progress(fraction, stageInWords(stage))
        self._current, self._started = stage, time.perf_counter()
        self._from, self._until = fraction, until

    def advance(self, share: float) -> None:
        """Say how much of the present stage is done, 0 to 1; for stages of many steps."""
        self.check()
        if self._progress is not None and self._current is not None:
            self._progress(self._from + share * (self._until - self._from), stageInWords(self._current))

    def check(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise RegistrationCancelled(_("The registration was cancelled; nothing was changed."))

    def end(self) -> None:
        self._close()
        if self._progress is not None:
            self._progress(1.0, _("Done"))

    def _close(self) -> None:
        if self._current is not None:
            elapsed = time.perf_counter() - self._started
            self.seconds[self._current] = self.seconds.get(self._current, 0.0) + elapsed
            self._current = None


class Counted:
    """A step callback that counts the steps before it says them to ``advance``."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        self._advance = advance
        self.steps = 0

    def __call__(self, share: float) -> None:
        self._advance(share)
        self.steps += 1
