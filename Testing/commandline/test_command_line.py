"""ldr-register on files: what it writes, and that it is right."""

import json
import os
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.registration.recipes import RECIPES, Preset
from LDRRegistrationLib.registration.refinement import Refinement
from LDRRegistrationLib.space.image import Image
from support import itk
from support.commandline import OUTPUTS, run, start
from support.data import HIPPOCAMPUS
from support.grids import smooth_image
from support.models import write_model


def test_writes_everything_and_itk_agrees_with_the_warped_volume(files, tmp_path, capsys, monkeypatch):
    # ITK interpolates a field linearly, the module (as VTK) by cubes: a refined one differs between its points.
    monkeypatch.setitem(RECIPES, Preset.FAST, replace(RECIPES[Preset.FAST], refinement=Refinement(steps=0)))
    output = tmp_path / "new" / "out"
    labels = tmp_path / "labels.nii.gz"
    moving = sitk.ReadImage(str(files["moving"]))
    sitk.WriteImage(sitk.Cast(moving > 500, sitk.sitkUInt8) * 7, str(labels))
    assert run(files, output, "--labels", str(labels)) == 0
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
    assert run(files, tmp_path / "out", "--threads", "1", "--preset", "accurate") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["fixed"] == "fixed.nii.gz" and report["moving"] == "moving.nrrd"
    assert report["preset"] == "accurate" and report["threads"] == 1 and report["prealignment"] == "affine"
    # Their contrasts differ: 25 steps of a smooth deformation, and as many of a finer one.
    assert 0 < report["refinementSteps"] <= 50 and report["adaptationIterations"] == 0
    assert {"Pre-alignment", "Deformation", "Refinement", "Warping", "Writing the results"} <= set(report["seconds"])
    assert report["similarity"]["registered"] >= report["similarity"]["prealigned"]
    assert report["peakMemoryMb"] is None or report["peakMemoryMb"] > 50
    assert {"torch", "numpy", "vtk", "slicer-core", "python"} <= set(report["versions"])
    assert str(tmp_path) not in json.dumps(report)


def test_the_report_counts_the_steps_that_were_taken(files, tmp_path):
    """Of two images that are alike after the network none is refined, whatever the preset stands for."""
    assert run({**files, "moving": files["fixed"]}, tmp_path / "out", "--adapt", "3", "--threads", "100000") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["refinementSteps"] == 0 and report["adaptationIterations"] == 3
    assert report["threads"] == os.cpu_count()
    assert any("100000 threads were asked for" in note for note in report["notes"])


def test_overview_is_a_picture_with_three_rows(files, tmp_path):
    assert run(files, tmp_path / "out") == 0
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
    assert run(files, tmp_path / "lost", "--prealignment", "none") == 2
    initial = tmp_path / "initial.tfm"
    sitk.WriteTransform(sitk.TranslationTransform(3, offset.tolist()), str(initial))
    assert run(files, tmp_path / "found", "--prealignment", "none", "--initial", str(initial)) == 0
    transform = sitk.ReadTransform(str(tmp_path / "found" / "transform.h5"))
    center = fixed.TransformContinuousIndexToPhysicalPoint([n / 2 for n in fixed.GetSize()])
    np.testing.assert_allclose(np.array(transform.TransformPoint(center)) - center, offset, atol=5.0)


def test_thin_volumes_get_their_picture(files, tmp_path):
    rng = np.random.default_rng(9)
    grid = Image(np.zeros((4, 120, 120)), np.diag([0.5, 0.5, 0.1, 1.0])).grid
    volume = smooth_image(rng, grid, sigma=1.5)
    for name in ("fixed", "moving"):
        files[name] = tmp_path / f"thin-{name}.nrrd"
        noisy = volume.array + rng.normal(0, 5, volume.array.shape).astype(np.float32)
        sitk.WriteImage(itk.from_image(replace(volume, array=noisy)), str(files[name]))
    assert run(files, tmp_path / "out") == 0
    assert (tmp_path / "out" / "overview.png").is_file()


def test_the_same_file_twice_gives_the_identity(files, tmp_path):
    assert run({**files, "moving": files["fixed"]}, tmp_path / "out") == 0
    transform = sitk.ReadTransform(str(tmp_path / "out" / "transform.h5"))
    fixed = sitk.ReadImage(str(files["fixed"]))
    center = fixed.TransformContinuousIndexToPhysicalPoint([n / 2 for n in fixed.GetSize()])
    np.testing.assert_allclose(transform.TransformPoint(center), center, atol=0.05)


def test_list_models_marks_the_default_and_the_licence(files, tmp_path, capsys):
    write_model(files["models"], (0.0, 0.0, 0.0), "other", default=False, nonCommercial=True, licence="CC BY-NC")
    assert main(["--list-models", "--models", str(files["models"])]) == 0
    lines = capsys.readouterr().out
    assert "Note" not in lines
    assert lines.index("constant (default)") < lines.index("other (non-commercial)") < lines.index("CC BY-NC")


def test_two_processes_give_the_same_bits(tmp_path):
    """This one, and one of its own, which has registered nothing before."""
    images = HIPPOCAMPUS / "images"
    arguments = [str(images / "hippocampus_001.nii.gz"), str(images / "hippocampus_014.nii.gz"), "--threads", "2"]
    assert main([*arguments, "-o", str(tmp_path / "here")]) == 0
    ran = start([*arguments, "-o", str(tmp_path / "there")])
    _, errors = ran.communicate(timeout=300)
    assert ran.returncode == 0, errors
    here, there = (
        sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / name / "warped.nii.gz"))) for name in ("here", "there")
    )
    np.testing.assert_array_equal(here, there)
