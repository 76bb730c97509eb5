"""The Advanced section: its choices reach the registration and stay in the scene."""

from __future__ import annotations

from typing import Any

import pytest
from harness.panel import Computation, is_idle, picture
from harness.user import choose, click, wait_for


def advanced_settings(panel: Any) -> Any:
    """What a run with the present choices would be, without computing anything."""
    jobs = []
    computation = Computation(panel)
    computation.panel.logic.compute = lambda job, **others: jobs.append(job) or computation.compute(job, **others)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert panel.errors == []
    return jobs[0]


def test_advanced_choices_reach_the_registration_and_stay_in_the_scene(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    ui = panel.ui
    assert ui.advancedCollapsibleButton.collapsed
    plain = advanced_settings(panel)
    assert (plain.settings.model, plain.settings.recipe.refinement.steps, plain.settings.adaptation) == (
        "auto",
        6,
        None,
    )
    assert plain.masks.fixed is None and plain.initialRas is None

    click(ui.advancedCollapsibleButton)
    click(ui.expertCollapsibleButton)
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Brain")
    labels.SetAndObserveImageData(pair[0].GetImageData())
    labels.CopyOrientation(pair[0])
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Lesions")
    start = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Start")
    choose(ui.fixedMaskSelector, "Brain")
    choose(ui.initialTransformSelector, "Start")
    choose(ui.prealignmentComboBox, "Rigid: shift and turn")
    click(ui.adaptCheckBox)
    ui.refinementStepsSpinBox.value = 7
    ui.threadsSpinBox.value = 2
    picture(panel, "advanced")
    with pytest.raises(AssertionError, match="cannot choose"):
        choose(ui.movingMaskSelector, "Start")
    panel.exit()
    panel.enter()
    assert ui.fixedMaskSelector.currentNode() is labels and ui.initialTransformSelector.currentNode() is start
    job = advanced_settings(panel)
    assert job.masks.fixed is not None and job.masks.moving is None and job.initialRas is not None
    assert (job.settings.prealignment.value, job.settings.refinementSteps, job.settings.threads) == (
        "rigid",
        7,
        2,
    )
    assert job.settings.adaptation.iterations == 40


def test_spin_boxes_say_what_their_least_value_means(panel: Any) -> None:
    ui = panel.ui
    assert ui.refinementStepsSpinBox.text == "As the preset says" and ui.threadsSpinBox.text == "Automatic"
    assert (ui.refinementStepsSpinBox.maximum, ui.threadsSpinBox.maximum) == (200, 64)
    ui.refinementStepsSpinBox.value = 0
    assert ui.refinementStepsSpinBox.text == "0"
    panel.exit()
    panel.enter()
    assert ui.refinementStepsSpinBox.text == "0" and ui.threadsSpinBox.text == "Automatic"
    ui.threadsSpinBox.stepDown()
    assert ui.threadsSpinBox.text == "Automatic" and panel.logic.getParameterNode().threads == 0


def test_a_models_card_says_what_it_may_be_used_for(panel: Any) -> None:
    ui = panel.ui
    assert "General" in ui.modelCardLabel.text and "non-commercial" not in ui.modelCardLabel.text
    choose(ui.modelComboBox, "T1 brains (non-commercial use)")
    assert "Only for non-commercial use." in ui.modelCardLabel.text and "oasis_brains" in ui.modelCardLabel.text
    assert panel.logic.getParameterNode().model == "c2f-brain-t1"
    panel.logic.getParameterNode().model = "from-elsewhere"
    assert ui.modelComboBox.currentText == "from-elsewhere"
    assert ui.modelCardLabel.text == 'The model "from-elsewhere" is not installed.'
