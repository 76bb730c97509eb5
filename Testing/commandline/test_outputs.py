"""The output folder: no file that is not ours is lost, and what is there is one whole result, whatever happens."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from itertools import count

import pytest
import SimpleITK as sitk
from LDRRegistrationLib.commandline.outputfolder import OUTPUTS, prepareFolder, publish, sealed
from LDRRegistrationLib.runtime.errors import RegistrationError
from LDRRegistrationLib.runtime.workfolder import workFolder
from support.commandline import OUTPUTS as USUAL
from support.commandline import little_disk, run
from support.data import ROOT

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX")


def _put(output, names, content, overwrite=False):
    """A result of small files, put into ``output`` as the command line does."""
    prepareFolder(output, [], overwrite)
    with workFolder(output) as part:
        for name in names:
            (part / name).parent.mkdir(exist_ok=True)
            (part / name).write_text(content)
        (part / "report.json").write_text(sealed({"content": content}, part))
        return publish(part, output, overwrite)


def _state(output):
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def test_a_rerun_replaces_what_is_ours_and_leaves_nothing_of_the_run_before(files, tmp_path, capsys):
    labels = tmp_path / "labels.nii.gz"
    sitk.WriteImage(sitk.Cast(sitk.ReadImage(str(files["moving"])) > 500, sitk.sitkUInt8), str(labels))
    output = tmp_path / "out"
    output.mkdir()
    (output / "notes.txt").write_text("mine")
    assert run(files, output, "--labels", str(labels)) == 0
    assert run(files, output) == 0
    assert sorted(path.name for path in output.iterdir()) == sorted([*USUAL, "notes.txt"])
    assert "notes.txt" not in capsys.readouterr().out
    listed = json.loads((output / "report.json").read_text())["outputs"]
    assert sorted([*listed, "report.json"]) == USUAL
    for name, digest in listed.items():
        assert hashlib.sha256((output / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_foreign_file_of_our_name_is_never_lost(tmp_path, name):
    output = tmp_path / "out"
    (output / name).parent.mkdir(parents=True)
    (output / name).write_text("{}" if name == "report.json" else "mine")
    before = _state(output)
    with pytest.raises(RegistrationError, match="was not written by ldr-register"):
        _put(output, ["warped.nii.gz", "transform.h5"], "new")
    assert _state(output) == before
    _put(output, ["warped.nii.gz", "transform.h5"], "new", overwrite=True)
    written = {"warped.nii.gz", "transform.h5", "report.json"}
    assert all((output / other).read_bytes() != before.get(other) for other in written)
    # What is not in the way stays even then.
    assert name in written or (output / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["changes.csv", "report.json"])
def test_a_result_that_was_changed_since_is_not_ours_any_more(tmp_path, name):
    output = tmp_path / "out"
    _put(output, ["changes.csv", "transform.h5"], "old")
    _put(output, ["changes.csv", "transform.h5"], "newer")
    text = (output / name).read_text()
    (output / name).write_text(text.replace("newer", "edited"))
    before = _state(output)
    with pytest.raises(RegistrationError, match="changed since"):
        _put(output, ["transform.h5"], "newest")
    assert _state(output) == before


def test_the_command_line_refuses_a_foreign_file_before_it_computes(files, tmp_path, capsys):
    output = tmp_path / "out"
    output.mkdir()
    (output / "warped.nii.gz").write_text("mine")
    assert run(files, output) == 2
    assert "--overwrite" in capsys.readouterr().err and _state(output) == {"warped.nii.gz": b"mine"}
    assert run(files, output, "--overwrite") == 0
    assert sorted(_state(output)) == USUAL


@posix
@pytest.mark.parametrize("option", ["fixed", "moving", "--labels", "--fixed-mask", "--moving-mask", "--change-mask"])
@pytest.mark.parametrize("how", ["itself", "symlink", "hard link", "spelling"])
def test_an_input_that_is_an_output_is_refused(files, tmp_path, option, how, capsys):
    output = tmp_path / "out"
    output.mkdir()
    target = output / "warped.nii.gz"
    target.write_bytes(files["fixed"].read_bytes())
    path = tmp_path / "input.nii.gz"
    if how == "symlink":
        path.symlink_to(target)
    elif how == "hard link":
        path.hardlink_to(target)
    else:
        path = target if how == "itself" else output / ".." / "out" / target.name
    chosen = {**files, option: path} if not option.startswith("--") else files
    more = [option, str(path)] if option.startswith("--") else []
    assert run(chosen, output, *more, *(["--change"] if option == "--change-mask" else []), "--overwrite") == 2
    assert "same file" in capsys.readouterr().err
    assert _state(output) == {"warped.nii.gz": files["fixed"].read_bytes()}


def test_an_output_that_links_to_an_input_is_refused(files, tmp_path, capsys):
    output = tmp_path / "out"
    output.mkdir()
    (output / "warped.nii.gz").hardlink_to(files["fixed"])
    assert run(files, output, "--overwrite") == 2
    assert "same file" in capsys.readouterr().err


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "out" / "transform.h5").mkdir(parents=True)
    with pytest.raises(RegistrationError, match="is a folder"):
        _put(tmp_path / "out", ["transform.h5"], "new", overwrite=True)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_folder_that_cannot_be_written(files, tmp_path, capsys):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert run(files, closed / "out") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_output_that_is_a_file_or_below_one(files, tmp_path, capsys):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for output in (taken, taken / "below"):
        assert run(files, output) == 2
        assert "cannot be written" in capsys.readouterr().err and taken.read_text() == "mine"


@posix
def test_a_name_that_is_not_utf_8_is_a_sentence(files, tmp_path, capsys):
    assert run(files, os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")) == 2
    printed = capsys.readouterr()
    assert "not UTF-8" in printed.err and printed.err.count("\n") == 1


@pytest.mark.parametrize("fails_at", range(1, 7))
def test_a_file_that_cannot_be_put_in_place_leaves_the_old_result(tmp_path, monkeypatch, fails_at):
    """A file that another program holds open, on Windows; a disk that breaks."""
    output = tmp_path / "out"
    _put(output, ["transform.h5", "warped.nii.gz", "warped_labels.nii.gz"], "old")
    before, calls, replace = _state(output), count(1), os.replace

    def broken(source, target):
        if next(calls) == fails_at:
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", broken)
    new = ["transform.h5", "warped.nii.gz", "overview.png"]
    if fails_at <= 5:  # the plan, three files and the report
        with pytest.raises(PermissionError):
            _put(output, new, "new")
        assert _state(output) == before
    else:
        assert sorted(_put(output, new, "new")) == sorted([*new, "report.json"]) == sorted(_state(output))


KILLED = """
import os, signal, sys
from pathlib import Path
from LDRRegistrationLib.commandline import outputfolder
from LDRRegistrationLib.runtime.workfolder import workFolder
output, at = Path(sys.argv[1]), int(sys.argv[2])
outputfolder.prepareFolder(output, [], False)
real, calls = os.replace, [0]
def replace(source, target):
    calls[0] += 1
    if calls[0] == at:
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
os.replace = replace
with workFolder(output) as part:
    for name in ("transform.h5", "warped.nii.gz", "overview.png"):
        (part / name).write_text("new")
    (part / "report.json").write_text(outputfolder.sealed({"content": "new"}, part))
    outputfolder.publish(part, output, False)
