"""The report, its table and its values: harmless in browsers and spreadsheets, and legible on paper."""

import csv
import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from LDRRegistrationLib.change.table import Opinion
from LDRRegistrationLib.dicom.scan import ScanInfo
from LDRRegistrationLib.reports.changecsv import csvColumns, defused, plainText
from LDRRegistrationLib.reports.changefiles import writeChanges
from LDRRegistrationLib.reports.changehtml import changesHtml
from LDRRegistrationLib.reports.changetotals import totalsOf, volumesMm3
from LDRRegistrationLib.reports.context import FoundLimit, ReportContext
from LDRRegistrationLib.reports.verdictfile import opinionsOn, readVerdicts
from LDRRegistrationLib.runtime.errors import RegistrationError

NOTES = {1: Opinion("accepted", "=1+1"), 2: Opinion("rejected", '<script>alert("x")</script>'), 3: Opinion("", "視床")}
CONTEXT = ReportContext(
    current=ScanInfo(date="2010-05-01", description="<b>T2</b>", number="3", modality="MR", scanner="Made up 3 T"),
    prior=ScanInfo(date="2009-10-10"),
    model="c2f-general",
    version="0.1.0",
    grade="check",
    gradeSentence="Check the edges.",
    limit=FoundLimit("Half of 20 lesions are found at 42 %.", 42.0),
    notes=("The two scans are of different patients.",),
)


@pytest.fixture(scope="module")
def written(comparison, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    writeChanges(folder, comparison.change_map, comparison.found, NOTES, CONTEXT)
    return folder


@pytest.fixture(scope="module")
def page(written):
    return (written / "changes.html").read_text(encoding="utf-8")


def test_the_headline_counts_what_was_accepted(page, comparison):
    count = len(comparison.found.regions)
    left = f", {count - 2} not judged"
    assert f"1 of {count} regions of change accepted by the reader, 1 rejected{left}" in page
    assert comparison.found.explanation in changesHtml(comparison.change_map, comparison.found)
    table, rest = page.index("<h2>Regions</h2>"), page.index("<h2>Not judged yet</h2>")
    assert table < rest < page.index("<h2>Method and limits</h2>") < page.index("Appendix: rejected regions")


def test_what_is_known_of_the_scans_stands_there_and_no_patient(page):
    for text in (
        "2010-05-01",
        "203 days",
        "Made up 3 T",
        "c2f-general",
        "Check the edges.",
        "at 42 %",
        "LDRRegistration",
    ):
        assert text in page
    assert "different patients" in page and "Patient:" not in page


def test_nothing_in_it_is_markup_that_somebody_wrote(page):
    assert "<script" not in page and "&lt;script&gt;" in page and "&lt;b&gt;T2&lt;/b&gt;" in page and "視床" in page
    assert not re.search(r"(src|href)=['\"]?https?:", page)


def test_the_table_is_text_in_any_spreadsheet(written, comparison):
    content = (written / "changes.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert list(rows[0]) == csvColumns()
    assert rows[0]["Note"] == "'=1+1"
    for row, region in zip(rows, comparison.found.regions, strict=True):
        ras = [float(row[f"{axis} (mm)"]) for axis in "RAS"]
        np.testing.assert_allclose(ras, region.centroidRas, atol=0.06)
        lps = [float(row[f"{axis} (mm, LPS)"]) for axis in "LPS"]
        np.testing.assert_allclose(lps, np.array(ras) * [-1, -1, 1])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "'=1", "'", "plain", "'quoted'", "", " =1"])
def test_texts_are_defused_and_come_back(text):
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert plainText(defused(text)) == text


def test_the_values_are_those_of_the_table(written, comparison):
    content = json.loads((written / "changes.json").read_text(encoding="utf-8"))
    assert [one["region"] for one in content["regions"]] == [r.rank for r in comparison.found.regions]
    assert content["regions"][0]["note"] == "=1+1" and content["detectionLimit"]["percent"] == 42.0
    assert content["totals"]["regions"] == 1 and content["totals"]["rejected"] == 1


@pytest.mark.parametrize("kind", ["csv", "json", "semicolons"])
def test_verdicts_come_back_by_place(written, comparison, tmp_path, kind):
    """Also as a spreadsheet with decimal commas saves them, and after the regions were numbered anew."""
    path = written / f"changes.{'json' if kind == 'json' else 'csv'}"
    if kind == "semicolons":
        rows = list(csv.reader((written / "changes.csv").read_text(encoding="utf-8-sig").splitlines()))
        path = tmp_path / "saved.csv"
        lines = [
            ";".join(cell.replace(".", ",") if cell[:1] in "-0123456789" else cell for cell in row) for row in rows
        ]
        path.write_text("\n".join(lines).replace("視床", "Hügel"), encoding="cp1252")
    verdicts = readVerdicts(path)
    regions = comparison.found.regions
    renumbered = [replace(region, rank=len(regions) + 1 - region.rank) for region in regions]
    opinions, notes = opinionsOn(renumbered, verdicts)
    assert opinions[len(regions)] == NOTES[1] and opinions[len(regions) - 1] == NOTES[2] and notes == []
    opinions, notes = opinionsOn(renumbered[1:], verdicts)
    assert "1 verdict is of a region that is not among those found now" in notes[0]


def test_a_file_of_no_verdicts_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    for text in ("", "a,b\n1,2\n", "{}", '{"regions": 3}', "\x00\x01"):
        path.write_text(text)
        with pytest.raises(RegistrationError, match=r"is no changes\.csv"):
            readVerdicts(path)
    path.write_text("Region,Verdict\n1,maybe\n")
    with pytest.raises(RegistrationError, match="neither accepted nor rejected"):
        readVerdicts(path)


def test_volumes_before_and_now(comparison):
    region = comparison.found.regions[0]
    for kind, growth, pair in (
        ("new", None, (0, 100)),
        ("gone", -100.0, (100, 0)),
        ("grown", 25.0, (400, 500)),
        ("shrunken", -25.0, (400, 300)),
    ):
        assert volumesMm3(replace(region, kind=kind, volumeMm3=100.0, growthPercent=growth)) == pytest.approx(pair)
    grown = replace(region, kind="grown", volumeMm3=400.0, growthPercent=100.0)
    found = replace(comparison.found, regions=[grown])
    totals = totalsOf(found, {}, 365, comparison.change_map)
    assert totals.doublingDays == pytest.approx(365) and totals.growthPercentPerYear == pytest.approx(100, abs=0.2)
    assert totalsOf(found, {}, None, comparison.change_map).growthMlPerYear is None


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium (apt install chromium)")
def test_it_prints(written, tmp_path):
    """Headless Chromium prints it; every picture is there, whole, and no page is wider than the paper."""
    pdf = tmp_path / "report.pdf"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    subprocess.run(
        [*command, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", (written / "changes.html").as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    images = len(re.findall(rb"/Subtype\s*/Image\b", content))
    assert 2 <= pages <= 8 and images >= len(re.findall("<img", (written / "changes.html").read_text("utf-8")))
