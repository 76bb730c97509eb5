"""The panel in a real Qt window over a real MRML scene, used with the mouse; only the computation is a stand-in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle, node_names, picture
from harness.user import choose, click, wait_for


def test_page_opens_without_importing_torch() -> None:
    """Where it could be imported; test_slicer_ctest.py opens the panel where it could not."""
    code = """
import sys
from conftest import MODULE
from harness import application, pythonqt
application.install()
panel = application.open_module(MODULE)
assert panel.ui.applyButton.text == "Apply" and not panel.ui.applyButton.enabled
assert pythonqt.slot_errors == [] and not sys.modules.get("torch")
panel.cleanup()
print("opened")
"""
    here = Path(__file__).parent
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=120, check=False)
    assert ran.stdout.strip().endswith("opened"), ran.stderr


def test_apply_says_what_is_missing(panel: Any, add_volume: Any) -> None:
    ui = panel.ui
    picture(panel, "empty")
    assert not ui.applyButton.enabled
    assert ui.applyButton.toolTip == ui.statusLabel.text == "Choose a fixed and a moving volume."
    add_volume("Current")
    add_volume("Prior")
    choose(ui.fixedVolumeSelector, "Current")
    choose(ui.movingVolumeSelector, "Select a volume")
    assert ui.applyButton.toolTip == ui.findHintLabel.text == "Choose a moving volume."
    choose(ui.movingVolumeSelector, "Current")
    assert "the same" in ui.applyButton.toolTip
    choose(ui.movingVolumeSelector, "Prior")
    assert ui.applyButton.enabled
    assert ui.applyButton.toolTip == 'Apply makes the transform "Prior to Current (LDR)".'
    picture(panel, "ready")
    choose(ui.outputVolumeSelector, "Prior")
    assert not ui.applyButton.enabled
    assert "an input" in ui.statusLabel.text


def test_first_two_volumes_are_proposed(panel: Any, add_volume: Any) -> None:
    add_volume("First")
    add_volume("Second")
    panel.exit()
    panel.enter()
    assert panel.ui.fixedVolumeSelector.currentNode().GetName() == "First"
    assert panel.ui.movingVolumeSelector.currentNode().GetName() == "Second"
    assert panel.ui.applyButton.enabled


def test_preset_is_kept_in_the_scene(panel: Any) -> None:
    labels = [panel.ui.presetComboBox.itemText(i) for i in range(panel.ui.presetComboBox.count)]
    assert [label.partition(":")[0] for label in labels] == ["Fast", "Accurate", "Best"]
    choose(panel.ui.presetComboBox, labels[1])
    panel.exit()
    panel.enter()
    assert panel.ui.presetComboBox.currentText == labels[1]
    assert panel.logic.getParameterNode().preset.name == "ACCURATE"


def test_apply_makes_a_transform(panel: Any, pair: tuple[Any, Any]) -> None:
    ui, computation = panel.ui, Computation(panel, waits=True)
    click(ui.applyButton)
    computation.wait_until_shown()
    picture(panel, "running")
    assert ui.applyButton.text == "Cancel"
    assert ui.progressBar.visible and ui.progressBar.value == 40
    assert not ui.inputsCollapsibleButton.enabled
    assert node_names("vtkMRMLTransformNode") == []

    computation.released.set()
    wait_for(lambda: is_idle(panel), "the end of the run")
    picture(panel, "finished")
    transform = ui.outputTransformSelector.currentNode()
    assert transform.GetName() == "Prior to Current (LDR)"
    assert transform.GetTransformFromParent().TransformPoint(1.0, 1.0, 1.0) == pytest.approx((5.0, -1.0, 2.0))
    assert ui.outputVolumeSelector.currentNode() is None
    assert "0.300" in ui.statusLabel.toolTip and ui.statusNotesLabel.text == "Only the pre-alignment is kept."
    log = ui.logTextEdit.toPlainText()
    assert "Prior to Current" in log and "Only the pre-alignment is kept." in log and "0.300" in log

    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the second run")
    assert node_names("vtkMRMLTransformNode") == ["Prior to Current (LDR)"], "the second run updates the first's output"
    assert panel.errors == []


def test_output_volume_alone(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    Computation(panel)
    choose(panel.ui.outputVolumeSelector, "Create new ScalarVolume")
    volume = panel.ui.outputVolumeSelector.currentNode()
    assert volume.GetName() == "Prior aligned to Current (LDR)"
    assert panel.ui.applyButton.toolTip == 'Apply writes the volume "Prior aligned to Current (LDR)".'
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert node_names("vtkMRMLTransformNode") == []
    assert np.allclose(slicer.util.arrayFromVolume(volume), slicer.util.arrayFromVolume(pair[1]) + 1)


def test_bad_input_is_a_sentence(panel: Any, add_volume: Any) -> None:
    import slicer

    add_volume("Current")
    add_volume("Flat", value=7.0)
    choose(panel.ui.fixedVolumeSelector, "Current")
    choose(panel.ui.movingVolumeSelector, "Flat")
    before = slicer.mrmlScene.GetNumberOfNodes()
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the refusal")
    assert "Flat is constant" in panel.ui.statusLabel.text and panel.errors == []
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    picture(panel, "error")


def test_unexpected_error_is_shown_and_the_panel_goes_on(panel: Any, pair: tuple[Any, Any]) -> None:
    Computation(panel, error=MemoryError("no room"))
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert panel.errors == ["The registration failed: no room"]
    assert node_names("vtkMRMLTransformNode") == []
    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: bool(node_names("vtkMRMLTransformNode")), "the transform of the next run")


def test_missing_torch_is_a_sentence(panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from LDRRegistrationLib.runtime.errors import DependencyError

    def missing() -> None:
        raise DependencyError("PyTorch is not installed.")

    pytorch = sys.modules["LDRRegistration"].pytorch
    monkeypatch.setattr(pytorch, "torchIsInstalled", lambda: False)
    monkeypatch.setattr(pytorch, "installTorch", missing)
    click(panel.ui.applyButton)
    assert panel.ui.statusLabel.text == "PyTorch is not installed." and panel.errors == []
    assert is_idle(panel) and panel.ui.applyButton.enabled


@pytest.mark.parametrize("meanwhile", ["clicks", "delete", "leave"])
def test_while_torch_is_installed_the_user_may_click(
    panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """The PyTorch extension handles events while it installs: no second one is begun, and nodes may be gone."""
    import slicer

    ui, installations = panel.ui, []

    def install() -> None:
        installations.append(ui.statusLabel.text)
        if meanwhile == "delete":
            slicer.mrmlScene.RemoveNode(pair[1])
        if meanwhile == "leave":
            panel.exit()
        for button in (ui.applyButton, ui.findChangesButton):
            click(button)
        panel.onChoicesChanged(None, None)
        assert not ui.applyButton.enabled and not ui.inputsCollapsibleButton.enabled

    pytorch = sys.modules["LDRRegistration"].pytorch
    monkeypatch.setattr(pytorch, "torchIsInstalled", lambda: bool(installations))
    monkeypatch.setattr(pytorch, "installTorch", install)
    Computation(panel)
    click(ui.applyButton)
    assert installations == ["PyTorch is being installed; this is done once."]
    if meanwhile == "leave":
        panel.enter()
    wait_for(lambda: is_idle(panel), "the end of the run")
    says = {
        "clicks": "Alignment: good. Check the edges.",
        "delete": "Choose a moving volume.",
        "leave": "The panel was closed meanwhile.",
    }
    assert ui.statusLabel.text.startswith(says[meanwhile]) and panel.errors == []
    assert node_names("vtkMRMLTransformNode") == (["Prior to Current (LDR)"] if meanwhile == "clicks" else [])
    assert ui.inputsCollapsibleButton.enabled
