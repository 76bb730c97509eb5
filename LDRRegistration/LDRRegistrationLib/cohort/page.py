"""cohort.html: the whole cohort at a glance, those first that somebody should look at."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from ..reports.changehtml import NOTICE
from .summary import GRADES_BY_URGENCY, OUTLIER, UNREAD, Row, outliersFirst

# The report's measures that the page shows: key, heading, decimals.
SHOWN_COLUMNS = (
    ("similarity", "similarity", 3),
    ("similarityPrealigned", "pre-aligned", 3),
    ("sdLogJacobian", "SD log J", 3),
    ("foldedPercent", "folded %", 3),
    ("largestDisplacementMm", "largest mm", 1),
    ("seconds", "s", 1),
)
# overview.png has three rows of panels, and the second shows the images after registration: that is the thumbnail.
STYLE = (
    "body{font-family:sans-serif;max-width:1200px;margin:2em auto;color:#222}table{border-collapse:collapse;"
    "font-size:14px;width:100%}td,"
    "th{border-bottom:1px solid #ccc;padding:4px 8px;text-align:right;vertical-align:top}"
    "td.text,th.text{text-align:left}th{cursor:pointer}img{width:330px;height:110px;object-fit:cover;"
    "object-position:50% 50%;background:#000;display:block}td.outlier{background:#fd8;font-weight:bold}"
    ".good{color:#161}.check{color:#850}.failed,.not{color:#a00;font-weight:bold}td.why{max-width:22em}"
)
# A click on a column's head sorts by it, a second one the other way round.
SCRIPT = """
document.querySelectorAll('th').forEach((head, column) => head.addEventListener('click', () => {
  const body = document.querySelector('tbody'), turn = head.dataset.turn = -(head.dataset.turn || -1);
  const value = row => { const cell = row.children[column];
    const n = parseFloat(cell.dataset.value ?? cell.textContent);
    return isNaN(n) ? cell.textContent : n; };
  [...body.children].sort((a, b) => { const x = value(a), y = value(b);
    return turn * (typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === 'number' ? -1 : 1);
  }).forEach(row => body.append(row));
}));
"""


def cohortHtml(rows: Sequence[Row]) -> str:
    """The page; its pictures are links to each pair's overview.png, loaded as they come into sight."""
    counts = Counter(row.grade for row in rows)
    said = ", ".join(f"{counts[grade]} {grade}" for grade in reversed(GRADES_BY_URGENCY) if counts[grade])
    outliers = sum(bool(row.values["outlier"]) for row in rows)
    heads = "".join(f"<th>{html.escape(title)}</th>" for _, title, _ in SHOWN_COLUMNS)
    return "\n".join(
        [
            "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Cohort</title>",
            f"<style>{STYLE}</style></head><body><h1>{len(rows)} registrations</h1>",
            f"<p><b>{said}.</b> {outliers} lie far from the others in a measure (marked;",
            f"modified z-score above {OUTLIER:g}).",
            "Thumbnails: fixed magenta, moving green, after registration; click for all.</p>",
            "<table><thead><tr><th class='text'>after</th><th class='text'>pair</th><th class='text'>verdict</th>",
            f"{heads}</tr></thead><tbody>",
            *(_line(row) for row in outliersFirst(rows)),
            f"</tbody></table><p><small>{NOTICE}</small></p><script>{SCRIPT}</script></body></html>",
            "",
        ]
    )


def _line(row: Row) -> str:
    outlying = row.values["outlier"].split(", ")
    cells = "".join(_cell(row.values.get(name), digits, name in outlying) for name, _, digits in SHOWN_COLUMNS)
    picture, folder = html.escape(quote(row.pair.picturePath)), html.escape(quote(row.pair.folder))
    shown = f"<a href='{picture}'><img loading='lazy' alt='after registration' src='{picture}'></a>"
    name = html.escape(row.pair.name)
    return (
        f"<tr><td class='text'>{'' if row.grade == UNREAD else shown}</td>"
        f"<td class='text'>{name if row.grade == UNREAD else f'''<a href='{folder}/'>{name}</a>'''}</td>"
        f"<td class='text why' data-value='{GRADES_BY_URGENCY.index(row.grade)}'><span class='{row.grade.split()[0]}'>"
        f"{html.escape(row.grade)}</span>. {html.escape(str(row.values['why']))}</td>{cells}</tr>"
    )


def _cell(value: Any, digits: int, isOutlier: bool) -> str:
    text = "" if value is None else f"{value:.{digits}f}"
    return f"<td class='outlier'>{text}</td>" if isOutlier else f"<td>{text}</td>"
