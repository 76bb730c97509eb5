"""ldr-register --box: an ROI of Slicer, or its middle and sides, is refined and said; what is no box is a sentence."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.numerics.dlpack import toTensor
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.spatial.transform import Rotation
from support import itk
from support.commandline import run
from support.grids import smooth_flow, smooth_image
from support.models import write_model

TURN = Rotation.from_euler("zx", (25.0, 10.0), degrees=True).as_matrix()
SIDES = (34.0, 30.0, 28.0)
LPS = np.diag([-1.0, -1.0, 1.0])
UPRIGHT = np.eye(3)


STILL = ("--prealignment", "none")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A pair that differs by a bend of 2 mm, of which a network that sees nothing leaves most."""
    folder, rng = tmp_path_factory.mktemp("box"), np.random.default_rng(4)
    matrix = np.eye(4)
    matrix[:3, 3] = (-25.0, 10.0, 30.0)
    grid = Grid((48, 52, 50), matrix)
    content = smooth_image(rng, grid.padded((6, 6, 6)), sigma=2.0)
    coarse = Grid((13, 14, 13), matrix @ np.diag([4.0, 4.0, 4.0, 1.0]))
    bend = DisplacementField.fromFlow(toTensor(smooth_flow(rng, coarse.shape, 0.6)), coarse)
    fixed = Image(Transform(np.eye(4), bend).warp(content, grid), matrix)
    paths = {"fixed": folder / "fixed.nii.gz", "moving": folder / "moving.nii.gz", "models": folder / "models"}
    sitk.WriteImage(itk.from_image(fixed), str(paths["fixed"]))
    sitk.WriteImage(itk.from_image(content), str(paths["moving"]))
    write_model(paths["models"], (0.0, 0.0, 0.0))
    return paths


@pytest.fixture(scope="module")
def plain(files, tmp_path_factory):
    """Without a box."""
    out = tmp_path_factory.mktemp("plain")
    assert run(files, out, *STILL) == 0
    return sitk.ReadTransform(str(out / "transform.h5"))


def middle_of(files):
    """The middle of the fixed image, RAS mm."""
    image = sitk.ReadImage(str(files["fixed"]))
    return LPS @ np.array(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))


def roi(path, center, axes=UPRIGHT, sides=SIDES):
    """As Slicer writes it: in LPS, the orientation row by row."""
    content = {
        "@schema": "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
        "markups-schema-v1.0.3.json#",
        "markups": [
            {
                "type": "ROI",
                "coordinateSystem": "LPS",
                "coordinateUnits": "mm",
                "roiType": "Box",
                "center": (LPS @ center).tolist(),
                "orientation": (LPS @ axes).ravel().tolist(),
                "size": list(sides),
                "insideOut": False,
                "controlPoints": [
                    {"id": "1", "label": "R-1", "position": (LPS @ center).tolist(), "positionStatus": "defined"}
                ],
            }
        ],
    }
    path.write_text(json.dumps(content))
    return str(path)


def moved(out, plain, center, axes):
    """How far points go otherwise than without a box: outside of it, and inside."""
    rng = np.random.default_rng(0)
    here = center + rng.uniform(-40, 40, (800, 3))
    transform = sitk.ReadTransform(str(out / "transform.h5"))
    apart = [
        np.linalg.norm(np.subtract(transform.TransformPoint(p), plain.TransformPoint(p))) for p in (here @ LPS).tolist()
    ]
    away = np.abs((here - center) @ axes) - np.array(SIDES) / 2
    outside = (away > 0.5).any(axis=1)
    return np.array(apart)[outside], np.array(apart)[~outside]


def test_a_turned_roi_is_refined_and_the_rest_stays(files, plain, tmp_path, capsys):
    center = middle_of(files)
    assert run(files, tmp_path / "out", *STILL, "--box", roi(tmp_path / "R.mrk.json", center, TURN)) == 0
    outside, inside = moved(tmp_path / "out", plain, center, TURN)
    assert outside.max() < 1e-3
    assert inside.max() > 0.05
    box = json.loads((tmp_path / "out" / "report.json").read_text())["box"]
    np.testing.assert_allclose(box["centerRas"], center, atol=0.01)
    np.testing.assert_allclose(np.array(box["axesRas"]).T, TURN, atol=1e-4)
    np.testing.assert_allclose(box["sizeMm"], SIDES, atol=0.01)
    assert box["similarityAfter"] > box["similarityBefore"] and box["largestMm"] > 0.05
    assert "In the box, at" in capsys.readouterr().out


def test_its_middle_and_sides_are_the_same_box(files, plain, tmp_path):
    center = middle_of(files)
    numbers = [*STILL, "--box-center", *map(str, center), "--box-size", *map(str, SIDES)]
    assert run(files, tmp_path / "numbers", *numbers) == 0
    assert run(files, tmp_path / "file", *STILL, "--box", roi(tmp_path / "R.mrk.json", center)) == 0
    outside, inside = moved(tmp_path / "numbers", plain, center, np.eye(3))
    assert outside.max() < 1e-3
    assert inside.max() > 0.05
    one, other = (json.loads((tmp_path / name / "report.json").read_text())["box"] for name in ("numbers", "file"))
    assert one == other


def test_without_a_box_the_report_has_none(files, tmp_path):
    assert run(files, tmp_path / "out") == 0
    assert json.loads((tmp_path / "out" / "report.json").read_text())["box"] is None


def test_what_is_no_box_is_a_sentence(files, tmp_path, capsys):
    center = middle_of(files)
    numbers = [str(value) for value in center]
    text, points = tmp_path / "notes.mrk.json", tmp_path / "points.mrk.json"
    text.write_text("none")
    points.write_text(json.dumps({"markups": [{"type": "Fiducial", "coordinateSystem": "LPS", "controlPoints": []}]}))
    cases = (
        (["--box", roi(tmp_path / "far.mrk.json", center + 500.0)], "lies outside"),
        (["--box", roi(tmp_path / "thin.mrk.json", center, TURN, (30.0, 30.0, 1.0))], "Too little of the box"),
        (["--box", roi(tmp_path / "flat.mrk.json", center, TURN, (30.0, 30.0, 0.0))], "has no size yet"),
        (["--box", str(tmp_path / "gone.mrk.json")], "gone.mrk.json"),
        (["--box", str(text)], "cannot be read as an ROI"),
        (["--box", str(points)], "cannot be read as an ROI"),
        (["--box-center", *numbers], "belong together"),
        (["--box", str(text), "--box-center", *numbers, "--box-size", "9", "9", "9"], "given twice"),
        (["--box-center", *numbers, "--box-size", "20", "0", "20"], "length in mm above 0"),
        (["--box-center", "nan", "0", "0", "--box-size", "20", "20", "20"], "not a number of mm"),
        (["--change", "--box", str(text)], "--box cannot be used with --change"),
    )
    for more, words in cases:
        try:
            status = run(files, tmp_path / "out", *more)
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr().err
        assert status == 2 and words in said and said.count("\n") == 1, (more, said)
    assert not list((tmp_path / "out").glob("*"))
