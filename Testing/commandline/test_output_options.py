"""What is written looks, is called and is told as the user asks: interpolation to shell completion."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.apply import command as apply_command
from LDRRegistrationLib.commandline.outputoptions import MISSING, wantsJson
from support.commandline import OUTPUTS, run, shares_done


def told(capsys):
    """The objects that were logged; nothing else may be on the standard error."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_interpolation_padding_and_scalar_type(files, tmp_path):
    # Half of the moving image is cut off: beyond it is nothing.
    moving = sitk.ReadImage(str(files["moving"]))
    sitk.WriteImage(moving[:, :, : moving.GetSize()[2] // 2], str(files["moving"]))
    made = {}
    for name, more in {
        "plain": [],
        "cubic": ["--interpolation", "cubic", "--padding", "-5000"],
        "float": ["--interpolation", "nearest", "--scalar-type", "float", "--padding", "0.5"],
    }.items():
        assert run(files, tmp_path / name, "--prealignment", "none", *more) in (0, 3)
        made[name] = sitk.ReadImage(str(tmp_path / name / "warped.nii.gz"))
    arrays = {name: sitk.GetArrayFromImage(image) for name, image in made.items()}
    assert made["cubic"].GetPixelID() == moving.GetPixelID() == sitk.sitkInt16
    assert made["float"].GetPixelID() == sitk.sitkFloat32
    empty = arrays["cubic"] == -5000
    assert 0.1 < empty.mean() < 0.9
    np.testing.assert_array_equal(arrays["float"] == 0.5, empty)
    assert set(np.unique(arrays["float"][~empty])) <= set(np.unique(sitk.GetArrayFromImage(moving)))
    assert len(set(np.unique(arrays["plain"][empty]))) == 1
    apart = np.abs(arrays["cubic"].astype(float) - arrays["plain"])[~empty]
    assert 0 < apart.mean() < 30
    report = json.loads((tmp_path / "cubic" / "report.json").read_text())
    assert (report["interpolation"], report["padding"], report["scalarType"]) == ("cubic", -5000, "moving")


def test_a_padding_that_the_voxels_cannot_hold(files, tmp_path, capsys):
    assert run(files, tmp_path / "out", "--padding", "1e9") == 2
    assert "cannot be held by the voxels" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_names_begin_with_the_prefix(files, tmp_path, capsys):
    output = tmp_path / "out"
    assert run(files, output, "--prefix", "sub-01_") == 0
    assert run(files, output, "--prefix", "sub-02_") == 0
    assert run(files, output, "--prefix", "sub-01_") == 0
    expected = sorted(f"sub-0{number}_{name}" for number in (1, 2) for name in OUTPUTS)
    assert sorted(path.name for path in output.iterdir()) == expected
    listed = json.loads((output / "sub-01_report.json").read_text())["outputs"]
    assert sorted([*listed, "sub-01_report.json"]) == expected[: len(OUTPUTS)]
    # A file that is not ours is as safe as without.
    (output / "sub-02_warped.nii.gz").write_text("mine")
    capsys.readouterr()
    assert run(files, output, "--prefix", "sub-02_") == 2
    assert (output / "sub-02_warped.nii.gz").read_text() == "mine"
    for wrong in ("a/b", "../", "-x", "", "x" * 101):
        assert run(files, output, f"--prefix={wrong}") == 2
        assert "cannot begin the names of files" in capsys.readouterr().err


def test_a_log_for_programs(files, tmp_path, capsys):
    assert run(files, tmp_path / "out", "--log-format", "json") == 0
    said = capsys.readouterr()
    assert said.out.startswith("Verdict: good")
    log = [json.loads(line) for line in said.err.splitlines()]
    assert all({"time", "level", "event"} <= line.keys() for line in log)
    stages = [line["stage"] for line in log if line["event"] == "progress"]
    assert "Pre-alignment" in stages and len(stages) == len(set(stages))
    shares = shares_done(said.err)
    assert shares == sorted(shares) and shares[0] == 0
    result = next(line for line in log if line["event"] == "result")
    assert result["verdict"]["grade"] == "good" and sorted(result["written"]) == OUTPUTS
    assert (log[-1]["event"], log[-1]["status"]) == ("end", 0)


def test_a_quiet_log_for_programs(files, tmp_path, capsys):
    assert run(files, tmp_path / "out", "--quiet", "--log-format=json") == 0
    said = capsys.readouterr()
    assert said.out == "" and [json.loads(line)["event"] for line in said.err.splitlines()] == ["result", "end"]


def test_errors_in_a_log_for_programs(files, tmp_path, capsys):
    files["moving"].unlink()
    assert run(files, tmp_path / "out", "--log-format", "json") == 2
    error, end = (line for line in told(capsys) if line["event"] != "progress")
    assert error["level"] == "error" and "moving.nrrd" in error["message"] and end["status"] == 2
    with pytest.raises(SystemExit):
        main(["--log-format", "json", "--preset", "fastest"])
    assert "invalid choice" in told(capsys)[0]["message"]


def test_many_pairs_in_a_log_for_programs(tmp_path, capsys):
    table = tmp_path / "pairs.tsv"
    table.write_text("fixed\tmoving\nmissing.nii.gz\tgone.nii.gz\n")
    assert main(["--pairs", str(table), "-o", str(tmp_path / "out"), "--log-format", "json"]) == 3
    pair, cohort, end = told(capsys)
    assert (pair["event"], pair["name"]) == ("pair", "gone") and "missing.nii.gz" in pair["error"]
    assert (cohort["pairs"], cohort["verdicts"], end["status"]) == (1, {"not registered": 1}, 3)


def test_prefix_is_for_one_pair(tmp_path, capsys):
    table = tmp_path / "pairs.tsv"
    table.write_text("fixed\tmoving\na\tb\n")
    assert main(["--pairs", str(table), "-o", str(tmp_path / "out"), "--prefix", "x_"]) == 2
    assert "--prefix cannot be used with many pairs" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--log-format", "json"], ["--log-format=json"], ["a", "--log-f", "json", "b"]])
def test_json_is_wanted(arguments):
    assert wantsJson(arguments)
    assert not wantsJson([one for one in arguments if "json" not in one])


@pytest.mark.parametrize("module", [main, apply_command.main])
@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_is_printed_for_each_shell(module, shell, capsys):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as ended:
        module(["--print-completion", shell])
    assert ended.value.code == 0 and "--interpolation" in capsys.readouterr().out.replace("\\", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_options_and_choices(capsys, tmp_path):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    (tmp_path / "completion.sh").write_text(capsys.readouterr().out)
    script = """
    source completion.sh
    offered() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _shtab_ldr_register; echo "${COMPREPLY[@]}"; }
    offered ldr-register --inter
    offered ldr-register --interpolation ""
    offered ldr-register --preset b
    """
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines == [["--interpolation"], ["nearest", "linear", "cubic"], ["best"]], done.stderr


def test_without_shtab_it_is_said_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "shtab", None)
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", "bash"])
    assert ended.value.code == 2 and MISSING in capsys.readouterr().err


def test_a_quiet_ldr_apply(files, tmp_path, capsys):
    run(files, tmp_path / "out", "--quiet")
    arguments = ["apply", files["moving"], "-t", tmp_path / "out" / "transform.h5", "-r", files["fixed"]]
    where = ["-o", tmp_path / "carried.nii.gz", "--quiet", "--log-format", "json"]
    assert apply_command.main([str(one) for one in (*arguments, *where)]) == 0
    said = capsys.readouterr()
    assert said.out == "" and json.loads(said.err)["event"] == "result"
    assert (tmp_path / "carried.nii.gz").is_file()
