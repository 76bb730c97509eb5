"""How the report on changes looks, on a screen and on A4 or Letter."""

from __future__ import annotations

STYLE = """
@page { margin: 17mm 14mm 17mm 14mm; }
@page { @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #666; } }
body { font-family: "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; font-size: 11pt; line-height: 1.35;
  color: #1b1b1b; max-width: 190mm; margin: 10mm auto; padding: 0 4mm; }
h1 { font-size: 19pt; margin: 0 0 2mm; }
h2 { font-size: 13pt; margin: 7mm 0 2mm; border-bottom: 0.3mm solid #bbb; break-after: avoid; }
p { margin: 1.5mm 0; orphans: 2; widows: 2; }
.figures { orphans: 1; widows: 1; }
.headline { font-size: 13pt; font-weight: bold; }
.warning { background: #fff3c4; border-left: 1mm solid #c99700; padding: 1.5mm 3mm; }
.small, figcaption, footer { font-size: 9.5pt; color: #444; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; margin: 2mm 0; }
th, td { border: 0.2mm solid #bbb; padding: 0.8mm 1.6mm; text-align: right; }
th { background: #eee; }
td.text, th.text { text-align: left; }
td.Note { overflow-wrap: anywhere; min-width: 25mm; }
thead { display: table-header-group; }
tr, figure, .keep { break-inside: avoid; }
figure { margin: 4mm 0; }
figure img { display: block; max-width: 100%; background: #000; }
figure.region { display: inline-block; width: 88mm; margin: 2mm 2mm 2mm 0; vertical-align: top; }
figure.region img { width: 100%; }
td.nowrap, td.Kind { white-space: nowrap; }
figure.overview img { width: 100%; }
.swatch { display: inline-block; width: 3mm; height: 3mm; margin-right: 1mm; vertical-align: -0.2mm; }
.appendix { color: #555; }
* { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
@media print { body { margin: 0; max-width: none; padding: 0; } }
"""


def headStyle(patient: str, dates: str) -> str:
    """The head of each printed page: which report it is, and of whom where the report says so."""
    return (
        f"@page {{ @top-left {{ content: {_cssText('Change between two scans' + dates)}; {_HEAD} }} "
        f"@top-right {{ content: {_cssText(patient)}; {_HEAD} }} }}"
    )


_HEAD = "font: 8pt sans-serif; color: #666;"


def _cssText(text: str) -> str:
    """A string of CSS, inside which nothing can end it, or the style sheet."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text) + '"'
