"""ldr-register --landmarks: points of Slicer's files are followed, said in the report, and refused in a sentence."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from support.commandline import make_files, run


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_files(tmp_path_factory.mktemp("landmarks"))


def points(path, places):
    """LPS, as SimpleITK says them."""
    rows = [f"{n},{x},{y},{z},0,0,0,1,1,1,0,P-{n},," for n, (x, y, z) in enumerate(np.asarray(places).tolist())]
    head = "# Markups fiducial file version = 4.11\n# CoordinateSystem = LPS\n"
    head += "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n"
    path.write_text(head + "\n".join(rows) + "\n")
    return str(path)


def inside(files, shares):
    image = sitk.ReadImage(str(files["fixed"]))
    return [image.TransformContinuousIndexToPhysicalPoint([s * (n - 1) for n in image.GetSize()]) for s in shares]


def test_points_are_followed_and_reported(files, tmp_path, capsys):
    fixed = np.array(inside(files, (0.4, 0.5, 0.65)))
    moving = fixed + np.array([1.5, -2.0, 1.0])
    out = tmp_path / "out"
    lists = points(tmp_path / "f.fcsv", fixed), points(tmp_path / "m.fcsv", moving)
    assert run(files, out, "--prealignment", "none", "--landmarks", *lists) == 0
    transform = sitk.ReadTransform(str(out / "transform.h5"))
    for one, other in zip(fixed, moving, strict=True):
        assert np.linalg.norm(np.array(transform.TransformPoint(one)) - other) < 1.0
    report = json.loads((out / "report.json").read_text())
    assert [row["label"] for row in report["landmarks"]] == ["P-0", "P-1", "P-2"]
    assert (
        max(row["afterMm"] for row in report["landmarks"]) < 1.0 < min(row["beforeMm"] for row in report["landmarks"])
    )
    assert "3 landmarks followed: mean error" in capsys.readouterr().out


def test_without_points_the_report_has_none(files, tmp_path):
    assert run(files, tmp_path / "out") == 0
    assert json.loads((tmp_path / "out" / "report.json").read_text())["landmarks"] is None


def test_points_that_cannot_be_followed_are_a_sentence(files, tmp_path, capsys):
    two, one = inside(files, (0.4, 0.6)), inside(files, (0.5,))
    away = [(4000.0, 0.0, 0.0)]
    cases = (
        (points(tmp_path / "2.fcsv", two), str(tmp_path / "gone.fcsv"), "gone.fcsv"),
        (points(tmp_path / "1.fcsv", one), points(tmp_path / "away.fcsv", away), "Landmarks outside moving"),
    )
    for first, second, words in cases:
        assert run(files, tmp_path / "out", "--landmarks", first, second) == 2
        assert words in capsys.readouterr().err
    assert run(files, tmp_path / "out", "--change", "--landmarks", cases[0][0], cases[1][0]) == 2
    assert "--landmarks cannot be used with --change" in capsys.readouterr().err
    assert list((tmp_path / "out").glob("*")) == []
