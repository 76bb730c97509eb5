"""ldr-apply: what is carried lies where it should, and other programs read what is written as it is meant."""

import csv
import io
import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.apply import inverse, reading
from support.applied import EXACT_MM, run


def test_images_keep_their_type_and_the_judge_agrees(space, tmp_path):
    fixed, moving = space["images"]
    for how, judge in (
        ("linear", sitk.sitkLinear),
        ("bspline", sitk.sitkBSpline3),
        ("sinc", sitk.sitkLanczosWindowedSinc),
    ):
        path = tmp_path / f"{how}.nii.gz"
        options = ("-r", space["fixed"], "-o", path, "--interpolation", how, "--padding", "-7")
        assert run("apply", space["moving"], "-t", space["t"], *options) == 0
        result = sitk.ReadImage(str(path))
        expected = sitk.Resample(moving, fixed, space["transform"], judge, -7.0, sitk.sitkFloat64)
        assert result.GetPixelID() == moving.GetPixelID()
        difference = sitk.GetArrayFromImage(result) - sitk.GetArrayFromImage(expected)
        assert np.abs(difference).max() <= 0.5 + 1e-3, how
        assert (sitk.GetArrayFromImage(result) == -7).any()


def test_labels_by_the_nearest_and_by_a_vote(space, tmp_path):
    fixed, moving = space["images"]
    rng = np.random.default_rng(0)
    speckled = np.where(rng.random(moving.GetSize()[::-1]) < 0.1, 1000, 3).astype(np.uint16)
    labels = sitk.GetImageFromArray(speckled)
    labels.CopyInformation(moving)
    sitk.WriteImage(labels, str(tmp_path / "labels.nii.gz"))
    found = {}
    for how in ("nearest", "gaussian"):
        path = tmp_path / f"{how}.nii.gz"
        options = ("--labels", "--interpolation", how, "-r", space["fixed"], "-o", path)
        assert run("apply", tmp_path / "labels.nii.gz", "-t", space["t"], *options) == 0
        found[how] = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
        assert found[how].dtype == np.uint16 and set(np.unique(found[how])) <= {0, 3, 1000}
    expected = sitk.Resample(labels, fixed, space["transform"], sitk.sitkNearestNeighbor, 0)
    assert (found["nearest"] == sitk.GetArrayFromImage(expected)).all()
    # A single voxel among many others is voted down.
    assert (found["gaussian"] == 1000).sum() < 0.5 * (found["nearest"] == 1000).sum()


@pytest.mark.parametrize(("columns", "signs"), [("x,y,z", (1, 1, 1)), ("L,P,S", (1, 1, 1)), ("R,A,S", (-1, -1, 1))])
def test_points_go_with_the_image_and_back(space, tmp_path, columns, signs):
    path, carried, back = (tmp_path / f"{name}.csv" for name in ("moving", "carried", "back"))
    lines = [f"{n},{','.join(map(str, point * signs))},note" for n, point in enumerate(space["there"])]
    path.write_text("\n".join([f"label,{columns},comment", *lines]))
    assert run("apply", path, "-t", space["t"], "-o", carried) == 0
    rows = list(csv.DictReader(io.StringIO(carried.read_text())))
    found = np.array([[float(row[name]) for name in columns.split(",")] for row in rows]) * signs
    assert (
        np.abs(found - space["points"]).max() < 2 * EXACT_MM
        and rows[3]["label"] == "3"
        and rows[3]["comment"] == "note"
    )
    assert run("apply", carried, "-t", space["t"], "-o", back, "--inverse") == 0
    rows = list(csv.DictReader(io.StringIO(back.read_text())))
    found = np.array([[float(row[name]) for name in columns.split(",")] for row in rows]) * signs
    assert np.abs(found - space["there"]).max() < 5 * EXACT_MM


@pytest.mark.parametrize("ending", [".vtk", ".vtp", ".stl", ".ply", ".obj"])
def test_a_model_lies_on_the_fixed_image(space, tmp_path, ending):
    import vtk
    from LDRRegistrationLib.apply import modelfiles
    from vtk.util import numpy_support

    source = vtk.vtkSphereSource()
    source.SetCenter(space["there"].mean(axis=0))
    source.SetRadius(8.0)
    source.Update()
    writers = {".vtk": "PolyData", ".vtp": "XMLPolyData", ".stl": "STL", ".ply": "PLY", ".obj": "OBJ"}
    writer = getattr(vtk, f"vtk{writers[ending]}Writer")()
    path, carried = tmp_path / f"model{ending}", tmp_path / f"carried{ending}"
    writer.SetFileName(str(path))
    writer.SetInputData(source.GetOutput())
    writer.Write()
    assert run("apply", path, "-t", space["t"], "-o", carried) == 0
    points = [
        numpy_support.vtk_to_numpy(modelfiles.read(one)[0].GetPoints().GetData()).astype(float)
        for one in (path, carried)
    ]
    assert np.abs(inverse.pointsThrough(space["transform"], points[1]) - points[0]).max() < 1e-3
    assert np.abs(points[1] - points[0]).max() > 2.0


