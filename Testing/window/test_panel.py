"""The panel in a real Qt window over a real MRML scene, used with the mouse; only the computation is a stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness.user import choose, click, take_picture, wait_for


class Computation:
    """Stands in for ``logic.compute``: reports two stages, the second lasting until it is released or cancelled."""

    def __init__(self, panel: Any, error: Exception | None = None, waits: bool = False) -> None:
        self.panel = panel
        self.error = error
        self.released = threading.Event()
        self.listens = threading.Event()
        self.listens.set()
        self.ended = threading.Event()
        if not waits:
            self.released.set()
        panel.logic.compute = self.compute

    def compute(self, job: Any, *, progress: Any, cancelled: Any) -> Any:
        from LDRRegistrationLib.errors import RegistrationCancelled

        try:
            assert threading.current_thread() is not threading.main_thread()
            progress(0.1, "Pre-alignment")
            progress(0.4, "Deformation")
            while not self.released.wait(0.002):
                if self.listens.is_set() and cancelled():
                    raise RegistrationCancelled("stopped")
            if self.error is not None:
                raise self.error
            return self.result(job)
        finally:
            self.ended.set()

    def result(self, job: Any) -> Any:
        from LDRRegistrationLib.engine import RegistrationResult
        from LDRRegistrationLib.field import Transform
        from LDRRegistrationLib.intensity import Modality

        shift = np.eye(4)
        shift[:3, 3] = (4.0, -2.0, 1.0)
        return RegistrationResult(
            transform=Transform(shift, None),
            fixedGrid=job.fixed.grid,
            model="none",
            modality=Modality.MR,
            seconds={"Deformation": 0.5},
            similarityStart=0.1,
            similarityPrealigned=0.2,
            similarity=0.3,
            foldedPercent=0.0,
            sdLogJacobian=0.0,
            largestDisplacementMm=4.6,
            warped=job.moving.array + 1 if job.settings.warp else None,
            notes=["Only the pre-alignment is kept."],
        )

    def wait_until_shown(self) -> None:
        bar = self.panel.ui.progressBar
        wait_for(lambda: "Deformation" in bar.format, "the second stage in the progress bar")


def is_idle(panel: Any) -> bool:
    return panel.ui.applyButton.text == "Apply" and not panel.ui.progressBar.visible


def node_names(className: str) -> list[str]:
    import slicer

    return [node.GetName() for node in slicer.util.getNodesByClass(className)]


def picture(panel: Any, name: str) -> None:
    folder = os.environ.get("LDR_PICTURES")
    if folder:
        take_picture(panel.parent, Path(folder) / f"{name}.png")


@pytest.fixture
def pair(panel: Any, add_volume: Any) -> tuple[Any, Any]:
    """Two volumes, chosen in the panel with the mouse."""
    volumes = add_volume("Current"), add_volume("Prior")
    choose(panel.ui.fixedVolumeSelector, "Current")
    choose(panel.ui.movingVolumeSelector, "Prior")
    return volumes


@pytest.mark.parametrize("torch", ["absent", "present"])
def test_page_opens_without_importing_torch(torch: str) -> None:
    code = f"""
import sys
if {torch == "absent"}:
    sys.modules["torch"] = None
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
    assert ui.applyButton.toolTip == "Choose a moving volume."
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
    assert [label.partition(":")[0] for label in labels] == ["Fast", "Accurate"]
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
    assert "0.300" in ui.statusLabel.text
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


def test_bad_input_is_a_sentence(panel: Any, add_volume: Any) -> None:
    import slicer

    add_volume("Current")
    add_volume("Flat", value=7.0)
    choose(panel.ui.fixedVolumeSelector, "Current")
    choose(panel.ui.movingVolumeSelector, "Flat")
    before = slicer.mrmlScene.GetNumberOfNodes()
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the refusal")
    assert len(panel.errors) == 1 and "Flat is constant" in panel.errors[0]
    assert panel.ui.statusLabel.text == panel.errors[0]
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
    from LDRRegistrationLib.errors import DependencyError

    def missing() -> None:
        raise DependencyError("PyTorch is not installed.")

    monkeypatch.setattr(sys.modules["LDRRegistration"].dependencies, "installTorch", missing)
    click(panel.ui.applyButton)
    assert panel.errors == ["PyTorch is not installed."]
    assert is_idle(panel) and panel.ui.applyButton.enabled


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


