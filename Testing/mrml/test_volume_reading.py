"""Nodes from files: volumes with what is to be said of them, and transforms that a registration can start from."""

import os

import numpy as np
import pytest
import SimpleITK as sitk
import vtk
from LDRRegistrationLib.commandline.memoryneed import checkMemory
from LDRRegistrationLib.mrml.files import newScene
from LDRRegistrationLib.mrml.matrices import linearFromWorld, localToWorld, matrixFromArray
from LDRRegistrationLib.mrml.reading import readLabels, readTransform, readVolume
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.runtime import memory
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.grid import LPS_FROM_RAS
from support.scene import add_linear_transform, array_of

CENTER = (10.0, -20.0, 30.0)


def _linear_transforms():
    rng = np.random.default_rng(0)
    angles = (0.1, -0.2, 0.3)
    affine = sitk.AffineTransform((np.eye(3) + rng.uniform(-0.1, 0.1, (3, 3))).ravel(), (1, 2, 3), CENTER)
    versor = sitk.VersorRigid3DTransform()
    versor.SetRotation((1.0, 2.0, 3.0), 0.4)
    versor.SetCenter(CENTER)
    similarity = sitk.Similarity3DTransform(1.2, (0.0, 1.0, 0.0), 0.3, (4, 5, 6), CENTER)
    return {
        "identity": sitk.Transform(3, sitk.sitkIdentity),
        "translation": sitk.TranslationTransform(3, (7.0, -8.0, 9.0)),
        "scale": sitk.ScaleTransform(3, (1.1, 0.9, 1.2)),
        "euler": sitk.Euler3DTransform(CENTER, *angles, (5.0, 6.0, 7.0)),
        "versor": versor,
        "similarity": similarity,
        "scaleVersor": sitk.ScaleVersor3DTransform((1.1, 1.0, 0.9), (0.0, 0.0, 1.0), 0.2, (1, 1, 1), CENTER),
        "scaleSkew": sitk.ScaleSkewVersor3DTransform(
            (1.1, 1.0, 0.9), (0.01, 0.0, 0.02, 0.0, 0.0, 0.03), (0.0, 0.0, 1.0), 0.2, (1, 1, 1), CENTER
        ),
        "affine": affine,
        "composite": sitk.CompositeTransform(
            [affine, sitk.Euler3DTransform(CENTER, *angles, (5.0, 6.0, 7.0)), similarity]
        ),
        "single": sitk.CompositeTransform([affine]),
        "nested": sitk.CompositeTransform([similarity, sitk.CompositeTransform([affine, versor])]),
    }


@pytest.mark.parametrize("kind", _linear_transforms())
@pytest.mark.parametrize("suffix", [".h5", ".tfm", ".txt", ".mat"])
def test_linear_transforms_of_every_kind_start_as_itk_applies_them(tmp_path, kind, suffix):
    transform = _linear_transforms()[kind]
    path = tmp_path / f"start{suffix}"
    try:
        sitk.WriteTransform(transform, str(path))
        sitk.ReadTransform(str(path))
    except RuntimeError:
        pytest.skip("ITK itself cannot keep this class in such a file")
    matrix = LPS_FROM_RAS @ linearFromWorld(readTransform(newScene(), path)) @ LPS_FROM_RAS
    for point in np.random.default_rng(1).uniform(-200, 200, (20, 3)):
        np.testing.assert_allclose(matrix[:3, :3] @ point + matrix[:3, 3], transform.TransformPoint(point), atol=1e-8)


