"""The queue of the ablation: students wait for their teachers, what is finished is skipped, what failed is said."""

import functools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import ablation
import pandas as pd
import pytest
import train
from aldk import checkpoint
from aldk.data.config import read_config
from aldk.errors import TrainingError
from aldk.evaluation.tables import Provenance, read_table, update_table
from aldk.models import Architecture, build_model
from filelock import FileLock
from support import scripts


@pytest.fixture
def description(folder_config, tmp_path):
    """Written so that the student stands before its teacher, and one row cannot work."""
    data = folder_config(augmentation="none")
    rows = [
        {"id": "student", "title": "Student", "arguments": ["-b", "LDR", "--aldk"], "teacher": "teacher"},
        {"id": "teacher", "title": "Teacher", "arguments": ["-b", "LDR-full"], "seeds": [1]},
        {"id": "wrong", "title": "Wrong", "arguments": ["-b", "LDR", "--precision", "7-bit"]},
        {"id": "orphan", "title": "Orphan", "arguments": ["-b", "LDR", "--aldk"], "teacher": "wrong", "late": True},
    ]
    arguments = ["-g", "-1", "--round", "3", "--epochs", "1", "--workers", "0"]
    group = {"data": str(data), "evaluation": "folder", "shape": [32, 32, 32], "seeds": [1], "arguments": arguments}
    path = tmp_path / "ablation.json"
    path.write_text(json.dumps({"title": "A test", "groups": {"crops": {**group, "rows": rows}}}))
    return path


def test_the_queue_runs_what_can_run_and_tells_the_rest(description, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ablation, "subprocess", SimpleNamespace(Popen=scripts.Script))
    output = tmp_path / "runs"
    arguments = ["-d", str(description), "--output", str(output)]
    assert ablation.main(arguments) == 2
    assert "1 job(s) failed" in capsys.readouterr().err
    student, teacher = (checkpoint.load(output / "crops" / row / "seed1") for row in ("student", "teacher"))
    assert student["provenance"]["teacher"]["architecture"] == teacher["architecture"]
    table = read_table(output / "ablation.csv").set_index("row")
    assert table.loc["Student", "seeds"] == "1 of 1" and table.loc["Student", "steps"] == 3
    assert table.loc["Teacher", "parameters"] == 1_548_643 and table.loc["Teacher", "cpu_seconds"] > 0
    assert list(table.loc[["Wrong", "Orphan"], "seeds"]) == ["not run", "not run"]
    evaluated = read_table(output / "crops" / "student" / "seed1" / "evaluation.csv")
    assert table.loc["Student", "command"] == evaluated["command"][0]
    assert "not run" in (output / "ablation.md").read_text()

    # Again: finished rows are left alone, also by their time.
    written = {path: path.stat().st_mtime_ns for path in output.rglob("checkpoint.pt")}
    assert ablation.main(arguments) == 2
    assert {path: path.stat().st_mtime_ns for path in output.rglob("checkpoint.pt")} == written


def test_a_run_that_was_stopped_is_not_done(description, tmp_path):
    """Although it was evaluated: the queue goes on with it."""
    (job, *_) = ablation.read_jobs(description, tmp_path)
    job.folder.mkdir(parents=True)
    evaluated(job, "folder")
    state = {name: {} for name in checkpoint.REQUIRED}
    for finished in (False, True):
        checkpoint.save(job.folder, {**state, "finished": finished})
        assert job.done == finished


def evaluated(job, *sets):
    rows = pd.DataFrame({"dataset": sets, "dice": [0.1 * (n + 1) for n in range(len(sets))]})
    update_table(job.folder / "evaluation", rows, ["dataset"], Provenance.here(["test"]), "A test")


def finished(folder):
    network = build_model("LDR").state_dict()
    state = {"architecture": Architecture("LDR").to_dict(), "model": network, "average": network, "config": {}}
    checkpoint.save(folder, {**state, "iteration": 5, "finished": True})


