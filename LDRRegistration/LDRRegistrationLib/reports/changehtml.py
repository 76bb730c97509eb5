"""changes.html: one file with everything in it, to read without Slicer, to print and to keep."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..change.changemap import ChangeMap
from ..change.detection import Detection
from ..change.kindcolors import COLORS
from ..change.regions import Region
from ..change.table import REJECTED, Opinion
from ..dicom.scan import ScanInfo
from .changerates import ratesOf
from .changetotals import MEASURABLE_MM, Totals, counted, totalsOf, volumesMm3
from .context import ReportContext
from .png import pngBytes
from .regionpictures import allRegionsPicture, regionPicture
from .reportstyle import STYLE, headStyle

MAXIMUM_PICTURES = 30
NOTICE = (
    "For research; not for diagnostic use. Tested on MR of the head (FLAIR of two patients with multiple sclerosis, T1 "
    "rescans, simulated lesions); on CT and the rest of the body, little."
)
METHOD = (
    "The prior scan was registered to the current one rigidly and then by a very smooth deformation, so that no lesion "
    "is bent away. Change is called where the harmonised scans differ by more than noise and misalignment explain, in "
    "connected regions of a least size. Small, faint or slowly growing lesions, those at the edge of what was scanned, "
    "and changes that another scanner, coil or contrast agent explains can be missed or be called wrongly."
)
COLUMNS = (
    "Region",
    "Kind",
    "Where",
    "Before (mm³)",
    "Now (mm³)",
    "Growth (%)",
    "Longest diameter (mm)",
    "R, A, S (mm)",
    "Change / noise",
    "Verdict",
    "Note",
)
TEXT_COLUMNS = ("Kind", "Where", "Verdict", "Note")


def changesHtml(
    changeMap: ChangeMap,
    detection: Detection,
    opinions: Mapping[int, Opinion] | None = None,
    context: ReportContext | None = None,
) -> str:
    """The report. It names no patient, unless ``context`` says what to show."""
    opinions, context = opinions or {}, context or ReportContext()
    regions = counted(detection, opinions)
    rejected = [r for r in detection.regions if opinions.get(r.rank, Opinion()).verdict == REJECTED]
    open_ = [r for r in detection.regions if r not in regions and r not in rejected]
    totals = totalsOf(detection, opinions, context.days, changeMap)
    parts = [
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Change between two scans</title>",
        f"<style>{STYLE}{_head(context)}</style></head><body><h1>Change between two scans</h1>",
        f"<p>Patient: {_text(context.patient)}</p>" if context.patient else "",
        f"<p class='headline'>{_text(headline(detection, totals))}</p>",
        _warnings(context),
        _scans(context),
        _circumstances(changeMap, detection, context),
        _overview(changeMap, detection, regions or detection.regions),
        _totals(totals, context) if regions else "",
        _section(
            "Regions",
            [_table(regions, opinions), _howFast(regions, context.days), _figures(changeMap, regions, opinions)]
            if regions
            else [],
        ),
        _section("Not judged yet", [_table(open_, opinions), _figures(changeMap, open_, opinions)] if open_ else []),
        _section("What could not be compared", [f"<p>{_text(note)}</p>" for note in _notes(changeMap, context)]),
        f"<div class='keep'><h2>Method and limits</h2><p>{METHOD}</p></div>",
        _appendix(changeMap, rejected, opinions),
        f"<footer><p>{NOTICE}</p></footer></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _head(context: ReportContext) -> str:
    days = [scan.date for scan in (context.prior, context.current) if scan.date]
    return headStyle(context.patient, f", {' and '.join(days)}" if days else "")


def headline(detection: Detection, totals: Totals) -> str:
    """What counts, in a sentence: of a reader's verdicts if there are any."""
    if not totals.isReviewed:
        return detection.explanation
    all_ = len(detection.regions)
    left = all_ - totals.regions - totals.rejected
    more = f", {left} not judged" if left else ""
    of = "1 region" if all_ == 1 else f"{all_} regions"
    return (
        f"{totals.regions} of {of} of change accepted by the reader, {totals.rejected} rejected{more}: "
        f"{totals.volumeBeforeMm3 / 1000:.2f} ml before, {totals.volumeNowMm3 / 1000:.2f} ml now."
    )


