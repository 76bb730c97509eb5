"""A log for programs: one JSON object a line on the standard error, in place of the sentences and the progress bar."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass
class _State:
    isOn: bool = False
    showsProgress: bool = True
    stage: str = ""


_state = _State()


@contextlib.contextmanager
def jsonLog(isOn: bool, showsProgress: bool = True) -> Iterator[None]:
    """Inside the block ``log`` writes, if ``isOn``."""
    before = _state.isOn, _state.showsProgress, _state.stage
    _state.isOn, _state.showsProgress, _state.stage = isOn, showsProgress, ""
    try:
        yield
    finally:
        _state.isOn, _state.showsProgress, _state.stage = before


def isJson() -> bool:
    """Whether the log is one for programs now."""
    return _state.isOn


def log(event: str, level: str = "info", **content: Any) -> None:
    """One line: the time (UTC), ``level`` (info, warning, error), what happened, and whatever belongs to it.

    Nothing where the log is not one for programs. A standard error that is closed changes nothing about the result.
    """
    if not _state.isOn:
        return
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "event": event, **content}
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps(line, default=str), file=sys.stderr, flush=True)


def logProgress(fraction: float, stage: str) -> None:
    """A line for every stage that begins."""
    if _state.showsProgress and stage != _state.stage:
        _state.stage = stage
        log("progress", fraction=round(fraction, 3), stage=stage)
