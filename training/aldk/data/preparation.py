"""All subjects of a data description read, checked, brought to the training spacing and aligned, before a run begins.

In parallel processes, which leave what they made in the cache; so the many readers that follow take a second. Whatever
is wrong with a voxel of any subject is said here, before a folder is made.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from aldk.errors import TrainingError

from .config import read_config
from .subjectlists import data_root, has_validation, spread_evenly, subject_names, validation_pairs
from .subjects import is_prepared, prepare_subject

# Enough to be quick, and few enough to leave memory to the others.
DEFAULT_PROCESSES = min(8, os.cpu_count() or 1)

# Fewer are done before further processes have begun.
FEW = 8

Job = tuple[Path, dict[str, Any], str, str | None]


def prepare_data(path: Path, processes: int = 1, validated: int = 0) -> int:
    """Fill the cache for all that a data description trains and validates on; returns how many subjects that took.

    Subjects in the cache are not read again; HDF5 volumes are not kept there, and are left to their readers. First each
    part's common subject, to which the others are aligned.

    :param validated: how many validation pairs of each data set are used.

    :raises TrainingError: naming the first file that is missing, damaged, or holds voxels that are not numbers.
    """
    config = read_config(path)
    names = dict.fromkeys(task["dataset"] for task in config["tasks"] if "dataset" in task)
    paired = {task.get("dataset") for task in config["tasks"] if task["kind"] == "subjects"}
    first: list[Job] = []
    others: list[Job] = []
    for dataset in names:
        root, description = data_root(config, path), config["datasets"][dataset]
        if "hdf5" in description:
            continue
        for part in _parts(root, description, validated if dataset in paired else 0):
            common = description.get("atlas") or part[0]
            first.append((root, description, common, None))
            others += [(root, description, name, common) for name in part if name != common]
    done = 0
    for jobs in (first, others):
        missing = [job for n, job in enumerate(jobs) if job not in jobs[:n] and not is_prepared(*job)]
        done += len(missing)
        _run(missing, processes)
    return done


def _parts(root: Path, description: dict[str, Any], validated: int) -> list[list[str]]:
    parts = [subject_names(root, description, "train")]
    if validated and has_validation(root, description):
        pairs = spread_evenly(validation_pairs(root, description), validated)
        parts.append(list(dict.fromkeys(name for pair in pairs for name in pair)))
    return [part for part in parts if part]


def _run(jobs: list[Job], processes: int) -> None:
    bar = tqdm(total=len(jobs), desc="preparing subjects", unit="subject", disable=None if jobs else True)
    with bar:
        if processes < 2 or len(jobs) < FEW:
            for job in jobs:
                prepare_subject(*job)
                bar.update()
            return
        # Spawned: a process that was forked beside threads of torch may hang.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(processes, len(jobs)), context, initializer=_begin) as pool:
            futures = [pool.submit(_guarded, job) for job in jobs]
            try:
                for future in as_completed(futures):
                    if wrong := future.result():
                        raise TrainingError(wrong)
                    bar.update()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    torch.set_num_threads(1)


def _guarded(job: Job) -> str:
    """The sentence of a TrainingError, which crosses between processes without its traceback."""
    try:
        prepare_subject(*job)
    except TrainingError as error:
        return str(error)
    return ""
