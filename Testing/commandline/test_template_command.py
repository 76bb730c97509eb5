"""ldr-template: from files to a template, everybody's transform and a report; resumed, refused, repeated."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.commandline import templaterun
from LDRRegistrationLib.commandline.templatecommand import main, makeParser
from LDRRegistrationLib.registration import template
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image
from scipy.ndimage import gaussian_filter
from support import itk
from support.data import ROOT
from support.dicomstudies import matrix_of, planes_of, save
from support.grids import random_grid, smooth_image
from support.models import write_model

SHIFTS = (-4.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three shifted copies of an image, each in a folder of its own; and a model that finds nothing."""
    folder = tmp_path_factory.mktemp("visits")
    image = itk.from_image(smooth_image(np.random.default_rng(5), random_grid(np.random.default_rng(5), (36, 40, 34))))
    image = sitk.Cast(image, sitk.sitkInt16)
    paths = []
    for number, shift in enumerate(SHIFTS):
        path = folder / f"visit{number}" / "t1.nii.gz"
        path.parent.mkdir()
        moved = sitk.Resample(image, image, sitk.TranslationTransform(3, (shift, 0.0, 0.0)), sitk.sitkLinear)
        sitk.WriteImage(moved, str(path))
        paths.append(path)
    return paths, write_model(folder / "models", (0.0, 0.0, 0.0))


def call(made, output, *more, images=None):
    paths, models = made
    arguments = [*(paths if images is None else images), "-o", output, "--models", models, "--linear", "--rounds", 2]
    return main([str(one) for one in (*arguments, *more)])


def state(output):
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in output.iterdir()}


def test_a_template_and_everybody_s_transform(made, tmp_path, capsys):
    output = tmp_path / "out"
    assert call(made, output, "--prealignment", "rigid") == 0
    said = capsys.readouterr().out
    assert "Round 1 of 2" in said and "Verdict: good" in said
    names = [f"transform_visit{number}_t1.h5" for number in range(3)]
    assert sorted(path.name for path in output.iterdir()) == ["report.json", "template.nii.gz", *names]
    shown = sitk.ReadImage(str(output / "template.nii.gz"))
    middle = shown.TransformContinuousIndexToPhysicalPoint([n / 2 for n in shown.GetSize()])
    moved = np.array([sitk.ReadTransform(str(output / name)).TransformPoint(middle) for name in names])
    # Where image n shows at x what the first shows at x + s, the points lie at -s; none is favoured.
    expected = np.mean(SHIFTS) - np.array(SHIFTS)
    np.testing.assert_allclose(moved[:, 0] - middle[0], expected, atol=0.3)
    np.testing.assert_allclose((moved - middle).mean(axis=0), 0.0, atol=0.02)
    report = json.loads((output / "report.json").read_text())
    assert [one["transform"] for one in report["images"]] == names and len(report["rounds"]) == 2
    assert set(report["outputs"]) == {*names, "template.nii.gz"} and report["prealignment"] == "rigid"
    # What was really used: nobody named a spacing, or how many threads.
    np.testing.assert_allclose(report["spacing"], shown.GetSpacing(), atol=1e-4)
    assert report["device"] == "cpu" and report["threads"] >= 1
    # Done again it changes nothing, in whatever order the images are named; other settings make another template.
    before = state(output)
    assert call(made, output, "--prealignment", "rigid", images=made[0][::-1]) == 0
    assert "finished already" in capsys.readouterr().out and state(output) == before
    assert call(made, output, "--prealignment", "none") == 0
    assert json.loads((output / "report.json").read_text())["prealignment"] == "none"
    # Fewer images leave no transform of the others; a file that was changed since is not lost.
    assert call(made, output, images=made[0][:2]) == 0
    assert not (output / names[2]).exists() and (output / names[1]).exists()
    (output / "template.nii.gz").write_text("mine")
    assert call(made, output, "--prealignment", "none") == 2
    assert (output / "template.nii.gz").read_text() == "mine"


def test_a_stopped_run_goes_on_after_its_last_round(made, tmp_path, capsys, monkeypatch):
    output, write = tmp_path / "out", templaterun.writeState

    def stop(*arguments):
        write(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(templaterun, "writeState", stop)
    assert call(made, output) == 130
    assert "goes on" in capsys.readouterr().err and [path.name for path in output.iterdir()] == [templaterun.STATE]
    monkeypatch.undo()
    assert call(made, output) == 0
    assert capsys.readouterr().out.startswith("Round 1 is done already.")
    assert not (output / templaterun.STATE).exists()
    assert call(made, tmp_path / "whole") == 0
    arrays = [
        sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / name / "template.nii.gz"))) for name in ("out", "whole")
    ]
    np.testing.assert_array_equal(*arrays)
    # What is kept of other images, or damaged, is not gone on from.
    assert templaterun.readState(made[0][0], "key", ["a"]) is None


def test_one_that_cannot_be_registered_is_left_out(made, tmp_path, capsys):
    other = tmp_path / "stranger.nii.gz"
    image = sitk.ReadImage(str(made[0][0]))
    noise = smooth_image(np.random.default_rng(77), random_grid(np.random.default_rng(5), (36, 40, 34)))
    stranger = sitk.GetImageFromArray(noise.array)
    stranger.CopyInformation(image)
    sitk.WriteImage(stranger, str(other))
    images = [*made[0], other]
    assert call(made, tmp_path / "out", "--quiet", "--prealignment", "rigid", images=images) == 3
    assert capsys.readouterr().out == ""
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [one["verdict"] for one in report["images"]][3] == "failed" and "stranger" in report["verdict"]["sentence"]


