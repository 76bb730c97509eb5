"""The module's self-test for Slicer: Reload and Test, or ctest. The real tests are in the folder Testing."""

from __future__ import annotations

import sys
import unittest
from typing import Any

import numpy as np
import slicer
from slicer import vtkMRMLScalarVolumeNode
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from ..runtime import pytorch
from . import hints
from .choicelabels import PresetChoice


def _logic() -> Any:
    """Of the module as it is loaded at present."""
    return sys.modules["LDRRegistration"].LDRRegistrationLogic()


class LDRRegistrationTest(ScriptedLoadableModuleTest):
    """Short, on made-up volumes."""

    def setUp(self) -> None:
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        for test in (self.test_choicesAreKeptInTheScene, self.test_shiftIsRecovered):
            self.setUp()
            try:
                test()
            except unittest.SkipTest as reason:
                self.delayDisplay(f"Skipped: {reason}")

    def test_choicesAreKeptInTheScene(self) -> None:
        fixed, moving = self._addBlob("Current", 0.0), self._addBlob("Prior", 8.0)
        choices = _logic().getParameterNode()
        choices.fixedVolume, choices.movingVolume, choices.preset = fixed, moving, PresetChoice.ACCURATE
        again = _logic().getParameterNode()
        self.assertIs(again.movingVolume, moving)
        self.assertIs(again.preset, PresetChoice.ACCURATE)
        self.assertEqual(hints.whatIsMissing(again), "")

    def test_shiftIsRecovered(self) -> None:
        if not pytorch.torchIsInstalled():
            self.skipTest("PyTorch is not installed")
        self.delayDisplay("Registering two synthetic volumes")
        shiftMm = 8.0
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
        _logic().registerVolumes(
            fixedVolumeNode=self._addBlob("Current", 0.0),
            movingVolumeNode=self._addBlob("Prior", shiftMm),
            outputTransformNode=transform,
        )
        moved = transform.GetTransformFromParent().TransformPoint(0.0, 0.0, 0.0)
        self.assertLess(np.linalg.norm(np.subtract(moved, (shiftMm, 0.0, 0.0))), 2.0)
        self.delayDisplay("Test passed")

    def _addBlob(self, name: str, shiftMm: float) -> vtkMRMLScalarVolumeNode:
        """A head-like ellipsoid with a brighter core, moved to the right by ``shiftMm``; 64 voxels of 3 mm a side."""
        axis = (np.arange(64.0) - 31.5) * 3.0
        s, a, r = np.meshgrid(axis, axis, axis - shiftMm, indexing="ij")
        outer = (r / 60.0) ** 2 + (a / 75.0) ** 2 + (s / 65.0) ** 2
        inner = ((r - 15.0) / 25.0) ** 2 + ((a + 10.0) / 30.0) ** 2 + (s / 20.0) ** 2
        voxels = 100.0 / (1.0 + np.exp(12.0 * (outer - 1.0))) + 80.0 / (1.0 + np.exp(6.0 * (inner - 1.0)))
        ijkToRas = np.diag([3.0, 3.0, 3.0, 1.0])
        ijkToRas[:3, 3] = -31.5 * 3.0
        return slicer.util.addVolumeFromArray(voxels.astype(np.float32), ijkToRAS=ijkToRas, name=name)
