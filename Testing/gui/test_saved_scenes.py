"""A scene saved and loaded again has the panel's choices, and its results, as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle
from harness.user import choose, click, wait_for


@pytest.mark.parametrize("isOpen", [True, False], ids=["panel open", "panel closed"])
def test_choices_and_results_come_back(panel: Any, pair: tuple[Any, Any], tmp_path: Path, isOpen: bool) -> None:
    import slicer

    ui, scene = panel.ui, slicer.mrmlScene
    click(ui.advancedCollapsibleButton)
    click(ui.expertCollapsibleButton)
    choose(ui.presetComboBox, ui.presetComboBox.itemText(1))
    choose(ui.prealignmentComboBox, "Rigid: shift and turn")
    click(ui.adaptCheckBox)
    ui.refinementStepsSpinBox.value = 7
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    transform = ui.outputTransformSelector.currentNode()
    expected = transform.GetTransformFromParent().TransformPoint(1.0, 2.0, 3.0)

    for node in (*pair, transform):
        node.AddDefaultStorageNode()
        suffix = "h5" if node is transform else "nrrd"
        node.GetStorageNode().SetFileName(str(tmp_path / f"{node.GetName().replace(' ', '-')}.{suffix}"))
        assert node.GetStorageNode().WriteData(node)
    scene.SetURL(str(tmp_path / "saved.mrml"))
    assert scene.Commit()
    if not isOpen:
        panel.exit()
    scene.Clear()
    if isOpen:
        assert ui.fixedVolumeSelector.currentNode() is None and not ui.applyButton.enabled
    scene.SetURL(str(tmp_path / "saved.mrml"))
    assert scene.Connect()
    if not isOpen:
        panel.enter()

    # Whatever the connectors do, these are the choices: widgets and parameter node agree.
    assert panel.logic.getParameterNode().fixedVolume is ui.fixedVolumeSelector.currentNode()
    assert ui.fixedVolumeSelector.currentNode().GetName() == "Current"
    assert ui.movingVolumeSelector.currentNode().GetName() == "Prior"
    assert ui.presetComboBox.currentText.startswith("Accurate")
    assert ui.prealignmentComboBox.currentText.startswith("Rigid")
    assert ui.adaptCheckBox.checked and ui.refinementStepsSpinBox.value == 7
    again = ui.outputTransformSelector.currentNode()
    assert again is not transform and again.GetName() == "Prior to Current (LDR)"
    assert again.GetTransformFromParent().TransformPoint(1.0, 2.0, 3.0) == pytest.approx(expected, abs=1e-5)
    assert ui.resultCollapsibleButton.enabled and ui.applyButton.enabled
    assert panel.errors == []


@pytest.mark.parametrize("isOpen", [True, False], ids=["panel open", "panel closed"])
def test_what_is_added_from_a_file_does_not_undo_the_choices(
    panel: Any, pair: tuple[Any, Any], tmp_path: Path, isOpen: bool
) -> None:
    """File > Add data with a scene: its nodes come in beside those that there are."""
    import slicer

    other = slicer.vtkMRMLScene()
    other.AddNewNodeByClass("vtkMRMLTransformNode", "Added")
    other.SetURL(str(tmp_path / "other.mrml"))
    assert other.Commit()
    ui = panel.ui
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Brain")
    slicer.util.updateVolumeFromArray(labels, np.ones((8, 9, 10), np.uint8))
    ui.fixedMaskSelector.setCurrentNode(labels)
    if not isOpen:
        panel.exit()
    slicer.mrmlScene.SetURL(str(tmp_path / "other.mrml"))
    assert slicer.mrmlScene.Import()
    if not isOpen:
        panel.enter()
    assert slicer.mrmlScene.GetFirstNodeByName("Added") is not None
    assert (ui.fixedVolumeSelector.currentNode(), ui.movingVolumeSelector.currentNode()) == pair
    assert ui.fixedMaskSelector.currentNode() is labels and ui.applyButton.enabled
    choose(ui.outputTransformSelector, "Added")


def test_a_scene_opened_over_another_while_the_panel_is_open(panel: Any, pair: tuple[Any, Any], tmp_path: Path) -> None:
    import slicer

    ui, scene = panel.ui, slicer.mrmlScene
    for node in pair:
        node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(str(tmp_path / f"{node.GetName()}.nrrd"))
        assert node.GetStorageNode().WriteData(node)
    scene.SetURL(str(tmp_path / "saved.mrml"))
    assert scene.Commit()
    computation = Computation(panel, waits=True)
    click(ui.applyButton)
    computation.wait_until_shown()
    assert scene.Connect()
    assert is_idle(panel) and "the scene was closed" in ui.logTextEdit.toPlainText()
    assert [ui.fixedVolumeSelector.currentNode().GetName(), ui.movingVolumeSelector.currentNode().GetName()] == [
        "Current",
        "Prior",
    ]
    assert ui.applyButton.enabled
    wait_for(computation.ended.is_set, "the computation to notice")
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the run in the new scene")
    assert ui.outputTransformSelector.currentNode().GetName() == "Prior to Current (LDR)" and panel.errors == []
