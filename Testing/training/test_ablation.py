"""The queue of the ablation: students wait for their teachers, what is finished is skipped, what failed is said."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import ablation
import pytest
from aldk import checkpoint
from aldk.errors import TrainingError
from aldk.evaluation.tables import read_table
from filelock import FileLock


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


def test_the_queue_runs_what_can_run_and_tells_the_rest(description, tmp_path, capsys):
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
    (job.folder / ablation.DONE).write_text("dice")
    state = {name: {} for name in checkpoint.REQUIRED}
    for finished in (False, True):
        checkpoint.save(job.folder, {**state, "finished": finished})
        assert job.done == finished


def test_an_interrupted_queue_ends_its_runs(description, tmp_path):
    """SIGTERM, as Ctrl-C: nothing goes on training unseen, and the next start finds nobody in its folders."""
    text = description.read_text().replace('"--round", "3"', '"--round", "100000"')
    description.write_text(text)
    arguments = [sys.executable, ablation.HERE / "ablation.py", "-d", description, "--output", tmp_path / "runs"]
    queue = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    folder = tmp_path / "runs" / "crops" / "teacher" / "seed1"
    for _ in range(1200):
        if (folder / "log.csv").exists():
            break
        time.sleep(0.1)
    queue.send_signal(signal.SIGTERM)
    assert queue.wait(timeout=60) == 2
    assert "Stopped; the same command goes on." in queue.stderr.read()
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
