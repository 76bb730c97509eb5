"""The verdict on a registration stays with the nodes that it made, and is in every table."""

from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.verdicts import notedVerdict
from LDRRegistrationLib.registration import sequence
from LDRRegistrationLib.registration.sequence import verdictOfAll
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.space.image import Image
from support.grids import smooth_image
from support.results import shift_result
from support.scene import add_volume, newScene

DOUBTFUL, WRONG = ("check", "The images overlap little."), ("failed", "Nothing fits.")


@pytest.fixture
def s():
    scene = newScene()
    image = smooth_image(np.random.default_rng(3), Image(np.zeros((20, 22, 24)), np.diag([-2.0, -2.0, 2.0, 1.0])).grid)
    fixed, moving = (add_volume(scene, image, name) for name in ("Current", "Prior"))
    return SimpleNamespace(scene=scene, fixed=fixed, moving=moving, logic=RegistrationLogic())


def published(s, verdict, **outputs):
    job = s.logic.prepare(fixedVolumeNode=s.fixed, movingVolumeNode=s.moving, **outputs)
    s.logic.publish(job, shift_result(job, verdict))
    return job


def cells(table, column):
    names = [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())]
    return [table.GetCellText(row, names.index(column)) for row in range(table.GetNumberOfRows())]


def test_outputs_and_what_is_made_of_them(s):
    job = published(s, DOUBTFUL, createTransform=True, createVolume=True)
    text = "check: The images overlap little."
    transform = job.outputTransformNode
    inverse = s.logic.inverseTransform(transformNode=transform).transformNode
    (copy,) = s.logic.applyTransform(transformNode=transform, nodes=[s.moving])
    assert [notedVerdict(node) for node in (transform, job.outputVolumeNode, inverse, copy)] == [text] * 4
    assert notedVerdict(s.moving) == "" and notedVerdict(s.logic.hardenedCopy(volumeNode=s.moving)) == ""
    published(s, ("good", ""), outputTransformNode=transform)
    assert notedVerdict(transform) == "good", "of the last registration"


def test_table_of_landmarks(s):
    transform = published(s, WRONG, createTransform=True).outputTransformNode
    points = s.scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "points")
    points.AddControlPoint(1.0, 2.0, 3.0)
    comparison = s.logic.compareLandmarks(fixedMarkupsNode=points, movingMarkupsNode=points, transformNode=transform)
    assert set(cells(comparison.tableNode, "Verdict")) == {"failed: Nothing fits."}
    assert comparison.summary.endswith("; registration failed: Nothing fits.")
    foreign = s.scene.AddNewNodeByClass("vtkMRMLTransformNode", "by hand")
    comparison = s.logic.compareLandmarks(fixedMarkupsNode=points, movingMarkupsNode=points, transformNode=foreign)
    assert set(cells(comparison.tableNode, "Verdict")) == {""} and "registration" not in comparison.summary


def test_table_of_pairs(s, monkeypatch):
    verdicts = iter([DOUBTFUL, ("good", "")])
    monkeypatch.setattr(type(s.logic), "compute", lambda self, job, **unused: shift_result(job, next(verdicts)))
    table = s.scene.AddNewNodeByClass("vtkMRMLTableNode", "Batch")
    s.logic.registerPairs(pairs=[(s.fixed, s.moving), (s.moving, s.fixed), (s.fixed, None)], outputTableNode=table)
    assert cells(table, "Verdict") == ["check: The images overlap little.", "good", ""]


def test_frames_of_a_sequence(s, monkeypatch):
    s.scene.RegisterNodeClass(slicer.vtkMRMLSequenceNode())
    frames = s.scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Breathing")
    for number in range(3):
        frames.SetDataNodeAtValue(s.moving, str(number))
    verdicts = iter([DOUBTFUL, WRONG])

    def register(fixed, moving, settings, *unused, **others):
        return shift_result(SimpleNamespace(fixed=fixed, moving=moving, settings=settings), next(verdicts))

    monkeypatch.setattr(sequence, "register", register)
    transforms = s.logic.registerSequence(sequenceNode=frames)
    assert [notedVerdict(transforms.GetNthDataNode(n)) for n in range(3)] == [
        "good",
        "check: The images overlap little.",
        "failed: Nothing fits.",
    ]
    assert notedVerdict(transforms) == "failed: Frames (from 0): failed at 2; check at 1."
    assert verdictOfAll([Verdict("good", ""), Verdict("good", "")]) == Verdict("good", "")
