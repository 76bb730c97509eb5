"""--change: what changed between two visits, within the masks, and what the report says of how it was found."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from support.commandline import OUTPUTS, run, shares_done
from support.data import CURRENT_FLAIR, PRIOR_FLAIR

PAIR = [str(CURRENT_FLAIR), str(PRIOR_FLAIR)]


@pytest.fixture(scope="module")
def changed(tmp_path_factory, remembered):
    output = tmp_path_factory.mktemp("change")
    with pytest.MonkeyPatch.context() as patched:
        remembered.install(patched)
        assert main([*PAIR, "-o", str(output), "--change", "--dates", "2010-05-01", "2009-10-10"]) == 0
    return output


def test_what_changed(changed):
    """On the bundled pair: report, table, map and regions, on the current scan's own grid."""
    written = {path.name for path in changed.iterdir()}
    reports = {"changes.csv", "changes.html", "changes.json"}
    assert written == {*OUTPUTS, "change.nii.gz", "change_regions.nii.gz", "change_uncompared.nii.gz", *reports}
    current, change, regions = (
        sitk.ReadImage(str(path))
        for path in (CURRENT_FLAIR, changed / "change.nii.gz", changed / "change_regions.nii.gz")
    )
    assert current.GetSize() == change.GetSize() == regions.GetSize()
    np.testing.assert_allclose(change.GetOrigin(), current.GetOrigin(), atol=1e-3)
    lines = (changed / "changes.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].startswith("1,new,")
    # The table's place of the first region is one of its voxels; RAS to LPS.
    first = next(csv.DictReader(lines))
    point = (-float(first["R (mm)"]), -float(first["A (mm)"]), float(first["S (mm)"]))
    assert regions[regions.TransformPhysicalPointToIndex(point)] == 1


def test_the_report_says_the_settings_that_were_used(changed):
    report = json.loads((changed / "report.json").read_text())
    assert "of change in the brain" in report["change"]["found"]
    limit = report["change"]["detectionLimit"]
    assert limit["sentence"] in report["change"]["found"] and "Detection limit" in report["seconds"]
    assert limit["foundByContrastPercent"]["80"] >= limit["foundByContrastPercent"]["10"]
    assert report["prealignment"] == "rigid" and report["refinementSteps"] == 0 and report["adaptationIterations"] == 0
    assert report["followUp"] is True and "Refinement" not in report["seconds"]


def test_a_verdict_of_a_region_that_is_not_found_is_said(tmp_path, remembered, monkeypatch, capsys):
    """On the terminal and in the report, not only in the page: the reader's work was for nothing."""
    verdicts = tmp_path / "verdicts.csv"
    verdicts.write_text("Region,R (mm),A (mm),S (mm),Verdict\n99,500,500,500,accepted\n")
    remembered.install(monkeypatch)
    output = tmp_path / "out"
    dates = ("--dates", "2010-05-01", "2009-10-10")
    assert main([*PAIR, "-o", str(output), "--change", *dates, "--verdicts", str(verdicts)]) == 0
    sentence = "1 verdict is of a region that is not among those found now, and had no effect."
    assert sentence in capsys.readouterr().out
    assert sentence in json.loads((output / "report.json").read_text())["notes"]


def test_change_is_called_inside_the_masks_alone(changed, tmp_path, capsys):
    """The left half of the one scan and the front half of the other: no change is called beyond either, where without
    masks there is."""
    options = []
    for name, path, half in (
        ("--fixed-mask", PAIR[0], lambda n: np.s_[:, :, : n // 2]),
        ("--moving-mask", PAIR[1], lambda n: np.s_[:, : n // 2]),
    ):
        scan = sitk.ReadImage(path)
        inside = np.zeros(scan.GetSize()[::-1], dtype=np.uint8)
        inside[half(inside.shape[2])] = 1
        image = sitk.GetImageFromArray(inside)
        image.CopyInformation(scan)
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))
        options += [name, str(tmp_path / f"{name}.nii.gz")]
    output = tmp_path / "out"
    assert main([*PAIR, "-o", str(output), "--change", "--log-format", "json", *options]) == 0
    shares = shares_done(capsys.readouterr().err)
    assert len(shares) > 10 and shares == sorted(shares)
    without, found = (
        np.abs(sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "change.nii.gz")))) for folder in (changed, output)
    )
    middle = found.shape[2] // 2
    assert found.shape[1] == found.shape[2], "both halves end at one index"
    # The scans lie within some voxels of each other. Each mask leaves out change inside the other.
    for beyond in (np.s_[:, : middle - 10, middle + 10 :], np.s_[:, middle + 10 :, : middle - 10]):
        assert without[beyond].max() > 4
    for beyond in (np.s_[:, :, middle + 10 :], np.s_[:, middle + 10 :]):
        assert found[beyond].max() == 0.0
    assert found[:, : middle - 10, : middle - 10].max() > 4


def test_swapped_dates_are_refused(tmp_path, capsys):
    assert main([*PAIR, "-o", str(tmp_path / "out"), "--change", "--dates", "2009-10-10", "2010-05-01"]) == 2
    assert "swap them" in capsys.readouterr().err


def test_a_run_without_change_leaves_nothing_of_it_behind(changed, files):
    assert run(files, changed) == 0
    assert {path.name for path in changed.iterdir()} == set(OUTPUTS)
