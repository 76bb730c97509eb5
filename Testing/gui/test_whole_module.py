"""Nothing stands in here but the Slicer application: real scans, the shipped model, the background thread."""

from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness.panel import is_idle, picture
from harness.user import choose, click, wait_for


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
    from LDRRegistrationLib.mrml.reading import readVolume
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


def test_sample_data_is_offered_once_slicer_has_started(panel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import types

    import slicer

    offered = []
    logic = types.SimpleNamespace(registerCustomSampleDataSource=lambda **source: offered.append(source["sampleName"]))
    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=logic))
    assert offered == [], "nothing happens while the module is loaded"
    slicer.app.slots["startupCompleted()"][-1]()
    assert offered == ["LDRFollowUpFLAIR", "LDRHippocampi"]


def test_a_script_without_a_main_window(tmp_path: Path) -> None:
    """As ``Slicer --no-main-window --python-script``: no panel is ever opened, and no Qt event loop runs."""
    code = f"""
from conftest import MODULE
from harness import application
application.install()
import subprocess
import sys
sys.path[:0] = [str(MODULE.parent), str(MODULE.parents[1] / "Testing")]
import slicer
from LDRRegistration import LDRRegistrationLogic
from LDRRegistrationLib.mrml.reading import readVolume
from support.data import CURRENT_FLAIR, PRIOR_FLAIR
current, prior = (readVolume(slicer.mrmlScene, path) for path in (CURRENT_FLAIR, PRIOR_FLAIR))
(outcome,) = LDRRegistrationLogic().registerPairs(pairs=[(current, prior)])
LDRRegistrationLogic().saveTransform(transformNode=outcome.outputTransformNode, path={str(tmp_path / "t.h5")!r})
assert not hasattr(slicer.modules, "LDRRegistrationWidget")
print(outcome.error, outcome.result.summary)
"""
    here = Path(__file__).parent
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=120, check=False)
    assert "Local similarity" in ran.stdout, ran.stderr
    assert (tmp_path / "t.h5").is_file()
