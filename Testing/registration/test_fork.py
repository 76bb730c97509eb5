"""Worker processes made by fork, as multiprocessing makes them on Linux, after a registration with several threads."""

import os
import subprocess
import sys

import pytest
from support.data import ROOT

FORKED = """
import multiprocessing, sys
import numpy as np
from LDRRegistrationLib.runtime.pytorch import importTorch
torch = importTorch()
from LDRRegistrationLib.registration.register import register
from LDRRegistrationLib.space.transform import Transform
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.registration.models import ModelStore
from support.grids import random_grid, smooth_image

def similarity(threads):
    rng = np.random.default_rng(2)
    grid = random_grid(rng, (40, 40, 40), 120.0)
    pair = smooth_image(rng, grid, sigma=2.0), smooth_image(rng, grid, sigma=2.0)
    result = register(*pair, Settings(threads=threads), ModelStore())
    result.transform.warp(pair[1], grid)  # outside the registration too
    return result.similarity

torch.set_num_threads(2)
first = similarity(2)
with multiprocessing.get_context("fork").Pool(2) as pool:
    answers = pool.map_async(similarity, [None, 2]).get(timeout=100)
assert answers == [first, first], (first, answers)
"""


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="fork is what Linux uses")
def test_forked_workers_register_and_find_the_same():
    places = [str(ROOT / "LDRRegistration"), str(ROOT / "Testing")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    environment.pop("OMP_NUM_THREADS", None)
    ended = subprocess.run(
        [sys.executable, "-c", FORKED], env=environment, check=False, capture_output=True, text=True, timeout=150
    )
    assert ended.returncode == 0, ended.stderr
