"""registerVolumes that is refused, cancelled or fails: the scene is as it was."""

import numpy as np
import pytest
import slicer
import vtk
from LDRRegistrationLib.logic import registration as logic_module
from LDRRegistrationLib.mrml import jobs
from LDRRegistrationLib.runtime.errors import DependencyError, RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.image import Image
from support.scene import (
    add_volume,
    snapshot,
)
from support.shiftedscene import Scene


def _non_linear_parent(s):
    grid = slicer.vtkOrientedGridTransform()
    image = vtk.vtkImageData()
    image.SetDimensions(3, 3, 3)
    image.AllocateScalars(vtk.VTK_DOUBLE, 3)
    grid.SetDisplacementGridData(image)
    node = s.scene.AddNewNodeByClass("vtkMRMLTransformNode", "gantry tilt")
    node.SetAndObserveTransformFromParent(grid)
    return node


def _put_under(volume, transform):
    volume.SetAndObserveTransformNodeID(transform.GetID())
    return {}


def _color_volume(s):
    node = s.scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photo")
    image = vtk.vtkImageData()
    image.SetDimensions(8, 8, 8)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    node.SetAndObserveImageData(image)
    return node


BAD = {
    "A volume is missing": lambda s: {"movingVolumeNode": None},
    "is not a scalar volume": lambda s: {"movingVolumeNode": s.transform},
    "3 values per voxel": lambda s: {"movingVolumeNode": _color_volume(s)},
    "is empty": lambda s: {"fixedVolumeNode": s.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "nothing")},
    "the same node": lambda s: {"movingVolumeNode": s.fixed},
    "There is no output": lambda s: {"outputTransformNode": None, "outputVolumeNode": None},
    "is a label map": lambda s: {
        "movingVolumeNode": add_volume(s.scene, s.fixed_image, "labels", "vtkMRMLLabelMapVolumeNode")
    },
    "nodes of one scene": lambda s: {"outputTransformNode": slicer.vtkMRMLTransformNode()},
    "A setting is unknown": lambda s: {"preset": "nonsense"},
    "would be lost": lambda s: {"outputVolumeNode": s.moving},
    "non-linear transform gantry tilt": lambda s: _put_under(s.moving, _non_linear_parent(s)),
    "is a parent transform of": lambda s: _put_under(s.fixed, s.transform),
    "is constant": lambda s: {
        "movingVolumeNode": add_volume(s.scene, Image(np.full((9, 9, 9), 5, np.int16), np.eye(4)), "blank")
    },
    "nearly every voxel is padding": lambda s: {
        "movingVolumeNode": add_volume(s.scene, Image(np.full((9, 9, 9), np.nan, np.float32), np.eye(4)), "holes")
    },
}


@pytest.mark.parametrize("sentence", BAD)
def test_bad_nodes_are_refused_and_the_scene_is_as_it_was(logic, sentence):
    s = Scene()
    arguments = s.arguments(**BAD[sentence](s))
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match=sentence):
        logic.registerVolumes(**arguments)
    assert snapshot(s.scene) == before


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), RegistrationCancelled(), DependencyError("no torch")])
def test_failure_while_computing_leaves_the_scene_as_it_was(logic, monkeypatch, error):
    s = Scene()
    before = snapshot(s.scene)

    def fail(*_arguments):
        raise error

    monkeypatch.setattr(logic_module, "register", fail)
    with pytest.raises(type(error)):
        logic.registerVolumes(**s.arguments())
    assert snapshot(s.scene) == before


def test_cancel_leaves_the_scene_as_it_was(logic):
    s = Scene()
    before = snapshot(s.scene)
    with pytest.raises(RegistrationCancelled):
        logic.registerVolumes(**s.arguments(cancelCallback=lambda: True))
    assert snapshot(s.scene) == before


@pytest.mark.parametrize("step", ["imageDataFromArray", "updateVolumeNode"])
def test_failure_while_publishing_removes_what_was_made(logic, monkeypatch, step):
    s = Scene()
    job = logic.prepare(
        **s.arguments(outputTransformNode=None, outputVolumeNode=None), createTransform=True, createVolume=True
    )
    result = logic.compute(job)
    job.transform, job.imageData = None, None
    before = snapshot(s.scene)

    def fail(*_arguments, **_keywords):
        raise MemoryError

    monkeypatch.setattr(jobs, step, fail)
    with pytest.raises(MemoryError):
        logic.publish(job, result)
    assert [node for node, _ in snapshot(s.scene)] == [node for node, _ in before]


def test_no_memory_for_the_volume_leaves_the_transform_output_too(logic, monkeypatch):
    s = Scene()
    before = snapshot(s.scene)

    def fail(_array, **_keywords):
        raise MemoryError

    monkeypatch.setattr(jobs, "imageDataFromArray", fail)
    with pytest.raises(MemoryError):
        logic.registerVolumes(**s.arguments())
    assert snapshot(s.scene) == before


@pytest.mark.parametrize("name", ["fixed", "moving", "transform", "warped"])
def test_a_node_removed_meanwhile_is_noticed(logic, name):
    s = Scene()
    job = logic.prepare(**s.arguments())
    result = logic.compute(job)
    s.scene.RemoveNode(getattr(s, name))
    before = snapshot(s.scene)
    with pytest.raises(RegistrationError, match="removed from the scene"):
        logic.publish(job, result)
    assert snapshot(s.scene) == before


def test_a_setting_that_does_not_exist_is_an_error_of_the_caller(logic):
    s = Scene()
    with pytest.raises(TypeError, match="refinmentSteps"):
        logic.registerVolumes(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, refinmentSteps=3)
