"""Tries the extension in the Slicer application, as a user would, and says what works there.

    Slicer --python-script tools/try_in_slicer.py [FOLDER]

It opens the module, loads the bundled sample pair, registers it, cancels a run, finds changes, saves the scene and
opens it again; a scene that is open is closed without saving. Into FOLDER (by default a new one in your home folder) go
screenshots and report.txt, and beside it a .zip of both. The exit status is 0 if every step passed, else 1. Nothing is
installed, and nothing leaves this computer: see docs/TRYING.md.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import slicer

MODULE = "LDRRegistration"
ELSEWHERE = "Data"  # a module that every Slicer has
SAMPLE = "LDRFollowUpFLAIR"
PATIENCE_SECONDS = 180.0


class StepFailed(Exception):
    """What was seen is not what should be."""


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailed(otherwise)


class Trial:
    """One session: its steps are methods whose names begin with ``step_``; each returns what is worth telling."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.longest_pause = 0.0
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def ui(self):
        return slicer.modules.LDRRegistrationWidget.ui  # after a reload, another one

    @property
    def is_idle(self) -> bool:
        return bool(self.ui.inputsCollapsibleButton.enabled)

    def say(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> float:
        """Let the application live until ``condition`` holds; returns after how many seconds it did."""
        start = time.monotonic()
        while not condition():
            before = time.monotonic()
            require(before - start < seconds, f"waited {seconds:.0f} s in vain for {what}")
            slicer.app.processEvents()
            self.longest_pause = max(self.longest_pause, time.monotonic() - before)
            time.sleep(0.001)
        return time.monotonic() - start

    def live(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.wait_for(lambda: time.monotonic() > end, "the clock")

    def run(self, button) -> float:
        """Press a button that computes, and wait until it is done; returns the seconds."""
        self.longest_pause = 0.0
        require(button.enabled, f"{button.name} cannot be pressed: {button.toolTip}")
        start = time.monotonic()
        button.click()
        self.wait_for(lambda: self.is_idle, "the end of the run")
        self.require_no_errors()
        return time.monotonic() - start

    def require_no_errors(self) -> None:
        errors, self.errors = self.errors, []
        require(not errors, "an error was shown: " + " | ".join(errors))

    def screenshot(self, name: str) -> None:
        window = slicer.util.mainWindow()
        if window is not None:
            slicer.util.forceRenderAllViews()
        else:
            window = slicer.modules.LDRRegistrationWidget.parent
        slicer.app.processEvents()
        path = self.folder / f"{name}.png"
        require(window.grab().save(str(path)), f"{path} cannot be written")

    def status(self) -> str:
        return " / ".join(self.ui.statusLabel.text.splitlines())

    def transforms(self) -> list:
        return slicer.util.getNodesByClass("vtkMRMLTransformNode")

    def step_open_the_module(self) -> str:
        slicer.util.selectModule(MODULE)
        self.live(0.5)
        require(not self.ui.applyButton.enabled, "Apply is enabled although no volumes are chosen")
        self.require_no_errors()
        self.screenshot("1-opened")
        return ""

    def step_special_texts_of_the_spin_boxes(self) -> str:
        boxes = self.ui.refinementStepsSpinBox, self.ui.threadsSpinBox
        for box in boxes:
            require(box.text == box.specialValueText, f"{box.name} shows {box.text}, not {box.specialValueText}")
        return ", ".join(box.text for box in boxes)

    def step_load_the_sample_pair(self) -> str:
        import SampleData

        logic = SampleData.SampleDataLogic()
        # Modules offer their samples when Slicer says that it has started, which may be after this script begins.
        self.wait_for(lambda: logic.sourceForSampleName(SAMPLE) is not None, f"the sample {SAMPLE} to be offered", 30.0)
        nodes = logic.downloadSamples(SAMPLE)
        require(len(nodes) == 2 and None not in nodes, f"{SAMPLE} gave {nodes}")
        self.fixed, self.moving = nodes
        self.ui.fixedVolumeSelector.setCurrentNode(self.fixed)
        self.ui.movingVolumeSelector.setCurrentNode(self.moving)
        require(self.ui.applyButton.enabled, f"Apply is not enabled: {self.status()}")
        self.screenshot("2-sample-pair")
        return f"{self.moving.GetName()} to {self.fixed.GetName()}"

    def step_find_pytorch(self) -> str:
        require(
            MODULE in sys.modules and sys.modules[MODULE].pytorch.torchIsInstalled(),
            "PyTorch is not installed, and this script installs nothing. Press Apply in the module, let it install "
            "PyTorch, restart Slicer and run this again",
        )
        return version("torch")

    def step_register(self) -> str:
        seconds = self.run(self.ui.applyButton)
        self.transform = self.ui.outputTransformSelector.currentNode()
        require(self.transform is not None, f"there is no transform: {self.status()}")
        require(not self.transform.IsLinear(), f"nothing was deformed: {self.status()}")
        self.screenshot("3-registered")
        return f"{seconds:.2f} s with loading PyTorch, longest pause {self.longest_pause:.3f} s. {self.status()}"

    def step_register_again(self) -> str:
        before = self.point()
        seconds = self.run(self.ui.applyButton)
        require(self.point() == before, f"the second result differs: {self.point()}, not {before}")
        return f"{seconds:.2f} s, longest pause {self.longest_pause:.3f} s, the same result"

    def point(self) -> tuple:
        return tuple(self.transform.GetTransformFromParent().TransformPoint(10.0, 20.0, 30.0))

    def step_show_the_result(self) -> str:
        require(not self.ui.resultCollapsibleButton.collapsed, "the Result section was not opened when it was done")
        for _click in range(2):
            require(self.moving.GetParentTransformNode() is self.transform, "the result is not shown")
            self.ui.afterButton.click()
            require(self.moving.GetParentTransformNode() is None, "Show before does not show what was before")
            self.ui.afterButton.click()
        self.screenshot("4-after")
        seconds = self.run(self.ui.volumeChangeButton)
        self.screenshot("5-volume-change")
        self.ui.restoreButton.click()
        require(self.moving.GetParentTransformNode() is None, "Restore views leaves the moving volume where it was")
        return f"volume change: {seconds:.2f} s, longest pause {self.longest_pause:.3f} s"

    def step_cancel(self) -> str:
        ui, before, number = self.ui, self.point(), len(self.transforms())
        ui.presetComboBox.currentIndex = 1
        ui.adaptCheckBox.checked = True
        ui.applyButton.click()
        # A click that comes at once belongs to a double click, and cancels nothing.
        self.live(sys.modules[MODULE].DOUBLE_CLICK_SECONDS + 0.1)
        require(not self.is_idle, f"the run was over before it could be cancelled: {self.status()}")
        ui.applyButton.click()
        seconds = self.wait_for(lambda: self.is_idle, "the end of the cancelled run")
        status = self.status()
        ui.presetComboBox.currentIndex = 0
        ui.adaptCheckBox.checked = False
        require((self.point(), len(self.transforms())) == (before, number), f"the scene has changed: {status}")
        self.require_no_errors()
        return f"{seconds:.2f} s. {status}"

    def step_find_changes(self) -> str:
        self.ui.changesCollapsibleButton.collapsed = False
        seconds = self.run(self.ui.findChangesButton)
        self.regions = self.ui.changesTable.rowCount
        require(self.regions > 0, f"the sample patient has a new lesion, but: {self.status()}")
        self.ui.nextChangeButton.click()
        self.ui.acceptChangeButton.click()
        self.require_no_errors()
        self.screenshot("6-changes")
        return f"{seconds:.2f} s, {self.regions} regions, longest pause {self.longest_pause:.3f} s. {self.status()}"

    def step_leave_and_come_back(self) -> str:
        slicer.util.selectModule(ELSEWHERE)
        self.live(0.2)
        slicer.util.selectModule(MODULE)
        self.live(0.2)
        require(self.ui.movingVolumeSelector.currentNode() is self.moving, "the moving volume is no longer chosen")
        return ""

    def step_save_close_and_reopen_the_scene(self) -> str:
        path = self.folder / "scene.mrb"
        names = [node.GetName() for node in (self.fixed, self.moving, self.transform)]
        expected = self.point()
        require(slicer.util.saveScene(str(path)), "the scene could not be saved")
        slicer.mrmlScene.Clear()
        self.live(0.2)
        require(self.ui.fixedVolumeSelector.currentNode() is None, "a volume is chosen in an empty scene")
        require(not self.ui.applyButton.enabled, "Apply is enabled in an empty scene")
        slicer.util.loadScene(str(path))
        self.live(0.5)
        selectors = self.ui.fixedVolumeSelector, self.ui.movingVolumeSelector, self.ui.outputTransformSelector
        chosen = [selector.currentNode() for selector in selectors]
        found = [node.GetName() if node is not None else None for node in chosen]
        require(found == names, f"chosen are {found}, not {names}")
        self.fixed, self.moving, self.transform = chosen
        difference = max(abs(a - b) for a, b in zip(self.point(), expected, strict=True))
        require(difference < 1e-3, f"the transform has changed by {difference} mm")
        require(self.ui.changesTable.rowCount == self.regions, "the list of changes is another")
        self.require_no_errors()
        self.screenshot("7-reopened")
        path.unlink()
        return f"the transform agrees within {difference:.1e} mm"

    def step_reload_the_module(self) -> str:
        slicer.modules.LDRRegistrationWidget.onReload()
        self.live(0.5)
        require(self.ui.movingVolumeSelector.currentNode() is self.moving, "the moving volume is no longer chosen")
        seconds = self.run(self.ui.applyButton)
        return f"and register: {seconds:.2f} s"

    # Without these, what follows cannot work.
    NEEDED = ("step_open_the_module", "step_load_the_sample_pair", "step_find_pytorch", "step_register")

    def run_all(self) -> bool:
        """Whether every step passed."""
        for line in versions():
            self.say(line)
        shown, slicer.util.errorDisplay = slicer.util.errorDisplay, lambda text, *_, **unused: self.errors.append(text)
        passed = goes_on = True
        slicer.mrmlScene.Clear()
        try:
            for name in [name for name in vars(Trial) if name.startswith("step_")]:
                words = name.removeprefix("step_").replace("_", " ")
                if not goes_on:
                    self.say(f"NOT RUN  {words}")
                    continue
                start = time.monotonic()
                try:
                    verdict, told = "PASS", getattr(self, name)()
                except StepFailed as failure:
                    verdict, told = "FAIL", str(failure)
                except Exception:
                    verdict, told = "FAIL", traceback.format_exc()
                self.say(f"{verdict}  {words}  [{time.monotonic() - start:.2f} s]  {told}".rstrip())
                passed = passed and verdict == "PASS"
                goes_on = verdict == "PASS" or name not in self.NEEDED
        finally:
            slicer.util.errorDisplay = shown
        self.say("All steps passed." if passed else "Not all steps passed.")
        return passed


def version(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} is not installed"


def versions() -> list[str]:
    app = slicer.app
    return [
        f"Slicer {app.applicationVersion}, revision {app.repositoryRevision}, {app.platform}",
        f"Python {platform.python_version()}, {platform.platform()}, {platform.machine()}, {os.cpu_count()} cores",
        ", ".join(version(package) for package in ("numpy", "vtk", "SimpleITK", "torch")),
    ]


def main() -> None:
    named = sys.argv[1:2]
    folder = Path(named[0]) if named else Path.home() / time.strftime("LDRRegistration-try-%Y-%m-%d-%H%M%S")
    trial = Trial(folder)
    passed = trial.run_all()
    (folder / "report.txt").write_text("\n".join(trial.lines) + "\n", encoding="utf-8")
    archive = shutil.make_archive(str(folder), "zip", folder)
    print(f"The report and the screenshots are in {archive}", flush=True)
    slicer.util.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
