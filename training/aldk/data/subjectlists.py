"""Who belongs to a data set, and which of them are paired."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aldk.errors import TrainingError

from .io import Hdf5Files

ROOT_VARIABLE = "LDR_DATA"
SPLITS = "splits.json"


def data_root(config: dict[str, Any], config_path: Path) -> Path:
    """The folder of the data sets: an absolute ``root``, else the environment's ``LDR_DATA``, else ``root`` relative
    to the config's file."""
    root, chosen = config.get("root"), os.environ.get(ROOT_VARIABLE)
    if root and Path(root).is_absolute():
        path = Path(root)
    elif chosen or root:
        path = Path(chosen) if chosen else (Path(config_path).parent / str(root)).resolve()
    else:
        raise TrainingError(f"{config_path} names no root; set {ROOT_VARIABLE} to the folder of the data sets.")
    if not path.is_dir():
        raise TrainingError(f"There is no data folder {path}; set {ROOT_VARIABLE} to the folder of the data sets.")
    return path


def subject_names(root: Path, description: dict[str, Any], part: str) -> list[Any]:
    """The names of a data set's ``part``: "train" or "val".

    From the one file of splits, as listed, by wildcards among the groups of an HDF5 file, or, where no training
    subjects are listed, everybody who has an image and is not among the validation subjects.
    """
    if "split" in description:
        return _of_splits(root / SPLITS, description["split"], part)
    if part in description:
        if "hdf5" not in description:
            return list(description[part])
        files = Hdf5Files(description["hdf5"])
        return [name for entry in description[part] for name in files.names(entry)]
    if part == "train" and "images" in description:
        left_out = {*description.get("val", []), *(name for pair in description.get("val_pairs", []) for name in pair)}
        return [name for name in _found(root, description["images"][0]) if name not in left_out]
    return []


def _of_splits(path: Path, split: str, part: str) -> list[Any]:
    splits = _splits(path)
    if split not in splits:
        raise TrainingError(f"{path} has no split called {split}; there are {', '.join(sorted(splits))}.")
    if part not in splits[split]:
        raise TrainingError(f"{path} has no {part} subjects of {split}.")
    return list(splits[split][part])


def _splits(path: Path) -> dict[str, Any]:
    try:
        splits = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainingError(f"There is no file {path}, which says who is trained on.") from error
    except ValueError as error:
        raise TrainingError(f"{path} is not valid json: {error}.") from error
    if not isinstance(splits, dict) or not all(isinstance(parts, dict) for parts in splits.values()):
        raise TrainingError(f"{path} holds no splits: an object of train, val and val_pairs_fixed_moving for each.")
    return splits


def _found(root: Path, pattern: str) -> list[str]:
    base = Path(Path(pattern).anchor or root)
    pattern = str(Path(pattern).relative_to(base)) if Path(pattern).anchor else pattern
    first, *others = [re.escape(piece) for piece in pattern.split("{name}")]
    expression = re.compile(first + "(?P<name>[^/]+)" + "(?P=name)".join(others))
    paths = [path.relative_to(base).as_posix() for path in base.glob(pattern.replace("{name}", "*"))]
    matches = (expression.fullmatch(path) for path in paths)
    names = sorted({match["name"] for match in matches if match})
    if not names:
        raise TrainingError(f"No image in {base} is called {pattern}.")
    return names


def training_pairs(root: Path, description: dict[str, Any]) -> list[tuple[str, str]]:
    """All ordered pairs (fixed, moving) of training subjects; with an atlas, the atlas and each, both ways round."""
    names = subject_names(root, description, "train")
    pairs = [p for a, b in _with_atlas(description, names) for p in ((a, b), (b, a))]
    pairs = pairs or list(itertools.permutations(names, 2))
    if not pairs:
        raise TrainingError(one_subject_only(description, names, "training"))
    return pairs


def validation_pairs(root: Path, description: dict[str, Any]) -> list[tuple[str, str]]:
    """(fixed, moving): as listed, else the atlas with each, else neighbours in the list, else all ordered pairs."""
    if "split" in description:
        listed = _of_splits(root / SPLITS, description["split"], "val_pairs_fixed_moving")
        return [(fixed, moving) for fixed, moving in listed]
    if "val_pairs" in description:
        return [(fixed, moving) for fixed, moving in description["val_pairs"]]
    names = subject_names(root, description, "val")
    pairs = _with_atlas(description, names)
    if not pairs and description.get("paired"):
        two = list(zip(names[::2], names[1::2], strict=False))
        pairs = [pair for a, b in two for pair in ((a, b), (b, a))]
    pairs = pairs or list(itertools.permutations(names, 2))
    if not pairs:
        raise TrainingError(one_subject_only(description, names, "validation"))
    return pairs


def has_validation(root: Path, description: dict[str, Any]) -> bool:
    """Whether a data set names validation pairs, or subjects to make them of."""
    if "split" in description:
        return bool(_splits(root / SPLITS).get(description["split"], {}).get("val_pairs_fixed_moving"))
    return bool(description.get("val") or description.get("val_pairs"))


def spread_evenly(pairs: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """At most ``count`` of them, spread over the list."""
    if len(pairs) <= count:
        return list(pairs)
    return [pairs[int(n * len(pairs) / count)] for n in range(count)]


def _with_atlas(description: dict[str, Any], names: list[str]) -> list[tuple[str, str]]:
    atlas = description.get("atlas")
    return [(atlas, name) for name in names if name != atlas] if atlas else []


def one_subject_only(description: dict[str, Any], names: list[str], purpose: str) -> str:
    where = description.get("split") or (description.get("images") or list(description["hdf5"].values()))[0]
    found = f"only one subject, {names[0]}," if names else "no subject"
    return f"There is {found} for {purpose} in {where}; pairs need two."