def test_numbers_nothing_can_start_from(tmp_path):
    affine = sitk.AffineTransform(3)
    sitk.WriteTransform(affine, str(tmp_path / "good.tfm"))
    good = (tmp_path / "good.tfm").read_text()
    assert "Parameters: 1 0 0 0 1 0 0 0 1 0 0 0" in good
    for numbers, sentence in (
        ("nan 0 0 0 1 0 0 0 1 0 0 0", "not finite"),
        ("1 0 0 0 1 0 0 0 1 0 inf 0", "not finite"),
        ("0 0 0 0 1 0 0 0 1 0 0 0", "scales lengths by 0"),
        ("1 1 0 1 1 0 0 0 1 0 0 0", "scales lengths by"),
        ("1e6 0 0 0 1 0 0 0 1 0 0 0", "scales lengths by"),
        ("-1 0 0 0 1 0 0 0 1 0 0 0", "mirror"),
    ):
        path = tmp_path / "bad.tfm"
        path.write_text(good.replace("1 0 0 0 1 0 0 0 1 0 0 0", numbers, 1))
        scene = newScene()
        with pytest.raises(RegistrationError, match=rf"{sentence}|cannot be read as a transform"):
            readTransform(scene, path)
        assert scene.GetNumberOfNodesByClass("vtkMRMLTransformNode") == 0


def test_nodes_nothing_can_start_from():
    for diagonal, sentence in (
        ((np.nan, 1, 1), "not finite"),
        ((-1, 1, 1), "mirror"),
        ((1e-9, 1, 1), "scales lengths"),
        ((1, 1e-9, 1), "scales lengths"),
        ((1, 1, 1e-9), "scales lengths"),
        ((1, 1, 0.009), "scales lengths"),
        ((1, 1, 101), "scales lengths"),
        ((1, 101, 1), "scales lengths"),
    ):
        node = add_linear_transform(newScene(), np.diag([*diagonal, 1.0]), "start")
        with pytest.raises(RegistrationError, match=f"The initial transform start .*{sentence}"):
            linearFromWorld(node)


def test_other_dimensions_pipes_and_names(tmp_path):
    sitk.WriteTransform(sitk.Euler2DTransform(), str(tmp_path / "flat.tfm"))
    with pytest.raises(RegistrationError, match="2 dimensions"):
        readTransform(newScene(), tmp_path / "flat.tfm")
    with pytest.raises(RegistrationError, match="is a folder"):
        readTransform(newScene(), tmp_path)
    if os.name != "nt":
        os.mkfifo(tmp_path / "pipe.h5")
        with pytest.raises(RegistrationError, match="a pipe or a device"):
            readTransform(newScene(), tmp_path / "pipe.h5")
        strange = tmp_path / os.fsdecode(b"caf\xe9.tfm")
        strange.write_bytes((tmp_path / "flat.tfm").read_bytes())
        with pytest.raises(RegistrationError, match="not UTF-8"):
            readTransform(newScene(), strange)


def test_deformations_stay_deformations(tmp_path):
    field = sitk.Image([8, 8, 8], sitk.sitkVectorFloat64, 3)
    sitk.WriteTransform(
        sitk.CompositeTransform([sitk.AffineTransform(3), sitk.DisplacementFieldTransform(field)]),
        str(tmp_path / "a.h5"),
    )
    node = readTransform(newScene(), tmp_path / "a.h5")
    with pytest.raises(RegistrationError, match="not linear"):
        linearFromWorld(node)


def test_general_transforms_made_of_linear_ones_are_linear():
    """As Slicer makes them where transforms are composed, or a composite is loaded from a file."""
    rng = np.random.default_rng(3)
    one, other, parent = (np.eye(4) + np.pad(rng.uniform(-0.1, 0.1, (3, 4)), ((0, 1), (0, 0))) for _ in range(3))
    general = vtk.vtkGeneralTransform()
    general.PostMultiply()
    general.Concatenate(matrixFromArray(one))
    inner = vtk.vtkGeneralTransform()
    inner.Concatenate(matrixFromArray(other))
    general.Concatenate(inner)
    scene = newScene()
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "start")
    node.SetAndObserveTransformFromParent(general)
    np.testing.assert_allclose(linearFromWorld(node), other @ one, atol=1e-12)
    node.SetAndObserveTransformNodeID(add_linear_transform(scene, parent).GetID())
    np.testing.assert_allclose(linearFromWorld(node), other @ one @ np.linalg.inv(parent), atol=1e-12)
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "volume")
    volume.SetAndObserveTransformNodeID(node.GetID())
    np.testing.assert_allclose(localToWorld(volume), parent @ np.linalg.inv(other @ one), atol=1e-12)


