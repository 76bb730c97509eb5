"""Comparisons of two scans that were made before in this run of the tests, by whichever of its processes.

Tests of what is done with a comparison need one, and it takes a processor ten seconds. Whoever asks first lets the
library compute; who asks again for the same scans, masks and settings is handed a copy of that answer. Dates that are
in order say nothing of it, and the warped prior is left out where nobody asked for it.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from LDRRegistrationLib.change.dates import checkDates
from LDRRegistrationLib.change.detectionlimit import detectionLimit
from LDRRegistrationLib.change.visits import compareVisits
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.settings import Prealignment, Preset, Settings
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.masks import Masks


class Remembered:
    """``compareVisits`` and ``detectionLimit`` with a memory in ``folder``, which the processes of a run share.

    Who asks again sees no progress and cannot cancel: nothing is computed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(exist_ok=True)

    def compareVisits(
        self,
        current: Image,
        prior: Image,
        models: ModelStore,
        settings: Settings | None = None,
        *,
        progress: Any = None,
        cancelled: Any = None,
        **others: Any,
    ) -> Any:
        settings = settings or Settings()
        # It chooses these itself, whatever the user has chosen; and a rigid alignment, unless there is to be none.
        chosen = replace(settings, preset=Preset.FAST, refinementSteps=0, adaptation=None, followUp=True)
        if chosen.prealignment is not Prealignment.NONE:
            chosen = replace(chosen, prealignment=Prealignment.RIGID)
        warped = replace(settings, warp=True)
        dates = [others.pop(name, None) for name in ("currentDate", "priorDate")]
        given = {name: value for name, value in others.items() if not _says_nothing(value)}
        question = ["comparison", current, prior, models, replace(chosen, warp=True), given]
        if checkDates(*dates):
            question, others = [*question, dates], {**others, "currentDate": dates[0], "priorDate": dates[1]}
        result, changeMap = self._answer(
            question,
            lambda: compareVisits(current, prior, models, warped, progress=progress, cancelled=cancelled, **others),
        )
        if not settings.warp:
            result = replace(result, warped=None, settings=replace(result.settings, warp=False))
        return result, changeMap

    def detectionLimit(self, changeMap: Any, sensitivity: float, progress: Any = None, cancelled: Any = None) -> Any:
        return self._answer(
            ["limit", changeMap, sensitivity], lambda: detectionLimit(changeMap, sensitivity, progress, cancelled)
        )

    def install(self, monkeypatch: Any) -> None:
        """Let the logic ask here, until ``monkeypatch`` is undone."""
        from LDRRegistrationLib.logic import change, changejob, reporting

        monkeypatch.setattr(change, "compareVisits", self.compareVisits)
        monkeypatch.setattr(changejob, "detectionLimit", self.detectionLimit)
        monkeypatch.setattr(reporting, "detectionLimit", self.detectionLimit)

    def _answer(self, question: list[Any], compute: Callable[[], Any]) -> Any:
        digest = hashlib.sha256()
        _add(digest, question)
        place = self.folder / digest.hexdigest()
        with FileLock(f"{place}.lock"):
            if not place.is_file():
                place.with_suffix(".part").write_bytes(pickle.dumps(compute(), pickle.HIGHEST_PROTOCOL))
                place.with_suffix(".part").rename(place)
        return pickle.loads(place.read_bytes())


def _says_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, Masks) and value.fixed is value.moving is None)


def _add(digest: Any, value: Any) -> None:
    """All that an answer follows from. A refusal, which names the images, is none and is made anew."""
    if isinstance(value, np.ndarray) and value.shape == (4, 4):
        # A place that is kept as spacing and direction meanwhile is another one in its last digit.
        digest.update((np.round(value, 6) + 0.0).tobytes())
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, ModelStore):
        _add(digest, [str(value.folder), *(card.sha256 for card in value.cards())])
    elif isinstance(value, dict):
        for name, entry in value.items():
            digest.update(str(name).encode())
            _add(digest, entry)
    elif isinstance(value, list | tuple):
        digest.update(f"{len(value)}".encode())
        for entry in value:
            _add(digest, entry)
    elif hasattr(value, "__dataclass_fields__"):
        # What an image is called and how long something took says no answer.
        names = [name for name in value.__dataclass_fields__ if name not in ("name", "seconds")]
        _add(digest, {name: getattr(value, name) for name in names})
    else:
        digest.update(repr(value).encode() + b";")
