"""Lists of pairs: each with its own outputs, and one that fails does not stop the others."""

from types import SimpleNamespace

import numpy as np
import pytest
import slicer
from LDRRegistrationLib.logic import RegistrationLogic
from LDRRegistrationLib.mrml.labelmaps import arrayFromOrientedImage, orientedImage
from LDRRegistrationLib.mrml.study import segmentationsOf
from LDRRegistrationLib.mrml.verdicts import noteVerdict
from LDRRegistrationLib.mrml.volumes import imageDataFromArray, imageFromVolumeNode
from LDRRegistrationLib.registration.verdict import Verdict
from LDRRegistrationLib.runtime.errors import RegistrationCancelled, RegistrationError
from LDRRegistrationLib.space.image import Image
from support.grids import random_grid, smooth_image
from support.models import write_model
from support.scene import add_volume, newScene


@pytest.fixture
def s(tmp_path):
    scene = newScene()
    rng = np.random.default_rng(11)
    content = smooth_image(rng, random_grid(rng, (36, 40, 32), 80.0), sigma=2.5)
    volumes = []
    for number in range(3):
        matrix = content.ijkToRas.copy()
        matrix[1, 3] += 2.0 * number
        volumes.append(add_volume(scene, Image(content.array, matrix), f"visit {number}"))
    flat = add_volume(scene, Image(np.full((8, 8, 8), 7, np.int16), np.eye(4)), "flat")
    logic = RegistrationLogic(write_model(tmp_path / "models", (0.0, 0.0, 0.0)))
    return SimpleNamespace(scene=scene, volumes=volumes, flat=flat, logic=logic, center=content.grid.centerRas)


def test_each_pair_has_its_outputs_and_its_row(s):
    first, second, third = s.volumes
    table = s.scene.AddNewNodeByClass("vtkMRMLTableNode", "Batch")
    said = []
    outcomes = s.logic.registerPairs(
        pairs=[(first, second), (first, s.flat), (first, third)],
        createVolumes=True,
        outputTableNode=table,
        prealignment="rigid",
        progressCallback=lambda fraction, stage: said.append((fraction, stage)),
    )
    assert [bool(o.error) for o in outcomes] == [False, True, False]
    assert "flat is constant" in outcomes[1].error and outcomes[1].outputTransformNode is None
    for outcome, shift in ((outcomes[0], 2.0), (outcomes[2], 4.0)):
        moved = outcome.outputTransformNode.GetTransformFromParent().TransformPoint(s.center)
        np.testing.assert_allclose(np.subtract(moved, s.center), (0, shift, 0), atol=0.1)
        assert outcome.outputVolumeNode.GetImageData().GetDimensions() == first.GetImageData().GetDimensions()
    assert table.GetNumberOfRows() == 3
    names = [table.GetColumnName(c) for c in range(table.GetNumberOfColumns())]
    cell = {name: table.GetCellText(1, names.index(name)) for name in ("Fixed", "Moving", "What went wrong")}
    assert cell == {"Fixed": "visit 0", "Moving": "flat", "What went wrong": outcomes[1].error}
    assert float(table.GetCellText(0, names.index("Similarity after"))) == pytest.approx(
        outcomes[0].result.similarity, abs=1e-4
    )
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions) and said[-1][1].startswith("Pair 3 of 3: ")


def test_cancelling_keeps_the_pairs_that_are_done(s):
    first, second, third = s.volumes
    done = []

    def cancelled():
        done[:] = [n for n in range(s.scene.GetNumberOfNodes()) if s.scene.GetNthNode(n).IsA("vtkMRMLTransformNode")]
        return bool(done)

    with pytest.raises(RegistrationCancelled):
        s.logic.registerPairs(pairs=[(first, second), (first, third)], cancelCallback=cancelled)
    assert len(done) == 1 and s.scene.GetFirstNodeByName("visit 1 to visit 0 (LDR)") is not None


