"""The ablation of the LDR + ALDK paper as a queue: run it again and it goes on; finished rows are skipped.

python training/ablation.py -d training/ablation.json --output runs/ablation [--only hippocampus] [--table]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
import torch
from aldk import checkpoint
from aldk.checkpoint import load_network
from aldk.commands import run_command
from aldk.errors import TrainingError
from aldk.evaluation.tables import Provenance, markdown, read_table, update_table
from aldk.models import count_parameters
from torch.utils import benchmark

HERE = Path(__file__).resolve().parent
DONE = "evaluation.csv"
FIGURES = ("dice", "jaccard", "folds", "folds_percent", "sd_log_j")


@dataclass(frozen=True)
class Job:
    """One row with one seed: ``teacher`` is the folder of the run that it learns from, if any."""

    title: str
    group: str
    arguments: list[str]
    evaluation: str
    folder: Path
    teacher: Path | None

    @property
    def done(self) -> bool:
        return (self.folder / DONE).exists()

    def commands(self, threads: int) -> list[list[str]]:
        """Training, then evaluation; each goes on, or is made anew, after an interruption."""
        teacher = ["--teacher", str(self.teacher)] if self.teacher else []
        train = [*self.arguments, *teacher, "--output", str(self.folder), "--threads", str(threads)]
        check = ["--gpu", "-1", "--checkpoint", str(self.folder), "-v", self.evaluation, "--threads", str(threads)]
        return [
            [sys.executable, str(HERE / "train.py"), *train],
            [sys.executable, str(HERE / "eval.py"), *check],
        ]


def read_jobs(path: Path, output: Path) -> list[Job]:
    """All jobs of a description, seed by seed, rows marked "late" at the end.

    A row's "seeds" may be fewer than its group's; a student then learns from its teacher's first.

    :raises TrainingError: if a row names a teacher that is no row.
    """
    jobs: list[tuple[bool, Job]] = []
    for group, content in json.loads(path.read_text(encoding="utf-8"))["groups"].items():
        data = str((path.parent / content["data"]).resolve())
        made: dict[str, dict[int, Path]] = {}
        for row in content["rows"]:
            made[row["id"]] = {s: output / group / row["id"] / f"seed{s}" for s in row.get("seeds", content["seeds"])}
        for seed in content["seeds"]:
            for row in content["rows"]:
                if seed not in made[row["id"]]:
                    continue
                teacher = None
                if "teacher" in row:
                    if row["teacher"] not in made:
                        raise TrainingError(f"{path}: row {row['id']} learns from {row['teacher']}, which is no row.")
                    teachers = made[row["teacher"]]
                    teacher = teachers.get(seed, next(iter(teachers.values())))
                arguments = [*content["arguments"], *row["arguments"], "-d", data, "--seed", str(seed)]
                folder = made[row["id"]][seed]
                job = Job(row["title"], group, arguments, content["evaluation"], folder, teacher)
                jobs.append((row.get("late", False), job))
    return [job for _, job in sorted(jobs, key=lambda entry: entry[0])]


def run_job(job: Job, threads: int) -> float:
    """Seconds it took. What the commands print goes to ``output.txt`` beside the run.

    :raises TrainingError: if a command fails.
    """
    start = time.monotonic()
    job.folder.mkdir(parents=True, exist_ok=True)
    with (job.folder / "output.txt").open("a", encoding="utf-8") as file:
        for command in job.commands(threads):
            if subprocess.run(command, check=False, stdout=file, stderr=file).returncode:
                raise TrainingError(f"{job.folder} failed; see output.txt there.")
    return time.monotonic() - start


def run_queue(jobs: list[Job], parallel: int, threads: int) -> list[str]:
    """Run what is not done, ``parallel`` at a time, students after their teachers; returns what failed, in words."""
    open_jobs = [job for job in jobs if not job.done]
    lock, failures = Lock(), []
    running: set[Path] = set()

    def take() -> Job | None:
        with lock:
            for job in open_jobs:
                waits = job.teacher is not None and not (job.teacher / DONE).exists()
                if not waits:
                    open_jobs.remove(job)
                    running.add(job.folder)
                    return job
        return None

    def serve() -> None:
        while open_jobs:
            job = take()
            if job is None:
                if not running:
                    return
                time.sleep(1.0)
                continue
            try:
                print(f"{job.group}, {job.title}, {job.folder.name}: {run_job(job, threads):.0f} s", flush=True)
            except TrainingError as error:
                failures.append(str(error))
                print(error, file=sys.stderr, flush=True)
            finally:
                with lock:
                    running.discard(job.folder)

    with ThreadPoolExecutor(parallel) as pool:
        for future in [pool.submit(serve) for _ in range(parallel)]:
            future.result()
    return failures


def network_seconds(folder: Path, shape: list[int], threads: int) -> float:
    """Median seconds a pair of the network alone, on the CPU, on a grid of ``shape``."""
    network, _ = load_network(folder)
    images = torch.rand(2, 1, 1, *shape)
    with torch.no_grad():
        inputs = {"network": network, "a": images[0], "b": images[1]}
        timer = benchmark.Timer("network(a, b)", globals=inputs, num_threads=threads)
        return timer.blocked_autorange(min_run_time=2.0).median


def summarise(jobs: list[Job], timing: dict[str, Any]) -> pd.DataFrame:
    """A row of the description is a row of the table: means over its seeds, and their standard deviation for Dice."""
    rows = []
    for (group, title), members in _grouped(jobs).items():
        done = [job for job in members if job.done]
        row: dict[str, Any] = {"group": group, "row": title, "seeds": f"{len(done)} of {len(members)}"}
        if done:
            results = pd.concat([read_table(job.folder / DONE) for job in done])
            state = checkpoint.load(done[0].folder) or {}
            row |= {name: results[name].mean() for name in FIGURES}
            row["dice_sd"] = results["dice"].std(ddof=1) if len(done) > 1 else float("nan")
            row["steps"] = state["iteration"]
            row["parameters"] = count_parameters(load_network(done[0].folder)[0])
            row["cpu_seconds"] = timing.get(f"{group}/{title}", float("nan"))
        else:
            row["seeds"] = "not run"
        rows.append(row)
    return pd.DataFrame(rows)


def _grouped(jobs: list[Job]) -> dict[tuple[str, str], list[Job]]:
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        groups.setdefault((job.group, job.title), []).append(job)
    return groups


def time_networks(jobs: list[Job], description: dict[str, Any], path: Path, threads: int) -> None:
    """Time each finished row's network once, alone on the machine; what was timed before is kept."""
    timing = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for (group, title), members in _grouped(jobs).items():
        done = [job for job in members if job.done]
        if done and f"{group}/{title}" not in timing:
            timing[f"{group}/{title}"] = network_seconds(done[0].folder, description["groups"][group]["shape"], threads)
            path.write_text(json.dumps(timing, indent=2), encoding="utf-8")


def work(options: argparse.Namespace) -> None:
    jobs = read_jobs(options.data, options.output)
    chosen = [job for job in jobs if options.only is None or job.group in options.only]
    failures = [] if options.table else run_queue(chosen, options.jobs, options.threads)
    timing_path = options.output / "timing.json"
    options.output.mkdir(parents=True, exist_ok=True)
    if not options.table:
        description = json.loads(options.data.read_text(encoding="utf-8"))
        time_networks(chosen, description, timing_path, torch.get_num_threads())
    timing = json.loads(timing_path.read_text(encoding="utf-8")) if timing_path.exists() else {}
    table = summarise(jobs, timing)
    title = "Ablation of LDR and ALDK"
    update_table(options.output / "ablation", table, ["group", "row"], Provenance.here(sys.argv), title)
    print(markdown(table))
    if failures:
        raise TrainingError(f"{len(failures)} job(s) failed: {failures[0]}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-d", "--data", type=Path, default=HERE / "ablation.json")
    parser.add_argument("--output", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--only", nargs="+", help="groups to run; the table always has all")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--threads", type=int, default=1, help="a run")
    parser.add_argument("--table", action="store_true", help="only write the table of what is finished")
    return run_command("ablation.py", work, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
