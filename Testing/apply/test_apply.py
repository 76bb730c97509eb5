"""ldr-apply: what is carried lies where it should, and other programs read what is written as it is meant."""

import csv
import io
import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.apply import fsl, inverse, reading
from LDRRegistrationLib.apply.command import main

EXACT_MM, SAMPLED_MM = 1e-4, 0.02


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """A fixed and a moving image, oblique and left-handed, and the transform between them, fixed to moving points."""
    return make_space(tmp_path_factory.mktemp("space"), oblique=True)


def make_space(folder, oblique):
    rng = np.random.default_rng(3)
    turned = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.4).GetMatrix()
    along = np.diag([-1.0, -1.0, 1.0])  # R, A, S
    origin = (-40.0, 30.0, -20.0) if oblique else (40.0, 36.0, -20.0)
    fixed = _image(rng, (40, 36, 30), (2.0, 2.0, 2.5), origin, np.array(turned) if oblique else along)
    moving = _image(rng, (44, 40, 36), (2.0, 2.2, 2.0), (44.0, 60.0, -30.0), along)
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(np.array(sitk.Euler3DTransform((0, 0, 0), 0.1, 0.05, -0.1).GetMatrix()) * 1.05)
    affine.SetTranslation((3.0, -2.0, 4.0))
    k, j, i = np.meshgrid(*(np.linspace(0, np.pi, n) for n in fixed.GetSize()[::-1]), indexing="ij")
    bump = (np.sin(k) * np.sin(j) * np.sin(i)) ** 2
    vectors = sitk.GetImageFromArray(np.stack([4 * bump, -3 * bump, 2 * bump], axis=-1), isVector=True)
    vectors.CopyInformation(fixed)
    transform = sitk.CompositeTransform([affine, sitk.DisplacementFieldTransform(sitk.Image(vectors))])
    paths = {name: folder / f"{name}.nii.gz" for name in ("fixed", "moving")} | {"t": folder / "t.h5"}
    for name, image in (("fixed", fixed), ("moving", moving)):
        sitk.WriteImage(image, str(paths[name]))
    sitk.WriteTransform(transform, str(paths["t"]))
    inside = rng.uniform(0.15, 0.85, (60, 3)) * (np.array(fixed.GetSize()) - 1)
    points = np.array([fixed.TransformContinuousIndexToPhysicalPoint(index.tolist()) for index in inside])
    there = np.array([transform.TransformPoint(point.tolist()) for point in points])
    return {
        "folder": folder,
        "transform": transform,
        "images": (fixed, moving),
        "points": points,
        "there": there,
        **paths,
    }


def _image(rng, size, spacing, origin, direction):
    image = sitk.GetImageFromArray(rng.normal(500, 200, size[::-1]).astype(np.float32))
    image = sitk.Cast(sitk.SmoothingRecursiveGaussian(image, 1.5) * 4, sitk.sitkInt16)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(np.asarray(direction, dtype=float).ravel().tolist())
    return image


def _run(*arguments):
    return main([str(argument) for argument in arguments])


def _convert(space, name, *more):
    path = space["folder"] / name
    assert _run("convert", "-t", space["t"], "-r", space["fixed"], "-m", space["moving"], "-o", path, *more) == 0
    return path


def _through(path, space):
    transform = reading.readTransform(path, space["moving"])
    return inverse.pointsThrough(transform, space["points"])


@pytest.mark.parametrize(
    ("name", "more", "tolerance"),
    [
        ("c.h5", (), EXACT_MM),
        ("c.tfm", (), EXACT_MM),
        ("c.nii.gz", (), SAMPLED_MM),
        ("c.nrrd", (), SAMPLED_MM),
        ("c.mha", (), SAMPLED_MM),
        ("fnirt.nii.gz", ("--to", "fsl"), SAMPLED_MM),
        ("c.x5", (), SAMPLED_MM),
    ],
)
def test_every_format_carries_points_as_before(space, name, more, tolerance):
    if name.endswith(".x5"):
        pytest.importorskip("nitransforms")
    moved = _through(_convert(space, name, *more), space)
    assert np.abs(moved - space["there"]).max() < tolerance
    assert np.abs(moved - space["points"]).max() > 3.0


def test_warp_and_affine_of_ants(space):
    _convert(space, "reg", "--to", "ants")
    paths = [space["folder"] / name for name in ("reg0GenericAffine.mat", "reg1Warp.nii.gz")]
    matrix, warp = (reading.readTransform(path) for path in paths)
    assert matrix.IsLinear() and np.allclose(warp.TransformPoint((500.0, 500.0, 500.0)), 500.0)
    moved = inverse.pointsThrough(reading.compose([matrix, warp]), space["points"])
    assert np.abs(moved - space["there"]).max() < SAMPLED_MM


def test_ants_itself_warps_by_our_files_as_we_do(space):
    """antspyx, where it is installed: by its warp and affine, by our .h5 turned into a field; and its points."""
    ants = pytest.importorskip("ants")
    _convert(space, "reg", "--to", "ants")
    field = _convert(space, "field.nii.gz")
    folder = space["folder"]
    ours = folder / "ours.nii.gz"
    assert _run("apply", space["moving"], "-t", space["t"], "-r", space["fixed"], "-o", ours, "--padding", 0) == 0
    ours = sitk.GetArrayFromImage(sitk.ReadImage(str(ours))).astype(float)
    fixed, moving = ants.image_read(str(space["fixed"])), ants.image_read(str(space["moving"]))
    for files in ([folder / "reg1Warp.nii.gz", folder / "reg0GenericAffine.mat"], [field]):
        theirs = ants.apply_transforms(fixed, moving, [str(file) for file in files]).numpy().transpose(2, 1, 0)
        inner = (slice(6, -6),) * 3
        assert np.abs(theirs - ours)[inner].mean() < 2.0 and theirs.std() > 50


