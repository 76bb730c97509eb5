"""ldr-apply where files are odd: ends of fields, thin images, what voxels cannot hold, headers that say more."""

import csv
import io

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.apply import inverse, modelfiles, reading
from LDRRegistrationLib.apply.command import main

SIZE, SPACING = (18, 16, 14), 2.0


def _run(*arguments):
    return main([str(argument) for argument in arguments])


def _image(array, path, spacing=SPACING, origin=(0.0, 0.0, 0.0)):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((spacing,) * 3)
    image.SetOrigin(origin)
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture
def image(tmp_path):
    values = np.random.default_rng(0).normal(100.0, 30.0, SIZE[::-1]).astype(np.float32)
    return _image(values, tmp_path / "image.nii.gz")


@pytest.fixture
def shift(tmp_path):
    sitk.WriteTransform(sitk.TranslationTransform(3, (4.0, 0.0, 0.0)), str(tmp_path / "shift.tfm"))
    return tmp_path / "shift.tfm"


def _field(path, vector):
    values = np.broadcast_to(np.array(vector, dtype=np.float32), (*SIZE[::-1], 3))
    field = sitk.GetImageFromArray(np.ascontiguousarray(values), isVector=True)
    field.SetSpacing((SPACING,) * 3)
    sitk.WriteImage(field, str(path))
    return path


def _randomPoints(count=200):
    return np.random.default_rng(1).random((count, 3)) * (np.array(SIZE) - 1) * SPACING