def test_reload_while_running(panel: Any, pair: tuple[Any, Any]) -> None:
    import LDRRegistrationLib.worker as before
    import slicer

    computation = Computation(panel, waits=True)
    click(panel.ui.applyButton)
    computation.wait_until_shown()
    panel.onReload()
    import LDRRegistrationLib.worker as after

    reloaded = slicer.modules.LDRRegistrationWidget
    assert reloaded is not panel and after is not before, "the package's files are imported again"
    assert computation.ended.is_set()
    Computation(reloaded)
    click(reloaded.ui.applyButton)
    wait_for(lambda: is_idle(reloaded), "the run in the new panel")
    assert reloaded.ui.outputTransformSelector.currentNode().GetName() == "Prior to Current (LDR)"


@pytest.mark.parametrize("name", ["test_choicesAreKeptInTheScene", "test_shiftIsRecovered"])
def test_self_test_of_the_module(panel: Any, name: str) -> None:
    """What Slicer runs as ctest and as Reload and Test; the second registers with the shipped model."""
    module = sys.modules["LDRRegistration"]
    outcome = unittest.TestResult()
    module.LDRRegistrationTest(name).run(outcome)
    assert outcome.testsRun == 1
    assert outcome.failures + outcome.errors + outcome.skipped == []


def test_the_sample_pair_from_click_to_result(panel: Any) -> None:
    """Nothing stands in here: real scans, the shipped model, the background thread."""
    import slicer
    from LDRRegistrationLib.mrml.files import readVolume
    from support.data import CURRENT_FLAIR, PRIOR_FLAIR

    for path, name in ((CURRENT_FLAIR, "Current FLAIR"), (PRIOR_FLAIR, "Prior FLAIR")):
        readVolume(slicer.mrmlScene, path).SetName(name)
    choose(panel.ui.fixedVolumeSelector, "Current FLAIR")
    choose(panel.ui.movingVolumeSelector, "Prior FLAIR")
    choose(panel.ui.outputTransformSelector, "Create new Transform")
    choose(panel.ui.outputVolumeSelector, "Create new ScalarVolume")
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run", seconds=120.0)
    click(panel.ui.resultCollapsibleButton)
    picture(panel, "sample-pair")
    assert panel.errors == []
    transform = panel.ui.outputTransformSelector.currentNode()
    assert transform.GetName() == "Prior FLAIR to Current FLAIR (LDR)"
    assert not transform.IsLinear(), "the deformable step was kept"
    fixed, moving, warped = (
        slicer.util.arrayFromVolume(selector.currentNode()).astype(float)
        for selector in (panel.ui.fixedVolumeSelector, panel.ui.movingVolumeSelector, panel.ui.outputVolumeSelector)
    )
    assert moving.shape != fixed.shape == warped.shape
    assert np.corrcoef(fixed.ravel(), warped.ravel())[0, 1] > 0.9


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
    assert (plain.settings.model, plain.settings.steps, plain.settings.adaptation) == ("auto", 0, None)
    assert plain.masks.fixed is None and plain.initialRas is None

    click(ui.advancedCollapsibleButton)
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
    assert (job.settings.prealignment.value, job.settings.steps, job.settings.threads) == ("rigid", 7, 2)
    assert job.settings.adaptation.iterations == 40


def test_a_models_card_says_what_it_may_be_used_for(panel: Any) -> None:
    ui = panel.ui
    assert "General" in ui.modelCardLabel.text and "non-commercial" not in ui.modelCardLabel.text
    choose(ui.modelComboBox, "T1 brains (non-commercial use)")
    assert "Only for non-commercial use." in ui.modelCardLabel.text and "oasis_brains" in ui.modelCardLabel.text
    assert panel.logic.getParameterNode().model == "ldr-brain-t1"
    panel.logic.getParameterNode().model = "from-elsewhere"
    assert ui.modelComboBox.currentText == "from-elsewhere"
    assert ui.modelCardLabel.text == 'The model "from-elsewhere" is not installed.'


