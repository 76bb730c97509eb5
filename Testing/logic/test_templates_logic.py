"""A template of volume nodes: new nodes, the volumes untouched, parent transforms respected."""

import numpy as np
import pytest
import slicer
import vtk
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.matrices import matrixFromArray
from LDRRegistrationLib.mrml.transforms import pointsThrough
from LDRRegistrationLib.mrml.verdicts import notedVerdict
from LDRRegistrationLib.mrml.volumes import imageDataFromArray
from LDRRegistrationLib.runtime.errors import RegistrationError
from support.grids import random_grid, smooth_image
from support.models import write_model

SHIFT = 6.0


@pytest.fixture
def two(tmp_path):
    """The logic, and one image twice: once in its place and once 6 mm away along R, by a parent transform."""
    scene = slicer.vtkMRMLScene()
    image = smooth_image(np.random.default_rng(2), random_grid(np.random.default_rng(2), (36, 40, 34)))
    parent = scene.AddNewNodeByClass("vtkMRMLTransformNode", "moved")
    shift = np.eye(4)
    shift[0, 3] = SHIFT
    parent.SetMatrixTransformToParent(matrixFromArray(shift))
    nodes = []
    for name in ("first", "second"):
        node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        node.SetAndObserveImageData(imageDataFromArray(image.array))
        node.SetIJKToRASMatrix(matrixFromArray(image.ijkToRas))
        nodes.append(node)
    nodes[1].SetAndObserveTransformNodeID(parent.GetID())
    return RegistrationLogic(write_model(tmp_path, (0.0, 0.0, 0.0))), scene, nodes


def test_the_midpoint_of_two_nodes(two):
    logic, scene, nodes = two
    said = []
    made = logic.makeTemplate(
        volumeNodes=nodes,
        rounds=2,
        deforms=False,
        prealignment="rigid",
        progressCallback=lambda share, stage: said.append(share),
    )
    assert made.volumeNode.GetScene() is scene and made.template.verdict.grade == "good"
    assert said == sorted(said) and 0 <= said[0] and said[-1] <= 1
    center = np.array([made.template.image.grid.centerRas])
    # From a point of the template to each volume's own coordinates, which for both are those of one image.
    first, second = (pointsThrough(node.GetTransformFromParent(), center)[0] for node in made.transformNodes)
    np.testing.assert_allclose(first, second, atol=0.1)
    np.testing.assert_allclose(center[0] - first, (SHIFT / 2, 0, 0), atol=0.1)
    assert [node.GetName() for node in made.transformNodes] == ["first to template", "second to template"]
    assert notedVerdict(made.volumeNode).startswith("good")
    assert nodes[0].GetTransformNodeID() is None and nodes[1].GetParentTransformNode().GetName() == "moved"
    matrix = vtk.vtkMatrix4x4()
    made.volumeNode.GetIJKToRASMatrix(matrix)
    assert matrix.GetElement(0, 3) == pytest.approx(made.template.image.ijkToRas[0, 3])


def test_what_is_refused_leaves_the_scene_as_it_was(two):
    logic, scene, nodes = two
    before = scene.GetNumberOfNodes()
    for chosen, said in (
        (nodes[:1], "at least two"),
        ([nodes[0], nodes[0]], "chosen twice"),
        ([None, nodes[0]], "missing"),
    ):
        with pytest.raises(RegistrationError, match=said):
            logic.makeTemplate(volumeNodes=chosen)
    assert scene.GetNumberOfNodes() == before
