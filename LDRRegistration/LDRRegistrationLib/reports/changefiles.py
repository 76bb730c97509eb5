"""The files that tell of changes: changes.csv and changes.html."""

from __future__ import annotations

from pathlib import Path

from ..change.changemap import ChangeMap
from ..change.detection import Detection
from ..change.table import Opinion, writeCsv
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
