"""Where teacher deformations come from: a trained network in the loop, or fields stored before.

A stored field is half the grid's resolution, float16, in voxels of the half grid: (3, k/2, j/2, i/2), one file a pair.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import numpy as np
import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import compose, resize, warp
from lightning_fabric import Fabric
from torch import Tensor

from . import checkpoint
from .checkpoint import load_network
from .data.config import plain_grid
from .data.pairs import Pair
from .errors import TrainingError
from .models import RegistrationNetwork
from .shipped import find_card

MANIFEST = "fields.json"


class Teacher(Protocol):
    def prepare(self, fabric: Fabric) -> None: ...
    def flow(self, pair: Pair) -> Tensor: ...
    def provenance(self) -> dict[str, Any]: ...
    def state(self) -> dict[str, Any]: ...
    def load(self, state: dict[str, Any]) -> None: ...


class Stateless:
    """Of a teacher that a resumed run has nothing to restore of."""

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Nothing."""


class NetworkTeacher(Stateless):
    """A trained network that sees the same, augmented pair as the student, at the same moment.

    Parameters
    ----------
    passes
        How many times coarser than the pair's grid each look of the network is, coarsest first; every one at the moving
        image as warped so far. A pass whose grid would not divide the pair's is left out.
    """

    def __init__(
        self, network: RegistrationNetwork, source: dict[str, Any] | None = None, passes: Sequence[int] = (1,)
    ) -> None:
        self.network = network.eval().requires_grad_(False)
        self.source, self.passes = source or {}, tuple(passes)

    def prepare(self, fabric: Fabric) -> None:
        self.network.to(fabric.device)

    @torch.no_grad()
    def flow(self, pair: Pair) -> Tensor:
        """(N, 3, k, j, i) in voxels."""
        k, j, i = pair.fixed.shape[2:]
        flow: Tensor | None = None
        for reduction in self.passes:
            if any(side % reduction for side in (k, j, i)):
                continue
            fixed, moving = pair.fixed, pair.moving
            if reduction > 1:
                fixed, moving = (F.avg_pool3d(image, reduction) for image in (fixed, moving))
            if flow is None:
                flow = self.network(fixed, moving)
                continue
            flow = resize(flow, (k // reduction, j // reduction, i // reduction))
            flow = compose(flow, self.network(fixed, warp(moving, flow)))
        if flow is None:
            return self.network(pair.fixed, pair.moving)
        return resize(flow, (k, j, i)) if flow.shape[2:] != pair.fixed.shape[2:] else flow

    def provenance(self) -> dict[str, Any]:
        passes = {"passes": list(self.passes)} if self.passes != (1,) else {}
        return {"architecture": self.network.architecture.to_dict(), **passes, **self.source}


class StoredTeacher(Stateless):
    """Fields that ``teach.py`` stored, for pairs without augmentation.

    Parameters
    ----------
    data
        What is trained on now, as ``plain_data`` says.

    :raises TrainingError: if the folder holds no complete set, or one for other data; and when a pair is asked for
        that is not in it.
    """

    def __init__(self, folder: Path, data: dict[str, Any]) -> None:
        self.folder = Path(folder)
        self.manifest = read_manifest(self.folder)
        if not self.manifest["complete"]:
            raise TrainingError(f"The teacher fields in {folder} are not complete; run teach.py on it again.")
        different = [key for key, value in data.items() if self.manifest[key] != json.loads(json.dumps(value))]
        if different:
            raise TrainingError(
                f"The teacher fields in {folder} were made for other data: {' and '.join(different)} differ."
            )

    def prepare(self, fabric: Fabric) -> None:
        """Fields go to a pair's device as they are read."""

    def flow(self, pair: Pair) -> Tensor:
        """(N, 3, k, j, i) in voxels, of the pair's names."""
        half = torch.stack([self._read(fixed, moving) for fixed, moving in pair.names]).to(pair.fixed.device)
        k, j, i = pair.fixed.shape[2:]
        return resize(half, (k, j, i))

    def _read(self, fixed: str, moving: str) -> Tensor:
        path = field_path(self.folder, fixed, moving)
        try:
            return torch.from_numpy(np.load(path).astype(np.float32))
        except (OSError, ValueError) as error:
            raise TrainingError(f"There is no teacher field for {fixed} and {moving} in {self.folder}.") from error

    def provenance(self) -> dict[str, Any]:
        return {"fields": str(self.folder), **self.manifest["teacher"]}


def plain_data(config: dict[str, Any], root: Path) -> dict[str, Any]:
    """What stored fields are for: the config's one data set of pairs without augmentation, where it is, and its grid.

    :raises TrainingError: if the config has other tasks, or augments: no stored field could fit such pairs.
    """
    tasks = config["tasks"]
    if len(tasks) != 1 or tasks[0]["kind"] != "subjects" or tasks[0]["augmentation"] != "none":
        raise TrainingError(
            f"{config['title']}: stored teacher fields fit pairs without augmentation only: the data description "
            'needs one task, of the kind "subjects", with "augmentation": "none".'
        )
    shape, spacing = plain_grid(config, tasks[0])
    return {
        "root": str(root),
        "dataset": config["datasets"][tasks[0]["dataset"]],
        "shape": list(shape),
        "spacing": spacing,
    }


def field_path(folder: Path, fixed: str, moving: str) -> Path:
    """Quoted, since a name in an HDF5 file may contain what a file's name may not; so the comma parts two names."""
    return folder / f"{quote(fixed, safe='')},{quote(moving, safe='')}.npy"


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``store_fields`` wrote about a folder.

    :raises TrainingError: if there is none.
    """
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"{folder} holds no teacher fields: {MANIFEST} is missing or damaged.") from error


def store_fields(
    teacher: NetworkTeacher, pairs: list[tuple[str, str]], read: Any, folder: Path, description: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """Run the teacher over pairs and store its fields; yields each pair that is done, also those done before.

    Parameters
    ----------
    read
        (fixed name, moving name) -> Pair, without augmentation.
    description
        What identifies the set: the data's description, grid shape and spacing, and the teacher.

    :raises TrainingError: if the folder holds fields of another teacher or grid, or the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {**description, "pairs": len(pairs)}
    if (folder / MANIFEST).exists():
        found = {k: v for k, v in read_manifest(folder).items() if k != "complete"}
        if found != json.loads(json.dumps(manifest)):
            raise TrainingError(
                f"{folder} holds fields of another teacher, grid or set of pairs; choose another folder."
            )
    half = [n // 2 for n in description["shape"]]
    size = int(np.prod(half)) * 3 * 2
    _write(folder / MANIFEST, json.dumps({**manifest, "complete": False}, indent=2).encode())
    for fixed, moving in pairs:
        path = field_path(folder, fixed, moving)
        # Only whole files ever get this name; the size is a guard against another program's.
        if not path.exists() or path.stat().st_size < size:
            flow = F.avg_pool3d(teacher.flow(read(fixed, moving)), 2) / 2.0
            with (part := path.with_suffix(".part")).open("wb") as file:
                np.save(file, flow[0].cpu().numpy().astype(np.float16))
            os.replace(part, path)
        yield fixed, moving
    missing = [p for p in pairs if not field_path(folder, *p).exists()]
    if missing:
        raise TrainingError(f"{len(missing)} teacher fields vanished while they were made, the first of {missing[0]}.")
    _write(folder / MANIFEST, json.dumps({**manifest, "complete": True}, indent=2).encode())


def _write(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(content)
    os.replace(part, path)


def load_teacher(path: Path, passes: Sequence[int] | None = None) -> NetworkTeacher:
    """The averaged weights of a run's folder or checkpoint, or a shipped model by its name, and where they come from.

    Big teachers are not stored with the project: the checkpoint's SHA-256 and its commands name them.

    :param passes: as of ``NetworkTeacher``; None: those of a model's card, one for a checkpoint.
    :raises TrainingError: if there is no usable checkpoint.
    """
    network, state = load_network(path)
    with checkpoint.file_of(path).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    source = {name: state.get(name) for name in ("iteration", "seed", "commands")}
    source["sha256"] = digest
    card = find_card(path)
    if card is not None:
        source["model"] = card.name
    source["training_data"] = checkpoint.training_data(state)
    return NetworkTeacher(network, source, passes or state.get("passes", (1,)))
