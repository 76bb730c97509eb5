"""ldr-register on small files, in this process or in one of its own."""

import contextlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import SimpleITK as sitk
from LDRRegistrationLib.__main__ import main

from support import itk
from support.data import ROOT
from support.grids import grid_over, random_grid, seen_on, smooth_image
from support.models import write_model

OUTPUTS = ["overview.png", "report.json", "transform.h5", "warped.nii.gz"]


def make_files(folder):
    """Paths of a fixed image, a moving one on another grid, and a folder with a test model."""
    rng = np.random.default_rng(5)
    grid = random_grid(rng, (40, 44, 36))
    paths = {"fixed": folder / "fixed.nii.gz", "moving": folder / "moving.nrrd", "models": folder / "models"}
    fixed = smooth_image(rng, grid, dtype=np.int16)
    sitk.WriteImage(itk.from_image(fixed), str(paths["fixed"]))
    sitk.WriteImage(itk.from_image(seen_on(fixed, grid_over(rng, grid, (50, 50, 50)))), str(paths["moving"]))
    write_model(paths["models"], (0.0, 0.5, 0.0))
    return paths


def copied_files(made, folder):
    """What ``make_files`` made, in a folder of one's own: a test may change them, and to make them takes time."""
    original = made["models"].parent
    shutil.copytree(original, folder, dirs_exist_ok=True)
    return {name: folder / path.relative_to(original) for name, path in made.items()}


def arguments_for(files, output, *more):
    return [str(files["fixed"]), str(files["moving"]), "-o", str(output), "--models", str(files["models"]), *more]


def run(files, output, *more):
    """The exit status."""
    return main(arguments_for(files, output, *more))


def shares_done(log):
    """Of the progress that a log for programs (``--log-format json``) tells, line by line: 0 to 1."""
    lines = [json.loads(line) for line in log.splitlines()]
    return [line["fraction"] for line in lines if line["event"] == "progress"]


def start(arguments, environment=None, **more):
    """A process of its own, from this checkout."""
    command = [sys.executable, "-m", "LDRRegistrationLib", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "LDRRegistration"), **(environment or {})}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


@contextlib.contextmanager
def little_disk(size: int):
    """Inside the block no file of this process grows beyond ``size`` bytes, as on a disk that is full."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
