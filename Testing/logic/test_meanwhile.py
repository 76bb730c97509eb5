"""The scene changes between prepare and publish: what no longer fits is refused, and never reaches another node."""

from types import SimpleNamespace

import numpy as np
import pytest
import slicer
import vtk
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.files import writeImage
from LDRRegistrationLib.mrml.volumes import imageDataFromArray, imageFromVolumeNode
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.space.image import Image
from support.grids import smooth_image
from support.results import SHIFT, shift_result
from support.scene import add_linear_transform, add_volume, array_of, from_parent_points, newScene, snapshot

SHAPE = (20, 22, 24)


def volumes(scene):
    rng = np.random.default_rng(3)
    axes = np.diag([-2.0, -2.0, 2.0, 1.0])
    image = smooth_image(rng, Image(np.zeros(SHAPE), axes).grid)
    fixed, moving = (add_volume(scene, image, name) for name in ("Current", "Prior"))
    transform = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    warped = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "W")
    return SimpleNamespace(scene=scene, fixed=fixed, moving=moving, transform=transform, warped=warped)


@pytest.fixture
def s():
    made = volumes(newScene())
    for volume in (made.fixed, made.moving):
        volume.CreateDefaultDisplayNodes()
    made.logic = RegistrationLogic()
    return made


def prepared(s, **others):
    return s.logic.prepare(
        fixedVolumeNode=s.fixed,
        movingVolumeNode=s.moving,
        outputTransformNode=s.transform,
        outputVolumeNode=s.warped,
        **others,
    )


def computed(job):
    result = shift_result(job)
    job.fill(result)
    return result


def test_a_cleared_scene_whose_ids_are_given_again(s):
    job = prepared(s)
    result = computed(job)
    before_ids = [node.GetID() for node in (s.fixed, s.moving, s.transform, s.warped)]
    s.scene.Clear(0)
    new = volumes(s.scene)
    assert [node.GetID() for node in (new.fixed, new.moving, new.transform, new.warped)] == before_ids
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match="removed from the scene"):
        s.logic.publish(job, result)
    assert snapshot(s.scene) == before


def test_nodes_that_nobody_else_holds_are_found_again(s):
    """Python's wrappers of nodes come and go; the nodes stay."""
    job = prepared(s)
    result = computed(job)
    del s.fixed, s.moving, s.transform, s.warped
    s.logic.publish(job, result)
    np.testing.assert_allclose(from_parent_points(job.outputTransformNode, np.zeros((1, 3))), [SHIFT])


def _voxels(s, volume):
    slicer.util.arrayFromVolume(volume)[:] += 1
    slicer.util.arrayFromVolumeModified(volume)


def _image(s, volume):
    volume.SetAndObserveImageData(imageDataFromArray(array_of(volume)))


def _geometry(s, volume):
    volume.SetSpacing(1.0, 2.0, 2.0)


def _parent(s, volume):
    matrix = np.eye(4)
    matrix[0, 3] = 5.0
    volume.SetAndObserveTransformNodeID(add_linear_transform(s.scene, matrix).GetID())


def _parents_matrix(s, volume):
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(1, 3, 7.0)
    s.parents[volume.GetName()].SetMatrixTransformToParent(matrix)


def _bent(s, volume):
    grid = slicer.vtkOrientedGridTransform()
    image = vtk.vtkImageData()
    image.SetDimensions(3, 3, 3)
    image.AllocateScalars(vtk.VTK_DOUBLE, 3)
    grid.SetDisplacementGridData(image)
    node = s.scene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    node.SetAndObserveTransformFromParent(grid)
    volume.SetAndObserveTransformNodeID(node.GetID())


def _emptied(s, volume):
    volume.SetAndObserveImageData(None)


@pytest.mark.parametrize("when", ["before it is computed", "after that"])
@pytest.mark.parametrize("which", ["fixed", "moving"])
@pytest.mark.parametrize("change", [_voxels, _image, _geometry, _parent, _parents_matrix, _bent, _emptied])
def test_a_volume_that_is_another_now_is_refused(s, change, which, when):
    s.parents = {}
    for node in (s.fixed, s.moving):
        s.parents[node.GetName()] = add_linear_transform(s.scene, np.eye(4))
        node.SetAndObserveTransformNodeID(s.parents[node.GetName()].GetID())
    job = prepared(s)
    volume = getattr(s, which)
    if when == "before it is computed":
        change(s, volume)
        result = computed(job)
    else:
        result = computed(job)
        change(s, volume)
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match=f"{volume.GetName()} was changed while it was registered"):
        s.logic.publish(job, result)
    assert snapshot(s.scene) == before


def _identity_parent(s, volume):
    volume.SetAndObserveTransformNodeID(add_linear_transform(s.scene, np.eye(4)).GetID())


def _saved(s, volume):
    storage = slicer.vtkMRMLNRRDStorageNode()
    s.scene.AddNode(storage)
    storage.SetFileName(str(s.folder / "volume.nrrd"))
    assert storage.WriteData(volume)
    writeImage(imageFromVolumeNode(volume), s.folder / "volume.nii.gz")


def _looked_at(s, volume):
    display = volume.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(10.0, 20.0)
    display.SetInterpolate(0)
    volume.GetImageData().GetScalarRange()
    assert array_of(volume).any()


HARMLESS = {
    "display": _looked_at,
    "name": lambda s, volume: volume.SetName("renamed"),
    "selection": lambda s, volume: volume.SetSelected(not volume.GetSelected()),
    "attribute": lambda s, volume: volume.SetAttribute("a", "b"),
    "parent that does nothing": _identity_parent,
    "saved": _saved,
    "copied": lambda s, volume: s.logic.hardenedCopy(volumeNode=volume),
    "modified in name only": lambda s, volume: volume.Modified(),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_does_no_harm_is_not_refused(s, what, tmp_path):
    s.folder = tmp_path
    job = prepared(s)
    for volume in (s.fixed, s.moving):
        HARMLESS[what](s, volume)
    s.logic.publish(job, computed(job))
    np.testing.assert_allclose(from_parent_points(s.transform, np.zeros((1, 3))), [SHIFT], atol=1e-6)
    np.testing.assert_array_equal(array_of(s.warped), array_of(s.moving) + 1)


def test_an_output_that_stands_above_the_fixed_volume_now_is_refused(s):
    job = prepared(s)
    result = computed(job)
    s.fixed.SetAndObserveTransformNodeID(s.transform.GetID())
    with pytest.raises(RegistrationError, match="is a parent transform of"):
        s.logic.publish(job, result)


def test_a_list_of_pairs_goes_on_after_the_scene_was_cleared(s, monkeypatch):
    monkeypatch.setattr(type(s.logic), "compute", lambda self, job, **unused: (s.scene.Clear(0), computed(job))[1])
    outcomes = s.logic.registerPairs(pairs=[(s.fixed, s.moving), (s.moving, s.fixed)])
    assert "removed from the scene" in outcomes[0].error and "nodes of one scene" in outcomes[1].error
    assert s.scene.GetNumberOfNodesByClass("vtkMRMLTransformNode") == 0
