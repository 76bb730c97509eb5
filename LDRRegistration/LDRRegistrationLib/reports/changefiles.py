"""The files that tell of changes: changes.csv, changes.html and changes.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..change.changemap import ChangeMap
from ..change.detection import Detection, counts
from ..change.detectionlimit import DetectionLimit
from ..change.table import Opinion
from ..change.uncompared import areas
from .changecsv import writeCsv
from .changehtml import changesHtml
from .changerates import ratesOf
from .changetotals import totalsOf, volumesMm3
from .context import ReportContext


def writeChanges(
    folder: Path,
    changeMap: ChangeMap,
    detection: Detection,
    opinions: dict[int, Opinion] | None = None,
    context: ReportContext | None = None,
) -> list[Path]:
    """changes.csv, changes.html and changes.json in ``folder``, which exists.

    :raises OSError: they cannot be written.
    """
    context = context or ReportContext()
    paths = [folder / f"changes.{kind}" for kind in ("csv", "html", "json")]
    writeCsv(paths[0], detection.regions, opinions)
    paths[1].write_text(changesHtml(changeMap, detection, opinions, context), encoding="utf-8")
    content = changesContent(changeMap, detection, opinions or {}, context)
    paths[2].write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return paths


def changesContent(
    changeMap: ChangeMap, detection: Detection, opinions: dict[int, Opinion], context: ReportContext
) -> dict[str, Any]:
    """What changes.csv and the report say, as plain values; no patient. Places in mm, volumes in mm3."""
    regions = []
    for region in detection.regions:
        before, now = volumesMm3(region)
        r, a, s = (round(value, 2) for value in region.centroidRas)
        opinion = opinions.get(region.rank, Opinion())
        rates = ratesOf(region, context.days)
        regions.append(
            {
                "region": region.rank,
                "kind": region.kind,
                "where": region.where,
                "isCutOff": region.isCutOff,
                "volumeMm3": round(region.volumeMm3, 1) if region.isMeasured else None,
                "volumeBeforeMm3": round(before, 1) if region.isMeasured else None,
                "volumeNowMm3": round(now, 1) if region.isMeasured else None,
                "growthPercent": None
                if region.growthPercent is None or not region.isMeasured
                else round(region.growthPercent, 1),
                "growthIntervalPercent": None
                if region.growthIntervalPercent is None or not region.isMeasured
                else [round(end, 1) for end in region.growthIntervalPercent],
                "rates": None if rates is None else rates.asValues(),
                "volumeChangeByDeformationPercent": round(region.deformationPercent, 1),
                "meanChange": round(region.meanChange, 3),
                "meanZ": round(region.meanZ, 2),
                "middleRas": [r, a, s],
                "middleLps": [-r, -a, s],
                "largestDiameterMm": round(region.largestDiameterMm, 1) if region.isMeasured else None,
                "verdict": opinion.verdict,
                "note": opinion.note,
            }
        )
    return {
        "found": detection.explanation,
        "notes": list(changeMap.notes),
        "currentDate": context.current.date,
        "priorDate": context.prior.date,
        "sensitivity": detection.sensitivity,
        "detectionLimit": {"sentence": context.limit.sentence, "percent": context.limit.percent},
        "totals": totalsOf(detection, opinions, context.days, changeMap).asValues(),
        "regions": regions,
        "notice": "For research; not for diagnostic use.",
    }


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
        "ventricles": None if changeMap.ventricles is None else changeMap.ventricles.content,
        "uncompared": [area.content for area in areas(changeMap.uncompared, changeMap.grid)],
        "detectionLimit": None if limit is None else limit.content,
    }
