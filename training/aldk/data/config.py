"""The json that describes data and tasks, in any of three forms, as one dictionary that the rest can rely on.

The forms: data sets and tasks in full (training/configs); a group's own folder of images in a few lines; and the
public repository's json of HDF5 files (shortforms.py). training/datasets/README.md shows one of each.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from LDRRegistrationLib.space.intensity import Modality

from aldk.errors import TrainingError

from .shortforms import DATASET_OPTIONS, TASK_OPTIONS, from_folder, from_public

KINDS = {
    "subjects": {"dataset"},
    "contrasts": {"dataset"},
    "tissues": {"dataset", "classes"},
    "ct": {"dataset"},
    "shapes": {"count", "shape", "spacing"},
}
AUGMENTATIONS = ("view", "paper", "none", "known")
VIEW = {"rotation", "shift_mm", "mirror"}
# "comment" and "image_type" are for people; a misspelt name is refused wherever it stands.
TOP = {"title", "root", "datasets", "losses", "tasks", "comment"}
SHORT = {"name", "images", "grid", "title", "root", "losses", "comment", *DATASET_OPTIONS, *TASK_OPTIONS}
PUBLIC = {"files", "subsets", "schemes", "image_size", "image_type", "segmentation_class_value", "paired", "grid"}
PUBLIC |= {"title", "losses", "comment", "atlas", "credit", "licence", "task", *TASK_OPTIONS}
DATASET = {"images", "hdf5", "spacing", "split", "atlas", "paired", "landmarks", "comment", *DATASET_OPTIONS}
TASK = {"name", "kind", "share", "grids", "dataset", "classes", "count", "shape", "spacing", "heads", "head_variants"}
TASK |= {"comment", *TASK_OPTIONS}
GRID = {"shape", "spacing"}
ALIGNMENTS = ("affine", "content", "grids")
UNSTATED = "not stated"


def read_config(path: Path) -> dict[str, Any]:
    """{"title", "root", "datasets": {name: description}, "losses": {...}, "tasks": [...]} of a json file.

    Only the json is read; whether the images are there is checked when they are first asked for.

    :raises TrainingError: if the file is missing, no json, or lacks or misnames something.
    """
    path = Path(path)
    content = _read_json(path)
    try:
        return _normalised(content, path)
    except (AttributeError, TypeError, KeyError, IndexError, ValueError) as error:
        raise TrainingError(f"{path} is not built as training/datasets/README.md shows ({error!r}).") from error


def _normalised(content: dict[str, Any], path: Path) -> dict[str, Any]:
    if {"files", "subsets"} <= content.keys():
        _known(content, PUBLIC, str(path))
        content = from_public(content, path)
    elif "images" in content:
        _known(content, SHORT, str(path))
        content = from_folder(content, path)
    elif "tasks" not in content and "datasets" not in content:
        raise TrainingError(
            f'{path} describes no data: it needs "tasks" and "datasets", or "images", or "files" and "subsets".'
        )
    else:
        _known(content, TOP, str(path))
    config = {"title": path.stem, "datasets": {}, "losses": {}, "tasks": [], **content}
    if not isinstance(config["tasks"], list) or not isinstance(config["losses"], dict):
        raise TrainingError(f"{path}: tasks is a list, losses an object of names and weights.")
    if sliced := [name for name in config["datasets"] if set("/\\") & set(name)]:
        raise TrainingError(f"{path}: the data set {sliced[0]} has a slash in its name.")
    config["datasets"] = {n: _dataset(d, f"{path}: data set {n}") for n, d in config["datasets"].items()}
    config["tasks"] = [_task(t, config["datasets"], f"{path}: task {n}") for n, t in enumerate(config["tasks"], 1)]
    return config


def evaluation_sets(config: dict[str, Any]) -> list[str]:
    """The data sets that can be evaluated on (eval.py -v): those with validation subjects, and labels if in splits."""
    return [
        name
        for name, description in config["datasets"].items()
        if description.get("val") or description.get("val_pairs") or {"split", "labels"} <= description.keys()
    ]


def plain_grid(config: dict[str, Any], task: dict[str, Any]) -> tuple[tuple[int, int, int], float]:
    """Shape (k, j, i) and spacing in mm of a task's only grid: what stored teacher fields and plain pairs lie on.

    :raises TrainingError: if the task has several grids, or a range of spacings.
    """
    grids = task["grids"]
    if len(grids) > 1 or grids[0]["spacing"][0] != grids[0]["spacing"][1]:
        raise TrainingError(
            f"{config['title']}: task {task['name']} has several grids or a range of spacings; "
            "without augmentation, and for stored teacher fields, it needs one grid of one spacing."
        )
    k, j, i = grids[0]["shape"]
    return (k, j, i), grids[0]["spacing"][0]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"There is no data description {path}.") from error
    except ValueError as error:
        raise TrainingError(f"{path} is not valid json: {error}.") from error
    if not isinstance(content, dict):
        raise TrainingError(f"{path} is not a json object.")
    return content


def _require(content: dict[str, Any], keys: set[str], where: str) -> None:
    missing = sorted(keys - content.keys())
    if missing:
        raise TrainingError(f"{where} lacks {', '.join(missing)}.")


def _known(content: dict[str, Any], known: set[str], where: str) -> None:
    """:raises TrainingError: for the first key that nobody reads, with the one that was probably meant."""
    for key in content:
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), 1)
            meant = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(known))}."
            raise TrainingError(f"{where} has the unknown key {key}{meant}")


def _one_of(value: Any, known: tuple[str, ...], what: str, where: str) -> None:
    if value not in known:
        raise TrainingError(f"{where} has the unknown {what} {value}; there are {', '.join(known)}.")


def _dataset(description: dict[str, Any], where: str) -> dict[str, Any]:
    _known(description, DATASET, where)
    if "hdf5" not in description:
        _require(description, {"images"}, where)
    _require(description, {"spacing"}, where)
    description = {"align": "grids", "licence": UNSTATED, "credit": UNSTATED, **description}
    _one_of(description["align"], ALIGNMENTS, "alignment", where)
    _one_of(description.get("modality", "MR"), tuple(m.value for m in Modality), "modality", where)
    if not _is_positive(description["spacing"]):
        raise TrainingError(f"{where} needs a spacing above 0 mm.")
    if "images" in description:
        if isinstance(description["images"], str):
            description["images"] = [description["images"]]
        patterns = [*description["images"], *([description["labels"]] if description.get("labels") else [])]
        without = [pattern for pattern in patterns if "{name}" not in pattern]
        if without or not description["images"]:
            raise TrainingError(f"{where} needs patterns with {{name}} in images and labels.")
    classes = description.get("classes", [1])
    if not isinstance(classes, list) or not classes or not all(isinstance(n, int) and n > 0 for n in classes):
        raise TrainingError(f"{where}: classes is a list of labels, not {classes!r}.")
    for part in ("train", "val"):
        listed = description.get(part, [])
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise TrainingError(f"{where}: {part} is a list of names, not {listed!r}.")
        twice = sorted({name for name in listed if listed.count(name) > 1})
        if twice:
            raise TrainingError(f"{where} lists {twice[0]} twice in {part}.")
    return description


def _task(task: dict[str, Any], datasets: dict[str, Any], where: str) -> dict[str, Any]:
    _known(task, TASK, where)
    _require(task, {"kind", "grids"}, where)
    _one_of(task["kind"], tuple(KINDS), "kind", where)
    task = {"name": task["kind"], "share": 1.0, **task}
    where = f"{where} ({task['name']})"
    if not isinstance(task["name"], str) or not task["name"] or set("/\\") & set(task["name"]):
        raise TrainingError(f"{where}: a name has no slashes.")
    needed = set(KINDS[task["kind"]])
    if task["kind"] == "subjects":
        _one_of(task.setdefault("augmentation", "view"), AUGMENTATIONS, "augmentation", where)
    if task.get("augmentation", "view") == "view":
        needed.add("deformation")
    _require(task, needed, where)
    if "dataset" in needed and task["dataset"] not in datasets:
        raise TrainingError(f"{where} names the data set {task['dataset']}, which is not described.")
    numbers = {"share": 1.0, "strength": 1.0, "structures": 1, "batch": 1, "count": 1, **task}
    for name in ("share", "strength", "structures", "batch", "count"):
        if (
            not isinstance(numbers[name], (int, float))
            or numbers[name] < 0
            or (name in ("share", "count") and not numbers[name])
        ):
            raise TrainingError(f"{where}: {name} is a number above 0, not {numbers[name]!r}.")
    if not isinstance(task.get("in_plane", False), bool) or (
        task.get("in_plane") and task.get("augmentation") != "known"
    ):
        raise TrainingError(f'{where}: in_plane is true or false, and needs "augmentation": "known".')
    scales = task.get("deformation", [])
    if not all(isinstance(scale, list) and len(scale) == 2 and all(map(_is_positive, scale)) for scale in scales):
        raise TrainingError(f"{where}: deformation lists [correlation length, largest SD] in mm, not {scales!r}.")
    if unknown := sorted(task.get("view", {}).keys() - VIEW):
        raise TrainingError(f"{where}: view has the unknown entry {unknown[0]}; there are {', '.join(sorted(VIEW))}.")
    if not task["grids"]:
        raise TrainingError(f"{where} has no grids.")
    return {**task, "grids": [_grid(grid, where) for grid in task["grids"]]}


def _grid(grid: dict[str, Any], where: str) -> dict[str, Any]:
    _known(grid, GRID, f"{where}: a grid")
    _require(grid, GRID, f"{where}: a grid")
    shape, spacing = grid["shape"], grid["spacing"]
    if len(shape) != 3 or any(not isinstance(n, int) or n < 8 or n % 2 for n in shape):
        raise TrainingError(f"{where} needs grids of three even numbers of voxels, at least 8, not {shape}.")
    spacing = [spacing, spacing] if isinstance(spacing, (int, float)) else list(spacing)
    if len(spacing) != 2 or not all(_is_positive(s) for s in spacing) or spacing[0] > spacing[1]:
        raise TrainingError(f"{where} needs a spacing in mm, or a range of it from small to large, not {spacing}.")
    return {"shape": list(shape), "spacing": [float(s) for s in spacing]}


def _is_positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and value > 0
