"""changes.html: one file with everything in it, to read without Slicer and to keep. It names no patient."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping

import numpy as np

from ..change.changemap import ChangeMap
from ..change.detection import Detection
from ..change.regions import Region
from ..change.table import COLUMNS, REJECTED, Opinion, row
from ..numerics.dlpack import toArray
from ..space.grid import Grid
from ..space.resample import sampleOnGrid
from .png import pngBytes

MOST_PICTURES = 30
HALF_SIDE_MM, PIXEL_MM, ZOOM = 40.0, 0.5, 2
SHOWN_Z, FULL_Z = 3.0, 15.0
LESS, MORE = np.array([30.0, 80.0, 255.0]), np.array([255.0, 60.0, 20.0])
NOTICE = (
    "For research; not for diagnostic use. Tested on MR of the head (FLAIR of two patients with multiple sclerosis, T1 "
    "rescans, simulated lesions); on CT and the rest of the body, little."
)
STYLE = (
    "body{font-family:sans-serif;max-width:1100px;margin:2em auto;color:#222}table{border-collapse:collapse;"
    "font-size:14px}td,th{border:1px solid #ccc;padding:3px 8px;text-align:right}figure{margin:1.5em 0}"
    "img{background:#000}figcaption{margin-top:4px}.rejected{color:#999}"
)


def changesHtml(changeMap: ChangeMap, detection: Detection, opinions: Mapping[int, Opinion] | None = None) -> str:
    """The report: summary, table, and slices of each region before, now and the change between them."""
    opinions = opinions or {}
    parts = [
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Change between two scans</title>",
        f"<style>{STYLE}</style></head><body><h1>Change between two scans</h1>",
        f"<p><b>{html.escape(detection.explanation)}</b></p>",
        *(f"<p>{html.escape(note)}</p>" for note in changeMap.notes),
        _circumstances(changeMap, detection),
        _table(detection.regions, opinions),
        *(
            _figure(changeMap, region, opinions.get(region.rank, Opinion()))
            for region in detection.regions[:MOST_PICTURES]
        ),
        f"<p><small>{NOTICE}</small></p></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _circumstances(changeMap: ChangeMap, detection: Detection) -> str:
    return (
        f"<p>Agreement of the two scans {changeMap.agreement:.3f}; sensitivity {detection.sensitivity:.2f}; noise and "
        f"misalignment explain a standard deviation of {changeMap.noise:.3g} units of the current scan.</p>"
    )


def _table(regions: list[Region], opinions: Mapping[int, Opinion]) -> str:
    if not regions:
        return ""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in COLUMNS)
    lines = [f"<table><tr>{head}</tr>"]
    for region in regions:
        opinion = opinions.get(region.rank, Opinion())
        values = row(region, opinion).values()
        cells = "".join(f"<td>{'' if value is None else html.escape(str(value))}</td>" for value in values)
        lines.append(f"<tr{_mark(opinion)}>{cells}</tr>")
    return "".join([*lines, "</table>"])


def _figure(changeMap: ChangeMap, region: Region, opinion: Opinion) -> str:
    picture = base64.b64encode(pngBytes(regionPicture(changeMap, region))).decode("ascii")
    said = " ".join(text for text in (opinion.verdict, opinion.note) if text)
    caption = f"{region.name}, {region.volumeMm3:.0f} mm3, z {region.meanZ:+.1f}: before, now, change. {said}"
    return (
        f"<figure{_mark(opinion)}><img alt='before, now, change' src='data:image/png;base64,{picture}'>"
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def _mark(opinion: Opinion) -> str:
    return " class='rejected'" if opinion.verdict == REJECTED else ""


def regionPicture(changeMap: ChangeMap, region: Region) -> np.ndarray:
    """(height, width, 3) uint8: the axial plane through a region before, now, and with the change in color.

    Seen as in Slicer's views: the patient's right is on the left.
    """
    plane = _plane(region)
    before, now, z = (
        toArray(sampleOnGrid(array, changeMap.grid.ijkToRas, plane))[0][::-1, ::-1]
        for array in (changeMap.prior, changeMap.current, changeMap.z)
    )
    low, high = np.percentile(changeMap.current[changeMap.mask], (0.5, 99.5))
    gray = [
        np.clip((image - low) / max(high - low, 1e-12), 0, 1)[..., None] * np.full(3, 255.0) for image in (before, now)
    ]
    share = np.clip((np.abs(z) - SHOWN_Z) / (FULL_Z - SHOWN_Z), 0.0, 1.0)[..., None]
    opacity = np.where(np.abs(z)[..., None] > SHOWN_Z, 0.4 + 0.5 * share, 0.0)
    colored = (1.0 - opacity) * gray[1] + opacity * np.where(z[..., None] > 0, MORE, LESS)
    rim = np.zeros((before.shape[0], 4, 3))
    sheet = np.concatenate([gray[0], rim, gray[1], rim, colored], axis=1)
    return np.repeat(np.repeat(sheet, ZOOM, axis=0), ZOOM, axis=1).astype(np.uint8)


def _plane(region: Region) -> Grid:
    """A slice along R and A about the region's middle, larger where the region is."""
    half = max(HALF_SIDE_MM, 0.75 * region.largestDiameterMm)
    count = round(2 * half / PIXEL_MM)
    step = 2 * half / count
    ijkToRas = np.diag([step, step, step, 1.0])
    ijkToRas[:3, 3] = np.array(region.centroidRas) - [half, half, 0.0]
    return Grid((1, count, count), ijkToRas)