def test_bad_lists_are_refused(s):
    with pytest.raises(RegistrationError, match="at least one pair"):
        s.logic.registerPairs(pairs=[])
    (outcome,) = s.logic.registerPairs(pairs=[(s.volumes[0], None)])
    assert "missing" in outcome.error and outcome.result is None
    with pytest.raises(TypeError, match="colour"):
        s.logic.registerPairs(pairs=[(s.volumes[0], s.volumes[1])], colour="blue")


@pytest.fixture
def study(s):
    """The volumes in a folder, a label map and an earlier result among them; a segmentation drawn on the second."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(s.scene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient")
    s.folder = hierarchy.CreateStudyItem(patient, "Study")
    labels = s.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    earlier = add_volume(s.scene, Image(np.zeros((8, 8, 8), np.int16), np.eye(4)), "second on first")
    noteVerdict(earlier, Verdict("good", ""))
    for node in (*s.volumes, s.flat, labels, earlier):
        hierarchy.CreateItem(s.folder, node)
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(s.scene)
    s.segmentation = s.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Lesion")
    voxels = np.zeros(s.volumes[1].GetImageData().GetDimensions()[::-1], np.uint8)
    voxels[12:20, 14:24, 12:22] = 1
    place = imageFromVolumeNode(s.volumes[1]).ijkToRas
    s.segmentation.AddSegmentFromBinaryLabelmapRepresentation(
        orientedImage(imageDataFromArray(voxels), place), "cube", [1.0, 0.0, 0.0]
    )
    s.segmentation.SetReferenceImageGeometryParameterFromVolumeNode(s.volumes[1])
    s.patient, s.hierarchy, s.place, s.voxels = patient, hierarchy, place, voxels
    return s


def middle(voxels, ijkToRas):
    k, j, i = np.argwhere(voxels).mean(axis=0)
    return (ijkToRas @ [i, j, k, 1.0])[:3]


def test_a_whole_study_with_its_segmentations(study):
    first, second, third = study.volumes
    # The folder of the patient, above that of the study, has the same volumes in it.
    outcomes = study.logic.registerStudy(folderItem=study.patient, fixedVolumeNode=first, prealignment="rigid")
    assert [outcome.movingVolumeNode for outcome in outcomes] == [second, third, study.flat]
    assert [bool(outcome.error) for outcome in outcomes] == [False, False, True]
    (copy,) = outcomes[0].carriedNodes
    assert outcomes[1].carriedNodes == [] and copy.GetParentTransformNode() is None
    carried, ijkToRas = arrayFromOrientedImage(
        copy.GetBinaryLabelmapInternalRepresentation(copy.GetSegmentation().GetNthSegmentID(0))
    )
    # The second visit lies 2 mm further anterior than the first.
    expected = middle(study.voxels, study.place) - [0.0, 2.0, 0.0]
    assert middle(carried, ijkToRas) == pytest.approx(expected, abs=0.7)
    # The copy is no segmentation of the volume that the original was drawn on.
    assert segmentationsOf(second) == [study.segmentation]


def test_a_study_can_be_registered_again_while_a_result_is_shown(study):
    first, second, _third = study.volumes
    outcome, *_others = study.logic.registerStudy(folderItem=study.folder, fixedVolumeNode=first)
    second.SetAndObserveTransformNodeID(outcome.outputTransformNode.GetID())
    again, *_others = study.logic.registerStudy(folderItem=study.folder, fixedVolumeNode=first)
    assert again.error == "" and again.outputTransformNode is not outcome.outputTransformNode


def test_folders_without_anything_to_register(study):
    hierarchy = study.hierarchy
    empty = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Empty")
    one = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "One")
    item = hierarchy.CreateItem(one, study.volumes[0])
    for folder, sentence in (
        (empty, "no volume in Empty"),
        (0, "Choose a folder"),
        (item, "is one node"),
        (one, "no other"),
    ):
        with pytest.raises(RegistrationError, match=sentence):
            study.logic.registerStudy(folderItem=folder, fixedVolumeNode=study.volumes[0])