def test_the_result_is_shown_on_request_and_put_back(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    ui, (_fixed, moving) = panel.ui, pair
    view = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    assert not ui.resultCollapsibleButton.enabled
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert ui.resultCollapsibleButton.enabled and view.GetBackgroundVolumeID() is None, "views change only when asked"
    click(ui.resultCollapsibleButton)
    transform = ui.outputTransformSelector.currentNode()
    click(ui.afterButton)
    assert moving.GetParentTransformNode() is transform and ui.afterButton.text == "Show before"
    assert view.GetForegroundVolumeID() == moving.GetID() and view.GetForegroundOpacity() == 0.5
    ui.fadeSlider.value = 80
    assert view.GetForegroundOpacity() == pytest.approx(0.8)
    for button in (ui.checkerboardButton, ui.gridButton, ui.magnitudeButton, ui.volumeChangeButton):
        click(button)
    picture(panel, "result")
    assert "Volume change" in slicer.mrmlScene.GetNodeByID(view.GetForegroundVolumeID()).GetName()
    panel.exit()
    assert view.GetForegroundVolumeID() is not None, "another module may be opened meanwhile"
    panel.enter()
    click(ui.restoreButton)
    assert moving.GetParentTransformNode() is None and view.GetBackgroundVolumeID() is None
    assert ui.afterButton.text == "Show after"

    click(ui.afterButton)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the second run")
    assert panel.errors == [] and moving.GetParentTransformNode() is None


def test_the_result_is_used_on_other_nodes(panel: Any, pair: tuple[Any, Any]) -> None:
    import slicer

    ui = panel.ui
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(ui.resultCollapsibleButton)
    click(ui.carryButton)
    assert panel.errors == ["Choose a node that belongs to the moving volume."]
    panel.errors.clear()
    points = {}
    for name, position in (("Fixed points", (0.0, 0.0, 0.0)), ("Moving points", (4.0, -2.0, 1.0))):
        points[name] = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", name)
        points[name].AddControlPoint(position)
    choose(ui.carrySelector, "Moving points")
    click(ui.carryButton)
    copy = slicer.mrmlScene.GetFirstNodeByName("Moving points, Prior to Current (LDR)")
    assert copy.GetNthControlPointPosition(0) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    choose(ui.fixedLandmarksSelector, "Fixed points")
    choose(ui.movingLandmarksSelector, "Moving points")
    click(ui.landmarksButton)
    click(ui.inverseButton)
    log = ui.logTextEdit.toPlainText()
    assert "4.58 -> 0.00 mm" in log and 'Made "Inverse of Prior to Current (LDR)"' in log
    assert panel.errors == []


@pytest.mark.parametrize("agrees", [True, False])
def test_a_tilted_gantry_gets_a_hardened_copy(
    panel: Any, pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch, agrees: bool
) -> None:
    import slicer
    import vtk

    ui, (_fixed, moving) = panel.ui, pair
    bending = vtk.vtkThinPlateSplineTransform()
    points = vtk.vtkPoints()
    for corner in ((0, 0, 0), (20, 0, 0), (0, 20, 0), (0, 0, 20), (20, 20, 20)):
        points.InsertNextPoint(corner)
    bent = vtk.vtkPoints()
    bent.DeepCopy(points)
    bent.SetPoint(4, 20.0, 22.0, 20.0)
    bending.SetSourceLandmarks(points)
    bending.SetTargetLandmarks(bent)
    bending.SetBasisToR()
    parent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Gantry")
    parent.SetAndObserveTransformToParent(bending)
    moving.SetAndObserveTransformNodeID(parent.GetID())
    asked = []
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text, **unused: asked.append(text) or agrees)
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert len(asked) == 1 and '"Prior"' in asked[0] and panel.errors == []
    assert moving.GetParentTransformNode() is parent
    if agrees:
        assert ui.movingVolumeSelector.currentNode().GetName() == "Prior hardened"
        assert ui.outputTransformSelector.currentNode().GetName() == "Prior hardened to Current (LDR)"
    else:
        assert node_names("vtkMRMLTransformNode") == ["Gantry"]
