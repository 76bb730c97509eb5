"""Whatever happens while a registration runs: the scene stays as it was, and the panel goes on."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest
from harness.panel import Computation, is_idle, node_names
from harness.user import choose, click, wait_for


def test_cancel_leaves_the_scene_as_it_was(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    computation = Computation(panel, waits=True)
    computation.listens.clear()
    before = slicer.mrmlScene.GetNumberOfNodes()
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    click(panel.ui.applyButton)
    assert panel.ui.applyButton.text == "Cancelling..." and not panel.ui.applyButton.enabled
    computation.listens.set()
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert panel.ui.statusLabel.text == "Cancelled; the scene is as it was."
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert panel.ui.applyButton.enabled and panel.errors == []


def test_second_click_of_a_double_click_does_not_cancel(
    panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["LDRRegistration"], "DOUBLE_CLICK_SECONDS", 60.0)
    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    click(panel.ui.applyButton)
    assert panel.ui.applyButton.text == "Cancel"
    computation.released.set()
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert node_names("vtkMRMLTransformNode") == ["Prior to Current (LDR)"]


def test_scene_closed_while_running(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    slicer.mrmlScene.Clear()
    assert is_idle(panel)
    assert "the scene was closed" in panel.ui.logTextEdit.toPlainText()
    wait_for(computation.ended.is_set, "the computation to notice")
    assert node_names("vtkMRMLTransformNode") == [] and panel.errors == []
    assert panel.ui.applyButton.toolTip == "Choose a fixed and a moving volume."


@pytest.mark.parametrize("which", ["input", "output"])
def test_node_deleted_while_running(panel: Any, pair: tuple[Any, Any], which: str) -> None:
    import slicer

    choose(panel.ui.outputTransformSelector, "Create new Transform")
    output = panel.ui.outputTransformSelector.currentNode()
    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    slicer.mrmlScene.RemoveNode(pair[1] if which == "input" else output)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert "deleted" in panel.ui.logTextEdit.toPlainText()
    wait_for(computation.ended.is_set, "the computation to notice")
    assert panel.errors == []


def test_cleanup_while_running_stops_the_thread(panel: Any, pair: tuple[Any, Any]) -> None:
    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    panel.cleanup()
    assert computation.ended.is_set()
    assert "LDRRegistration" not in [thread.name for thread in threading.enumerate()]
    assert node_names("vtkMRMLTransformNode") == []


def test_run_ends_while_another_module_is_shown(panel: Any, pair: tuple[Any, Any]) -> None:
    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    panel.exit()
    computation.released.set()
    wait_for(lambda: bool(node_names("vtkMRMLTransformNode")), "the transform")
    panel.enter()
    assert is_idle(panel)
    assert panel.ui.outputTransformSelector.currentNode().GetName() == "Prior to Current (LDR)"


def test_the_result_cannot_be_used_while_the_next_one_is_computed(panel: Any, pair: tuple[Any, Any]) -> None:
    ui = panel.ui
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the first run")
    assert ui.resultCollapsibleButton.enabled
    computation = Computation(panel, waits=True)
    click(ui.applyButton)
    computation.wait_until_shown()
    assert not ui.resultCollapsibleButton.enabled
    panel.exit()
    panel.enter()
    assert not ui.resultCollapsibleButton.enabled, "coming back to the panel is not the end of the run"
    panel.logic.getParameterNode().threads = 2
    assert not ui.resultCollapsibleButton.enabled
    computation.released.set()
    wait_for(lambda: is_idle(panel), "the end of the second run")
    assert ui.resultCollapsibleButton.enabled and panel.errors == []


def test_reload_while_running(panel: Any, pair: tuple[Any, Any]) -> None:
    import LDRRegistrationLib.runtime.worker as before
    import slicer

    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    panel.onReload()
    import LDRRegistrationLib.runtime.worker as after

    reloaded = slicer.modules.LDRRegistrationWidget
    assert reloaded is not panel and after is not before, "the package's files are imported again"
    assert computation.ended.is_set()
    Computation(reloaded)
    click(reloaded.ui.applyButton)
    wait_for(lambda: is_idle(reloaded), "the run in the new panel")
    assert reloaded.ui.outputTransformSelector.currentNode().GetName() == "Prior to Current (LDR)"


def test_nothing_follows_the_choices_once_the_panel_is_left(panel: Any, pair: tuple[Any, Any]) -> None:
    """Slicer 5.10 leaves an observer behind, and with it the wrapper of the parameter node, at each entering."""
    import gc

    def wrappers() -> int:
        gc.collect()
        return sum(type(thing).__name__ == "LDRRegistrationParameterNode" for thing in gc.get_objects())

    panel.exit()
    before = wrappers()
    for _ in range(5):
        panel.enter()
        choose(panel.ui.presetComboBox, panel.ui.presetComboBox.itemText(1))
        panel.exit()
    assert wrappers() == before
    panel.enter()
    assert panel.ui.presetComboBox.currentText == panel.ui.presetComboBox.itemText(1)


@pytest.mark.parametrize("which", [0, 1], ids=["fixed", "moving"])
def test_a_volume_changed_while_running_is_a_sentence(panel: Any, pair: tuple[Any, Any], which: int) -> None:
    import slicer

    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    slicer.util.arrayFromVolume(pair[which])[:] = 0
    slicer.util.arrayFromVolumeModified(pair[which])
    computation.released.set()
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert "was changed while it was registered" in panel.ui.statusLabel.text and panel.errors == []
    assert node_names("vtkMRMLTransformNode") == []


def test_the_window_waits_for_the_worker_nearly_all_the_time(
    panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qt's event loop keeps Python's lock in Slicer: the worker computes only while the window waits for it."""
    from LDRRegistrationLib.runtime.worker import Task

    waited: list[float] = []
    genuine = Task.wait

    def wait(task: Any, seconds: float) -> bool:
        start = time.perf_counter()
        try:
            return genuine(task, seconds)
        finally:
            waited.append(time.perf_counter() - start)

    monkeypatch.setattr(Task, "wait", wait)
    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    waited.clear()
    start, ownStart = time.perf_counter(), time.thread_time()
    while time.perf_counter() - start < 1.0:
        process_events()
    # What else the machine does takes time from the window, too: so its own share is what its thread computed.
    own = time.thread_time() - ownStart
    computation.released.set()
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert sum(waited) > 9 * own


def process_events() -> None:
    import slicer

    slicer.app.processEvents()
