"""Slicer ends, or reloads the module, while PyTorch is being loaded for the first time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TORCH = """
import sys, time
print("begins", flush=True)
end = time.monotonic() + 4
while time.monotonic() < end:  # longer than the panel waits for a thread that computes
    time.sleep(0.01)
print("loaded", flush=True)
raise ImportError("only a stand-in")
"""

APPLICATION = """
import sys, time
from conftest import MODULE
from harness import application
from harness.user import click
import numpy as np
application.install()
import slicer
slicer.util.errorDisplay = lambda text, **unused: print("error", text)
for name in ("Current", "Prior"):
    slicer.util.addVolumeFromArray(np.random.default_rng(len(name)).random((8, 9, 10), dtype=np.float32), name=name)
panel = application.open_module(MODULE)
click(panel.ui.applyButton)
assert panel.ui.applyButton.text == "Cancel"
while "torch" not in sys.modules:
    slicer.app.processEvents()
panel.cleanup()
print("closed", flush=True)
"""


def test_the_panel_waits_for_an_import_that_cannot_be_stopped(tmp_path: Path) -> None:
    """A thread inside a library that is being loaded crashes a process that ends."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(TORCH)
    here = Path(__file__).parent
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{APPLICATION}"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=here, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert [line for line in ran.stdout.splitlines() if line] == ["begins", "loaded", "closed"], ran.stderr
