"""The panel in the Slicer application, without PyTorch: what is computed is stood in for.

Run by ctest as py_LDRRegistrationPanelTest (see CMakeLists.txt beside this file), and in the test window by
Testing/gui/test_slicer_ctest.py. Each test runs alone, in any order.
"""

from __future__ import annotations

import sys
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import slicer

# Results to publish are the same as in our other tests.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from support.results import SHIFT, shift_result

MODULE = "LDRRegistration"
ELSEWHERE = "Data"  # a module that every Slicer has
PATIENCE_SECONDS = 20.0


class Computation:
    """Stands in for the registration: reports a stage, then waits until it is released or cancelled."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.ended = threading.Event()

    def compute(self, job: Any, *, progress: Any, cancelled: Any) -> Any:
        from LDRRegistrationLib.runtime.errors import RegistrationCancelled

        try:
            progress(0.4, "Deformation")
            while not self.released.wait(0.002):
                if cancelled():
                    raise RegistrationCancelled("stopped")
            return shift_result(job)
        finally:
            self.ended.set()


class LDRRegistrationPanelTest(unittest.TestCase):
    def setUp(self) -> None:
        slicer.mrmlScene.Clear()
        slicer.util.selectModule(MODULE)
        self.errors: list[str] = []
        self.enterContext(
            mock.patch.object(slicer.util, "errorDisplay", lambda text, **unused: self.errors.append(text))
        )
        self.stand_in()

    def tearDown(self) -> None:
        self.computation.released.set()
        self.wait_for(self.is_idle, "the end of the last run")
        slicer.mrmlScene.Clear()
        self.assertEqual(self.errors, [])

    def stand_in(self) -> None:
        """For the panel as it is now; a reload makes a new one, of newly imported files."""
        module = sys.modules[MODULE]
        self.panel = slicer.modules.LDRRegistrationWidget
        self.ui = self.panel.ui
        self.computation = Computation()
        self.panel.logic.compute = self.computation.compute
        self.enterContext(mock.patch.object(module.pytorch, "torchIsInstalled", lambda: True))
        self.enterContext(mock.patch.object(module, "DOUBLE_CLICK_SECONDS", 0.0))

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, f"waited in vain for {what}")
            slicer.app.processEvents()
            time.sleep(0.001)

    def is_idle(self) -> bool:
        return self.ui.applyButton.text == "Apply" and not self.ui.progressBar.visible

    def choose_two_volumes(self) -> tuple[Any, Any]:
        voxels = np.random.default_rng(0).random((8, 9, 10), dtype=np.float32)
        pair = tuple(slicer.util.addVolumeFromArray(voxels, name=name) for name in ("Current", "Prior"))
        self.ui.fixedVolumeSelector.setCurrentNode(pair[0])
        self.ui.movingVolumeSelector.setCurrentNode(pair[1])
        return pair

    def start(self) -> None:
        self.ui.applyButton.click()
        self.wait_for(lambda: "Deformation" in self.ui.progressBar.format, "the stage in the progress bar")

    def transforms(self) -> list[str]:
        return [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLTransformNode")]

    def test_opening(self) -> None:
        self.assertFalse(self.ui.applyButton.enabled)
        self.assertEqual(self.ui.applyButton.toolTip, "Choose a fixed and a moving volume.")
        pair = self.choose_two_volumes()
        choices = self.panel.logic.getParameterNode()
        self.assertEqual((choices.fixedVolume, choices.movingVolume), pair)
        self.assertTrue(self.ui.applyButton.enabled)
        slicer.util.selectModule(ELSEWHERE)
        slicer.util.selectModule(MODULE)
        self.assertIs(self.ui.movingVolumeSelector.currentNode(), pair[1])

    def test_special_texts_of_the_spin_boxes(self) -> None:
        self.assertEqual(self.ui.refinementStepsSpinBox.text, "As the preset says")
        self.assertEqual(self.ui.threadsSpinBox.text, "Automatic")
        self.ui.threadsSpinBox.value = 2
        self.assertEqual(self.panel.logic.getParameterNode().threads, 2)
        self.assertNotEqual(self.ui.threadsSpinBox.text, "Automatic")

    def test_apply(self) -> None:
        _current, prior = self.choose_two_volumes()
        self.start()
        self.assertEqual(self.ui.applyButton.text, "Cancel")
        self.assertEqual(self.transforms(), [])
        self.computation.released.set()
        self.wait_for(self.is_idle, "the end of the run")
        transform = self.ui.outputTransformSelector.currentNode()
        self.assertEqual(transform.GetName(), "Prior to Current (LDR)")
        moved = transform.GetTransformFromParent().TransformPoint(0.0, 0.0, 0.0)
        np.testing.assert_allclose(moved, SHIFT, atol=1e-6)
        self.assertTrue(self.ui.resultCollapsibleButton.enabled)
        self.assertIn("Alignment: good.", self.ui.statusLabel.text)
        self.assertIs(prior.GetParentTransformNode(), transform, "the first result is shown")

    def test_cancel(self) -> None:
        self.choose_two_volumes()
        self.start()
        self.ui.applyButton.click()
        self.wait_for(self.is_idle, "the end of the run")
        self.assertIn("Cancelled", self.ui.statusLabel.text)
        self.assertEqual(self.transforms(), [])
        self.assertTrue(self.ui.applyButton.enabled)

    def test_closing_the_scene(self) -> None:
        self.choose_two_volumes()
        self.start()
        slicer.mrmlScene.Clear()
        self.assertTrue(self.is_idle())
        self.wait_for(self.computation.ended.is_set, "the computation to notice")
        self.assertEqual(self.transforms(), [])
        self.assertIsNone(self.ui.fixedVolumeSelector.currentNode())
        self.assertFalse(self.ui.applyButton.enabled)

    def test_deleted_nodes(self) -> None:
        _current, prior = self.choose_two_volumes()
        mine, precious = (
            slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", name) for name in ("Mine", "Precious")
        )
        self.ui.outputTransformSelector.setCurrentNode(mine)
        slicer.mrmlScene.RemoveNode(mine)
        self.assertIsNone(self.ui.outputTransformSelector.currentNode(), "no neighbour takes its place")
        self.assertTrue(self.ui.applyButton.enabled)
        self.start()
        slicer.mrmlScene.RemoveNode(prior)
        self.wait_for(self.is_idle, "the end of the run")
        self.assertIn("deleted", self.ui.logTextEdit.toPlainText())
        self.assertIsNone(self.ui.movingVolumeSelector.currentNode())
        self.assertFalse(self.ui.applyButton.enabled)
        self.assertIsNone(precious.GetTransformFromParent())

    def test_reload(self) -> None:
        pair = self.choose_two_volumes()
        self.start()
        before = self.computation
        self.panel.onReload()
        self.assertTrue(before.ended.is_set())
        self.assertIsNot(slicer.modules.LDRRegistrationWidget, self.panel)
        self.stand_in()
        self.assertIs(self.ui.movingVolumeSelector.currentNode(), pair[1])
        self.start()
        self.computation.released.set()
        self.wait_for(self.is_idle, "the run in the new panel")
        self.assertEqual(self.transforms(), ["Prior to Current (LDR)"])
