"""Runs in a queue, as for a paper's ablation: start it again and it goes on; finished rows are skipped.

python training/ablation.py -d training/experiments/ablation.json --output runs/ablation [--only hippocampus] [--table]
"""

from __future__ import annotations

import argparse
import json
import signal
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
from aldk.evaluation.networkmethod import network_seconds
from aldk.evaluation.tables import COLUMNS, Provenance, markdown, read_table, update_table
from aldk.models import count_parameters

HERE = Path(__file__).resolve().parent
DONE = "evaluation.csv"
FIGURES = ("dice", "jaccard", "folds", "folds_percent", "sd_log_j")


@dataclass(frozen=True)
class Job:
    """One row with one seed.

    Parameters
    ----------
    evaluation
        Names of the sets to evaluate on, of the training's description or of ``evaluation_data``.
    teacher
        Folder of the run that it learns from.
    gpu
        Not to be run without one.
    waits
        For what the row is not run yet, in words; such a row is only listed.
    """

    title: str
    group: str
    arguments: list[str]
    evaluation: list[str]
    folder: Path
    teacher: Path | None = None
    evaluation_data: Path | None = None
    gpu: bool = False
    waits: str = ""

    @property
    def done(self) -> bool:
        """Trained to the end, and evaluated after that, on all sets."""
        return (self.folder / DONE).exists() and set(self.evaluation) <= self.evaluated and self.trained

    @property
    def evaluated(self) -> set[str]:
        return set(read_table(self.folder / DONE, ["dataset"])["dataset"])

    @property
    def possible(self) -> bool:
        return not self.waits and (not self.gpu or torch.cuda.is_available())

    @property
    def trained(self) -> bool:
        state = checkpoint.load(self.folder)
        return bool(state and state.get("finished"))

    def commands(self, threads: int) -> list[list[str]]:
        """Training, then evaluation; each goes on, or is made anew, after an interruption."""
        teacher = ["--teacher", str(self.teacher)] if self.teacher else []
        train = [*self.arguments, *teacher, "--output", str(self.folder), "--threads", str(threads)]
        data = ["-d", str(self.evaluation_data)] if self.evaluation_data else []
        check = ["--gpu", "-1", "--checkpoint", str(self.folder), *data, "--threads", str(threads)]
        return [
            [sys.executable, str(HERE / "train.py"), *train],
            *([sys.executable, str(HERE / "eval.py"), *check, "-v", name] for name in self.evaluation),
        ]


def read_jobs(path: Path, output: Path) -> list[Job]:
    """All jobs of a description, seed by seed, rows marked "late" at the end.

    A row's "seeds" may be fewer than its group's; a student then learns from its teacher's first. A row that "waits" is
    for later. A group's "evaluation" is the name of a set or a list of them, of its "data" or its "evaluation_data".

    :raises TrainingError: if a row names a teacher that is no row.
    """
    jobs: list[tuple[bool, Job]] = []
    for group, content in json.loads(path.read_text(encoding="utf-8"))["groups"].items():
        data = str((path.parent / content["data"]).resolve())
        sets = content["evaluation"] if isinstance(content["evaluation"], list) else [content["evaluation"]]
        other = content.get("evaluation_data")
        judged = (path.parent / other).resolve() if other else None
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
                trains_on = str((path.parent / row["data"]).resolve()) if "data" in row else data
                arguments = [*content["arguments"], *row.get("arguments", []), "-d", trains_on, "--seed", str(seed)]
                folder, gpu, waits = made[row["id"]][seed], row.get("gpu", False), row.get("waits", "")
                job = Job(row["title"], group, arguments, sets, folder, teacher, judged, gpu, waits)
                jobs.append((row.get("late", False), job))
    return [job for _, job in sorted(jobs, key=lambda entry: entry[0])]


class Queue:
    """Runs what is not done, ``parallel`` at a time, students after their teachers."""

    def __init__(self, jobs: list[Job], parallel: int, threads: int) -> None:
        self.parallel, self.threads = parallel, threads
        self.waiting = [job for job in jobs if not job.done]
        self.open_folders = {job.folder for job in self.waiting}
        self.running: set[Path] = set()
        self.children: set[subprocess.Popen] = set()
        self.failures: list[str] = []
        self.lock = Lock()

    def run(self) -> list[str]:
        """Returns what failed, in words. Ctrl-C and SIGTERM end the runs that are under way, too; each is resumable.

        The command ends with 130 or 143 then.
        """
        said: list[int] = []

        def stop(number: int, frame: Any) -> None:
            said.append(number)
            raise KeyboardInterrupt

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        with ThreadPoolExecutor(self.parallel) as pool:
            futures = [pool.submit(self._serve) for _ in range(self.parallel)]
            try:
                for future in futures:
                    future.result()
            except KeyboardInterrupt:
                with self.lock:
                    self.waiting.clear()
                    for child in self.children:
                        child.terminate()
                print("ablation.py: Stopped; the same command goes on.", file=sys.stderr)
                raise SystemExit(128 + said[0]) from None
        return self.failures

    def _serve(self) -> None:
        while True:
            with self.lock:
                job = next((job for job in self.waiting if job.teacher not in self.open_folders), None)
                if job is None and not (self.waiting and self.running):
                    return
                if job is not None:
                    self.waiting.remove(job)
                    self.running.add(job.folder)
            if job is None:
                time.sleep(1.0)
                continue
            start = time.monotonic()
            try:
                self._work(job)
                print(f"{job.group}, {job.title}, {job.folder.name}: {time.monotonic() - start:.0f} s", flush=True)
                with self.lock:
                    self.open_folders.discard(job.folder)
            except (TrainingError, OSError) as error:
                self.failures.append(str(error))
                print(error, file=sys.stderr, flush=True)
            finally:
                with self.lock:
                    self.running.discard(job.folder)

    def _work(self, job: Job) -> None:
        """Train and evaluate. What the commands print goes to ``output.txt`` beside the run.

        :raises TrainingError: if a command fails, or the training was stopped before its end.
        """
        job.folder.mkdir(parents=True, exist_ok=True)
        with (job.folder / "output.txt").open("a", encoding="utf-8") as file:
            for command in job.commands(self.threads):
                child = subprocess.Popen(command, stdout=file, stderr=file)
                with self.lock:
                    self.children.add(child)
                status = child.wait()
                with self.lock:
                    self.children.discard(child)
                if status or not job.trained:
                    raise TrainingError(f"{job.folder} failed or was stopped; see output.txt there.")


