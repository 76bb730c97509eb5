"""Transform files, judged by SimpleITK: they carry points of the fixed image to the moving one as the node does."""

import numpy as np
import pytest
import SimpleITK
from LDRRegistrationLib.errors import RegistrationError
from LDRRegistrationLib.field import DisplacementField, Transform
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.matrices import matrixFromArray
from LDRRegistrationLib.mrml.transforms import noteSides, updateTransformNode, vtkTransform
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from scipy.spatial.transform import Rotation
from support.grids import points_inside, random_affine, random_grid, smooth_image
from support.scene import add_linear_transform, add_volume, from_parent_points, newScene

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
    with pytest.raises(RegistrationError, match="does not exist"):
        logic.saveTransform(transformNode=node, path=tmp_path / "nowhere" / "t.h5")
    with pytest.raises(RegistrationError, match="Choose the transform"):
        logic.saveTransform(transformNode=scene.GetFirstNodeByName("Current"), path=tmp_path / "t.h5")
    node.SetNodeReferenceID(node.GetFixedNodeReferenceRole(), None)
    with pytest.raises(RegistrationError, match="Choose the volume"):
        logic.saveTransform(transformNode=node, path=tmp_path / "t.nrrd")
    assert list(tmp_path.iterdir()) == []