@pytest.mark.parametrize(
    ("images", "more", "said"),
    [
        ([0], [], "at least two"),
        ([0, 0], [], "named twice"),
        ([0, "missing.nii.gz"], [], "missing.nii.gz"),
        ([0, 1], ["--rounds", "0"], "at least 1"),
        ([0, 1], ["--spacing", "-1"], "length in mm"),
        ([0, 1], ["--jobs", "0"], "at least 1"),
        ([0, 1], ["--series", "3"], "only with DICOM folders"),
        ([0, "empty folder"], [], "without DICOM images"),
    ],
)
def test_what_is_refused(made, tmp_path, capsys, images, more, said):
    (tmp_path / "empty folder").mkdir()
    chosen = [made[0][one] if isinstance(one, int) else tmp_path / one for one in images]
    try:
        status = call(made, tmp_path / "out", *more, images=chosen)
    except SystemExit as ended:
        status = ended.code
    assert status == 2 and said in capsys.readouterr().err
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_names_of_images(tmp_path):
    paths = [tmp_path / folder / "t1.nii.gz" for folder in ("a", "b")]
    assert templaterun.namesOf(paths, hidden=False) == ["a_t1", "b_t1"]
    assert templaterun.namesOf(paths, hidden=True) == ["image001", "image002"]
    assert templaterun.namesOf([tmp_path / "x y.nii", tmp_path / "z.nrrd"], hidden=False) == ["x_y", "z"]
    with pytest.raises(RegistrationError, match="Two images are called"):
        templaterun.namesOf([tmp_path / "1" / "a" / "t1.nii", tmp_path / "2" / "a" / "t1.nii"], hidden=False)


def test_the_document_has_every_option_and_no_other():
    import re

    text = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    known = {
        name for action in makeParser()._actions if action.help != "==SUPPRESS==" for name in action.option_strings
    }
    assert set(re.findall(r"`(--?[a-z][a-z-]*)", text.partition("## Options")[2].partition("\n## ")[0])) == known


def test_the_report_says_what_was_used_and_not_what_was_asked_for(made, tmp_path, monkeypatch):
    monkeypatch.setattr(template, "MAXIMUM_VOXELS", 20_000)
    assert call(made, tmp_path / "out", "--device", "auto", "--spacing", "0.5", "--threads", "1", "--rounds", "1") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    spacing = sitk.ReadImage(str(tmp_path / "out" / "template.nii.gz")).GetSpacing()
    assert min(spacing) > 1.0 and report["spacing"] == pytest.approx(spacing[0], abs=1e-4)
    assert report["device"] == "cpu" and report["threads"] == 1


def test_several_at_a_time_make_the_same_template(made, tmp_path):
    assert call(made, tmp_path / "one") == 0 and call(made, tmp_path / "three", "--jobs", "3") == 0
    one, three = (json.loads((tmp_path / name / "report.json").read_text())["outputs"] for name in ("one", "three"))
    images = [sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / n / "template.nii.gz"))) for n in ("one", "three")]
    np.testing.assert_array_equal(*images)
    assert set(one) == set(three)


def test_dicom_folders_are_images_too(tmp_path, capsys):
    """Two visits, 3 mm apart; the first folder has a second series, which has to be named away."""
    folders, models = [tmp_path / "visit1", tmp_path / "visit2"], write_model(tmp_path / "models", (0.0, 0.0, 0.0))
    matrix = matrix_of()
    smooth = 1000.0 * gaussian_filter(np.random.default_rng(3).normal(size=(24, 40, 44)), 2.5)
    for number, folder in enumerate(folders):
        moved = matrix.copy()
        moved[:3, 3] += 3.0 * number * matrix[:3, 0] / np.linalg.norm(matrix[:3, 0])
        image = Image((smooth - smooth.min()).astype(np.int16), moved)
        save(folder, planes_of(image, number=4, description="t1"), "t1")
    save(folders[0], planes_of(Image(image.array[::-1].copy(), matrix), number=7, description="other"), "other")
    arguments = [*folders, "-o", tmp_path / "out", "--models", models, "--prealignment", "rigid", "--linear"]
    assert main([str(one) for one in arguments]) == 2 and "choose one by --series" in capsys.readouterr().err
    assert main([str(one) for one in (*arguments, "--rounds", 1, "--series", "t1")]) == 0
    moves = [
        sitk.ReadTransform(str(tmp_path / "out" / f"transform_visit{n}.h5")).TransformPoint((0, 0, 0)) for n in (1, 2)
    ]
    assert np.linalg.norm(np.subtract(*moves)) == pytest.approx(3.0, abs=0.3)
    np.testing.assert_allclose(np.add(*moves), 0.0, atol=0.1)
    # Another file in a folder makes it another input.
    (folders[1] / "more").write_bytes(b"x")
    capsys.readouterr()
    assert main([str(one) for one in (*arguments, "--rounds", 1, "--series", "t1")]) == 0
    assert "finished already" not in capsys.readouterr().out
