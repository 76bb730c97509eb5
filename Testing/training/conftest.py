"""Tests of training/: tiny data made here, seconds on a CPU, nothing from outside the repository."""

import json
import sys
from pathlib import Path

import pytest

TRAINING = Path(__file__).resolve().parents[2] / "training"
sys.path.insert(0, str(TRAINING))


@pytest.fixture
def training_folder():
    return TRAINING


@pytest.fixture
def tiny_config(tmp_path):
    """A config whose only task is made-up shapes on 32^3 grids."""
    task = {
        "name": "shapes",
        "kind": "shapes",
        "share": 1.0,
        "count": 2,
        "shape": [36, 36, 36],
        "spacing": 2.0,
        "deformation": [[32, 3.0], [16, 2.0]],
        "grids": [{"shape": [32, 32, 32], "spacing": [1.8, 2.4]}],
    }
    path = tmp_path / "tiny.json"
    path.write_text(json.dumps({"root": ".", "nonCommercial": False, "datasets": {}, "tasks": [task]}))
    return path
