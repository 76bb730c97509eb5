"""4D: every frame of a sequence to one of them or to another volume, as a sequence of transforms."""

from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.volumes import imageFromVolumeNode
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.image import Image
from support.grids import random_grid, smooth_image
from support.models import write_model
from support.scene import add_volume, newScene

STEP = np.array([0.0, 3.0, 0.0])


@pytest.fixture
def logic(tmp_path):
    return RegistrationLogic(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))


@pytest.fixture
def sequence():
    """Three frames of one content, each 3 mm further anterior than the one before, shown by a browser."""
    scene = newScene()
    for kind in (slicer.vtkMRMLSequenceNode, slicer.vtkMRMLSequenceBrowserNode):
        if not scene.IsNodeClassRegistered(kind.__name__):
            scene.RegisterNodeClass(kind())
    rng = np.random.default_rng(7)
    content = smooth_image(rng, random_grid(rng, (40, 44, 36), 100.0), sigma=2.5)
    node = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Breathing")
    node.SetIndexName("time")
    node.SetIndexUnit("s")
    for number in range(3):
        matrix = content.ijkToRas.copy()
        matrix[:3, 3] += number * STEP
        frame = add_volume(scene, Image(content.array, matrix), f"frame {number}")
        node.SetDataNodeAtValue(frame, f"{number / 2}")
        scene.RemoveNode(frame)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Browser")
    browser.SetAndObserveMasterSequenceNodeID(node.GetID())
    # VTK nodes do not keep their scene alive.
    return SimpleNamespace(scene=scene, frames=node, browser=browser, center=content.grid.centerRas)


def shifts(transforms, center):
    nodes = [transforms.GetNthDataNode(n) for n in range(transforms.GetNumberOfDataNodes())]
    return [np.array(node.GetTransformFromParent().TransformPoint(center)) - center for node in nodes]


def test_every_frame_to_one_of_them(logic, sequence):
    frames, browser = sequence.frames, sequence.browser
    said = []
    transforms = logic.registerSequence(
        sequenceNode=frames, referenceFrame=1, progressCallback=lambda fraction, stage: said.append((fraction, stage))
    )
    found = shifts(transforms, sequence.center + STEP)
    for number, shift in enumerate(found):
        # Frame n shows at x + (n - 1) * STEP what frame 1 shows at x.
        np.testing.assert_allclose(shift, (number - 1) * STEP, atol=0.3)
    assert not found[1].any()
    assert [float(transforms.GetNthIndexValue(n)) for n in range(3)] == [0.0, 0.5, 1.0]
    assert transforms.GetIndexUnit() == "s" and transforms.GetName() == "Transforms of Breathing"
    assert browser.IsSynchronizedSequenceNode(transforms, True)
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions) and said[-1][1].startswith("Frame 3 of 3")


def test_every_frame_to_another_volume(logic, sequence):
    frames = sequence.frames
    fixed = add_volume(sequence.scene, imageFromVolumeNode(frames.GetNthDataNode(0)), "planning scan")
    output = sequence.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "mine")
    transforms = logic.registerSequence(sequenceNode=frames, fixedVolumeNode=fixed, outputSequenceNode=output)
    assert transforms is output and transforms.GetNumberOfDataNodes() == 3
    for number, shift in enumerate(shifts(transforms, sequence.center)):
        np.testing.assert_allclose(shift, number * STEP, atol=0.3)


def test_nothing_is_left_of_a_failure(logic, sequence):
    frames = sequence.frames
    before = sequence.scene.GetNumberOfNodes()
    for wrong, words in (
        ({"sequenceNode": None}, "Choose a sequence"),
        ({"sequenceNode": frames, "referenceFrame": 3}, "no frame 3"),
    ):
        with pytest.raises(RegistrationError, match=words):
            logic.registerSequence(**wrong)
    asked = []

    def cancel():
        asked.append(1)
        return len(asked) > 8

    with pytest.raises(RegistrationCancelled):
        logic.registerSequence(sequenceNode=frames, cancelCallback=cancel)
    assert sequence.scene.GetNumberOfNodes() == before


def test_frames_without_a_browser_get_one(logic, sequence):
    sequence.scene.RemoveNode(sequence.browser)
    transforms = logic.registerSequence(sequenceNode=sequence.frames)
    browser = sequence.scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
    assert browser.GetMasterSequenceNode() is sequence.frames
    assert browser.IsSynchronizedSequenceNode(transforms)


@pytest.mark.parametrize("what", ["scene", "sequence", "output", "frame", "voxels", "fixed"])
def test_what_changed_meanwhile_is_refused(logic, sequence, what):
    scene, frames = sequence.scene, sequence.frames
    output = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "mine")
    fixed = add_volume(scene, imageFromVolumeNode(frames.GetNthDataNode(0)), "planning scan")
    done = []

    def meanwhile(fraction, stage):
        if stage.startswith("Frame 3") and not done:
            done.append(what)
            if what == "scene":
                scene.Clear(0)
            elif what == "sequence":
                scene.RemoveNode(frames)
            elif what == "output":
                scene.RemoveNode(output)
            elif what == "frame":
                frames.RemoveDataNodeAtValue("1.0")
            elif what == "voxels":
                slicer.util.arrayFromVolume(frames.GetNthDataNode(1))[:] += 1
                slicer.util.arrayFromVolumeModified(frames.GetNthDataNode(1))
            else:
                fixed.SetSpacing(1.0, 1.0, 1.0)

    with pytest.raises(RegistrationError, match=r"removed from the scene|was changed|were added, removed"):
        logic.registerSequence(
            sequenceNode=frames, fixedVolumeNode=fixed, outputSequenceNode=output, progressCallback=meanwhile
        )
    assert done and output.GetNumberOfDataNodes() == 0