def test_nitransforms_reads_our_x5_and_field_of_fnirt(tmp_path):
    """On images along R, A, S of one frame, the only ones for which its reader of FNIRT's files is exact."""
    pytest.importorskip("nitransforms")
    from nitransforms.nonlinear import DenseFieldTransform

    space = make_space(tmp_path, oblique=False)
    space["moving"] = space["fixed"]
    toRas = np.array([-1.0, -1.0, 1.0])
    fixed = space["images"][0]
    indices = [[20, 18, 15], [12, 20, 10], [25, 15, 20]]
    points = np.array([fixed.TransformIndexToPhysicalPoint(index) for index in indices])
    there = inverse.pointsThrough(space["transform"], points) * toRas
    for name, more, format_ in (("c.x5", (), "X5"), ("f.nii.gz", ("--to", "fsl"), "fsl"), ("i.nii.gz", (), "itk")):
        theirs = DenseFieldTransform.from_filename(_convert(space, name, *more), fmt=format_)
        assert np.abs(theirs.map(points * toRas) - there).max() < SAMPLED_MM, format_


def test_an_absolute_field_of_fnirt(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    space = make_space(tmp_path, oblique=False)
    relative = nibabel.load(_convert(space, "relative.nii.gz", "--to", "fsl"))
    shape = relative.shape[:3]
    voxels = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    matrix = fsl.fslFromVoxels(relative.affine, shape)
    absolute = relative.get_fdata() + voxels @ matrix[:3, :3].T + matrix[:3, 3]
    path = space["folder"] / "absolute.nii.gz"
    nibabel.save(nibabel.Nifti1Image(absolute.astype(np.float32), relative.affine), path)
    assert np.abs(_through(path, space) - space["there"]).max() < SAMPLED_MM


def test_images_keep_their_type_and_the_judge_agrees(space, tmp_path):
    fixed, moving = space["images"]
    for how, judge in (
        ("linear", sitk.sitkLinear),
        ("bspline", sitk.sitkBSpline3),
        ("sinc", sitk.sitkLanczosWindowedSinc),
    ):
        path = tmp_path / f"{how}.nii.gz"
        options = ("-r", space["fixed"], "-o", path, "--interpolation", how, "--padding", "-7")
        assert _run("apply", space["moving"], "-t", space["t"], *options) == 0
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
        assert _run("apply", tmp_path / "labels.nii.gz", "-t", space["t"], *options) == 0
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
    assert _run("apply", path, "-t", space["t"], "-o", carried) == 0
    rows = list(csv.DictReader(io.StringIO(carried.read_text())))
    found = np.array([[float(row[name]) for name in columns.split(",")] for row in rows]) * signs
    assert (
        np.abs(found - space["points"]).max() < 2 * EXACT_MM
        and rows[3]["label"] == "3"
        and rows[3]["comment"] == "note"
    )
    assert _run("apply", carried, "-t", space["t"], "-o", back, "--inverse") == 0
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
    assert _run("apply", path, "-t", space["t"], "-o", carried) == 0
    points = [
        numpy_support.vtk_to_numpy(modelfiles.read(one)[0].GetPoints().GetData()).astype(float)
        for one in (path, carried)
    ]
    assert np.abs(inverse.pointsThrough(space["transform"], points[1]) - points[0]).max() < 1e-3
    assert np.abs(points[1] - points[0]).max() > 2.0


def test_inverse_and_composition(space, tmp_path, capsys):
    assert _run("invert", "-t", space["t"], "-o", tmp_path / "back.h5") == 0
    assert "off by 0.0" in capsys.readouterr().out
    back = inverse.pointsThrough(reading.readTransform(tmp_path / "back.h5"), space["there"])
    assert np.abs(back - space["points"]).max() < 0.1
    assert _run("compose", "-t", space["t"], tmp_path / "back.h5", "-o", tmp_path / "both.h5") == 0
    both = reading.readTransform(tmp_path / "both.h5")
    # T carries first, then its inverse: a point goes through the inverse first.
    assert np.abs(inverse.pointsThrough(both, space["there"]) - space["there"]).max() < 0.1
    shift = sitk.TranslationTransform(3, (10.0, 0.0, 0.0))
    sitk.WriteTransform(shift, str(tmp_path / "shift.tfm"))
    assert _run("compose", "-t", space["t"], tmp_path / "shift.tfm", "-o", tmp_path / "chain.h5") == 0
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
        status = _run(*(given.get(argument, argument) for argument in arguments))
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
    assert _run("apply", path, "-t", space["t"], *reference, "-o", output, *more) == 2
    assert words in capsys.readouterr().err and not output.exists()


def test_a_pair_of_ants_is_not_written_over_itself(space, capsys):
    prefix = space["folder"] / "mine"
    _convert(space, "mine", "--to", "ants")
    pair = [space["folder"] / "mine0GenericAffine.mat", space["folder"] / "mine1Warp.nii.gz"]
    before = [path.read_bytes() for path in pair]
    assert _run("convert", "-t", *pair, "--to", "ants", "-r", space["fixed"], "-o", prefix) == 2
    assert "is an input, and would be overwritten" in capsys.readouterr().err
    assert [path.read_bytes() for path in pair] == before


def test_nobody_reads_what_is_said(space):
    """The pipe is closed: the result is there, and nothing is complained of."""
    output = space["folder"] / "unread.h5"
    command = [sys.executable, "-m", "LDRRegistrationLib.apply.command", "invert", "-t", space["t"], "-o", output]
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, check=False)
    os.close(writes)
    assert done.returncode == 0 and done.stderr == b"" and output.is_file()
