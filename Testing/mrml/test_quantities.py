"""What belongs to the values of a volume goes where the values go; what belongs to its DICOM files does not."""

from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.display import ResultDisplay
from LDRRegistrationLib.mrml.transforms import updateTransformNode, vtkTransform
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform
from support.grids import random_grid, random_transform, smooth_image
from support.results import shift_result
from support.scene import add_volume, newScene

SUV, QUANTITY = ("g/ml", "UCUM", "SUVbw"), ("126400", "DCM", "Standardized Uptake Value")


def entry(values):
    made = slicer.vtkCodedEntry()
    made.SetValueSchemeMeaning(*values)
    return made


def meaning(node):
    """(quantity, unit) in words, None where there is none."""
    return tuple(
        None if found is None else found.GetCodeMeaning()
        for found in (node.GetVoxelValueQuantity(), node.GetVoxelValueUnits())
    )


@pytest.fixture
def s():
    scene = newScene()
    rng = np.random.default_rng(5)
    grid = random_grid(rng, (20, 22, 24))
    fixed, moving = (add_volume(scene, smooth_image(rng, grid), name) for name in ("CT", "PET"))
    fixed.SetVoxelValueUnits(entry(("[hnsf'U]", "UCUM", "Hounsfield unit")))
    moving.SetVoxelValueQuantity(entry(QUANTITY))
    moving.SetVoxelValueUnits(entry(SUV))
    moving.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
    moving.CreateDefaultDisplayNodes()
    display = moving.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(12.0, 6.0)
    display.AddWindowLevelPreset(7.0, 3.0)
    colors = scene.AddNewNodeByClass("vtkMRMLColorTableNode", "PET colors")
    display.SetAndObserveColorNodeID(colors.GetID())
    transform = scene.AddNewNodeByClass("vtkMRMLTransformNode", "T")
    updateTransformNode(transform, vtkTransform(random_transform(rng, grid)), fixed, moving)
    return SimpleNamespace(
        scene=scene, fixed=fixed, moving=moving, transform=transform, colors=colors, logic=RegistrationLogic()
    )


def warped(s):
    output = s.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "used before")
    output.SetAttribute("DICOM.instanceUIDs", "9.9")
    output.SetVoxelValueUnits(entry(("1", "UCUM", "no unit")))
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, outputVolumeNode=output)
    s.logic.publish(job, shift_result(job))
    return output


def created(s):
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, createVolume=True)
    s.logic.publish(job, shift_result(job))
    return job.outputVolumeNode


MAKERS = {
    "warped output": warped,
    "created output": created,
    "carried": lambda s: s.logic.applyTransform(transformNode=s.transform, nodes=[s.moving])[0],
    "carried onto a reference": lambda s: s.logic.applyTransform(
        transformNode=s.transform, nodes=[s.moving], referenceVolumeNode=s.fixed
    )[0],
    "hardened": lambda s: s.logic.hardenedCopy(volumeNode=s.moving),
}


@pytest.mark.parametrize("how", MAKERS)
def test_values_keep_their_meaning(s, how):
    made = MAKERS[how](s)
    assert meaning(made) == (QUANTITY[2], SUV[2])
    assert made.GetVoxelValueUnits() is not s.moving.GetVoxelValueUnits(), "not shared"
    assert made.GetAttribute("DICOM.instanceUIDs") is None
    display = made.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (12.0, 6.0)
    assert (display.GetColorNode(), display.GetNumberOfWindowLevelPresets()) == (s.colors, 1)
    assert meaning(s.moving) == (QUANTITY[2], SUV[2])
    assert s.moving.GetAttribute("DICOM.instanceUIDs") == "1.2.3 1.2.4", "the original is as it was"


def test_values_without_a_unit_take_none_over(s):
    """Into an output that had one."""
    s.moving.SetVoxelValueUnits(None)
    s.moving.SetVoxelValueQuantity(None)
    assert meaning(warped(s)) == (None, None)


def test_other_values_have_another_meaning(s):
    change = s.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "was a PET")
    change.SetVoxelValueUnits(entry(SUV))
    change.SetVoxelValueQuantity(entry(QUANTITY))
    s.logic.localVolumeChange(transformNode=s.transform, referenceVolumeNode=s.fixed, outputVolumeNode=change)
    assert meaning(change) == (None, "percent")
    assert meaning(ResultDisplay(s.fixed, s.moving, s.transform).showCheckerboard()) == (None, None)


def test_a_label_map_keeps_its_meaning_and_its_colors(s):
    labels = add_volume(s.scene, Image(np.ones((9, 9, 9), np.int16), np.eye(4)), "L", "vtkMRMLLabelMapVolumeNode")
    labels.SetVoxelValueUnits(entry(("1", "UCUM", "no unit")))
    labels.SetAttribute("DICOM.instanceUIDs", "1.2")
    output = s.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "out")
    s.logic.warpLabels(
        labelsNode=labels, referenceVolumeNode=s.fixed, transform=Transform(np.eye(4)), outputLabelsNode=output
    )
    assert meaning(output) == (None, "no unit") and output.GetAttribute("DICOM.instanceUIDs") is None
    assert meaning(s.logic.applyTransform(transformNode=s.transform, nodes=[labels])[0]) == (None, "no unit")