def test_a_row_is_done_when_it_was_evaluated_on_all_sets_and_has_a_line_for_each(description, tmp_path):
    """Interrupted between two sets, the queue evaluates again; rows that wait for something say for what."""
    content = json.loads(description.read_text())
    group = content["groups"]["crops"]
    group["evaluation"], group["evaluation_data"] = ["first", "second"], "elsewhere.json"
    group["rows"] = [
        {"id": "own", "title": "Own", "data": "own.json"},
        {"id": "later", "title": "L", "waits": "a loss"},
    ]
    description.write_text(json.dumps(content))
    own, later = ablation.read_jobs(description, tmp_path / "runs")
    train, first, second = own.commands(1)
    assert train[train.index("-d") + 1] == str(tmp_path / "own.json")
    for words, name in ((first, "first"), (second, "second")):
        assert words[words.index("-v") + 1] == name
        assert words[words.index("-d") + 1] == str(tmp_path / "elsewhere.json")
    assert own.possible and not later.possible
    own.folder.mkdir(parents=True)
    finished(own.folder)
    evaluated(own, "first")
    assert not own.done
    evaluated(own, "second")
    assert own.done
    rows = [row for row, _ in ablation.summarise([own, later], {})]
    assert [(row["dataset"], row["seeds"]) for row in rows] == [
        ("first", "1 of 1"), ("second", "1 of 1"), ("first, second", "not run (a loss)"),
    ]  # fmt: skip
    assert [row["dice"] for row in rows[:2]] == [0.1, 0.1] and rows[0]["steps"] == 5


def test_the_projects_queues_can_be_read(training_folder):
    """Each row names a network, descriptions that are there, and sets that they have; options are those of train.py."""
    read = functools.cache(read_config)
    for name in ("ablation", "guidance", "queue"):
        jobs = ablation.read_jobs(training_folder / "experiments" / f"{name}.json", Path("out"))
        assert len({job.folder for job in jobs}) == len(jobs)
        # They differ by the seed alone, which stands last.
        seeds = {tuple(job.arguments[:-1]): int(job.arguments[-1]) for job in jobs}
        parsed = {words: train.parse([*words, str(seed), "--output", "out"]) for words, seed in seeds.items()}
        for job in jobs:
            options = parsed[tuple(job.arguments[:-1])]
            assert job.arguments[-2] == "--seed"
            config = read(job.evaluation_data or options.data)
            assert read(options.data)["tasks"]
            assert all(chosen in config["datasets"] for chosen in job.evaluation)


def test_an_interrupted_queue_ends_its_runs(description, tmp_path):
    """SIGTERM, as Ctrl-C: nothing goes on training unseen, and the next start finds nobody in its folders."""
    text = description.read_text().replace('"--round", "3"', '"--round", "100000"')
    description.write_text(text)
    arguments = [sys.executable, ablation.HERE / "ablation.py", "-d", description, "--output", tmp_path / "runs"]
    queue = scripts.Script(arguments, stderr=subprocess.PIPE)
    folder = tmp_path / "runs" / "crops" / "teacher" / "seed1"
    for _ in range(1200):
        if (folder / "log.csv").exists():
            break
        time.sleep(0.1)
    queue.send_signal(signal.SIGTERM)
    assert queue.wait(timeout=60) == 128 + signal.SIGTERM
    assert "Stopped; the same command goes on." in queue.said(1)
    with FileLock(folder / ".lock", timeout=0):
        assert checkpoint.load(folder)["finished"] is False


def test_students_learn_from_their_own_seeds_teacher_or_the_first(description):
    content = json.loads(description.read_text())
    group = content["groups"]["crops"]
    group["seeds"] = [1, 2]
    group["rows"][2]["arguments"] = ["-b", "LDR"]
    description.write_text(json.dumps(content))
    jobs = ablation.read_jobs(description, Path("out"))
    teachers = {(job.title, job.folder.name): job.teacher for job in jobs}
    assert len(jobs) == 7
    assert teachers["Student", "seed2"] == Path("out/crops/teacher/seed1")
    assert teachers["Orphan", "seed2"] == Path("out/crops/wrong/seed2")
    assert [job.title for job in jobs][-2:] == ["Orphan", "Orphan"]
    group["rows"][0]["teacher"] = "nobody"
    description.write_text(json.dumps(content))
    with pytest.raises(TrainingError, match="learns from nobody, which is no row"):
        ablation.read_jobs(description, Path("out"))
