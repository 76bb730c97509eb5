"""ldr-register on files: what it writes, what it refuses, and that an interrupted run leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib import settings as settings_module
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.image import Image
from LDRRegistrationLib.refine import Refinement
from support import itk
from support.data import CURRENT_FLAIR, HIPPOCAMPUS, PRIOR_FLAIR, ROOT
from support.grids import grid_over, random_grid, smooth_image
from support.models import write_model

OUTPUTS = ["overview.png", "report.json", "transform.h5", "warped.nii.gz"]


@pytest.fixture
def files(tmp_path):
    """Paths of a fixed image, a moving one on another grid, and a folder with a test model."""
    rng = np.random.default_rng(5)
    grid = random_grid(rng, (40, 44, 36))
    paths = {"fixed": tmp_path / "fixed.nii.gz", "moving": tmp_path / "moving.nrrd", "models": tmp_path / "models"}
    sitk.WriteImage(itk.from_image(smooth_image(rng, grid, dtype=np.int16)), str(paths["fixed"]))
    moving = smooth_image(rng, grid_over(rng, grid, (50, 50, 50)), dtype=np.int16)
    sitk.WriteImage(itk.from_image(moving), str(paths["moving"]))
    write_model(paths["models"], (0.0, 0.5, 0.0))
    return paths


def _run(files, output, *more):
    fixed, moving = str(files["fixed"]), str(files["moving"])
    return main([fixed, moving, "-o", str(output), "--models", str(files["models"]), *more])


def test_writes_everything_and_itk_agrees_with_the_warped_volume(files, tmp_path, capsys, monkeypatch):
    # ITK interpolates a field linearly, the module (as VTK) by cubes: a refined one differs between its points.
    monkeypatch.setattr(settings_module, "FAST_REFINEMENT", Refinement(steps=0))
    output = tmp_path / "new" / "out"
    labels = tmp_path / "labels.nii.gz"
    moving = sitk.ReadImage(str(files["moving"]))
    sitk.WriteImage(sitk.Cast(moving > 500, sitk.sitkUInt8) * 7, str(labels))
    assert _run(files, output, "--labels", str(labels)) == 0
    assert sorted(path.name for path in output.iterdir()) == sorted([*OUTPUTS, "warped_labels.nii.gz"])
    fixed = sitk.ReadImage(str(files["fixed"]))
    warped = sitk.ReadImage(str(output / "warped.nii.gz"))
    assert warped.GetSize() == fixed.GetSize() and warped.GetPixelID() == moving.GetPixelID()
    np.testing.assert_allclose(warped.GetOrigin(), fixed.GetOrigin(), atol=1e-3)
    np.testing.assert_allclose(warped.GetDirection(), fixed.GetDirection(), atol=1e-5)
    transform = sitk.ReadTransform(str(output / "transform.h5"))
    background = float(sitk.GetArrayFromImage(moving).min())
    judge = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, background)
    difference = np.abs(sitk.GetArrayFromImage(judge).astype(float) - sitk.GetArrayFromImage(warped))
    assert np.quantile(difference, 0.99) <= 2.0
    nearest = sitk.Resample(sitk.ReadImage(str(labels)), fixed, transform, sitk.sitkNearestNeighbor, 0)
    warped_labels = sitk.ReadImage(str(output / "warped_labels.nii.gz"))
    agree = sitk.GetArrayFromImage(nearest) == sitk.GetArrayFromImage(warped_labels)
    assert agree.mean() > 0.998 and sitk.GetArrayFromImage(warped_labels).max() == 7
    printed = capsys.readouterr()
    assert "similarity" in printed.out and printed.err == ""


def test_report_says_what_was_done(files, tmp_path):
    assert _run(files, tmp_path / "out", "--threads", "1", "--preset", "accurate") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["fixed"] == "fixed.nii.gz" and report["moving"] == "moving.nrrd"
    assert report["preset"] == "accurate" and report["threads"] == 1
    assert {"Pre-alignment", "Deformation", "Refinement", "Warping", "Writing the results"} <= set(report["seconds"])
    assert report["similarity"]["registered"] >= report["similarity"]["prealigned"]
    assert report["peakMemoryMb"] is None or report["peakMemoryMb"] > 50
    assert {"torch", "numpy", "vtk", "slicer-core", "python"} <= set(report["versions"])
    assert str(tmp_path) not in json.dumps(report)


def test_overview_is_a_picture_with_three_rows(files, tmp_path):
    assert _run(files, tmp_path / "out") == 0
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "overview.png")))
    assert picture.ndim == 3 and picture.shape[2] == 3 and min(picture.shape[:2]) > 300
    third = picture.shape[0] // 3
    for row in range(3):
        assert picture[row * third : (row + 1) * third].std() > 10
    # Only the deformation row has the yellow lines.
    yellow = (picture[..., 0] > 150) & (picture[..., 1] > 110) & (picture[..., 2] < 100)
    assert yellow[2 * third :].mean() > 0.01 > yellow[:third].mean()


def test_initial_transform_is_the_start(files, tmp_path):
    fixed, moving = sitk.ReadImage(str(files["fixed"])), sitk.ReadImage(str(files["moving"]))
    shifted = sitk.Image(moving)
    offset = np.array([400.0, -300.0, 200.0])
    shifted.SetOrigin((np.array(moving.GetOrigin()) + offset).tolist())
    files["moving"] = tmp_path / "shifted.nrrd"
    sitk.WriteImage(shifted, str(files["moving"]))
    assert _run(files, tmp_path / "lost", "--prealignment", "none") == 2
    initial = tmp_path / "initial.tfm"
    sitk.WriteTransform(sitk.TranslationTransform(3, offset.tolist()), str(initial))
    assert _run(files, tmp_path / "found", "--prealignment", "none", "--initial", str(initial)) == 0
    transform = sitk.ReadTransform(str(tmp_path / "found" / "transform.h5"))
    center = fixed.TransformContinuousIndexToPhysicalPoint([n / 2 for n in fixed.GetSize()])
    np.testing.assert_allclose(np.array(transform.TransformPoint(center)) - center, offset, atol=5.0)


def _write(path, image):
    sitk.WriteImage(image, str(path))
    return path


def _bad_inputs(folder):
    volume = sitk.GaussianSource(sitk.sitkFloat32, [20, 20, 20], [4] * 3, [10] * 3)
    text = folder / "text.nii.gz"
    text.write_text("this is not an image")
    array = sitk.GetArrayFromImage(volume)
    array[2, 3, 4] = np.nan
    return {
        "does not exist": folder / "nothing.nii.gz",
        "is a folder": folder,
        "is not an image": text,
        "2 dimensions": _write(folder / "flat.nrrd", volume[:, :, 3]),
        "4 dimensions": _write(folder / "series.nii.gz", sitk.JoinSeries([volume, volume])),
        "3 values per voxel": _write(folder / "rgb.nrrd", sitk.Compose([sitk.Cast(volume, sitk.sitkUInt8)] * 3)),
        "20 x 20 x 1 voxels": _write(folder / "slice.nrrd", volume[:, :, 3:4]),
        "constant": _write(folder / "constant.nrrd", volume * 0 + 3),
        "NaN or infinite": _write(folder / "nan.nrrd", sitk.GetImageFromArray(array)),
    }


def test_bad_files_are_refused_in_one_sentence_and_nothing_is_written(files, tmp_path, capsys):
    for position in ("fixed", "moving"):
        for sentence, path in _bad_inputs(tmp_path).items():
            output = tmp_path / "refused"
            status = _run({**files, position: path}, output)
            printed = capsys.readouterr()
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
        assert _run({**files, "moving": cut}, tmp_path / "out") == 2
        assert "ends before its last voxel" in capsys.readouterr().err


def test_a_rerun_leaves_no_labels_of_the_run_before_and_never_touches_its_inputs(files, tmp_path, capsys):
    labels = tmp_path / "labels.nii.gz"
    sitk.WriteImage(sitk.Cast(sitk.ReadImage(str(files["moving"])) > 500, sitk.sitkUInt8), str(labels))
    output = tmp_path / "out"
    output.mkdir()
    (output / "notes.txt").write_text("mine")
    assert _run(files, output, "--labels", str(labels)) == 0
    assert _run(files, output) == 0
    assert sorted(path.name for path in output.iterdir()) == sorted([*OUTPUTS, "notes.txt"])
    assert "notes.txt" not in capsys.readouterr().out
    before = (output / "warped.nii.gz").read_bytes()
    assert _run({**files, "fixed": output / "warped.nii.gz"}, output) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert (output / "warped.nii.gz").read_bytes() == before


def test_thin_volumes_get_their_picture(files, tmp_path):
    rng = np.random.default_rng(9)
    grid = Image(np.zeros((4, 120, 120)), np.diag([0.5, 0.5, 0.1, 1.0])).grid
    for name in ("fixed", "moving"):
        files[name] = tmp_path / f"thin-{name}.nrrd"
        sitk.WriteImage(itk.from_image(smooth_image(rng, grid, sigma=1.5)), str(files[name]))
    assert _run(files, tmp_path / "out") == 0
    assert (tmp_path / "out" / "overview.png").is_file()


@pytest.mark.parametrize("error", [MemoryError(), IndexError("list index\nout of range")])
def test_whatever_fails_is_one_line(files, tmp_path, capsys, monkeypatch, error):
    def fail(*_arguments, **_keywords):
        raise error

    monkeypatch.setattr("LDRRegistrationLib.logic.register", fail)
    assert _run(files, tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1 and printed.err.startswith("ldr-register: ")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_same_file_twice_gives_the_identity(files, tmp_path):
    assert _run({**files, "moving": files["fixed"]}, tmp_path / "out") == 0
    transform = sitk.ReadTransform(str(tmp_path / "out" / "transform.h5"))
    fixed = sitk.ReadImage(str(files["fixed"]))
    center = fixed.TransformContinuousIndexToPhysicalPoint([n / 2 for n in fixed.GetSize()])
    np.testing.assert_allclose(transform.TransformPoint(center), center, atol=0.05)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_folder_that_cannot_be_written(files, tmp_path, capsys):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert _run(files, closed / "out") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_output_that_is_a_file(files, tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert _run(files, taken) == 2
    assert "cannot be written" in capsys.readouterr().err and taken.read_text() == "mine"


def test_missing_or_damaged_model(files, tmp_path, capsys):
    (files["models"] / "constant.pt").write_bytes(b"damaged")
    assert _run(files, tmp_path / "out") == 2
    assert "wrong SHA-256" in capsys.readouterr().err
    assert _run(files, tmp_path / "out", "--model", "nobody") == 2
    assert "no model named 'nobody'" in capsys.readouterr().err


def test_torch_not_installed_is_a_sentence(files, tmp_path):
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')")
    arguments = [str(files["fixed"]), str(files["moving"]), "-o", str(tmp_path / "out")]
    ran = _process(arguments, {"PYTHONPATH": os.pathsep.join([str(blocked), str(ROOT / "LDRRegistration")])})
    output, errors = ran.communicate(timeout=120)
    assert ran.returncode == 2 and "PyTorch" in errors and errors.count("\n") == 1, errors
    assert "Traceback" not in errors and output == ""


def test_usage_errors_end_with_status_2(capsys):
    for arguments in (
        [],
        ["one.nii.gz"],
        ["a", "b", "-o", "c", "--threads", "0"],
        ["a", "b", "-o", "c", "--masks", "m"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_list_models_marks_the_default_and_the_licence(files, tmp_path, capsys):
    write_model(files["models"], (0.0, 0.0, 0.0), "other", default=False, nonCommercial=True, licence="CC BY-NC")
    assert main(["--list-models", "--models", str(files["models"])]) == 0
    lines = capsys.readouterr().out
    assert lines.index("constant (default)") < lines.index("other (non-commercial)") < lines.index("CC BY-NC")


def _process(arguments, environment):
    command = [sys.executable, "-m", "LDRRegistrationLib", *arguments]
    return subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("delay", [0.5, 1.5, 2.5, 3.5, 5.0])
def test_interrupted_half_way_nothing_is_left(files, tmp_path, delay):
    output = tmp_path / "out"
    ran = _process(
        [str(files["fixed"]), str(files["moving"]), "-o", str(output), "--models", str(files["models"])],
        {"PYTHONPATH": str(ROOT / "LDRRegistration")},
    )
    time.sleep(delay)
    ran.send_signal(signal.SIGINT)
    _, errors = ran.communicate(timeout=120)
    left = sorted(path.name for path in output.iterdir()) if output.exists() else []
    # Faster than the interrupt, or caught by it after the results were in place: all of them, or none.
    assert left == OUTPUTS or (ran.returncode != 0 and left == []), (left, errors)
    assert ran.returncode in (0, 130, -signal.SIGINT)


def test_two_processes_give_the_same_bits(tmp_path):
    images = HIPPOCAMPUS / "images"
    results = []
    for run in ("first", "second"):
        arguments = [str(images / "hippocampus_001.nii.gz"), str(images / "hippocampus_014.nii.gz"), "--threads", "2"]
        ran = _process([*arguments, "-o", str(tmp_path / run)], {"PYTHONPATH": str(ROOT / "LDRRegistration")})
        _, errors = ran.communicate(timeout=300)
        assert ran.returncode == 0, errors
        results.append(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / run / "warped.nii.gz"))))
    np.testing.assert_array_equal(results[0], results[1])


def test_what_changed(tmp_path, capsys):
    """--change on the bundled pair: report, table, map and regions, on the current scan's own grid."""
    output = tmp_path / "out"
    arguments = [str(CURRENT_FLAIR), str(PRIOR_FLAIR), "-o", str(output), "--change"]
    assert main([*arguments, "--dates", "2010-05-01", "2009-10-10"]) == 0
    said = capsys.readouterr().out
    assert "of change in the brain" in said
    written = {path.name for path in output.iterdir()}
    assert written == {*OUTPUTS, "change.nii.gz", "change_regions.nii.gz", "changes.csv", "changes.html"}
    current, change, regions = (
        sitk.ReadImage(str(path))
        for path in (CURRENT_FLAIR, output / "change.nii.gz", output / "change_regions.nii.gz")
    )
    assert current.GetSize() == change.GetSize() == regions.GetSize()
    np.testing.assert_allclose(change.GetOrigin(), current.GetOrigin(), atol=1e-3)
    lines = (output / "changes.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("1,new,")
    # The table's place of the first region is one of its voxels; RAS to LPS.
    first = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    point = (-float(first["R (mm)"]), -float(first["A (mm)"]), float(first["S (mm)"]))
    assert regions[regions.TransformPhysicalPointToIndex(point)] == 1
    assert json.loads((output / "report.json").read_text())["change"]["found"] in said
    assert main([*arguments, "--dates", "2009-10-10", "2010-05-01"]) == 2
    assert "swap them" in capsys.readouterr().err
    # A later run without --change leaves nothing of it behind.
    assert main(arguments[:-1]) == 0
    assert {path.name for path in output.iterdir()} == set(OUTPUTS)
