"""What ldr-register does not do, and the one sentence in which it says so."""

import os

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from support.commandline import run, start
from support.data import ROOT


def _write(path, image):
    sitk.WriteImage(image, str(path))
    return path


def _bad_inputs(folder):
    volume = sitk.GaussianSource(sitk.sitkFloat32, [20, 20, 20], [4] * 3, [10] * 3)
    text = folder / "text.nii.gz"
    text.write_text("this is not an image")
    array = sitk.GetArrayFromImage(volume)
    array[:] = np.nan
    return {
        "does not exist": folder / "nothing.nii.gz",
        "is a folder": folder,
        "is not an image": text,
        "2 dimensions": _write(folder / "flat.nrrd", volume[:, :, 3]),
        "4 dimensions": _write(folder / "series.nii.gz", sitk.JoinSeries([volume, volume])),
        "3 values per voxel": _write(folder / "rgb.nrrd", sitk.Compose([sitk.Cast(volume, sitk.sitkUInt8)] * 3)),
        "does not reach into them": _write(folder / "slice.nrrd", volume[:, :, 3:4]),
        "constant": _write(folder / "constant.nrrd", volume * 0 + 3),
        "nearly every voxel is padding": _write(folder / "nan.nrrd", sitk.GetImageFromArray(array)),
    }


def test_bad_files_are_refused_in_one_sentence_and_nothing_is_written(files, tmp_path, capfd):
    for position in ("fixed", "moving"):
        for sentence, path in _bad_inputs(tmp_path).items():
            output = tmp_path / "refused"
            status = run({**files, position: path}, output)
            printed = capfd.readouterr()  # of the libraries too
            assert status == 2, sentence
            assert sentence in printed.err and printed.err.count("\n") == 1, printed.err
            assert printed.err.startswith("ldr-register: ") and printed.out == ""
            assert list(output.iterdir()) == []


def test_truncated_files_are_refused(files, tmp_path, capsys):
    plain = tmp_path / "plain.nii"
    sitk.WriteImage(sitk.ReadImage(str(files["moving"])), str(plain))
    for path in (plain, files["fixed"]):
        cut = tmp_path / f"cut-{path.name}"
        cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert run({**files, "moving": cut}, tmp_path / "out") == 2
        assert "ends before its last voxel" in capsys.readouterr().err


def test_missing_or_damaged_model(files, tmp_path, capsys):
    (files["models"] / "constant.pt").write_bytes(b"damaged")
    assert run(files, tmp_path / "out") == 2
    assert "wrong SHA-256" in capsys.readouterr().err
    assert run(files, tmp_path / "out", "--model", "nobody") == 2
    assert "no model named 'nobody'" in capsys.readouterr().err


def test_torch_not_installed_is_a_sentence(files, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    arguments = [str(files["fixed"]), str(files["moving"]), "-o", str(tmp_path / "out")]
    ran = start(arguments, {"PYTHONPATH": os.pathsep.join([str(blocked), str(ROOT / "LDRRegistration")])})
    output, errors = ran.communicate(timeout=120)
    assert ran.returncode == 2 and "PyTorch" in errors and errors.count("\n") == 1, errors
    assert "Traceback" not in errors and output == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "FIXED, MOVING and -o OUT_DIR are needed"),
        (["one.nii.gz"], "are needed"),
        (["a", "b", "-o", "c", "--threads", "0"], "'0' is not a whole number of at least 1"),
        (["a", "b", "-o", "c", "--threads", "two"], "'two' is not a whole number of at least 1"),
        (["a", "b", "-o", "c", "--change", "--sensitivity", "7"], "'7' is not a number from 0 to 1"),
        (["a", "b", "-o", "c", "--change", "--sensitivity", "nan"], "'nan' is not a number from 0 to 1"),
        (["a", "b", "-o", "c", "--masks", "m"], "unrecognized arguments"),
        (["a", "b", "-o", "c", "--threads", os.fsdecode(b"caf\xe9")], "is not a whole number"),
    ],
)
def test_usage_errors_are_one_sentence_and_status_2(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    printed = capsys.readouterr()
    assert ended.value.code == 2
    assert sentence in printed.err and "usage" in printed.err and printed.err.count("\n") == 1, printed.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--change", "--preset", "accurate"], "--preset cannot be used with --change"),
        (["--change", "--preset", "fast"], "--preset cannot be used with --change"),
        (["--change", "--adapt"], "--adapt cannot be used with --change"),
        (["--change", "--prealignment", "affine"], "--prealignment affine cannot be used with --change"),
        (["--dates", "2010-05-01", "2009-10-10"], "--dates can be used only with --change"),
        (["--sensitivity", "0.5"], "--sensitivity can be used only with --change"),
        (["--sensitivity", "0"], "--sensitivity can be used only with --change"),
        (["--change-mask", "m.nii.gz", "--sensitivity", "1"], "--sensitivity and --change-mask can be used only with"),
    ],
)
def test_options_that_would_have_no_effect_are_refused(files, tmp_path, options, sentence, capsys):
    assert run(files, tmp_path / "out", *options) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err and printed.err.count("\n") == 1 and not (tmp_path / "out").exists()
