"""The tests that Slicer's own ctest runs, in a process without PyTorch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CTEST = HERE.parent / "ctest"
CODE = f"""
import sys
import unittest
sys.modules["torch"] = None  # not to be had
from conftest import MODULE
from harness import application, desktop, pythonqt
application.install()
desktop.Desktop({{MODULE.stem: MODULE}}).install()
sys.path.append({str(CTEST)!r})  # from here on as slicer.testing.runUnitTest does
suite = unittest.TestLoader().loadTestsFromName("LDRRegistrationPanelTest")
tests = [test for group in suite for test in group]
for order in (tests, tests[::-1]):
    ran = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(type(t)(t._testMethodName) for t in order))
    assert ran.wasSuccessful() and not ran.skipped, "failed"
assert pythonqt.slot_errors == []
print("passed", len(tests))
"""


def test_the_panel_as_slicers_ctest_sees_it() -> None:
    command = [sys.executable, "-c", CODE]
    ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    written = len(re.findall(r"    def test_", (CTEST / "LDRRegistrationPanelTest.py").read_text(encoding="utf-8")))
    assert ran.stdout.splitlines()[-1] == f"passed {written}"


def test_cmake_adds_them_only_when_tests_are_built() -> None:
    root = (HERE.parents[1] / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.search(r"if\(BUILD_TESTING\)\s+add_subdirectory\(Testing/ctest\)\s+endif\(\)", root)
    listed = re.findall(r"slicer_add_python_unittest\(SCRIPT (\S+)\)", (CTEST / "CMakeLists.txt").read_text())
    assert sorted(listed) == sorted(path.name for path in CTEST.glob("*.py"))
