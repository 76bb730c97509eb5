"""Volume nodes: what is read from them, and what they hold after they were given a result. Slicer, VTK as judges."""

import numpy as np
import pytest
import slicer
import vtk
from LDRRegistrationLib.mrml.transforms import updateTransformNode, vtkTransform
from LDRRegistrationLib.mrml.volumes import imageDataFromArray, imageFromVolumeNode, updateVolumeNode
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image
from support.grids import random_affine, random_grid, random_transform
from support.scene import add_linear_transform, add_volume, array_of, newScene


@pytest.fixture
def scene():
    return newScene()


def image(seed):
    rng = np.random.default_rng(seed)
    return Image(rng.normal(size=(4, 5, 6)).astype(np.float32), random_grid(rng, (4, 5, 6)).ijkToRas)


def corners(node):
    """The world positions of the outer faces, as Slicer has them."""
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    return bounds


def test_an_image_is_the_nodes_voxels_in_the_world(scene):
    given = image(1)
    node = add_volume(scene, given, "a volume")
    found = imageFromVolumeNode(node)
    assert found.name == "a volume" and found.array.shape == (4, 5, 6) and found.array.dtype == np.float32
    np.testing.assert_array_equal(found.array, given.array)
    np.testing.assert_allclose(found.ijkToRas, given.ijkToRas, atol=1e-12)
    assert np.shares_memory(found.array, array_of(node)) and not found.array.flags.writeable
    # VTK counts i first.
    assert node.GetImageData().GetScalarComponentAsFloat(3, 2, 1, 0) == found.array[1, 2, 3]
    parent = random_affine(np.random.default_rng(2), np.zeros(3), 0.3)
    node.SetAndObserveTransformNodeID(add_linear_transform(scene, parent).GetID())
    moved = imageFromVolumeNode(node)
    np.testing.assert_allclose(moved.ijkToRas, parent @ given.ijkToRas, atol=1e-9)
    low, high = moved.grid.cornersRas.min(axis=0), moved.grid.cornersRas.max(axis=0)
    np.testing.assert_allclose(corners(node), np.stack([low, high], axis=1).ravel(), atol=1e-6)
    node.SetName("")
    assert imageFromVolumeNode(node).name == "the volume"


def test_nodes_without_one_value_a_voxel_are_refused(scene):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    hollow = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow")
    hollow.SetAndObserveImageData(vtk.vtkImageData())
    flat = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "flat")
    data = vtk.vtkImageData()
    data.SetDimensions(4, 5, 6)
    flat.SetAndObserveImageData(data)
    colors = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "colors")
    data = vtk.vtkImageData()
    data.SetDimensions(4, 5, 6)
    data.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    colors.SetAndObserveImageData(data)
    thin = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "thin")
    data = vtk.vtkImageData()
    data.SetDimensions(0, 5, 6)
    data.GetPointData().SetScalars(vtk.vtkFloatArray())
    thin.SetAndObserveImageData(data)
    one = add_volume(scene, Image(np.full((1, 1, 1), 7, np.int16), np.eye(4)))
    assert imageFromVolumeNode(one).array.tolist() == [[[7]]]
    for node, sentence in (
        (thin, "thin is empty: it has no voxels"),
        (None, "choose a fixed and a moving volume"),
        (scene.AddNewNodeByClass("vtkMRMLTransformNode", "T"), "T is not a scalar volume"),
        (empty, "empty is empty: it has no voxels"),
        (hollow, "hollow is empty: it has no voxels"),
        (flat, "flat is empty: it has no voxels"),
        (colors, "colors has 3 values per voxel"),
    ):
        with pytest.raises(RegistrationError, match=sentence):
            imageFromVolumeNode(node)


def test_a_volume_under_a_curved_transform_has_no_one_place(scene):
    rng = np.random.default_rng(8)
    volume, node = add_volume(scene, image(8), "volume"), scene.AddNewNodeByClass("vtkMRMLTransformNode", "curved")
    updateTransformNode(node, vtkTransform(random_transform(rng, imageFromVolumeNode(volume).grid)), volume, volume)
    volume.SetAndObserveTransformNodeID(node.GetID())
    with pytest.raises(RegistrationError, match="volume is under the non-linear transform curved: harden it"):
        imageFromVolumeNode(volume)


@pytest.mark.parametrize("copy", [True, False])
def test_image_data_share_an_array_only_if_asked(copy):
    array = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
    data = imageDataFromArray(array, copy=copy)
    assert data.GetDimensions() == (6, 5, 4) and data.GetPointData().GetScalars().GetName() == "scalars"
    array[1, 2, 3] = -7
    assert data.GetScalarComponentAsFloat(3, 2, 1, 0) == (1 * 30 + 2 * 6 + 3 if copy else -7)
    # Whatever way it lies in memory.
    turned = imageDataFromArray(array.T)
    assert turned.GetDimensions() == (4, 5, 6) and turned.GetScalarComponentAsFloat(1, 2, 3, 0) == -7
    default = imageDataFromArray(array)
    array[0, 0, 0] = 99
    assert default.GetScalarComponentAsFloat(0, 0, 0, 0) == 0


def test_a_result_lies_where_the_reference_lies_and_means_what_the_other_means(scene):
    reference, like = add_volume(scene, image(3), "reference"), add_volume(scene, image(4), "like")
    parent = add_linear_transform(scene, np.diag([2.0, 1.0, 1.0, 1.0]))
    reference.SetAndObserveTransformNodeID(parent.GetID())
    unit = slicer.vtkCodedEntry()
    unit.SetValueSchemeMeaning("g/ml", "UCUM", "SUV")
    like.SetVoxelValueUnits(unit)
    like.CreateDefaultDisplayNodes()
    like.GetDisplayNode().SetAutoWindowLevel(False)
    like.GetDisplayNode().SetWindowLevel(123.0, 45.0)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    patient = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "patient")
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "result")
    # The items that Slicer's plugins would make.
    hierarchy.CreateItem(patient, reference)
    hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    data = imageDataFromArray(image(5).array)
    updateVolumeNode(node, data, reference, like)
    assert node.GetImageData() is data and node.GetParentTransformNode() is parent
    np.testing.assert_allclose(corners(node), corners(reference))
    np.testing.assert_allclose(imageFromVolumeNode(node).ijkToRas, imageFromVolumeNode(reference).ijkToRas)
    assert node.GetVoxelValueUnits().GetCodeValue() == "g/ml"
    assert (node.GetDisplayNode().GetWindow(), node.GetDisplayNode().GetLevel()) == (123.0, 45.0)
    assert node.GetDisplayNode() is not like.GetDisplayNode()
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == patient
    undisplayed = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "undisplayed")
    updateVolumeNode(undisplayed, data, reference, reference)
    assert undisplayed.GetDisplayNode() is None and undisplayed.GetVoxelValueUnits() is None


def test_a_result_is_told_of_once(scene):
    """Who watches the node sees it as a whole, not with the new voxels in the old place."""
    reference = add_volume(scene, image(6), "reference")
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "result")
    seen = []
    node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: seen.append(node.GetImageData() is not None))
    updateVolumeNode(node, imageDataFromArray(image(7).array), reference, reference)
    assert seen and all(seen)
