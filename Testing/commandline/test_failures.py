"""Errors that nobody foresaw: status 1, one line, and a file to report that names no patient."""

import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.commandline.failures import explained, withoutPaths
from LDRRegistrationLib.runtime.terminal import show
from support.commandline import OUTPUTS, arguments_for, run
from support.data import ROOT


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _failing(monkeypatch, error):
    def fail(*_arguments, **_keywords):
        raise error

    monkeypatch.setattr("LDRRegistrationLib.logic.registration.register", fail)


def test_an_internal_error_leaves_a_file_without_names(files, tmp_path, capsys, monkeypatch, temporary):
    folder = tmp_path / "Ward 7"
    folder.mkdir()
    for name, renamed in (("fixed", "Smith_John.nii.gz"), ("moving", "Smith_John-1957.nrrd")):
        files[name] = files[name].rename(folder / renamed)
    secret = f"cannot align {files['fixed']} and\n'Smith_John-1957' of {folder}, see /etc/passwd"
    try:
        raise KeyError("Smith_John")
    except KeyError as cause:
        error = IndexError(secret)
        error.__cause__ = cause
    _failing(monkeypatch, error)
    assert run(files, tmp_path / "out") == 1
    printed = capsys.readouterr()
    (kept,) = temporary.iterdir()
    assert printed.err.count("\n") == 1 and printed.err.startswith("ldr-register: ") and str(kept) in printed.err
    assert "IndexError" in printed.err and "Smith" not in printed.err and printed.out == ""
    text = kept.read_text(encoding="utf-8")
    assert (
        "LDRRegistrationLib/logic/registration.py" in text
        and "IndexError: cannot align <input>" in text
        and "KeyError" in text
    )
    assert "torch 2" in text and "numpy" in text
    for name in ("Smith", "1957", "Ward", "etc", str(tmp_path), str(Path.home()), str(Path(__file__).parent)):
        assert name not in text, name
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 TB")])
def test_too_little_memory_is_said_and_nothing_to_report(files, tmp_path, capsys, monkeypatch, temporary, error):
    _failing(monkeypatch, error)
    assert run(files, tmp_path / "out") == 1
    printed = capsys.readouterr()
    assert "not enough memory" in printed.err and printed.err.count("\n") == 1
    assert list(temporary.iterdir()) == [] and list((tmp_path / "out").iterdir()) == []


def test_memory_that_runs_out_in_disguise(files, tmp_path, capsys, monkeypatch, temporary):
    """A library's loader that hides why it failed; and none left to write about another error."""
    from LDRRegistrationLib.commandline import failures

    def runs_out():
        raise MemoryError

    for error, left, versions in (
        (ImportError("Failed to load vtkChartsCore"), 5_000_000, dict),
        (IndexError("3"), 500_000_000, runs_out),
    ):
        monkeypatch.setattr(failures, "availableBytes", lambda left=left: left)
        monkeypatch.setattr(failures, "versions", versions)
        _failing(monkeypatch, error)
        assert run(files, tmp_path / "out") == 1
        printed = capsys.readouterr()
        assert "not enough memory" in printed.err and printed.err.count("\n") == 1, printed.err
        assert list(temporary.iterdir()) == []
    monkeypatch.setattr(failures, "availableBytes", lambda: 500_000_000)
    assert not failures.isOutOfMemory(ImportError("Failed to load vtkChartsCore"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("open '/a b/c d/e.nii.gz' failed", "open '<input>' failed"),
        ("node e of C:\\Users\\x\\f.nii, 3/4 of N/A", "node e of <path>, 3/4 of N/A"),
        ("~/g and //server/h", "<path> and <path>"),
    ],
)
def test_paths_are_taken_out_of_what_an_error_says(text, expected):
    assert withoutPaths(text, [Path("/a b/c d/e.nii.gz")]) == expected


# With all libraries there, a little more than they take is left.
LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from LDRRegistrationLib.runtime.pytorch import importTorch
importTorch()
import LDRRegistrationLib.logic.change
from LDRRegistrationLib.reports import overview, registrationjson
from LDRRegistrationLib.__main__ import main
import SimpleITK
limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + 300_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the address space is limited, and read from /proc")
def test_a_process_that_runs_out_of_memory(files, tmp_path):
    big = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 99, (400, 400, 400)).astype(np.uint8))
    files["fixed"] = tmp_path / "big.nrrd"
    sitk.WriteImage(big, str(files["fixed"]))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration")}
    command = [sys.executable, "-c", LITTLE_MEMORY, *arguments_for(files, tmp_path / "out", "--threads", "1")]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    # Where it can be known beforehand it is said beforehand.
    said = {1: "not enough memory", 2: "takes 1"}
    assert said.get(ended.returncode, "nothing") in ended.stderr, ended.stderr
    assert ended.stderr.count("\n") == 1 and list((tmp_path / "out").iterdir()) == []


def test_what_libraries_print_goes_nowhere(files, tmp_path, capfd, monkeypatch):
    """ITK, VTK, HDF5 and NIfTI write to the standard error by themselves, whatever Python's says."""
    from LDRRegistrationLib.registration import prealignment

    original = prealignment._levels

    def chatter(*arguments):
        os.write(2, b"WARNING: In itkNiftiImageIO.cxx, line 2086\n")
        return original(*arguments)

    monkeypatch.setattr(prealignment, "_levels", chatter)
    assert run(files, tmp_path / "out") == 0
    assert capfd.readouterr().err == ""
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_a_result_that_failed_is_said_first_written_and_ends_with_3(files, tmp_path, capsys, monkeypatch):
    from LDRRegistrationLib.logic import registration

    original = registration.register

    def doubtful(*arguments, **keywords):
        result = original(*arguments, **keywords)
        result.verdict = types.SimpleNamespace(grade="failed", sentence="Nothing fits.")
        return result

    monkeypatch.setattr(registration, "register", doubtful)
    assert run(files, tmp_path / "out") == 3
    assert capsys.readouterr().out.splitlines()[0] == "Verdict: failed. Nothing fits."
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == OUTPUTS
    assert '"verdict": {\n    "grade": "failed",' in (tmp_path / "out" / "report.json").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_standard_output_that_is_full_or_closed(monkeypatch, capsys):
    with open("/dev/full", "w", encoding="ascii") as full:
        monkeypatch.setattr(sys, "stdout", full)
        show(["caf\udce9 \u00e9"])
    assert "standard output cannot be written" in capsys.readouterr().err


def test_a_file_that_vanished_is_called_so(tmp_path):
    with pytest.raises(FileNotFoundError) as found:
        (tmp_path / "v.nii").read_bytes()
    status, sentence = explained(found.value, [], tmp_path)
    assert status == 2 and sentence == f"{tmp_path / 'v.nii'} does not exist, or vanished meanwhile."
