"""A real Dask scheduler and its workers: one is killed half way, one has other weights, and none may be there."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from LDRRegistrationLib.__main__ import main
from LDRRegistrationLib.cohort import cluster
from support.data import HIPPOCAMPUS, ROOT
from support.models import write_model

PAIRS = 3
SECONDS = 240


def test_a_scheduler_that_is_not_there(cohort, monkeypatch, capsys):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1.0)
    path = cohort.write(cohort.row("a"))
    assert cohort.run("--pairs", str(path), "--scheduler", "tcp://127.0.0.1:9") == 2
    said = capsys.readouterr().err
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in said and said.count("\n") == 1


def test_without_dask(cohort, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    path = cohort.write(cohort.row("a"))
    assert cohort.run("--pairs", str(path), "--scheduler", "tcp://127.0.0.1:9") == 2
    assert "[cohort]" in capsys.readouterr().err


@contextlib.contextmanager
def started(folder):
    """A scheduler, and a function that starts a worker from a folder with the library."""
    file, processes = folder / "scheduler.json", []

    def start(module, *options, library=ROOT / "LDRRegistration"):
        environment = {**os.environ, "PYTHONPATH": str(library), "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
        command = [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", str(file), *options]
        log = (folder / f"{module}-{len(processes)}.log").open("w")
        processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder))
        return processes[-1]

    start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    try:
        yield (
            file,
            lambda *more, **where: start(
                "dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", *more, **where
            ),
        )
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_two_workers_one_killed_half_way_and_one_with_other_weights(tmp_path, monkeypatch, capsys):
    distributed = pytest.importorskip("distributed")
    other = tmp_path / "other"
    shutil.copytree(ROOT / "LDRRegistration" / "LDRRegistrationLib", other / "LDRRegistrationLib")
    write_model(other / "Resources" / "Models", (0.0, 0.0, 0.0))
    images = [HIPPOCAMPUS / "images" / f"hippocampus_{number}.nii.gz" for number in ("001", "014")]
    rows = [f"pair{n}\t{images[0]}\t{images[1]}" for n in range(PAIRS)]
    table = tmp_path / "pairs.tsv"
    table.write_text("\n".join(["name\tfixed\tmoving", *rows, "gone\tgone.nii\tgone.nii", ""]))
    with started(tmp_path) as (file, worker):
        doomed, _, foreign = worker(), worker(), worker(library=other)
        end = time.monotonic() + SECONDS
        while not file.is_file() and time.monotonic() < end:
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(file), set_as_default=False, timeout=60) as client:
            client.wait_for_workers(3, timeout=SECONDS)
            address = client.scheduler.address
        real, done = cluster.registerOnCluster, []

        def killing(*arguments):
            for outcome in real(*arguments):
                done.append(outcome)
                if len(done) == 1:
                    doomed.send_signal(signal.SIGKILL)
                yield outcome

        monkeypatch.setattr("LDRRegistrationLib.cohort.run.registerOnCluster", killing)
        output = tmp_path / "out"
        assert main(["--pairs", str(table), "-o", str(output), "--scheduler", address]) == 3
        said = capsys.readouterr().out
        assert "has other weights" in said and said.count("gets no pair") == 1
        assert sorted(outcome.name for outcome in done) == [f"pair{n}" for n in range(PAIRS)]
        assert all(not outcome.error for outcome in done), done
        assert all((output / f"pair{n}" / "transform.h5").is_file() for n in range(PAIRS))
        assert "gone.nii does not exist" in (output / "cohort.tsv").read_text()
        assert foreign.poll() is None and doomed.wait(10) == -signal.SIGKILL
