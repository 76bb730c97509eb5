"""Nodes to files: nibabel, SimpleITK read what was in the scene, and what cannot be written is said."""

import os

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk
from LDRRegistrationLib.mrml.files import newScene, silentVtk, writeImage, writeTransform, writeVolume
from LDRRegistrationLib.mrml.transforms import updateTransformNode, vtkTransform
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from support.commandline import little_disk
from support.grids import random_affine, random_grid
from support.scene import add_volume


def image(seed, dtype=np.int16):
    rng = np.random.default_rng(seed)
    return Image(rng.integers(-500, 500, (4, 5, 6)).astype(dtype), random_grid(rng, (4, 5, 6)).ijkToRas, "volume")


@pytest.mark.parametrize("seed", range(4))
def test_a_written_volume_lies_where_nibabel_and_itk_find_it(seed, tmp_path):
    given = image(seed)
    writeVolume(add_volume(newScene(), given), tmp_path / "v.nii.gz")
    judge = nibabel.load(tmp_path / "v.nii.gz")
    np.testing.assert_allclose(judge.affine, given.ijkToRas, atol=1e-3)
    np.testing.assert_array_equal(np.asarray(judge.dataobj).T, given.array)
    writeImage(given, tmp_path / "v.nrrd")
    read = sitk.ReadImage(str(tmp_path / "v.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read), given.array)
    for index in ((0, 0, 0), (5, 4, 3), (1, 3, 2)):
        place = (given.ijkToRas @ [*index, 1])[:3] * [-1, -1, 1]
        np.testing.assert_allclose(read.TransformIndexToPhysicalPoint(index), place, atol=1e-6)
    # Compressed, as volumes of patients are large.
    assert b"encoding: gzip" in (tmp_path / "v.nrrd").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="the size of files is limited")
def test_what_cannot_be_written_is_an_error_of_the_file(tmp_path, capfd):
    with pytest.raises(OSError, match="could not be written"):
        writeImage(image(5), tmp_path / "nowhere" / "v.nii.gz")
    scene = newScene()
    volume = add_volume(scene, image(5))
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    transform = Transform(random_affine(np.random.default_rng(5), np.zeros(3)))
    updateTransformNode(node, vtkTransform(transform), volume, volume)
    before = scene.GetNumberOfNodes()
    capfd.readouterr()
    with pytest.raises(OSError, match="could not be written"):
        writeTransform(node, tmp_path / "nowhere" / "t.h5")
    assert "ERR|" not in capfd.readouterr().err  # VTK's; the HDF5 library has words of its own
    assert vtk.vtkObject.GetGlobalWarningDisplay() and scene.GetNumberOfNodes() == before
    writeTransform(node, tmp_path / "t.h5")
    assert scene.GetNumberOfNodes() == before
    # An older file of that name does not stand for one that was written.
    with little_disk(1000), pytest.raises(OSError, match="could not be written"):
        writeTransform(node, tmp_path / "t.h5")
    writeTransform(node, tmp_path / "t.h5")
    point = np.array([10.0, -20.0, 30.0])
    found = sitk.ReadTransform(str(tmp_path / "t.h5")).TransformPoint((point * [-1, -1, 1]).tolist())
    np.testing.assert_allclose(np.array(found) * [-1, -1, 1], transform.points(point), atol=1e-6)


def test_a_relative_path_is_one_of_the_working_folder(tmp_path, monkeypatch):
    """VTK would take it as relative to the scene."""
    monkeypatch.chdir(tmp_path)
    scene = newScene()
    scene.SetRootDirectory(str(tmp_path / "elsewhere"))
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    node.SetAndObserveTransformFromParent(vtk.vtkTransform())
    relative = (tmp_path / "t.h5").relative_to(tmp_path)
    writeTransform(node, relative)
    assert (tmp_path / "t.h5").is_file()


@pytest.mark.parametrize("shown", [0, 1])
def test_silence_ends_as_it_was_before(shown):
    before = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.SetGlobalWarningDisplay(shown)
    try:
        with pytest.raises(ZeroDivisionError), silentVtk():
            assert not vtk.vtkObject.GetGlobalWarningDisplay()
            raise ZeroDivisionError
        assert vtk.vtkObject.GetGlobalWarningDisplay() == shown
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(before)


def test_a_new_scene_knows_what_is_put_into_it():
    scene = newScene()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    assert hierarchy is not None and hierarchy.GetScene() is scene
    for name in ("ScalarVolume", "LabelMapVolume", "Transform", "MarkupsFiducial", "Segmentation", "Model"):
        assert scene.AddNewNodeByClass(f"vtkMRML{name}Node") is not None
