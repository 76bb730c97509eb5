"""--change: what changed between two visits, within the masks, and what the report says of how it was found."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from support.commandline import OUTPUTS
from support.data import CURRENT_FLAIR, PRIOR_FLAIR

PAIR = [str(CURRENT_FLAIR), str(PRIOR_FLAIR)]


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    output = tmp_path_factory.mktemp("change")
    assert main([*PAIR, "-o", str(output), "--change", "--dates", "2010-05-01", "2009-10-10"]) == 0
    return output


def test_what_changed(changed):
    """On the bundled pair: report, table, map and regions, on the current scan's own grid."""
    written = {path.name for path in changed.iterdir()}
    reports = {"changes.csv", "changes.html", "changes.json"}
    maps = {"change.nii.gz", "change_regions.nii.gz", "change_uncompared.nii.gz"}
    assert written == {*OUTPUTS, *maps, *reports}
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


@pytest.mark.parametrize("which", ["--fixed-mask", "--moving-mask"])
def test_change_is_called_inside_the_masks_alone(changed, tmp_path, which):
    """A mask of one half of a scan, its left: no change is called in the other, where without it there is."""
    scan = sitk.ReadImage(PAIR[0] if which == "--fixed-mask" else PAIR[1])
    half = np.zeros(scan.GetSize()[::-1], dtype=np.uint8)
    middle = half.shape[2] // 2
    whole = np.abs(sitk.GetArrayFromImage(sitk.ReadImage(str(changed / "change.nii.gz"))))
    columns = np.nonzero((whole > 4).sum(axis=(0, 1)))[0]
    half[:, :, :middle] = 1
    mask = tmp_path / "mask.nii.gz"
    image = sitk.GetImageFromArray(half)
    image.CopyInformation(scan)
    sitk.WriteImage(image, str(mask))
    output = tmp_path / "out"
    assert main([*PAIR, "-o", str(output), "--change", which, str(mask)]) == 0
    found = np.abs(sitk.GetArrayFromImage(sitk.ReadImage(str(output / "change.nii.gz"))))
    # The scans lie within some voxels of each other.
    assert columns.max() > middle + 10 and whole[:, :, middle + 10 :].max() > 4
    assert found[:, :, middle + 10 :].max() == 0.0
    assert found[:, :, : middle - 10].max() > 4


def test_swapped_dates_are_refused(tmp_path, capsys):
    assert main([*PAIR, "-o", str(tmp_path / "out"), "--change", "--dates", "2009-10-10", "2010-05-01"]) == 2
    assert "swap them" in capsys.readouterr().err


def test_a_run_without_change_leaves_nothing_of_it_behind(changed):
    assert main([*PAIR, "-o", str(changed)]) == 0
    assert {path.name for path in changed.iterdir()} == set(OUTPUTS)