def test_a_field_that_leads_out_of_its_own_voxels_has_a_way_back(tmp_path, capsys):
    """As the field of a warp that also holds the shift between two scanners."""
    path, points = _field(tmp_path / "far.nii.gz", (30.0, -6.0, 0.0)), _randomPoints()
    there = points + np.array([30.0, -6.0, 0.0])
    assert np.abs(inverse.pointsBack(reading.readTransform(path), there) - points).max() < 1e-3
    assert _run("invert", "-t", path, "-o", tmp_path / "back.h5") == 0
    assert "off by 0.000 mm" in capsys.readouterr().out
    back = inverse.pointsThrough(reading.readTransform(tmp_path / "back.h5"), there)
    assert np.abs(back - points).max() < 0.02
    # And with images: what lies there comes from here.
    values = np.arange(np.prod(SIZE), dtype=np.float32).reshape(SIZE[::-1])
    fixed = _image(values, tmp_path / "fixed.nii.gz")
    moving = _image(values, tmp_path / "moving.nii.gz", origin=(30.0, -6.0, 0.0))
    options = ("-t", path, "-r", moving, "--inverse", "-o", tmp_path / "out.nrrd", "--padding", -1)
    assert _run("apply", fixed, *options) == 0
    assert np.abs(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nrrd"))) - values).max() < 1.0


def test_the_field_of_a_composite_is_inverted_where_it_is_used(tmp_path, capsys):
    """The moving image lies far from the fixed one, by the matrix; --reference names the moving one, as documented."""
    far = sitk.TranslationTransform(3, (300.0, 0.0, 0.0))
    k, j, i = np.meshgrid(*(np.sin(np.linspace(0, np.pi, n)) for n in SIZE[::-1]), indexing="ij")
    field = sitk.GetImageFromArray(np.stack([2 * k * j * i, -k * j * i, k * j * i], axis=-1), isVector=True)
    field.SetSpacing((SPACING,) * 3)
    transform = sitk.CompositeTransform([far, sitk.DisplacementFieldTransform(field)])
    sitk.WriteTransform(transform, str(tmp_path / "t.h5"))
    moving = _image(np.zeros(SIZE[::-1], np.float32), tmp_path / "m.nii.gz", origin=(300.0, 0.0, 0.0))
    assert _run("invert", "-t", tmp_path / "t.h5", "-r", moving, "-o", tmp_path / "back.h5") == 0
    assert "could not be checked" not in capsys.readouterr().out
    points = _randomPoints()
    there = inverse.pointsThrough(transform, points)
    back = inverse.pointsThrough(reading.readTransform(tmp_path / "back.h5"), there)
    assert np.abs(back - points).max() < 0.1


def test_a_spline_is_inverted_with_the_voxels_of_the_reference(image, tmp_path):
    spline = sitk.BSplineTransformInitializer(sitk.ReadImage(str(image)), [3, 3, 3])
    rng = np.random.default_rng(0)
    spline.SetParameters(rng.normal(0.0, 1.0, len(spline.GetParameters())).tolist())
    sitk.WriteTransform(spline, str(tmp_path / "spline.tfm"))
    options = ("-t", tmp_path / "spline.tfm", "-r", image)
    assert _run("invert", *options, "-o", tmp_path / "back.h5") == 0
    points = _randomPoints()
    back = inverse.pointsThrough(
        reading.readTransform(tmp_path / "back.h5"), inverse.pointsThrough(sitk.BSplineTransform(spline), points)
    )
    assert np.median(np.abs(back - points)) < 0.05
    assert _run("apply", image, *options, "--inverse", "-o", tmp_path / "o.nii.gz") == 0


@pytest.mark.parametrize("ending", [".mhd", ".nhdr"])
def test_no_header_is_written_whose_voxels_are_gone(image, shift, tmp_path, ending):
    assert _run("apply", image, "-t", shift, "-r", image, "-o", tmp_path / f"o{ending}") == 2
    assert _run("convert", "-t", shift, "-r", image, "-o", tmp_path / f"o{ending}") == 2
    assert not list(tmp_path.glob("o.*"))


@pytest.mark.parametrize(("to", "name"), [("field", "o.h5"), ("itk", "o.nii.gz"), ("x5", "o.nrrd"), ("fsl", "o.mha")])
def test_a_format_goes_with_its_ending(image, shift, tmp_path, to, name, capsys):
    options = ("-t", shift, "-r", image, "-m", image, "--to", to, "-o", tmp_path / name)
    assert _run("convert", *options) == 2
    assert f"cannot be of the format {to}" in capsys.readouterr().err and not (tmp_path / name).exists()


def test_an_ending_may_be_in_capitals(image, shift, tmp_path):
    assert _run("apply", image, "-t", shift, "-r", image, "-o", tmp_path / "Out.NII.GZ") == 0
    assert _run("convert", "-t", shift, "-o", tmp_path / "Shift.TFM") == 0
    assert {path.name for path in tmp_path.iterdir()} >= {"Out.NII.GZ", "Shift.TFM"}


def test_two_matrices_are_one_in_mat(shift, tmp_path):
    assert _run("compose", "-t", shift, shift, "-o", tmp_path / "two.mat") == 0
    assert sitk.ReadTransform(str(tmp_path / "two.mat")).TransformPoint((0.0, 0.0, 0.0)) == (8.0, 0.0, 0.0)


@pytest.mark.parametrize("padding", ["-1", "300", "0.5", "nan"])
@pytest.mark.parametrize("more", [(), ("--labels",)])
def test_a_padding_that_the_voxels_cannot_hold_is_refused(image, shift, tmp_path, capsys, padding, more):
    labels = _image(np.ones(SIZE[::-1], np.uint8), tmp_path / "labels.nii.gz")
    options = ("-t", shift, "-r", image, "-o", tmp_path / "o.nii.gz", f"--padding={padding}")
    assert _run("apply", labels, *options, *more) == 2
    assert "cannot be held" in capsys.readouterr().err and not (tmp_path / "o.nii.gz").exists()


def test_large_labels_in_a_float_image_stay(image, tmp_path):
    values = np.zeros(SIZE[::-1])
    values[4:9, 4:9, 4:9] = 2.0**40 + 3
    labels = _image(values, tmp_path / "labels.nrrd")
    sitk.WriteTransform(sitk.AffineTransform(3), str(tmp_path / "none.tfm"))
    options = ("--labels", "--interpolation", "gaussian", "-t", tmp_path / "none.tfm", "-r", image)
    assert _run("apply", labels, *options, "-o", tmp_path / "o.nrrd") == 0
    assert set(np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "o.nrrd"))))) == {0.0, 2.0**40 + 3}


