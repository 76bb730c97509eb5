"""Tests of training/: tiny data made here, seconds on a CPU, nothing from outside the repository."""

import json
import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

TRAINING = Path(__file__).resolve().parents[2] / "training"
SAMPLES = TRAINING.parent / "LDRRegistration" / "Resources" / "SampleData" / "msd_hippocampus"
sys.path.insert(0, str(TRAINING))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """No test sees what another left in the cache of preprocessed subjects, or the machine's data sets."""
    monkeypatch.setenv("LDR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LDR_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def folder_config(tmp_path):
    """Writes a short description of the two bundled hippocampus crops, with some keys changed; None takes one out."""

    def write(**changed):
        content = {
            "root": str(SAMPLES),
            "images": "images/{name}.nii.gz",
            "labels": "labels/{name}.nii.gz",
            "train": ["hippocampus_001", "hippocampus_014"],
            "val": ["hippocampus_001", "hippocampus_014"],
            "grid": {"shape": [32, 32, 32], "spacing": 1.5},
            "align": "grids",
            **changed,
        }
        path = tmp_path / "folder.json"
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
        return path

    return write


@pytest.fixture
def public_config(tmp_path):
    """Writes HDF5 files of 16^3 voxels in the public repository's layout, and its json with some keys changed."""

    def write(**changed):
        folder = tmp_path / "datasets"
        folder.mkdir(exist_ok=True)
        numbers = np.random.default_rng(0)
        for file, groups in {
            "msd": ["liver/132", "liver/133", "liver/7", "pancreas/1"],
            "lits": ["0", "1", "2"],
            "pigs": ["a_after", "a_pre", "b_after", "b_pre"],
        }.items():
            with h5py.File(folder / f"{file}.h5", "w") as opened:
                for group in groups:
                    volume = numbers.integers(0, 256, (16, 16, 16), dtype=np.uint8)
                    opened[f"{group}/volume"] = volume
                    if file != "msd":
                        opened[f"{group}/segmentation"] = np.where(volume > 100, 255, 0).astype(np.uint8)
        content = {
            "files": {
                "/": {"type": "HDF5", "path": "datasets/msd.h5"},
                "lits": {"type": "HDF5", "path": "datasets/lits.h5"},
                "pigs": {"type": "HDF5", "path": "datasets/pigs.h5"},
            },
            "image_size": [16, 16, 16],
            "image_type": "liver",
            "schemes": {"1": {"train": 1.0}, "lits": {"lits-val": 1.0}, "lspig": {"pigs-val": 1.0}},
            "subsets": {
                "train": ["liver/13[2-9]", "pancreas/*"],
                "lits-val": ["lits/0", "lits/2"],
                "pigs-val": ["pigs/*"],
            },
            "paired": ["lspig"],
            **changed,
        }
        path = folder / "public.json"
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
        return path

    return write


@pytest.fixture(scope="session")
def training_folder():
    return TRAINING


def shapes_on(side, folder):
    """A config whose only task is made-up shapes on grids of ``side`` cubed."""
    task = {
        "name": "shapes",
        "kind": "shapes",
        "share": 1.0,
        "count": 2,
        "shape": [side + 4] * 3,
        "spacing": 2.0,
        "deformation": [[side, 3.0], [side // 2, 2.0]],
        "grids": [{"shape": [side] * 3, "spacing": [1.8, 2.4]}],
    }
    path = folder / "tiny.json"
    path.write_text(json.dumps({"root": ".", "datasets": {}, "tasks": [task]}))
    return path


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory):
    """A config whose only task is made-up shapes on 32^3 grids."""
    return shapes_on(32, tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session")
def tiniest_config(tmp_path_factory):
    """The same on 16^3 grids, an eighth of the work: for runs that are about something else than what is learnt."""
    return shapes_on(16, tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session")
def trained_once(training_folder, tiniest_config, tmp_path_factory):
    from support.trainingruns import command, run

    output = tmp_path_factory.mktemp("trained") / "run"
    run(*command(training_folder, tiniest_config, output))
    return output


@pytest.fixture
def trained(trained_once, tmp_path):
    """A finished run, for one test alone."""
    return shutil.copytree(trained_once, tmp_path / "run")
