"""Transform files, judged by SimpleITK: they carry points of the fixed image to the moving one as the node does."""

import os
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.filechecks import checkTransformFile
from LDRRegistrationLib.mrml.matrices import matrixFromArray
from LDRRegistrationLib.mrml.reading import readTransform
from LDRRegistrationLib.mrml.transforms import elements, noteSides, updateTransformNode, vtkTransform
from LDRRegistrationLib.mrml.transformtext import isWholeText
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from scipy.spatial.transform import Rotation
from support.commandline import little_disk
from support.data import ROOT
from support.grids import points_inside, random_affine, random_grid, smooth_image
from support.scene import add_linear_transform, add_volume, from_parent_points, newScene
from vtk.util import numpy_support

LPS = np.array([-1.0, -1.0, 1.0])


@pytest.fixture
def scene():
    return newScene()


@pytest.fixture
def saved(scene):
    """A fixed volume on an oblique, anisotropic, shifted grid under a parent, and a deformation with an affine."""
    rng = np.random.default_rng(5)
    fixed = add_volume(scene, smooth_image(rng, random_grid(rng, (14, 18, 16), 60.0), sigma=2.0), "Current")
    parent = random_affine(rng, np.zeros(3), 0.0)
    parent[:3, :3] = Rotation.random(rng=rng).as_matrix() * 1.1
    fixed.SetAndObserveTransformNodeID(add_linear_transform(scene, parent).GetID())
    moving = add_volume(scene, smooth_image(rng, random_grid(rng, (12, 12, 12), 60.0), sigma=2.0), "Prior")
    grid = imageFromVolumeNode(fixed).grid
    vectors = np.stack([smooth_image(rng, grid, sigma=3.0).array for _ in range(3)], axis=-1)
    vectors = (vectors / np.abs(vectors).max() * 4.0).astype(np.float32)
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "Prior to Current")
    updateTransformNode(
        node,
        vtkTransform(Transform(random_affine(rng, grid.centerRas), DisplacementField(vectors, grid))),
        fixed,
        moving,
    )
    noteSides(node)
    return node, points_inside(rng, grid, 200)


@pytest.mark.parametrize("suffix", [".h5", ".tfm", ".txt"])
def test_an_itk_transform(saved, suffix, tmp_path):
    node, points = saved
    RegistrationLogic().saveTransform(transformNode=node, path=tmp_path / f"t{suffix}")
    read = SimpleITK.ReadTransform(str(tmp_path / f"t{suffix}"))
    found = np.array([read.TransformPoint((p * LPS).tolist()) for p in points]) * LPS
    # The node interpolates cubically, SimpleITK linearly.
    np.testing.assert_allclose(found, from_parent_points(node, points), atol=0.25)
    assert np.abs(found - points).max() > 2.0


@pytest.mark.skipif(os.name == "nt", reason="the size of files is limited")
@pytest.mark.parametrize("suffix", [".h5", ".tfm", ".txt", ".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("there", [False, True])
def test_a_full_disk_is_said_and_nothing_half_written_is_left(saved, suffix, there, tmp_path):
    node, _points = saved
    path = tmp_path / f"t{suffix}"
    RegistrationLogic().saveTransform(transformNode=node, path=path)
    whole, size = path.read_bytes(), path.stat().st_size
    for share in (0.1, 0.5, 0.98):
        path.write_text("old") if there else path.unlink(missing_ok=True)
        with little_disk(int(share * size)), pytest.raises(RegistrationError, match="could not be written"):
            RegistrationLogic().saveTransform(transformNode=node, path=path)
        assert [p.name for p in tmp_path.iterdir()] == ([path.name] if there else [])
        assert not there or path.read_text() == "old"
    RegistrationLogic().saveTransform(transformNode=node, path=path)
    # Compressed files and HDF5 may hold times.
    assert abs(path.stat().st_size - len(whole)) < 100


END_WELL = """
import numpy as np
from pathlib import Path
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.transform import DisplacementField, Transform
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.files import newScene
from LDRRegistrationLib.mrml.transforms import noteSides, updateTransformNode, vtkTransform
from support.commandline import little_disk
from support.grids import random_affine, random_grid, smooth_image
from support.scene import add_volume

rng = np.random.default_rng(5)
scene, path = newScene(), Path("t.h5")
grid = random_grid(rng, (14, 18, 16), 60.0)
fixed = add_volume(scene, smooth_image(rng, grid), "Current")
field = DisplacementField(rng.random((14, 18, 16, 3)).astype(np.float32), grid)
node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
updateTransformNode(node, vtkTransform(Transform(random_affine(rng, grid.centerRas), field)), fixed, fixed)
noteSides(node)
RegistrationLogic().saveTransform(transformNode=node, path=path)
size = path.stat().st_size
for share in np.linspace(0.0, 1.3, 14):
    path.unlink(missing_ok=True)
    with little_disk(int(share * size)):
        try:
            RegistrationLogic().saveTransform(transformNode=node, path=path)
        except RegistrationError:
            print(".", end="")
    assert path.is_file() == (share > 1.05), share
"""


@pytest.mark.skipif(os.name == "nt", reason="the size of files is limited")
def test_the_process_ends_well_after_a_full_disk(tmp_path):
    """HDF5 crashes at the end of a process in which it could not write a file."""
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("LDRRegistration", "Testing"))
    done = subprocess.run(
        [sys.executable, "-c", END_WELL], env=os.environ | {"PYTHONPATH": paths}, cwd=tmp_path, capture_output=True,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "." * 11), done.stderr


def test_what_is_read_back_is_compared_with_the_node(saved, tmp_path):
    """Also where the file is whole and only a little of it is wrong, at the last points of the grid."""
    node, _points = saved
    path = tmp_path / "t.h5"
    RegistrationLogic().saveTransform(transformNode=node, path=path)
    checkTransformFile(path, node)
    grid = elements(node.GetTransformFromParent())[0].GetDisplacementGrid()
    numpy_support.vtk_to_numpy(grid.GetPointData().GetScalars())[-1] += 0.1
    grid.Modified()
    with pytest.raises(OSError, match="did not arrive whole"):
        checkTransformFile(path, node)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.98, 0.99999])
