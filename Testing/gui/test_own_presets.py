"""A user's own presets in the panel: saved by name, chosen, deleted, passed on as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import pythonqt
from harness.panel import picture
from harness.user import choose, click


@pytest.fixture
def opened(panel: Any) -> Iterator[Any]:
    """The panel with all that has to do with presets open; Slicer's settings are as before afterwards."""
    import slicer

    click(panel.ui.advancedCollapsibleButton)
    click(panel.ui.expertCollapsibleButton)
    yield panel
    slicer.app.userSettings().remove("LDRRegistration/Presets")


def listed(panel: Any) -> list[str]:
    box = panel.ui.presetComboBox
    return [box.itemText(number).partition(":")[0] for number in range(box.count)]


def save(panel: Any, name: str) -> None:
    pythonqt.unwrap(panel.ui.presetNameEdit).setText(name)
    click(panel.ui.savePresetButton)


def test_settings_are_saved_by_name_and_come_back(opened: Any) -> None:
    ui, usual = opened.ui, ["Fast", "Accurate", "Best"]
    assert listed(opened) == usual and not ui.deletePresetButton.enabled and not ui.savePresetButton.enabled
    choose(ui.presetComboBox, ui.presetComboBox.itemText(1))
    choose(ui.prealignmentComboBox, "Rigid: shift and turn")
    choose(ui.modelComboBox, ui.modelComboBox.itemText(2))
    click(ui.adaptCheckBox)
    ui.refinementStepsSpinBox.value = 40
    save(opened, " Livers ")
    assert listed(opened) == [*usual, "Livers"] and ui.presetComboBox.currentText == "Livers"
    assert ui.presetNameEdit.text == "" and "Livers" in ui.presetHintLabel.text
    picture(opened, "own-presets")
    # One setting more, and it is no longer that preset.
    ui.refinementStepsSpinBox.value = 41
    assert ui.presetComboBox.currentText.startswith("Accurate") and not ui.deletePresetButton.enabled
    choose(ui.presetComboBox, ui.presetComboBox.itemText(0))
    click(ui.adaptCheckBox)
    choose(ui.prealignmentComboBox, ui.prealignmentComboBox.itemText(0))

    # In the next session, and whichever module was open meanwhile.
    opened.exit()
    opened.onReload()
    import slicer

    panel = slicer.modules.LDRRegistrationWidget
    panel.enter()
    ui = panel.ui
    assert listed(panel) == [*usual, "Livers"] and ui.presetComboBox.currentText.startswith("Fast")
    choose(ui.presetComboBox, "Livers")
    choices = panel.logic.getParameterNode()
    assert (choices.preset.name, choices.prealignment.name) == ("ACCURATE", "RIGID")
    assert (choices.adapt, choices.refinementSteps, choices.model) == (True, 40, ui.modelComboBox.itemData(2))
    assert ui.presetComboBox.currentText == "Livers" and ui.refinementStepsSpinBox.value == 40


def test_it_is_deleted_after_a_question(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import slicer

    asked: list[str] = []
    answers = [False, True, False]
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text, **o: asked.append(text) or answers.pop(0))
    ui = opened.ui
    save(opened, "Livers")
    click(ui.deletePresetButton)
    assert "Livers" in listed(opened)
    click(ui.deletePresetButton)
    assert "Livers" not in listed(opened) and not ui.deletePresetButton.enabled and len(asked) == 2
    save(opened, "Livers")
    ui.refinementStepsSpinBox.value = 3
    save(opened, "Livers")
    assert "Replace" in asked[2] and ui.presetComboBox.currentText.startswith("Fast"), "it was not replaced"


def test_presets_go_to_others_as_a_file(opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import qt
    import slicer

    path, ui = tmp_path / "shared.json", opened.ui
    monkeypatch.setattr(qt.QFileDialog._qtClass, "getSaveFileName", lambda *unused: str(path))
    monkeypatch.setattr(qt.QFileDialog._qtClass, "getOpenFileName", lambda *unused: str(path))
    monkeypatch.setattr(slicer.util, "mainWindow", lambda: None)
    ui.refinementStepsSpinBox.value = 40
    save(opened, "Livers")
    click(ui.exportPresetsButton)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["ldrRegistrationPresets"] == 1 and content["presets"]["Livers"]["refinementSteps"] == 40
    content["presets"]["Livers"]["refinementSteps"] = 7
    path.write_text(json.dumps(content), encoding="utf-8")
    click(ui.importPresetsButton)
    assert listed(opened)[3:] == ["Livers", "Livers (2)"]
    choose(ui.presetComboBox, "Livers (2)")
    assert ui.refinementStepsSpinBox.value == 7
    # Nothing of a file that is wrong is taken, and it is said beside the button.
    content["presets"]["Heads"] = {"speed": 3}
    path.write_text(json.dumps(content), encoding="utf-8")
    click(ui.importPresetsButton)
    assert "The preset Heads has settings that are unknown here: speed." == ui.presetHintLabel.text
    assert listed(opened)[3:] == ["Livers", "Livers (2)"] and opened.errors == []
    path.unlink()
    click(ui.importPresetsButton)
    assert "could not be read" in ui.presetHintLabel.text


def test_bfloat16_is_offered_where_the_processor_has_it(
    opened: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from LDRRegistrationLib.gui import advancedsection
    from LDRRegistrationLib.gui.choicelabels import DeviceChoice

    ui = opened.ui
    box = ui.deviceComboBox
    monkeypatch.setattr(advancedsection, "hasBfloat16", lambda: False)
    opened.exit()
    opened.enter()
    assert not any("bfloat16" in box.itemText(number) for number in range(box.count))
    assert ui.deviceHintLabel.text == ""
    # A scene from another computer.
    opened.logic.getParameterNode().device = DeviceChoice.CPU_BFLOAT16
    assert "bfloat16" in box.currentText and "does not compute in bfloat16" in ui.deviceHintLabel.text
    choose(box, "Processor")
    assert not any("bfloat16" in box.itemText(number) for number in range(box.count))
    monkeypatch.setattr(advancedsection, "hasBfloat16", lambda: None)
    opened.exit()
    opened.enter()
    choose(box, "Processor, network in bfloat16")
    assert opened.logic.getParameterNode().device is DeviceChoice.CPU_BFLOAT16


def test_what_is_known_of_bfloat16_without_torch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    from LDRRegistrationLib.runtime import device

    assert device.hasBfloat16() is device.computesInBfloat16(), "torch is loaded"
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(device, "PROCESSOR", tmp_path / "cpuinfo")
    assert device.hasBfloat16() is None
    for flags, known in (("flags\t\t: fpu avx2", False), ("flags\t: avx2 avx512bw", None), ("Features\t: bf16", None)):
        device.PROCESSOR.write_text(flags + "\n")
        assert device.hasBfloat16() is known
