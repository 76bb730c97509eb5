"""ldr-register --trust-map: one more file, on the fixed image's grid, and what the report says of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.registration.recipes import RECIPES, Preset
from LDRRegistrationLib.registration.refinement import Refinement
from support.commandline import OUTPUTS, make_files, run, shares_done


@pytest.fixture(autouse=True)
def unrefined(monkeypatch):
    """Not the registration is tried here."""
    monkeypatch.setitem(RECIPES, Preset.FAST, replace(RECIPES[Preset.FAST], refinement=Refinement(steps=0)))


def test_the_expected_error_is_written_and_goes_with_a_later_run(tmp_path, capsys):
    files, out = make_files(tmp_path), tmp_path / "out"
    assert run(files, out, "--trust-map", "--prealignment", "none", "--log-format", "json") in (0, 3)
    shares = shares_done(capsys.readouterr().err)
    assert len(shares) > 5 and shares == sorted(shares)
    assert sorted(path.name for path in out.iterdir()) == sorted([*OUTPUTS, "expected_error.nii.gz"])
    written, fixed = (sitk.ReadImage(str(path)) for path in (out / "expected_error.nii.gz", files["fixed"]))
    assert written.GetSize() == fixed.GetSize()
    np.testing.assert_allclose(written.GetOrigin(), fixed.GetOrigin(), atol=1e-3)
    values = sitk.GetArrayFromImage(written)
    assert values.dtype == np.float32 and (values >= 0).all() and values.max() > 0
    said = json.loads((out / "report.json").read_text())
    assert 0 < said["expectedError"]["medianMm"] <= said["expectedError"]["worstTenthMm"]
    assert "Map of trust" in said["seconds"]
    assert run(files, out, "--prealignment", "none") in (0, 3)
    assert sorted(path.name for path in out.iterdir()) == sorted(OUTPUTS)


def test_change_has_a_map_of_its_own(tmp_path, capsys):
    files = make_files(tmp_path)
    assert run(files, tmp_path / "out", "--change", "--trust-map") == 2
    assert "--trust-map cannot be used with --change" in capsys.readouterr().err