def test_inverse_and_composition(space, tmp_path, capsys):
    assert run("invert", "-t", space["t"], "-o", tmp_path / "back.h5") == 0
    assert "off by 0.0" in capsys.readouterr().out
    back = inverse.pointsThrough(reading.readTransform(tmp_path / "back.h5"), space["there"])
    assert np.abs(back - space["points"]).max() < 0.1
    assert run("compose", "-t", space["t"], tmp_path / "back.h5", "-o", tmp_path / "both.h5") == 0
    both = reading.readTransform(tmp_path / "both.h5")
    # T carries first, then its inverse: a point goes through the inverse first.
    assert np.abs(inverse.pointsThrough(both, space["there"]) - space["there"]).max() < 0.1
    shift = sitk.TranslationTransform(3, (10.0, 0.0, 0.0))
    sitk.WriteTransform(shift, str(tmp_path / "shift.tfm"))
    assert run("compose", "-t", space["t"], tmp_path / "shift.tfm", "-o", tmp_path / "chain.h5") == 0
    chain = reading.readTransform(tmp_path / "chain.h5")
    moved = inverse.pointsThrough(chain, space["points"] - [10.0, 0.0, 0.0])
    assert np.abs(moved - space["there"]).max() < EXACT_MM


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["apply", "MOVING", "-t", "missing.h5", "-r", "FIXED", "-o", "o.nii.gz"], "does not exist"),
        (["apply", "MOVING", "-t", "FIXED", "-r", "FIXED", "-o", "o.nii.gz"], "no displacement field"),
        (["apply", "MOVING", "-t", "T", "-o", "o.nii.gz"], "name it by --reference"),
        (["apply", "MOVING", "-t", "T", "-r", "FIXED", "-o", "o.png"], "is no image"),
        (["apply", "MOVING", "-t", "T", "-r", "FIXED", "-o", "no/o.nii.gz"], "The folder"),
        (["apply", "MOVING", "-t", "T", "-r", "FIXED", "-o", "MOVING"], "would be overwritten"),
        (["apply", "words.csv", "-t", "T", "-o", "o.csv"], "not three numbers"),
        (["apply", "none.csv", "-t", "T", "-o", "o.csv"], "no columns of points"),
        (["apply", "bad.vtk", "-t", "T", "-o", "o.vtk"], "cannot be read as a surface model"),
        (["convert", "-t", "T", "-o", "o.xyz"], "says no format"),
        (["convert", "-t", "T", "-o", "o.nii.gz"], "needs the voxels of the fixed image"),
        (["convert", "-t", "T", "-o", "o.nii.gz", "--to", "fsl", "-r", "FIXED"], "the moving image, too"),
        (["convert", "-t", "T", "-o", "o.mat"], "a matrix only"),
        (["convert", "-t", "elastix.txt", "-o", "o.h5"], "parameters of elastix"),
        (["convert", "-t", "bad.h5", "-o", "o.h5"], "cannot be read"),
        (["convert", "-t", "plane.tfm", "-o", "o.h5"], "2 dimensions"),
        (["convert", "-t", "T"], "--help says more"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(space, tmp_path, arguments, sentence, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.csv").write_text("x,y,z\n1,2,three\n")
    (tmp_path / "none.csv").write_text("a,b\n1,2\n")
    (tmp_path / "bad.vtk").write_text("nothing")
    (tmp_path / "bad.h5").write_text("nothing")
    (tmp_path / "elastix.txt").write_text('(Transform "BSplineTransform")\n')
    sitk.WriteTransform(sitk.Euler2DTransform(), str(tmp_path / "plane.tfm"))
    before = {path.name for path in tmp_path.iterdir()}
    given = {"MOVING": space["moving"], "FIXED": space["fixed"], "T": space["t"]}
    try:
        status = run(*(given.get(argument, argument) for argument in arguments))
    except SystemExit as ended:
        status = ended.code
    printed = capsys.readouterr()
    assert status == 2 and sentence in printed.err and printed.err.count("\n") == 1 and not printed.out, printed.err
    assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("moving", ["--labels", "--interpolation", "linear"], "linear makes labels that nobody gave"),
        ("moving", ["--ras"], "--ras has no meaning for moving.nii.gz, which is read as an image"),
        (
            "points.csv",
            ["--padding", "0"],
            "--padding has no meaning for points.csv, which is read as a table of points",
        ),
        ("points.csv", ["--labels"], "--labels has no meaning"),
        ("model.vtk", ["--interpolation", "nearest"], "--interpolation has no meaning for model.vtk"),
    ],
)
def test_options_without_effect_are_refused(space, capsys, name, more, words):
    path = space[name] if name in space else space["folder"] / name
    reference = ["-r", space["fixed"]] if name in space else []
    output = space["folder"] / f"refused{''.join(path.suffixes)}"
    assert run("apply", path, "-t", space["t"], *reference, "-o", output, *more) == 2
    assert words in capsys.readouterr().err and not output.exists()


def test_nobody_reads_what_is_said(space):
    """The pipe is closed: the result is there, and nothing is complained of."""
    output = space["folder"] / "unread.h5"
    command = [sys.executable, "-m", "LDRRegistrationLib.apply.command", "invert", "-t", space["t"], "-o", output]
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert done.returncode == 0 and done.stderr == b"" and output.is_file()