def test_the_nearest_value_of_a_volume_is_padded_as_others_are(image, shift, tmp_path):
    lowest = sitk.GetArrayFromImage(sitk.ReadImage(str(image))).min()
    for how in ("linear", "nearest"):
        options = ("-t", shift, "-r", image, "--interpolation", how, "-o", tmp_path / "o.nrrd")
        assert _run("apply", image, *options) == 0
        assert sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "o.nrrd")))[0, 0, -1] == lowest, how


def test_a_spline_through_two_slices_or_through_nan_is_refused(shift, tmp_path, capsys):
    """ITK reads beside the memory of the one, and makes NaN of all of the other."""
    thin = _image(np.ones((2, 16, 16), np.float32), tmp_path / "thin.nrrd")
    holed = np.ones((14, 16, 16), np.float32)
    holed[7, 8, 8] = np.nan
    holed = _image(holed, tmp_path / "holed.nrrd")
    for path, words in ((thin, "at least 3 along each axis"), (holed, "would spread")):
        options = ("-t", shift, "-r", path, "--interpolation", "bspline", "-o", tmp_path / "o.nrrd")
        assert _run("apply", path, *options) == 2
        assert words in capsys.readouterr().err
    assert _run("apply", holed, "-t", shift, "-r", holed, "-o", tmp_path / "o.nrrd") == 0
    found = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "o.nrrd")))
    assert np.isnan(found).sum() == 1 and found[0, 0, -1] == 1.0


def test_images_lie_where_the_registration_says(shift, tmp_path, capsys):
    """A sform and a qform that disagree: ITK takes one, the standard and ldr-register the other."""
    nibabel = pytest.importorskip("nibabel")
    one = nibabel.Nifti1Image(np.random.default_rng(0).random((12, 12, 12), dtype=np.float32), np.eye(4))
    moved = np.eye(4)
    moved[:3, 3] = (50.0, 0.0, 0.0)
    one.set_sform(moved, code=2)
    one.set_qform(np.eye(4), code=1)
    nibabel.save(one, tmp_path / "two.nii.gz")
    assert (
        _run("apply", tmp_path / "two.nii.gz", "-t", shift, "-r", tmp_path / "two.nii.gz", "-o", tmp_path / "o.mha")
        == 0
    )
    assert sitk.ReadImage(str(tmp_path / "o.mha")).GetOrigin() == (-50.0, 0.0, 0.0)
    assert "placed by its sform" in capsys.readouterr().out


def test_a_transform_of_nan_is_refused(image, tmp_path, capsys):
    path = _field(tmp_path / "holed.nrrd", (1.0, np.nan, 0.0))
    affine = sitk.AffineTransform(3)
    affine.SetTranslation((np.nan, 0.0, 0.0))
    sitk.WriteTransform(affine, str(tmp_path / "nan.mat"))
    for one in (path, tmp_path / "nan.mat"):
        assert _run("convert", "-t", one, "-o", tmp_path / "o.h5") == 2
        assert "no number" in capsys.readouterr().err


def test_the_moving_image_of_a_field_of_fnirt_may_be_any_image(image, shift, tmp_path, capsys):
    pytest.importorskip("nibabel")
    sitk.WriteImage(sitk.ReadImage(str(image)), str(tmp_path / "moving.nrrd"))
    field = tmp_path / "field.nii.gz"
    assert _run("convert", "-t", shift, "-r", image, "-m", tmp_path / "moving.nrrd", "--to", "fsl", "-o", field) == 0
    capsys.readouterr()
    assert _run("convert", "-t", field, "-m", tmp_path / "gone.nrrd", "-o", tmp_path / "o.h5") == 2
    assert "gone.nrrd does not exist" in capsys.readouterr().err
    assert _run("convert", "-t", field, "-m", tmp_path / "moving.nrrd", "-o", tmp_path / "o.h5") == 0
    points = _randomPoints()
    moved = inverse.pointsThrough(reading.readTransform(tmp_path / "o.h5"), points)
    assert np.abs(moved - points - [4.0, 0.0, 0.0]).max() < 1e-3


