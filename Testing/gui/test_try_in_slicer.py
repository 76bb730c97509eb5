"""tools/try_in_slicer.py, which others run in the Slicer application, here on its stand-ins."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from support.remembered import Remembered

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "tools" / "try_in_slicer.py"
# As --python-script does: the file's text in the globals of __main__, with its name and the arguments.
CODE = """
import sys
from conftest import MODULE
from harness import application, desktop, pythonqt
application.install()
slicer_window = desktop.Desktop({{MODULE.stem: MODULE}})
slicer_window.install()
{before}
__file__, sys.argv = {script!r}, [{script!r}, {folder!r}]
exec(open({script!r}, encoding="ascii").read(), globals())
import slicer
slicer.modules.LDRRegistrationWidget.cleanup()
assert pythonqt.slot_errors == []
sys.exit(slicer_window.exitStatus)
"""
# The comparison is one that this run of the tests may have made before.
REMEMBERING = """
sys.path.append({testing!r})
import pathlib, pytest
from support.remembered import Remembered
Remembered(pathlib.Path({folder!r})).install(pytest.MonkeyPatch())
"""
# The range that Slicer gives to spin boxes of numbers without one.
SPOILT = """
sys.modules["torch"] = None
import slicer
select = slicer.util.selectModule
def spoil(name):
    select(name)
    box = slicer.modules.LDRRegistrationWidget.ui.threadsSpinBox
    box.setRange(-5, 64)
    box.value, box.value = 1, 0
slicer.util.selectModule = spoil
"""


def try_it(folder: Path, before: str = "") -> tuple[int, list[str]]:
    """The exit status, and the lines of the report."""
    code = CODE.format(before=before, script=str(SCRIPT), folder=str(folder))
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300, check=False)
    report = folder / "report.txt"
    assert report.is_file(), ran.stderr
    lines = report.read_text(encoding="utf-8").splitlines()
    # In this order; Slicer itself says something where a module is reloaded.
    printed = iter(ran.stdout.splitlines())
    assert all(line in printed for line in lines), ran.stdout
    assert f"{folder}.zip" in next(printed)
    return ran.returncode, lines


def test_every_step_passes_and_leaves_a_report_with_pictures(tmp_path: Path, remembered: Remembered) -> None:
    before = REMEMBERING.format(testing=str(HERE.parent), folder=str(remembered.folder))
    status, lines = try_it(tmp_path / "try", before)
    steps = re.findall(r"    def (step_\w+)\(", SCRIPT.read_text(encoding="ascii"))
    assert [line.partition("  ")[0] for line in lines[3:-1]] == ["PASS"] * len(steps), "\n".join(lines)
    assert (status, lines[-1]) == (0, "All steps passed.")
    assert lines[0].startswith("Slicer ") and "torch 2" in lines[2]
    timed = next(line for line in lines if "register again" in line)
    assert re.search(r"\d\.\d\d s, longest pause 0\.\d+ s, the same result", timed)
    with zipfile.ZipFile(tmp_path / "try.zip") as archive:
        names = sorted(archive.namelist())
    assert names[-1] == "report.txt" and len(names) == 8, names
    pictures = {(tmp_path / "try" / name).read_bytes() for name in names[:-1]}
    assert len(pictures) == 7 and all(data.startswith(b"\x89PNG") for data in pictures)


def test_what_fails_is_said_and_what_needs_it_is_not_run(tmp_path: Path) -> None:
    status, lines = try_it(tmp_path / "try", SPOILT)
    assert (status, lines[-1]) == (1, "Not all steps passed.")
    told = {line.split("  ")[1]: line for line in lines[3:-1]}
    assert told["open the module"].startswith("PASS") and told["load the sample pair"].startswith("PASS")
    assert told["special texts of the spin boxes"].startswith("FAIL")
    assert "threadsSpinBox shows 0, not Automatic" in told["special texts of the spin boxes"]
    assert told["find pytorch"].startswith("FAIL") and "installs nothing" in told["find pytorch"]
    assert told["register"] == "NOT RUN  register"