"""


@posix
@pytest.mark.parametrize("at", range(1, 6))
def test_what_a_kill_cut_short_is_finished_by_the_next_start(tmp_path, at):
    output = tmp_path / "out"
    _put(output, ["transform.h5", "warped.nii.gz", "warped_labels.nii.gz"], "old")
    old = _state(output)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration")}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(output), str(at)], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert any(path.name.startswith(".ldr-register-") for path in output.iterdir())
    prepareFolder(output, [], False)
    after = _state(output)
    if at == 1:
        assert after == old
    else:
        assert sorted(after) == ["overview.png", "report.json", "transform.h5", "warped.nii.gz"]
        assert json.loads(after.pop("report.json"))["content"] == "new" and set(after.values()) == {b"new"}


def test_objects_lie_in_a_folder_that_goes_with_the_last_of_them(tmp_path):
    output = tmp_path / "out"
    _put(output, ["transform.h5", "dicom/registration.dcm"], "old")
    assert (output / "dicom" / "registration.dcm").read_text() == "old"
    _put(output, ["transform.h5"], "new")
    assert sorted(path.name for path in output.iterdir()) == ["report.json", "transform.h5"]
    _put(output, ["transform.h5", "dicom/registration.dcm"], "old")
    (output / "dicom" / "mine.txt").write_text("mine")
    _put(output, ["transform.h5"], "new")
    assert [path.name for path in (output / "dicom").iterdir()] == ["mine.txt"]


def test_the_work_folder_of_a_living_process_is_left_alone(tmp_path):
    with workFolder(tmp_path) as part:
        (part / "voxels").write_text("precious")
        prepareFolder(tmp_path, [], False)
        assert (part / "voxels").read_text() == "precious"
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("size", [200_000, 600_000])
def test_a_full_disk_is_said_and_the_old_result_stays(files, tmp_path, capsys, size):
    output = tmp_path / "out"
    _put(output, ["transform.h5"], "old")
    before = _state(output)
    with little_disk(size):
        status = run(files, output)
    printed = capsys.readouterr()
    assert status == 2 and printed.err.count("\n") == 1 and "could not be written into" in printed.err, printed.err
    assert _state(output) == before