def test_a_text_that_was_cut_off_is_not_whole(saved, share, tmp_path):
    """Slicer's reader would crash on it, SimpleITK read what there is."""
    node, _points = saved
    path = tmp_path / "t.tfm"
    RegistrationLogic().saveTransform(transformNode=node, path=path)
    data = path.read_bytes()
    assert isWholeText(path)
    # Anywhere, and between two lines.
    for end in (int(share * len(data)), data.rindex(b"FixedParameters")):
        path.write_bytes(data[:end])
        assert not isWholeText(path)
    with pytest.raises(RegistrationError, match="is damaged"):
        readTransform(newScene(), path)


def test_a_link_stays_a_link(saved, tmp_path):
    node, _points = saved
    (tmp_path / "elsewhere").mkdir()
    link, target = tmp_path / "t.h5", tmp_path / "elsewhere" / "real.h5"
    target.write_text("old")
    link.symlink_to(target)
    RegistrationLogic().saveTransform(transformNode=node, path=link)
    assert link.is_symlink() and SimpleITK.ReadTransform(str(target)).GetDimension() == 3


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_displacement_field_on_the_fixed_volume(saved, suffix, tmp_path):
    node, _points = saved
    RegistrationLogic().saveTransform(transformNode=node, path=str(tmp_path / f"t{suffix}"))
    image = SimpleITK.ReadImage(str(tmp_path / f"t{suffix}"))
    assert image.GetNumberOfComponentsPerPixel() == 3 and image.GetSize() == (16, 18, 14)
    field = SimpleITK.GetArrayFromImage(image)
    for k, j, i in ((0, 0, 0), (13, 2, 15), (5, 9, 7), (2, 17, 3)):
        point = np.array(image.TransformIndexToPhysicalPoint((i, j, k)))
        expected = from_parent_points(node, [point * LPS])[0] * LPS - point
        np.testing.assert_allclose(field[k, j, i], expected, atol=2e-3)


def test_a_sheared_volume_gets_a_field_that_covers_it(saved, scene, tmp_path):
    node, _points = saved
    sheared = np.eye(4)
    sheared[0, 1] = 0.3
    fixed = scene.GetFirstNodeByName("Current")
    fixed.GetParentTransformNode().SetMatrixTransformToParent(matrixFromArray(sheared))
    RegistrationLogic().saveTransform(transformNode=node, path=tmp_path / "t.nii.gz")
    image = SimpleITK.ReadImage(str(tmp_path / "t.nii.gz"), SimpleITK.sitkVectorFloat64)
    read = SimpleITK.DisplacementFieldTransform(image)
    inside = imageFromVolumeNode(fixed).grid.cornersRas * 0.98 + imageFromVolumeNode(fixed).grid.centerRas * 0.02
    found = np.array([read.TransformPoint((p * LPS).tolist()) for p in inside]) * LPS
    np.testing.assert_allclose(found, from_parent_points(node, inside), atol=0.3)
    assert np.abs(found - inside).max() > 2.0


def test_what_cannot_be_saved_is_said(saved, scene, tmp_path):
    node, _points = saved
    logic = RegistrationLogic()
    with pytest.raises(RegistrationError, match="says no format"):
        logic.saveTransform(transformNode=node, path=tmp_path / "t.dcm")
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(RegistrationError, match="is a folder"):
        logic.saveTransform(transformNode=node, path=tmp_path / "folder.h5")
    (tmp_path / "folder.h5").rmdir()
    with pytest.raises(RegistrationError, match="does not exist"):
        logic.saveTransform(transformNode=node, path=tmp_path / "nowhere" / "t.h5")
    with pytest.raises(RegistrationError, match="Choose the transform"):
        logic.saveTransform(transformNode=scene.GetFirstNodeByName("Current"), path=tmp_path / "t.h5")
    node.SetNodeReferenceID(node.GetFixedNodeReferenceRole(), None)
    with pytest.raises(RegistrationError, match="Choose the volume"):
        logic.saveTransform(transformNode=node, path=tmp_path / "t.nrrd")
    assert list(tmp_path.iterdir()) == []
