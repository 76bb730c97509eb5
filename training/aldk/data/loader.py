"""The stream of training items: every item follows from the run's seed and its number, and is made ahead of need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from .chance import Chance
from .pairs import BetweenSubjects, Pair, PairSource, Simulated, collate, view_from
from .scenes import make_source
from .subjects import Subject, data_root, read_subjects

AHEAD = 8


@dataclass(frozen=True)
class Task:
    """One kind of item: where its pairs come from, on which grids (shape with its range of spacings, in mm)."""

    name: str
    share: float
    source: PairSource
    grids: list[tuple[tuple[int, int, int], tuple[float, float]]]
    batch: int


def read_config(path: Path) -> dict[str, Any]:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def read_tasks(path: Path) -> list[Task]:
    """The tasks of a config file, their data read into memory."""
    config = read_config(path)
    names = {task["dataset"] for task in config["tasks"] if "dataset" in task}
    read: dict[str, list[Subject]] = {}
    if names:
        root = data_root(config, Path(path))
        read = {name: read_subjects(root, config["datasets"][name], "train") for name in sorted(names)}
    return [
        make_task(options, read.get(options.get("dataset", ""), []), number)
        for number, options in enumerate(config["tasks"])
    ]


def make_task(options: dict[str, Any], subjects: list[Subject], seed: int) -> Task:
    view, deformation = view_from(options), options["deformation"]
    source: PairSource
    if options["kind"] == "subjects":
        source = BetweenSubjects(subjects, view, deformation, options["structures"], options.get("strength", 1.0))
    else:
        source = Simulated(make_source(options["kind"], subjects, options, seed), view, deformation)
    grids = [(tuple(grid["shape"]), tuple(grid["spacing"])) for grid in options["grids"]]
    return Task(options["name"], options["share"], source, grids, options.get("batch", 1))


class Items(Dataset):
    """Item ``n`` is (name of its task, batch of pairs), the same each time it is asked for."""

    def __init__(self, config: Path, seed: int) -> None:
        self.config, self.seed = config, seed
        self.tasks: list[Task] | None = None

    def __getitem__(self, number: int) -> tuple[str, Pair]:
        if self.tasks is None:
            # Read by whoever makes the items, once: nothing is sent to the process that does.
            self.tasks = read_tasks(self.config)
        chance = Chance(self.seed, number)
        shares = [task.share for task in self.tasks]
        task = self.tasks[int(chance.numbers.choice(len(shares), p=[s / sum(shares) for s in shares]))]
        shape, (low, high) = chance.choice(task.grids)
        spacing = chance.uniform(low, high)
        return task.name, collate([task.source.draw(chance, shape, spacing) for _ in range(task.batch)])


class CountFrom(Sampler[int]):
    """Item numbers from ``start`` on, without end in practice."""

    def __init__(self, start: int) -> None:
        self.start = start

    def __iter__(self):
        return iter(range(self.start, 2**31))


def _single_thread(_: int) -> None:
    torch.set_num_threads(1)


def stream(config: Path, seed: int, start: int, workers: int = 1) -> DataLoader:
    """Items from number ``start`` on, made by one process beside the network (or, with 0 workers, on demand)."""
    ahead: dict[str, Any] = {"prefetch_factor": AHEAD, "worker_init_fn": _single_thread} if workers else {}
    return DataLoader(Items(config, seed), batch_size=None, sampler=CountFrom(start), num_workers=workers, **ahead)