def _notes(changeMap: ChangeMap, context: ReportContext) -> list[str]:
    """All but those on the alignment and on the comparison as a whole, which stand above already."""
    isSaid = context.grade not in ("", "good") and bool(context.gradeSentence)
    notes = [note for note in changeMap.notes if not (isSaid and context.gradeSentence in note)]
    return [note for note in notes if note not in context.comparison]


def _warnings(context: ReportContext) -> str:
    sentences = list(context.notes)
    if context.grade and context.grade != "good":
        sentences.insert(0, f"Alignment of the scans: {context.grade}. {context.gradeSentence}")
    if context.comparison:
        sentences.append(f"Comparison: check. {context.comparison}")
    return "".join(f"<p class='warning'>{_text(sentence)}</p>" for sentence in sentences)


def _scans(context: ReportContext) -> str:
    scans = (("Current", context.current), ("Prior", context.prior))
    rows = [(name, _whatIsKnown(scan)) for name, scan in scans]
    if not any(known for _, known in rows):
        return ""
    lines = [
        f"<tr><th class='text'>{name}</th><td class='text'>{_text(known or 'nothing known')}</td></tr>"
        for name, known in rows
    ]
    if context.days is not None:
        days = "1 day" if context.days == 1 else f"{context.days} days"
        lines.append(f"<tr><th class='text'>Interval</th><td class='text'>{days}</td></tr>")
    return f"<table class='keep'>{''.join(lines)}</table>"


def _whatIsKnown(scan: ScanInfo) -> str:
    agent = f"contrast agent {scan.contrastAgent}" if scan.contrastAgent else ""
    series = f"series {scan.number} {scan.description}".strip() if scan.description else ""
    return "; ".join(part for part in (scan.date or "", scan.modality, series, scan.scanner, agent) if part)


def _circumstances(changeMap: ChangeMap, detection: Detection, context: ReportContext) -> str:
    sentences = []
    if context.grade == "good":
        sentences.append("Alignment of the scans: good.")
    sentences.append(
        f"Agreement of the two scans {changeMap.agreement:.3f}; sensitivity {detection.sensitivity:.2f}; noise and "
        f"misalignment explain a standard deviation of {changeMap.noise:.3g} units of the current scan."
    )
    if context.limit.sentence:
        sentences.append(context.limit.sentence)
    if context.model:
        version = f", LDRRegistration {context.version}" if context.version else ""
        sentences.append(f"Model {context.model}{version}.")
    return f"<p class='small'>{_text(' '.join(sentences))}</p>"


def _overview(changeMap: ChangeMap, detection: Detection, regions: Sequence[Region]) -> str:
    if not regions:
        return ""
    picture = _picture(allRegionsPicture(changeMap, detection.labels, regions), "all regions")
    count = "The region" if len(regions) == 1 else f"{len(regions)} regions"
    return (
        f"<figure class='overview'>{picture}<figcaption>{count} over the current scan, looked through from above, "
        "from in front and from the left; colours by kind, numbers as in the table.</figcaption></figure>"
    )


def _totals(totals: Totals, context: ReportContext) -> str:
    which = "Accepted regions" if totals.isReviewed else "All regions found (not reviewed)"
    rows = [
        (which, f"{totals.regions}"),
        ("Volume before", f"{totals.volumeBeforeMm3 / 1000:.3f} ml"),
        ("Volume now", f"{totals.volumeNowMm3 / 1000:.3f} ml"),
        ("Difference", f"{(totals.volumeNowMm3 - totals.volumeBeforeMm3) / 1000:+.3f} ml"),
    ]
    if totals.growthMlPerYear is not None:
        rows.append(("Growth per year", f"{totals.growthMlPerYear:+.3f} ml"))
    if totals.growthPercentPerYear is not None:
        rows.append(("Growth per year of what was there at both visits", f"{totals.growthPercentPerYear:+.0f} %"))
    if totals.doublingDays is not None:
        rows.append(("Doubling time of what was there at both visits", f"{totals.doublingDays:.0f} days"))
    if totals.measurableLesions:
        count = f"{totals.measurableLesions} of {MEASURABLE_MM:g} mm or more, as in RECIST"
        name = f"Sum of longest axial diameters now ({count})"
        rows.append((name, f"{totals.sumOfAxialDiametersMm:.0f} mm"))
    lines = "".join(f"<tr><td class='text'>{_text(name)}</td><td>{_text(value)}</td></tr>" for name, value in rows)
    unknown = "" if context.days is not None else "<p class='small'>Without both dates there is no growth per year.</p>"
    return f"<div class='keep'><h2>Totals</h2><table>{lines}</table>{unknown}</div>"


