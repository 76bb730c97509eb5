"""Transforms in the formats of ITK, ANTs, FSL and nitransforms: read as they are meant, by us and by the others."""

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.apply import fsl, inverse, reading
from support.applied import EXACT_MM, SAMPLED_MM, convert, make_space, run, through


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
    moved = through(convert(space, name, *more), space)
    assert np.abs(moved - space["there"]).max() < tolerance
    assert np.abs(moved - space["points"]).max() > 3.0


def test_warp_and_affine_of_ants(space):
    convert(space, "reg", "--to", "ants")
    paths = [space["folder"] / name for name in ("reg0GenericAffine.mat", "reg1Warp.nii.gz")]
    matrix, warp = (reading.readTransform(path) for path in paths)
    assert matrix.IsLinear() and np.allclose(warp.TransformPoint((500.0, 500.0, 500.0)), 500.0)
    moved = inverse.pointsThrough(reading.compose([matrix, warp]), space["points"])
    assert np.abs(moved - space["there"]).max() < SAMPLED_MM


def test_ants_itself_warps_by_our_files_as_we_do(space):
    """antspyx, where it is installed: by its warp and affine, by our .h5 turned into a field; and its points."""
    ants = pytest.importorskip("ants")
    convert(space, "reg", "--to", "ants")
    field = convert(space, "field.nii.gz")
    folder = space["folder"]
    ours = folder / "ours.nii.gz"
    assert run("apply", space["moving"], "-t", space["t"], "-r", space["fixed"], "-o", ours, "--padding", 0) == 0
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
        theirs = DenseFieldTransform.from_filename(convert(space, name, *more), fmt=format_)
        assert np.abs(theirs.map(points * toRas) - there).max() < SAMPLED_MM, format_


def test_an_absolute_field_of_fnirt(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    space = make_space(tmp_path, oblique=False)
    relative = nibabel.load(convert(space, "relative.nii.gz", "--to", "fsl"))
    shape = relative.shape[:3]
    voxels = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    matrix = fsl.fslFromVoxels(relative.affine, shape)
    absolute = relative.get_fdata() + voxels @ matrix[:3, :3].T + matrix[:3, 3]
    path = space["folder"] / "absolute.nii.gz"
    nibabel.save(nibabel.Nifti1Image(absolute.astype(np.float32), relative.affine), path)
    assert np.abs(through(path, space) - space["there"]).max() < SAMPLED_MM


def test_a_pair_of_ants_is_not_written_over_itself(space, capsys):
    prefix = space["folder"] / "mine"
    convert(space, "mine", "--to", "ants")
    pair = [space["folder"] / "mine0GenericAffine.mat", space["folder"] / "mine1Warp.nii.gz"]
    before = [path.read_bytes() for path in pair]
    assert run("convert", "-t", *pair, "--to", "ants", "-r", space["fixed"], "-o", prefix) == 2
    assert "is an input, and would be overwritten" in capsys.readouterr().err
    assert [path.read_bytes() for path in pair] == before
