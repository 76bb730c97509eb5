"""The files that tell of changes: changes.csv and changes.html."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..change.changemap import ChangeMap
from ..change.detection import Detection, counts
from ..change.detectionlimit import DetectionLimit
from ..change.table import Opinion, writeCsv
from ..change.uncompared import areas
from .changehtml import changesHtml


def writeChanges(
    folder: Path, changeMap: ChangeMap, detection: Detection, opinions: dict[int, Opinion] | None = None
) -> list[Path]:
    """changes.csv and changes.html in ``folder``, which exists.

    :raises OSError: they cannot be written.
    """
    paths = [folder / "changes.csv", folder / "changes.html"]
    writeCsv(paths[0], detection.regions, opinions)
    paths[1].write_text(changesHtml(changeMap, detection, opinions), encoding="utf-8")
    return paths


def changeContent(
    changeMap: ChangeMap, detection: Detection, limit: DetectionLimit | None, found: str
) -> dict[str, Any]:
    """The part of report.json on changes. ``found``: the answer in sentences."""
    return {
        "found": found,
        "notes": changeMap.notes,
        "sensitivity": detection.sensitivity,
        "regions": len(detection.regions),
        "regionsAtMarks": counts(changeMap),
        "agreement": round(changeMap.agreement, 4),
        "uncompared": [area.content for area in areas(changeMap.uncompared, changeMap.grid)],
        "detectionLimit": None if limit is None else limit.content,
    }
