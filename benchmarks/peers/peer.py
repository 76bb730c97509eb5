"""A peer as a method of the evaluation: from a pair to a displacement field, by a process in the peer's environment."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from aldk.evaluation.methods import Answer
from aldk.evaluation.pairs import EvaluationPair
from LDRRegistrationLib.mrml.files import writeImage
from LDRRegistrationLib.space.image import Image

HERE = Path(__file__).resolve().parent
BENCH = HERE.parents[1] / ".bench"
RAS_FROM_LPS = np.array([-1.0, -1.0, 1.0], dtype=np.float32)
LONGEST_SECONDS = 1800


class PeerFailed(Exception):
    """A peer ended with an error; its last words."""


@dataclass(frozen=True)
class Peer:
    """``script`` below peers/, run with ``how`` in the environment ``.bench/ENVIRONMENT``.

    ``packages`` are what that environment needs; ``shown`` is the name in tables, ``across`` the ``how`` for pairs of
    unlike contrast.
    """

    shown: str
    script: str
    how: str
    environment: str
    packages: tuple[str, ...]
    across: str | None = None

    def for_contrasts(self) -> Peer:
        """The same with its settings for pairs of unlike contrast."""
        return self if self.across is None else replace(self, how=self.across)

    @property
    def python(self) -> Path:
        return BENCH / self.environment / "bin" / "python"

    def version(self) -> str:
        """Name and version of its first package."""
        code = f"from importlib.metadata import version; print(version({self.packages[0]!r}))"
        said = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True).stdout
        return f"{self.packages[0]} {said.strip()}"

    def __call__(self, pair: EvaluationPair) -> Answer:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            for which in ("fixed", "moving"):
                image: Image = getattr(pair, which)
                writeImage(replace(image, array=image.array.astype(np.float32)), folder / f"{which}.nii.gz")
            command = [self.python, HERE / f"{self.script}.py", self.how, folder]
            ran = subprocess.run(
                command, capture_output=True, text=True, cwd=folder, timeout=LONGEST_SECONDS, check=False
            )
            if ran.returncode != 0:
                raise PeerFailed(ran.stderr[-2000:])
            field = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "field.nii.gz")))
            values = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return Answer(field.astype(np.float32) * RAS_FROM_LPS, None, values)


PEERS = {
    peer.shown: peer
    for peer in (
        Peer("elastix", "elastix", "bspline", "elastix", ("SimpleITK-SimpleElastix", "numpy")),
        Peer("ANTs SyNQuick", "ants_syn", "synquick", "ants", ("antspyx", "numpy")),
        Peer("ANTs SyN", "ants_syn", "syn", "ants", ("antspyx", "numpy")),
        Peer("Greedy", "greedy", "ncc", "greedy", ("picsl-greedy", "numpy"), "across"),
        Peer(
            "convexAdam",
            "convexadam",
            "mind",
            "convexadam",
            ("convexAdam", "torch==2.13.0", "numpy", "picsl-greedy"),
            "across",
        ),
    )
}
