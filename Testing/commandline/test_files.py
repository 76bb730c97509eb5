"""ldr-register and what is wrong, or only unusual, with its input files: in the report, or one sentence."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.registration.recipes import RECIPES, Preset
from LDRRegistrationLib.registration.refinement import Refinement
from support import itk
from support.grids import grid_over, random_grid, smooth_image
from support.models import write_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(5)
    grid = random_grid(rng, (32, 36, 30))
    paths = {"fixed": folder / "fixed.mha", "moving": folder / "moving.nrrd", "models": folder / "models"}
    sitk.WriteImage(itk.from_image(smooth_image(rng, grid, dtype=np.int16)), str(paths["fixed"]))
    moving = smooth_image(rng, grid_over(rng, grid, (40, 40, 40)), dtype=np.int16)
    sitk.WriteImage(itk.from_image(moving), str(paths["moving"]))
    write_model(paths["models"], (0.0, 0.0, 0.0))
    return paths


@pytest.fixture(autouse=True)
def unrefined(monkeypatch):
    """Not the registration is tried here."""
    monkeypatch.setitem(RECIPES, Preset.FAST, replace(RECIPES[Preset.FAST], refinement=Refinement(steps=0)))


def _run(files, output, *more):
    return main([str(files["fixed"]), str(files["moving"]), "-o", str(output), "--models", str(files["models"]), *more])


def _labels(files, path, change=lambda array: array):
    moving = sitk.ReadImage(str(files["moving"]))
    labels = sitk.GetImageFromArray(change(np.zeros(moving.GetSize()[::-1], np.float32)))
    labels.CopyInformation(moving)
    sitk.WriteImage(labels, str(path))
    return path


def test_what_a_header_leaves_open_is_in_the_report_and_on_the_terminal(files, tmp_path, capsys):
    fixed = tmp_path / "fixed.mha"
    offset = next(line for line in files["fixed"].read_bytes().split(b"\n") if line.startswith(b"Offset"))
    fixed.write_bytes(files["fixed"].read_bytes().replace(offset + b"\n", b""))
    assert _run({**files, "fixed": fixed}, tmp_path / "out") in (0, 3)
    notes = json.loads((tmp_path / "out" / "report.json").read_text())["notes"]
    (note,) = [note for note in notes if "does not say where it lies" in note]
    assert f"Note: {note}" in capsys.readouterr().out


def test_labels_that_vanish_or_are_none(files, tmp_path, capsys):
    def dots(array):
        for number, place in enumerate(np.ndindex(4, 4, 4), start=1):
            array[tuple(10 + 5 * np.array(place))] = number
        return array

    assert _run(files, tmp_path / "out", "--labels", str(_labels(files, tmp_path / "dots.nrrd", dots))) in (0, 3)
    notes = json.loads((tmp_path / "out" / "report.json").read_text())["notes"]
    arrived = len(np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "warped_labels.nii.gz"))))) - 1
    said = [note for note in notes if "of 64 labels of dots" in note]
    assert arrived == 64 or any("did not arrive" in note for note in said)
    assert said and all(note in capsys.readouterr().out for note in said[:1])

    path = _labels(files, tmp_path / "half.nrrd", lambda array: array + 0.5)
    assert _run(files, tmp_path / "refused", "--labels", str(path)) == 2
    printed = capsys.readouterr()
    assert "is not a label map" in printed.err and printed.err.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="POSIX files")
def test_names_and_kinds_of_files(files, tmp_path, capsys):
    strange = tmp_path / os.fsdecode(b"caf\xe9.nrrd")
    strange.write_bytes(files["moving"].read_bytes())
    assert _run({**files, "moving": strange}, tmp_path / "out") in (0, 3)
    os.mkfifo(tmp_path / "pipe.tfm")
    capsys.readouterr()
    assert _run(files, tmp_path / "none", "--initial", str(tmp_path / "pipe.tfm")) == 2
    printed = capsys.readouterr()
    assert "a pipe or a device" in printed.err and printed.err.count("\n") == 1


def test_a_composite_of_linear_transforms_is_a_start(files, tmp_path):
    moving = sitk.ReadImage(str(files["moving"]))
    offset = np.array([300.0, -200.0, 100.0])
    moving.SetOrigin((np.array(moving.GetOrigin()) + offset).tolist())
    sitk.WriteImage(moving, str(tmp_path / "moving.nrrd"))
    turned = sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.1, 0.0, 0.0, (1.0, 2.0, 3.0))
    parts = [sitk.TranslationTransform(3, offset.tolist()), turned, turned.GetInverse()]
    sitk.WriteTransform(sitk.CompositeTransform(parts), str(tmp_path / "start.h5"))
    arguments = ("--prealignment", "none", "--initial", str(tmp_path / "start.h5"))
    assert _run({**files, "moving": tmp_path / "moving.nrrd"}, tmp_path / "out", *arguments) in (0, 3)
    found = sitk.ReadTransform(str(tmp_path / "out" / "transform.h5"))
    fixed = sitk.ReadImage(str(files["fixed"]))
    center = fixed.TransformContinuousIndexToPhysicalPoint([n / 2 for n in fixed.GetSize()])
    np.testing.assert_allclose(np.array(found.TransformPoint(center)) - center, offset, atol=8.0)
