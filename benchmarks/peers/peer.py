"""A peer as a method of the evaluation: from a pair to a displacement field, by a process in the peer's environment."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import tempfile
import time
import venv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from aldk.evaluation.methods import Answer
from aldk.evaluation.pairs import EvaluationPair
from LDRRegistrationLib.mrml.files import writeImage
from LDRRegistrationLib.space.image import Image

from .load import Load
from .process import FILES, THREADS

HERE = Path(__file__).resolve().parent
BENCH = HERE.parents[1] / ".bench"
RAS_FROM_LPS = np.array([-1.0, -1.0, 1.0], dtype=np.float32)
LONGEST_SECONDS = 7200
THREADS_OF = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
# What a peer's answer depends on besides its own script.
SHARED_SCRIPTS = ("process.py", "start.py")


class PeerFailed(Exception):
    """A peer ended with an error, or not in time; its last words."""


@dataclass(frozen=True)
class Peer:
    """``script`` below peers/, run with ``how`` in the environment ``.bench/ENVIRONMENT``.

    ``packages`` are what that environment needs, the tool itself first; ``shown`` is the name in tables. ``across`` is
    the ``how`` for pairs of unlike contrast; None where the tool is run there with the same settings, and
    ``within_only`` where it is not run on them at all.
    """

    shown: str
    script: str
    how: str
    environment: str
    packages: tuple[str, ...]
    across: str | None = None
    within_only: bool = False

    def for_contrasts(self) -> Peer:
        """The same with its settings for pairs of unlike contrast."""
        return self if self.across is None else replace(self, how=self.across)

    @property
    def python(self) -> Path:
        return BENCH / self.environment / "bin" / "python"

    def prepare(self) -> None:
        """Makes its environment where there is none; one that was left half made is made again."""
        folder = BENCH / self.environment
        done = folder / "installed"
        if done.is_file():
            return
        print(f"making {folder} with {', '.join(self.packages)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        command = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *self.packages]
        subprocess.run(command, check=True)
        done.touch()

    def version(self) -> str:
        """Name and version of its first package."""
        return _version(self.python, self.packages[0])

    def key(self) -> str:
        """What a kept answer depends on besides the pair: the tool's version, and how it is called."""
        scripts = hashlib.sha256()
        for name in (f"{self.script}.py", *SHARED_SCRIPTS):
            scripts.update((HERE / name).read_bytes())
        return f"{self.script}-{self.how}-{self.version().replace(' ', '-')}-{scripts.hexdigest()[:12]}"

    def __call__(self, pair: EvaluationPair) -> Answer:
        """``cold_seconds`` of the answer are those of the whole process: start, imports, files, registration.

        :raises PeerFailed: if it ends with an error or not in time.
        """
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            for which in FILES:
                image: Image = getattr(pair, which)
                writeImage(replace(image, array=image.array.astype(np.float32)), folder / f"{which}.nii.gz")
            load, start = Load(), time.perf_counter()
            self._run(folder)
            cold = {"cold_seconds": time.perf_counter() - start, **load.values()}
            field = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "field.nii.gz")))
            values = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return Answer(field.astype(np.float32) * RAS_FROM_LPS, None, {**values, **cold})

    def _run(self, folder: Path) -> None:
        command = [self.python, HERE / f"{self.script}.py", self.how, folder]
        threads = {**os.environ, **dict.fromkeys(THREADS_OF, str(THREADS))}
        threads.pop("PYTHONPATH", None)  # what this process imports is not the peer's
        try:
            ran = subprocess.run(
                command, capture_output=True, text=True, cwd=folder, timeout=LONGEST_SECONDS, env=threads, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise PeerFailed(f"not done after {LONGEST_SECONDS} s") from error
        if ran.returncode != 0:
            raise PeerFailed(f"exit status {ran.returncode}: {ran.stderr[-2000:]}")


@functools.cache
def _version(python: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    return f"{package} {said.strip()}"


TORCH = "torch==2.13.0"
# Greedy's affine, and images.
START = ("numpy", "SimpleITK", "picsl-greedy")
# It has a licence of its own, and asks for a SimpleITK of its own: see the script.
FIREANTS = ("fireants", TORCH, "picsl-greedy")
DEMONS = ("SimpleITK", "numpy", "picsl-greedy")

PEERS = {
    peer.shown: peer
    for peer in (
        Peer("elastix", "elastix", "bspline", "elastix", ("SimpleITK-SimpleElastix", "numpy")),
        Peer("ANTs SyNQuick", "ants_syn", "synquick", "ants", ("antspyx", "numpy")),
        Peer("ANTs SyN", "ants_syn", "syn", "ants", ("antspyx", "numpy")),
        Peer("Greedy", "greedy", "ncc", "greedy", ("picsl-greedy", "numpy", "SimpleITK"), "across"),
        Peer("convexAdam", "convexadam", "mind", "convexadam", ("convexAdam", TORCH, *START), "across"),
        Peer("SimpleITK fast symmetric demons", "demons", "fast", "simpleitk", DEMONS, within_only=True),
        Peer("SimpleITK diffeomorphic demons", "demons", "diffeomorphic", "simpleitk", DEMONS, within_only=True),
        Peer(
            "plastimatch B-spline",
            "plastimatch_bspline",
            "mse",
            "plastimatch",
            ("plastimatch", *START),
            within_only=True,
        ),
        Peer("pydeform", "pydeform_graphcut", "ncc", "pydeform", ("pydeform", *START), within_only=True),
        Peer("FireANTs, CPU", "fireants_greedy", "cc", "fireants", FIREANTS, within_only=True),
        Peer("DIPY SyN", "dipy_syn", "cc", "dipy", ("dipy", *START), within_only=True),
    )
}
