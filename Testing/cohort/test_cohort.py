"""A cohort in one process: what is written, what a second run does, and what goes wrong with one pair."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import SimpleITK as sitk
from LDRRegistrationLib.cohort import record
from LDRRegistrationLib.cohort import run as cohort_run
from LDRRegistrationLib.registration import register as register_module
from LDRRegistrationLib.registration.verdict import Verdict
from support.commandline import OUTPUTS, little_disk
from support.data import ROOT
from test_tables import make_dataset

VALIDATOR = shutil.which(os.environ.get("BIDS_VALIDATOR", "bids-validator-deno"))


def test_each_pair_has_its_folder_and_a_second_run_changes_no_file(cohort, capsys):
    labels = cohort.folder / "labels.nii.gz"
    moving = sitk.ReadImage(str(cohort.files["moving"]))
    sitk.WriteImage(sitk.Cast(moving > 500, sitk.sitkUInt8), str(labels))
    columns = "name\tfixed\tmoving\tlabels\tsite"
    rows = [cohort.row("a", str(labels), "Ulm"), cohort.row("b", "", "Bern"), cohort.row("gone", "gone.nii", "Graz")]
    path = cohort.write(*rows, columns=columns)
    assert cohort.run("--pairs", str(path)) == 3
    assert cohort.done == ["a", "b"]
    assert sorted(p.name for p in (cohort.output / "a").iterdir()) == sorted([*OUTPUTS, "warped_labels.nii.gz"])
    assert sorted(p.name for p in (cohort.output / "b").iterdir()) == OUTPUTS
    table = cohort.table()
    assert {name: row["verdict"] for name, row in table.items()} == {"a": "good", "b": "good", "gone": "not registered"}
    assert "gone.nii does not exist" in table["gone"]["why"] and table["gone"]["similarity"] == "n/a"
    assert [row["site"] for row in table.values()] == ["Ulm", "Bern", "Graz"]
    report = json.loads((cohort.output / "a" / "report.json").read_text())
    assert float(table["a"]["similarity"]) == report["similarity"]["registered"]
    assert str(cohort.folder) not in json.dumps(report)
    page = (cohort.output / "cohort.html").read_text()
    # What somebody should look at comes first.
    assert page.index(">gone<") < page.index(">a<") and "src='b/overview.png'" in page
    before = cohort.state()
    assert cohort.run("--pairs", str(path)) == 3
    assert cohort.done == ["a", "b"] and cohort.state() == before
    assert "2 of 3 pairs are finished already" in capsys.readouterr().out


def test_only_what_changed_is_registered_again(cohort):
    path = cohort.write(cohort.row("a"), cohort.row("b"))
    assert cohort.run("--pairs", str(path)) == 0
    cohort.done.clear()
    # Touched, but the same: read again, and nothing is written.
    os.utime(cohort.files["moving"])
    before = cohort.state()
    assert cohort.run("--pairs", str(path)) == 0
    assert cohort.done == ["a", "b"] and cohort.state() == before
    cohort.done.clear()
    (cohort.output / "b" / "transform.h5").unlink()
    other = cohort.folder / "other.nrrd"
    sitk.WriteImage(sitk.ReadImage(str(cohort.files["moving"])) + 1, str(other))
    cohort.write(f"a\t{cohort.files['fixed']}\t{other}", cohort.row("b"))
    assert cohort.run("--pairs", str(path)) == 0
    report = json.loads((cohort.output / "a" / "report.json").read_text())
    assert cohort.done == ["a", "b"] and report["moving"] == "other.nrrd"
    assert (cohort.output / "b" / "transform.h5").is_file()
    cohort.done.clear()
    assert cohort.run("--pairs", str(path), "--prealignment", "rigid") == 0
    assert cohort.done == ["a", "b"]
    assert json.loads((cohort.output / "a" / "report.json").read_text())["prealignment"] == "rigid"


def test_one_bad_pair_stops_nothing(cohort, monkeypatch):
    """Not an image; a verdict of failed; an error of the program; a file that vanishes half way."""
    bad = cohort.folder / "bad.nii.gz"
    bad.write_text("no image")
    vanishing = cohort.folder / "vanishing.nrrd"
    shutil.copy(cohort.files["moving"], vanishing)
    fixed = cohort.files["fixed"]
    path = cohort.write(
        f"bad\t{fixed}\t{bad}",
        cohort.row("unclear"),
        cohort.row("bug"),
        f"vanishing\t{fixed}\t{vanishing}",
        cohort.row("z"),
    )
    verdict_on, names = register_module.verdictOn, iter(("unclear", "bug", "vanishing", "z"))

    def misjudge(*arguments):
        name = next(names)
        if name == "bug":
            raise IndexError("a bug")
        if name == "vanishing":
            vanishing.unlink()
        return Verdict("failed", "Made so.") if name == "unclear" else verdict_on(*arguments)

    monkeypatch.setattr(register_module, "verdictOn", misjudge)
    assert cohort.run("--pairs", str(path)) == 3
    table = cohort.table()
    assert {name: row["verdict"] for name, row in table.items()} == {
        "bad": "not registered",
        "unclear": "failed",
        "bug": "not registered",
        "vanishing": "not registered",
        "z": "good",
    }
    assert "bad.nii.gz" in table["bad"]["why"] and "Made so." in table["unclear"]["why"]
    assert "IndexError" in table["bug"]["why"] and "vanished while" in table["vanishing"]["why"]
    assert not list((cohort.output / "vanishing").iterdir())


def test_a_full_disk_is_said_of_its_pairs(cohort):
    path = cohort.write(cohort.row("a"))
    with little_disk(200_000):
        assert cohort.run("--pairs", str(path)) == 3
    assert "could not be written into" in cohort.table()["a"]["why"]
    assert cohort.run("--pairs", str(path)) == 0 and cohort.table()["a"]["verdict"] == "good"


def test_files_that_are_not_ours_are_not_lost(cohort, capsys):
    path = cohort.write(cohort.row("a"), name="cohort.tsv")
    cohort.output = cohort.folder
    assert cohort.run("--pairs", str(path)) == 2 and "would be overwritten" in capsys.readouterr().err
    cohort.output = cohort.folder / "out"
    cohort.output.mkdir()
    (cohort.output / "cohort.html").write_text("mine")
    assert cohort.run("--pairs", str(path)) == 2 and "--overwrite" in capsys.readouterr().err
    assert cohort.done == [] and cohort.run("--pairs", str(path), "--overwrite") == 0
    edited = cohort.output / "cohort.tsv"
    edited.write_text(edited.read_text().replace("good", "bad"))
    assert cohort.run("--pairs", str(path)) == 2 and "changed since" in capsys.readouterr().err


def test_two_runs_in_one_folder(cohort, capsys):
    path = cohort.write(cohort.row("a"))
    cohort.output.mkdir()
    with record.onlyRun(cohort.output):
        assert cohort.run("--pairs", str(path)) == 2
    assert "Another run is at work" in capsys.readouterr().err and cohort.done == []


def test_what_many_would_cost(cohort, capsys):
    path = cohort.write(*(cohort.row(name) for name in "abc"))
    assert cohort.run("--pairs", str(path)) == 0
    measured = json.loads((cohort.output / "cohort.json").read_text())["runs"]
    assert len(measured) == 1 and measured[0]["pairs"] == len(measured[0]["pairSeconds"]) == 3
    run = {"pairs": 3, "wallSeconds": 5.0, "pairSeconds": [2.0, 3.0, 4.0], "loadingSeconds": [1.0], "workers": 2}
    (cohort.output / "cohort.json").write_text(json.dumps({"runs": [{**run, "threads": 1}], "sha256": {}}))
    capsys.readouterr()
    assert cohort.run("--estimate", "10000", "--machines", "5", "--price", "2", models=False) == 0
    lines = capsys.readouterr().out.splitlines()
    # 1000 pairs a worker of 3 s each, and 5 s of loading and registering were spread over 10 s of two workers.
    assert "3.00 s each on one of 2 workers" in lines[0] and "50 min" in lines[1] and "4.17 machine hours" in lines[1]
    assert lines[2] == "At 2 an hour of a machine: 8.34."


def test_bids_in_and_derivatives_out(cohort, capsys):
    images = [f"sub-01/ses-{n}/anat/sub-01_ses-{n}_T1w.nii.gz" for n in (1, 2)]
    fixed = cohort.files["fixed"]
    root = make_dataset(cohort.folder / "data", images, fixed)
    assert cohort.run("--bids", str(root)) == 0
    stem = "sub-01/ses-2/anat/sub-01_ses-2"
    files = {str(path.relative_to(cohort.output)) for path in cohort.output.rglob("sub-*") if path.is_file()}
    assert files == {
        f"{stem}_from-T1w_to-ses1_mode-image_xfm.h5",
        f"{stem}_from-T1w_to-ses1_mode-image_xfm.json",
        f"{stem}_space-ses1_T1w.nii.gz",
        f"{stem}_space-ses1_T1w.json",
        f"{stem}_space-ses1_desc-overview.png",
    }
    before = cohort.state()
    assert cohort.run("--bids", str(root)) == 0 and cohort.state() == before
    description = json.loads((cohort.output / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and description["GeneratedBy"][0]["Name"] == "ldr-register"
    assert json.loads((cohort.output / f"{stem}_space-ses1_T1w.json").read_text())["SpatialReference"].endswith(
        images[0]
    )
    cohort.output = root
    assert cohort.run("--bids", str(root)) == 2 and "is the dataset itself" in capsys.readouterr().err


@pytest.mark.skipif(VALIDATOR is None, reason="bids-validator-deno is not installed")
def test_the_validator_of_bids_finds_no_error(cohort):
    images = [f"sub-01/ses-{n}/anat/sub-01_ses-{n}_T1w.nii.gz" for n in (1, 2)]
    assert cohort.run("--bids", str(make_dataset(cohort.folder / "data", images, cohort.files["fixed"]))) == 0
    said = subprocess.run([VALIDATOR, str(cohort.output), "--json"], capture_output=True, text=True, check=False)
    issues = json.loads(said.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue.get("severity") == "error"] == []


def test_a_stop_keeps_what_is_finished(cohort, monkeypatch):
    """Ctrl-C half way: the table has what is done, and the same command goes on."""
    path, here = cohort.write(cohort.row("a"), cohort.row("b")), cohort_run.registerHere

    def stopped(*arguments):
        for outcome in here(*arguments):
            yield outcome
            raise KeyboardInterrupt

    monkeypatch.setattr(cohort_run, "registerHere", stopped)
    assert cohort.run("--pairs", str(path)) == 130
    assert {name: row["verdict"] for name, row in cohort.table().items()} == {"a": "good", "b": "not registered"}
    monkeypatch.setattr(cohort_run, "registerHere", here)
    assert cohort.run("--pairs", str(path)) == 0 and cohort.done == ["a", "b"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_workers_of_their_own_and_one_that_is_killed(cohort):
    """Both workers are killed after the first pair; new ones do what is left, and nobody outlives the command."""
    path = cohort.write(*(cohort.row(name) for name in "abc"))
    code = """
import multiprocessing, sys
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.cohort import local, run
real, killed = run.registerHere, []
def here(*arguments):
    for outcome in real(*arguments):
        if not killed:
            killed.extend(multiprocessing.active_children())
            for process in killed:
                process.kill()
        yield outcome
if __name__ == "__main__":
    run.registerHere = here
    status = main(sys.argv[1:])
    print(len(killed), "killed", multiprocessing.active_children())
    sys.exit(status)
"""
    script = cohort.folder / "script.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration")}
    options = ["--pairs", str(path), "-o", str(cohort.output), "--jobs", "2", "--models", str(cohort.files["models"])]
    ended = subprocess.run(
        [sys.executable, str(script), *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "2 killed []" in ended.stdout
    assert {row["verdict"] for row in cohort.table().values()} == {"good"} and len(cohort.table()) == 3
    measured = json.loads((cohort.output / "cohort.json").read_text())["runs"][0]
    assert measured["workers"] == 2 and len(measured["loadingSeconds"]) >= 3


def test_quiet_says_nothing_of_what_went_well(cohort, capsys):
    path = cohort.write(cohort.row("a"))
    assert cohort.run("--pairs", str(path), "--quiet") == 0
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err == "" and cohort.table()["a"]["verdict"] == "good"
