"""The report, its table and its values: harmless in browsers and spreadsheets, and legible on paper."""

import csv
import io
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
from LDRRegistrationLib.reports.changerates import ratesOf
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
    patient="P-17 <x>",
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


def test_what_is_known_of_the_scans_stands_there(page, comparison):
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
    assert "different patients" in page and "Patient: P-17 &lt;x&gt;" in page
    assert "Patient:" not in changesHtml(comparison.change_map, comparison.found, NOTES, replace(CONTEXT, patient=""))


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
        text = io.StringIO()
        commas = [[cell.replace(".", ",") if cell[:1] in "-0123456789" else cell for cell in row] for row in rows]
        csv.writer(text, delimiter=";").writerows(commas)
        path.write_text(text.getvalue().replace("視床", "Hügel"), encoding="cp1252")
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


def test_how_fast_a_region_grows_with_its_interval(comparison):
    region = replace(comparison.found.regions[0], kind="grown", volumeMm3=25.0, growthPercent=25.0, isCutOff=False)
    rates = ratesOf(replace(region, growthIntervalPercent=(10.0, 100.0)), 731)
    assert rates.percentPerYear == pytest.approx(100 * (1.25**0.5 - 1), abs=0.1)
    assert rates.doublingDays == pytest.approx(731 * np.log(2) / np.log(1.25))
    fast, slow = rates.doublingDaysInterval
    assert fast == pytest.approx(731) and slow == pytest.approx(731 * np.log(2) / np.log(1.1))
    assert "doubles in 2271 days (731 to 5316)" in rates.words and "+12 % a year" in rates.words
    unsure = ratesOf(replace(region, growthIntervalPercent=(-5.0, 60.0)), 731)
    assert unsure.doublingDaysInterval[1] is None and "or more" in unsure.words
    assert ratesOf(region, 731).percentPerYearInterval is None
    shrunken = ratesOf(replace(region, growthPercent=-36.0, growthIntervalPercent=(-50.0, -19.0)), 731)
    assert shrunken.doublingDays is None and shrunken.percentPerYear == pytest.approx(-20.0, abs=0.1)
    for none in (
        replace(region, growthPercent=None),
        replace(region, growthPercent=-100.0),
        replace(region, isCutOff=True),
    ):
        assert ratesOf(none, 731) is None
    assert ratesOf(region, None) is None and ratesOf(region, 7) is None


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium (apt install chromium)")
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints(written, tmp_path, paper):
    """Headless Chromium prints it; every picture is there, whole, and the head of each page says what it is."""
    page = (written / "changes.html").read_text("utf-8")
    sized = tmp_path / "sized.html"
    sized.write_text(page.replace("@page {", f"@page {{ size: {paper}; ", 1), encoding="utf-8")
    pdf = tmp_path / "report.pdf"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    subprocess.run(
        [*command, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", sized.as_uri()],
        check=True,
        capture_output=True,
        timeout=300,
    )
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    images = len(re.findall(rb"/Subtype\s*/Image\b", content))
    assert 2 <= pages <= 8 and images >= len(re.findall("<img", page))
    if not shutil.which("pdftotext"):
        return
    found = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], check=True, capture_output=True).stdout.decode()
    texts = [text.strip() for text in found.split("\f") if text.strip()]
    assert len(texts) == pages
    heads = set(re.findall(r"<h2>(.*?)</h2>", page))
    for number, text in enumerate(texts, start=1):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        assert lines[0].startswith("Change between two scans, 2009-10-10 and 2010-05-01") and lines[0].endswith(
            "P-17 <x>"
        )
        assert lines[-1].replace(" ", "") == f"{number}/{pages}"
        assert lines[-2] not in heads, f"a heading at the foot of page {number}"


@pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("pdftoppm")), reason="chromium, poppler-utils")
def test_no_picture_is_cut_at_the_edge_of_a_page(written, tmp_path):
    """On paper every picture is as high as it is wide in the file: measured on the rendered pages."""
    sitk = pytest.importorskip("SimpleITK")
    pdf = tmp_path / "report.pdf"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    page = (written / "changes.html").as_uri()
    subprocess.run([*command, f"--print-to-pdf={pdf}", page], check=True, capture_output=True, timeout=300)
    subprocess.run(["pdftoppm", "-r", "40", "-gray", "-png", str(pdf), str(tmp_path / "page")], check=True)
    pages = sorted(tmp_path.glob("page*.png"))
    assert pages
    for path in pages:
        gray = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
        gray = gray[..., 0] if gray.ndim > 2 else gray
        rim = 12  # of 17 mm at 40 dots an inch, but for the head and the number of the page
        assert (gray[:, :rim] > 250).all() and (gray[:, -rim:] > 250).all(), path.name
        assert (gray[:6] > 250).all() and (gray[-6:] > 250).all(), path.name


def test_the_head_of_the_pages_cannot_be_broken_out_of(comparison):
    """It is a string of CSS inside a style sheet inside a page."""
    context = replace(CONTEXT, patient='"; } </style><script>alert(1)</script> \\ 太郎')
    page = changesHtml(comparison.change_map, comparison.found, {}, context)
    assert page.count("</style>") == 1 and "<script" not in page


def test_numbers_on_the_picture_of_all_regions_lie_apart():
    from LDRRegistrationLib.reports.drawing import Numbers

    picture, numbers = np.zeros((200, 200, 3)), Numbers()
    for text in ("1", "12", "13", "4"):
        numbers.write(picture, text, 100, 100)
    boxes = numbers._taken
    assert len(boxes) == 4
    for n, (top, left, h, w) in enumerate(boxes):
        for other_top, other_left, other_h, other_w in boxes[:n]:
            assert (
                top >= other_top + other_h
                or other_top >= top + h
                or left >= other_left + other_w
                or (other_left >= left + w)
            )


def test_the_legend_of_kinds_is_whole():
    """Letters hang below the line: none may touch the edge of the strip."""
    from LDRRegistrationLib.change.kindcolors import COLORS
    from LDRRegistrationLib.reports.drawing import kindLegend

    strip = kindLegend(700, COLORS)
    assert strip[-1].max() == 0 and strip[0].max() == 0 and strip.max() == 255
