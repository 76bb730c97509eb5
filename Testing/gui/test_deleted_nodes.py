"""What a user chose and then deletes is chosen no more; nothing else takes its place."""

from __future__ import annotations

from typing import Any

import pytest
from harness.panel import Computation, is_idle, node_names
from harness.user import choose, click, wait_for

SELECTORS = {
    "fixedVolumeSelector": "vtkMRMLScalarVolumeNode",
    "movingVolumeSelector": "vtkMRMLScalarVolumeNode",
    "outputTransformSelector": "vtkMRMLTransformNode",
    "outputVolumeSelector": "vtkMRMLScalarVolumeNode",
    "initialTransformSelector": "vtkMRMLTransformNode",
    "fixedMaskSelector": "vtkMRMLSegmentationNode",
    "movingMaskSelector": "vtkMRMLSegmentationNode",
    "changeMaskSelector": "vtkMRMLSegmentationNode",
    "excludeMaskSelector": "vtkMRMLSegmentationNode",
    "carrySelector": "vtkMRMLMarkupsFiducialNode",
    "fixedLandmarksSelector": "vtkMRMLMarkupsFiducialNode",
    "movingLandmarksSelector": "vtkMRMLMarkupsFiducialNode",
    "roiSelector": "vtkMRMLMarkupsROINode",
    "studyFixedSelector": "vtkMRMLScalarVolumeNode",
    "studySequenceSelector": "vtkMRMLSequenceNode",
}


def test_the_list_above_is_complete(panel: Any) -> None:
    shown = {name for name, widget in vars(panel.ui).items() if widget.className() == "qMRMLNodeComboBox"}
    assert shown == set(SELECTORS)


@pytest.mark.parametrize("isOpen", [True, False], ids=["panel open", "panel closed"])
def test_no_neighbour_is_chosen(panel: Any, add_volume: Any, isOpen: bool) -> None:
    import slicer

    def chosen(name: str) -> list[Any]:
        choices = panel.logic.getParameterNode()
        parameter = name.removesuffix("Selector")
        shown = getattr(panel.ui, name).currentNode()
        return [shown, getattr(choices, parameter) if hasattr(choices, parameter) else shown]

    for name, kind in SELECTORS.items():
        first, mine, last = (slicer.mrmlScene.AddNewNodeByClass(kind, text) for text in ("Before", "Mine", "Precious"))
        selector = getattr(panel.ui, name)
        selector.setCurrentNode(mine)
        assert chosen(name) == [mine, mine]
        if not isOpen:
            # With neither volume chosen, entering proposes two.
            other = panel.ui.movingVolumeSelector if "fixed" in name else panel.ui.fixedVolumeSelector
            other.setCurrentNode(add_volume("Other"))
            panel.exit()
        slicer.mrmlScene.RemoveNode(mine)
        if not isOpen:
            panel.enter()
        assert chosen(name) == [None, None], name
        selector.setCurrentNode(last)
        slicer.mrmlScene.RemoveNode(first)
        assert chosen(name) == [last, last], "what was chosen stays so when others go"
        slicer.mrmlScene.RemoveNode(last)
        assert chosen(name) == [None, None], name


def test_apply_does_not_overwrite_what_was_next_in_the_list(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    precious = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Precious")
    slicer.mrmlScene.RemoveNode(panel.ui.outputTransformSelector.currentNode())
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the second run")
    assert precious.GetTransformFromParent() is None, "nothing was written into it"
    assert node_names("vtkMRMLTransformNode") == ["Precious", "Prior to Current (LDR)"]


def test_apply_waits_for_a_new_choice(panel: Any, pair: tuple[Any, Any], add_volume: Any) -> None:
    import slicer

    add_volume("Another")
    slicer.mrmlScene.RemoveNode(pair[1])
    assert not panel.ui.applyButton.enabled
    assert panel.ui.statusLabel.text == "Choose a moving volume."


def test_deleting_a_comparisons_part_is_a_sentence(panel: Any, pair: tuple[Any, Any]) -> None:
    """The comparison itself is tested elsewhere; here one whose segmentation is gone."""
    import slicer
    from LDRRegistrationLib.mrml.changenodes import Changes

    scene = slicer.mrmlScene
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Change")
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Regions")
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", "Table")
    changes = Changes(None, None, None, None, volume, segmentation, table, None)  # type: ignore[arg-type]
    panel.logic.getParameterNode().changeTable = table
    panel._changes.show(changes, pair[0])
    scene.RemoveNode(segmentation)
    panel.ui.sensitivitySlider.value = 70
    label = panel.ui.regionsHintLabel
    wait_for(lambda: "no longer in the scene" in label.text, "the slider to rest")
    scene.RemoveNode(volume)
    click(panel.ui.changesCollapsibleButton)
    label.text = ""
    click(panel.ui.showChangesButton)
    assert "no longer in the scene" in label.text and label.visible and panel.errors == []
    scene.RemoveNode(table)
    assert not panel.ui.sensitivitySlider.enabled
    choose(panel.ui.movingVolumeSelector, "Prior")