@pytest.mark.parametrize("ending", modelfiles.ENDINGS)
def test_a_model_that_says_ras_is_in_ras_and_so_is_what_is_made_of_it(shift, tmp_path, ending, capsys):
    import vtk

    source = vtk.vtkSphereSource()
    source.SetCenter(10.0, 20.0, 30.0)
    source.Update()
    path, carried = tmp_path / f"model{ending}", tmp_path / f"carried{ending}"
    modelfiles.write(source.GetOutput(), path, "RAS")
    assert _run("apply", path, "-t", shift, "-o", carried) == 0
    model, space = modelfiles.read(carried)
    # The image goes 4 mm to the patient's right, where L is -4 mm and R is +4 mm.
    assert space == "RAS" and np.allclose(np.array(model.GetCenter()), (14.0, 20.0, 30.0), atol=1e-3)
    modelfiles.write(source.GetOutput(), path, "LPS")
    assert _run("apply", path, "-t", shift, "-o", carried) == 0
    model, space = modelfiles.read(carried)
    assert space == "LPS" and np.allclose(np.array(model.GetCenter()), (6.0, 20.0, 30.0), atol=1e-3)
    capsys.readouterr()
    assert _run("apply", path, "-t", shift, "-o", carried, "--ras") == 2
    assert "says that it is in LPS" in capsys.readouterr().err


def test_points_without_a_header_are_no_points(shift, tmp_path, capsys):
    (tmp_path / "p.csv").write_text("1,2,3\n4,5,6\n")
    assert _run("apply", tmp_path / "p.csv", "-t", shift, "-o", tmp_path / "o.csv") == 2
    assert "no columns of points" in capsys.readouterr().err
    (tmp_path / "p.csv").write_text("R,A,S\n1,2,3\n")
    assert _run("apply", tmp_path / "p.csv", "-t", shift, "-o", tmp_path / "o.csv") == 0
    row = next(csv.DictReader(io.StringIO((tmp_path / "o.csv").read_text())))
    assert [float(row[name]) for name in "RAS"] == [5.0, 2.0, 3.0]


def test_every_place_that_a_row_gives_is_carried(shift, tmp_path):
    (tmp_path / "p.csv").write_text("name,x,y,z,R,A,S\na,-1,-2,3,1,2,3\nb,-4,-5,6,4,5,6\n")
    assert _run("apply", tmp_path / "p.csv", "-t", shift, "-o", tmp_path / "o.csv") == 0
    for row in csv.DictReader(io.StringIO((tmp_path / "o.csv").read_text())):
        lps, ras = ([float(row[name]) for name in names] for names in ("xyz", "RAS"))
        assert [-ras[0], -ras[1], ras[2]] == lps and ras[0] in (5.0, 8.0)


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["convert", "-r", "image.nii.gz", "-o", "o.h5"], ["reference"]),
        (["compose", "-m", "image.nii.gz", "-r", "image.nii.gz", "-o", "o.tfm"], ["reference", "moving"]),
        (["convert", "-r", "image.nii.gz", "-o", "o.nii.gz"], []),
        (["invert", "-r", "image.nii.gz", "-m", "image.nii.gz", "-o", "o.h5"], ["moving"]),
        (["convert", "-r", "image.nii.gz", "-m", "image.nii.gz", "--to", "fsl", "-o", "o.nii.gz"], []),
    ],
)
def test_images_that_had_no_part_in_it_are_named(image, shift, tmp_path, capsys, monkeypatch, arguments, unneeded):
    pytest.importorskip("nibabel")
    monkeypatch.chdir(tmp_path)
    assert _run(arguments[0], "-t", "shift.tfm", *arguments[1:]) == 0
    said = capsys.readouterr().out
    assert [name for name in ("reference", "moving") if f"--{name} was not needed" in said] == unneeded
