"""The two short forms of a data description, written out as data sets and tasks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aldk.errors import TrainingError

# Options of a task that both short forms may set beside the data.
TASK_OPTIONS = ("augmentation", "batch", "deformation", "in_plane", "strength", "structures", "view")
DATASET_OPTIONS = ("align", "classes", "credit", "labels", "licence", "modality", "train", "val", "val_pairs")
# The public code calls them by number; other names are of sets to evaluate on.
TRAINING_SCHEME = "1"


def _task_options(content: dict[str, Any], spacing: float) -> dict[str, Any]:
    """Defaults for images of any part of the body: small turns and shifts, and deformations that follow the voxels."""
    defaults = {
        "structures": 4,
        "strength": 0.3,
        "deformation": [[24 * spacing, 1.5 * spacing], [12 * spacing, 0.7 * spacing]],
        "view": {"rotation": 6, "shift_mm": 2 * spacing, "mirror": [False, False, False]},
    }
    return {**defaults, **{key: content[key] for key in TASK_OPTIONS if key in content}}


def from_folder(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """One data set of a group's own images, and one task of pairs of its subjects."""
    grid = content.get("grid")
    if not isinstance(grid, dict) or not {"shape", "spacing"} <= grid.keys():
        raise TrainingError(f'{path} lacks a "grid" with "shape" and "spacing".')
    spacing = grid["spacing"] if isinstance(grid["spacing"], (int, float)) else sum(grid["spacing"]) / 2
    name = content.get("name", path.stem)
    description = {key: content[key] for key in DATASET_OPTIONS if content.get(key) is not None}
    description = {"align": "affine", "images": content["images"], "spacing": spacing, **description}
    task = {"name": name, "kind": "subjects", "dataset": name, "grids": [grid], **_task_options(content, spacing)}
    # Absolute, so that LDR_DATA, which is for the project's own data sets, does not stand in for it.
    root = os.path.expanduser(os.path.expandvars(content.get("root", ".")))
    return {
        "title": content.get("title", name),
        "root": str((path.parent / root).resolve()),
        "datasets": {name: description},
        "losses": content.get("losses", {}),
        "tasks": [task],
    }


def from_public(content: dict[str, Any], path: Path) -> dict[str, Any]:
    """A task for every subset of scheme 1, and a data set to evaluate on for every other scheme.

    Two keys that the public code does not know: "grid" trains on another grid than the stored voxels (1 mm by
    definition), "paired" lists the schemes whose neighbours in the list are pairs (there an option of eval.py).
    """
    subsets, schemes = content["subsets"], content.get("schemes", {})
    if TRAINING_SCHEME not in schemes:
        raise TrainingError(f'{path} has no scheme "{TRAINING_SCHEME}", which is the one to train on.')
    grid = content.get("grid", {"shape": content.get("image_size", [128, 128, 128]), "spacing": 1.0})
    spacing = grid["spacing"] if isinstance(grid["spacing"], (int, float)) else grid["spacing"][0]
    common: dict[str, Any] = {
        "hdf5": {prefix: _located(file, path) for prefix, file in content["files"].items()},
        "spacing": spacing,
        **{key: content[key] for key in ("atlas", "credit", "licence") if key in content},
    }
    if "segmentation_class_value" in content:
        common["classes"] = sorted(content["segmentation_class_value"].values())
    datasets, tasks = {}, []
    for scheme, parts in schemes.items():
        for subset, share in parts.items():
            if subset not in subsets:
                raise TrainingError(f"{path}: scheme {scheme} names the subset {subset}, which is not listed.")
            if scheme == TRAINING_SCHEME:
                datasets[subset] = {**common, "train": subsets[subset]}
                options = {"augmentation": "paper", **_task_options(content, spacing)}
                tasks.append(
                    {"name": subset, "kind": "subjects", "dataset": subset, "share": share, "grids": [grid], **options}
                )
            else:
                name = scheme if len(parts) == 1 else f"{scheme}:{subset}"
                datasets[name] = {**common, "val": subsets[subset], "paired": scheme in content.get("paired", [])}
    return {
        "title": content.get("title", path.stem),
        "root": str(path.parent.parent.resolve()),
        "datasets": datasets,
        "losses": content.get("losses", {}),
        "tasks": tasks,
    }


def _located(file: dict[str, Any], path: Path) -> str:
    """Where an HDF5 file is: the public paths begin at the folder above the json's, some at the json's own."""
    if file.get("type", "HDF5") != "HDF5" or "path" not in file:
        raise TrainingError(f"{path}: only files of type HDF5 with a path can be read, not {file}.")
    above, beside = (folder / file["path"] for folder in (path.resolve().parent.parent, path.resolve().parent))
    return str(beside if beside.is_file() and not above.is_file() else above)