def _section(title: str, parts: Sequence[str]) -> str:
    return f"<h2>{title}</h2>{''.join(parts)}" if parts else ""


def _appendix(changeMap: ChangeMap, rejected: Sequence[Region], opinions: Mapping[int, Opinion]) -> str:
    if not rejected:
        return ""
    parts = [_table(rejected, opinions), _figures(changeMap, rejected, opinions)]
    return f"<div class='appendix'>{_section('Appendix: rejected regions', parts)}</div>"


def _table(regions: Iterable[Region], opinions: Mapping[int, Opinion]) -> str:
    def tag(kind: str, name: str, text: str) -> str:
        style = f" class='text {name}'" if name in TEXT_COLUMNS else " class='nowrap'" if kind == "td" else ""
        return f"<{kind}{style}>{text}</{kind}>"

    head = "".join(tag("th", name, _text(name)) for name in COLUMNS)
    lines = [f"<table><thead><tr>{head}</tr></thead><tbody>"]
    for region in regions:
        cells = "".join(tag("td", name, text) for name, text in zip(COLUMNS, _cells(region, opinions), strict=True))
        lines.append(f"<tr>{cells}</tr>")
    return "".join([*lines, "</tbody></table>"])


def _cells(region: Region, opinions: Mapping[int, Opinion]) -> list[str]:
    opinion = opinions.get(region.rank, Opinion())
    before, now = volumesMm3(region)
    r, g, b = (round(255 * part) for part in COLORS[region.kind])
    swatch = f"<span class='swatch' style='background:rgb({r},{g},{b})'></span>"
    return [
        str(region.rank),
        swatch + _text(region.kind),
        _text(region.place),
        f"{before:.0f}" if region.isMeasured else "",
        f"{now:.0f}" if region.isMeasured else "",
        "" if region.growthPercent is None or not region.isMeasured else f"{region.growthPercent:+.0f}",
        f"{region.largestDiameterMm:.1f}" if region.isMeasured else "",
        ", ".join(f"{round(value)}" for value in region.centroidRas),
        f"{region.meanZ:+.1f}",
        _text(opinion.verdict),
        _text(opinion.note),
    ]


def _howFast(regions: Sequence[Region], days: int | None) -> str:
    """The growth per year and doubling time of every region that has them."""
    known = [(region, ratesOf(region, days)) for region in regions]
    sentences = [f"Region {region.rank}: {rates.words}" for region, rates in known if rates is not None]
    return "".join(f"<p class='small'>{_text(sentence)}</p>" for sentence in sentences)


def _figures(changeMap: ChangeMap, regions: Sequence[Region], opinions: Mapping[int, Opinion]) -> str:
    figures = []
    for region in regions[:MAXIMUM_PICTURES]:
        opinion = opinions.get(region.rank, Opinion())
        said = ": ".join(text for text in (opinion.verdict.capitalize(), opinion.note) if text)
        size = ", ".join(
            [*([f"{region.volumeMm3:.0f} mm³"] if region.isMeasured else []), *filter(None, [region.place])]
        )
        caption = f"Region {region.rank}, {region.kind}: {size}, change {region.meanZ:+.1f} times the noise. {said}"
        picture = _picture(regionPicture(changeMap, region), f"region {region.rank}: before, now, change")
        figures.append(f"<figure class='region'>{picture}<figcaption>{_text(caption.strip())}</figcaption></figure>")
    more = len(regions) - MAXIMUM_PICTURES
    last = f"<p>{more} more regions have no picture here.</p>" if more > 0 else ""
    return f"<div class='figures'>{''.join(figures)}{last}</div>"


def _picture(rgb: np.ndarray, alternative: str) -> str:
    content = base64.b64encode(pngBytes(rgb)).decode("ascii")
    return f"<img alt='{html.escape(alternative, quote=True)}' src='data:image/png;base64,{content}'>"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