def test_a_volume_node_owns_its_voxels_and_notes_are_handed_on(tmp_path):
    image = sitk.GetImageFromArray(np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6))
    path = tmp_path / "image.mha"
    sitk.WriteImage(image, str(path))
    content = path.read_bytes().replace(b"Offset = 0 0 0\n", b"")
    path.write_bytes(content)
    scene, notes = newScene(), ["before"]
    nodes = [readVolume(scene, path, labels=labels, notes=notes) for labels in (False, True)]
    assert len(notes) == 3 and notes[0] == "before" and "does not say where it lies" in notes[1]
    assert nodes[1].IsA("vtkMRMLLabelMapVolumeNode") and nodes[0].GetName() == "image"
    junk = [np.full((4, 5, 6), 7, np.int16) for _ in range(100)]
    for node in nodes:
        np.testing.assert_array_equal(array_of(node), sitk.GetArrayFromImage(image))
        np.testing.assert_allclose(imageFromVolumeNode(node).ijkToRas, np.diag([-1.0, -1.0, 1.0, 1.0]))
    del junk


def test_labels_are_integers(tmp_path):
    path = tmp_path / "labels.nrrd"
    array = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    node = readLabels(newScene(), path)
    assert node.IsA("vtkMRMLLabelMapVolumeNode") and array_of(node).dtype == np.int16
    np.testing.assert_array_equal(array_of(node), array)
    sitk.WriteImage(sitk.GetImageFromArray(array / 7), str(path))
    with pytest.raises(RegistrationError, match="labels is not a label map"):
        readLabels(newScene(), path)
    assert array_of(readVolume(newScene(), path, labels=True)).dtype == np.float32  # a mask may weigh


def test_the_memory_of_a_pair_is_asked_for_before_it_is_read(tmp_path, monkeypatch):
    sitk.WriteImage(sitk.Image(200, 200, 200, sitk.sitkInt16), str(tmp_path / "a.nii.gz"), useCompression=True)
    monkeypatch.setattr(memory, "availableBytes", lambda: 500_000_000)
    with pytest.raises(RegistrationError, match=r"Registering images of this size takes 0\.6 GB .* 0\.5 GB"):
        checkMemory(tmp_path / "a.nii.gz", tmp_path / "a.nii.gz")
    monkeypatch.setattr(memory, "availableBytes", lambda: 1_000_000_000)
    checkMemory(tmp_path / "a.nii.gz", tmp_path / "a.nii.gz")


def test_a_file_that_ends_early_is_no_question_of_memory(tmp_path):
    """Its header says 48000 GB."""
    path = tmp_path / "a.nii"
    sitk.WriteImage(sitk.Image(20, 20, 20, sitk.sitkInt16), str(path))
    content = bytearray(path.read_bytes())
    content[42:48] = (20_000).to_bytes(2, "little") * 3
    path.write_bytes(bytes(content))
    for fixed, moving in ((path, tmp_path / "b.vtk"), (tmp_path / "b.vtk", path)):
        sitk.WriteImage(sitk.Image(20, 20, 20, sitk.sitkInt16), str(tmp_path / "b.vtk"))
        with pytest.raises(RegistrationError, match=r"a\.nii is damaged: it ends before its last voxel"):
            checkMemory(fixed, moving)


def test_an_image_is_no_transform_to_start_from(tmp_path):
    """MRML takes any image for a grid of displacements, whatever its voxels hold."""
    scene, path = newScene(), tmp_path / "image.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((8, 9, 10), dtype=np.float32)), str(path))
    with pytest.raises(RegistrationError, match="is an image and no transform"):
        readTransform(scene, path)
    assert scene.GetNumberOfNodesByClass("vtkMRMLTransformNode") == 0
    vectors = sitk.GetImageFromArray(np.zeros((8, 9, 10, 3)), isVector=True)
    sitk.WriteImage(vectors, str(path))
    assert readTransform(scene, path).GetTransformFromParent() is not None