def summarise(jobs: list[Job], timing: dict[str, Any]) -> list[tuple[dict[str, Any], Provenance | None]]:
    """A row of the description is a row of the table for each set that it is evaluated on.

    Means over its seeds, and their standard deviation for Dice; with each, where its first seed's figures come from.
    """
    rows: list[tuple[dict[str, Any], Provenance | None]] = []
    for (group, title), members in _grouped(jobs).items():
        done = [job for job in members if job.done]
        known: dict[str, Any] = {"group": group, "row": title, "seeds": f"{len(done)} of {len(members)}"}
        if not done:
            why = members[0].waits or ("for a GPU" if members[0].gpu else "")
            known["seeds"] = f"not run ({why})" if why else "not run"
            rows.append(({**known, "dataset": ", ".join(members[0].evaluation)}, None))
            continue
        state = checkpoint.load(done[0].folder) or {}
        known["steps"] = state["iteration"]
        states = [checkpoint.load(job.folder) or {} for job in done]
        # Of wall clock: of CPU where a run has a processor for itself.
        known["train_minutes"] = round(sum(s.get("seconds", float("nan")) for s in states) / len(states) / 60.0, 2)
        known["parameters"] = count_parameters(load_network(done[0].folder)[0])
        known["cpu_seconds"] = timing.get(f"{group}/{title}", float("nan"))
        results = pd.concat([read_table(job.folder / DONE) for job in done])
        for name, of_set in results.groupby("dataset", sort=False):
            errors = [column for column in of_set if column.startswith("tre ")]
            figures = {column: of_set[column].mean() for column in (*FIGURES, *errors) if column in of_set}
            if "dice" in figures:
                figures["dice_sd"] = of_set["dice"].std(ddof=1) if len(of_set) > 1 else float("nan")
            provenance = Provenance(**{column: of_set[column].iloc[0] for column in COLUMNS})
            rows.append(({**known, "dataset": name, **figures}, provenance))
    return rows


def _grouped(jobs: list[Job]) -> dict[tuple[str, str], list[Job]]:
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        groups.setdefault((job.group, job.title), []).append(job)
    return groups


def time_networks(jobs: list[Job], description: dict[str, Any], path: Path, threads: int) -> None:
    """Time each finished row's network once, alone on the machine; what was timed before is kept.

    Groups without a "shape" are not timed.
    """
    timing = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for (group, title), members in _grouped(jobs).items():
        done = [job for job in members if job.done]
        shape = description["groups"][group].get("shape")
        if done and shape and f"{group}/{title}" not in timing:
            timing[f"{group}/{title}"] = network_seconds(done[0].folder, shape, threads)
            path.write_text(json.dumps(timing, indent=2), encoding="utf-8")


def work(options: argparse.Namespace) -> None:
    jobs = read_jobs(options.data, options.output)
    chosen = [job for job in jobs if options.only is None or job.group in options.only]
    if unknown := sorted(set(options.only or []) - {job.group for job in jobs}):
        there = ", ".join({j.group: 0 for j in jobs})
        raise TrainingError(f"There is no group called {unknown[0]}; there are {there}.")
    possible = [job for job in chosen if job.possible]
    failures = [] if options.table or options.time else Queue(possible, options.jobs, options.threads).run()
    timing_path = options.output / "timing.json"
    options.output.mkdir(parents=True, exist_ok=True)
    description = json.loads(options.data.read_text(encoding="utf-8"))
    if not options.table:
        time_networks(chosen, description, timing_path, torch.get_num_threads())
    timing = json.loads(timing_path.read_text(encoding="utf-8")) if timing_path.exists() else {}
    stem = options.output / "ablation"
    for ending in (".csv", ".md"):
        stem.with_suffix(ending).unlink(missing_ok=True)
    for row, provenance in summarise(jobs, timing):
        known = provenance or Provenance.here(sys.argv)
        table = update_table(stem, pd.DataFrame([row]), ["group", "row", "dataset"], known, description["title"])
    print(markdown(table))
    if failures:
        raise TrainingError(f"{len(failures)} job(s) failed: {failures[0]}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-d", "--data", type=Path, default=HERE / "experiments" / "ablation.json")
    parser.add_argument("--output", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--only", nargs="+", help="groups to run; the table always has all")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--threads", type=int, default=1, help="a run")
    parser.add_argument("--time", action="store_true", help="train nothing; time what is finished, alone here")
    parser.add_argument("--table", action="store_true", help="train and time nothing; only write the table")
    return run_command("ablation.py", work, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
