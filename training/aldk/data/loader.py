"""The stream of training items: every item follows from the run's seed and its number, and is made ahead of need."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from aldk.errors import TrainingError

from .config import evaluation_sets, plain_grid, read_config
from .draws import Draws
from .pairs import BetweenSubjects, KnownMotion, OnDataGrid, Pair, PairSource, Simulated, collate, view_from
from .scenes import make_source
from .subjectlists import one_subject_only
from .subjects import Subject, check_subject, data_root, native_subject, read_subjects, subject_names

__all__ = ["Items", "check_data", "evaluation_sets", "plain_grid", "read_config", "read_tasks", "stream"]

AHEAD = 8
LAST = 2**31


@dataclass(frozen=True)
class Task:
    """One kind of item: where its pairs come from, on which grids (shape with its range of spacings, in mm)."""

    name: str
    share: float
    source: PairSource
    grids: list[tuple[tuple[int, int, int], tuple[float, float]]]
    batch: int


def check_data(path: Path) -> None:
    """See that all that a config trains on is there; reads headers only.

    :raises TrainingError: naming the first file that is missing or lies on another grid, or a set without pairs.
    """
    config = read_config(path)
    if not config["tasks"]:
        raise TrainingError(f"{path} has no tasks: it says what to evaluate on, but nothing to train on.")
    for task in config["tasks"]:
        if task.get("augmentation") == "none":
            plain_grid(config, task)
        if "dataset" not in task:
            continue
        root, description = data_root(config, Path(path)), config["datasets"][task["dataset"]]
        names = subject_names(root, description, "train")
        names += [atlas for atlas in [description.get("atlas")] if atlas and atlas not in names]
        between = task["kind"] == "subjects" and task["augmentation"] != "known"
        if len(names) < (2 if between else 1):
            raise TrainingError(f"{path}: {one_subject_only(description, names, 'training')}")
        for name in names:
            check_subject(root, description, name)


def has_labels(path: Path) -> bool:
    """Whether any pair that a config makes has labels to compare; of HDF5 files the first subject is asked."""
    config = read_config(path)
    for task in config["tasks"]:
        if task["kind"] != "subjects" or not task.get("structures", 2):
            continue
        description = config["datasets"][task["dataset"]]
        if description.get("labels"):
            return True
        if "hdf5" in description:
            root = data_root(config, Path(path))
            names = subject_names(root, description, "train")
            if names and native_subject(root, description, names[0]).labels is not None:
                return True
    return False


def read_tasks(path: Path) -> list[Task]:
    """The tasks of a config file, their data read into memory."""
    config = read_config(path)
    names = {task["dataset"] for task in config["tasks"] if "dataset" in task}
    read: dict[str, Sequence[Subject]] = {}
    if names:
        root = data_root(config, Path(path))
        read = {name: read_subjects(root, config["datasets"][name], "train") for name in sorted(names)}
    return [
        make_task(options, read.get(options.get("dataset", ""), []), number)
        for number, options in enumerate(config["tasks"])
    ]


def make_task(options: dict[str, Any], subjects: Any, seed: int) -> Task:
    source: PairSource
    structures, strength = options.get("structures", 2), options.get("strength", 1.0)
    if options["kind"] != "subjects":
        scenes = make_source(options["kind"], subjects, options, seed)
        source = Simulated(scenes, view_from(options), options["deformation"])
    elif options["augmentation"] == "known":
        source = KnownMotion(subjects, view_from(options), structures, strength, options.get("in_plane", False))
    elif options["augmentation"] == "view":
        source = BetweenSubjects(subjects, view_from(options), options["deformation"], structures, strength)
    else:
        source = OnDataGrid(subjects, structures, deformed=options["augmentation"] == "paper")
    grids = [(tuple(grid["shape"]), tuple(grid["spacing"])) for grid in options["grids"]]
    return Task(options["name"], options["share"], source, grids, options.get("batch", 1))


class Items(Dataset):
    """Item ``n`` is (name of its task, batch of pairs), the same each time it is asked for.

    Parameters
    ----------
    batch
        Pairs in each item, instead of what its task says, unless 0.
    """

    def __init__(self, config: Path, seed: int, batch: int = 0) -> None:
        self.config, self.seed, self.batch = config, seed, batch
        self.tasks: list[Task] | None = None

    def __getitem__(self, number: int) -> tuple[str, Pair]:
        if self.tasks is None:
            # Read by whoever makes the items, once: nothing is sent to the process that does.
            self.tasks = read_tasks(self.config)
        draws = Draws(self.seed, number)
        shares = [task.share for task in self.tasks]
        task = self.tasks[int(draws.numbers.choice(len(shares), p=[s / sum(shares) for s in shares]))]
        shape, (low, high) = draws.choice(task.grids)
        spacing = draws.uniform(low, high)
        pairs = [task.source.draw(draws, shape, spacing) for _ in range(self.batch or task.batch)]
        named = [pair if pair.names else replace(pair, names=((task.name, "simulated"),)) for pair in pairs]
        return task.name, collate(named)


class _Guarded(Dataset):
    """Hands a TrainingError over as an item: a loader process would wrap its sentence in a traceback."""

    def __init__(self, items: Items) -> None:
        self.items = items

    def __getitem__(self, number: int) -> tuple[str, Pair] | TrainingError:
        try:
            return self.items[number]
        except TrainingError as error:
            return error


class Stream(DataLoader):
    """A loader that raises the errors that were handed over."""

    def __iter__(self) -> Iterator[tuple[str, Pair]]:  # type: ignore[override]
        for item in super().__iter__():
            if isinstance(item, TrainingError):
                raise item
            yield item


class CountFrom(Sampler[int]):
    """Item numbers from ``start`` on, every ``step``-th, without end in practice."""

    def __init__(self, start: int, step: int = 1) -> None:
        self.start, self.step = start, step

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, LAST, self.step))


def _begin_work(_: int) -> None:
    torch.set_num_threads(1)
    # Who stops the whole group of processes means the trainer, which saves; it ends its loaders itself.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def stream(
    config: Path,
    seed: int,
    start: int,
    workers: int = 1,
    batch: int = 0,
    rank: int = 0,
    world: int = 1,
    pinned: bool = False,
) -> DataLoader:
    """Items from number ``start`` on, made by ``workers`` processes beside the network (or, with 0, on demand).

    They come in the order of their numbers, whoever makes them. Each process keeps subjects of its own in memory.
    ``pinned``: in page-locked memory, for a GPU.

    Of ``world`` processes that train together, each sees every ``world``-th item, beginning with its ``rank``.

    :raises TrainingError: if data of the config are missing or do not fit together.
    """
    check_data(config)
    ahead: dict[str, Any] = {"prefetch_factor": AHEAD, "worker_init_fn": _begin_work} if workers else {}
    numbers = CountFrom(start + rank, world)
    items = _Guarded(Items(config, seed, batch))
    return Stream(items, batch_size=None, sampler=numbers, num_workers=workers, pin_memory=pinned, **ahead)
