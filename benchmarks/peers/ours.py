"""The module's own registration as the benchmark measures it: in this process, models loaded, the call in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aldk.evaluation.methods import EngineMethod
from aldk.evaluation.pairs import EvaluationPair
from LDRRegistrationLib.mrml.files import writeImage
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import RegistrationResult, register
from LDRRegistrationLib.registration.settings import Settings

from .load import Load
from .process import FILES, peak_mb

LIBRARY = Path(__file__).resolve().parents[2] / "LDRRegistration"
TO_RESET_THE_PEAK = "5"


class Ours(EngineMethod):
    """As ``EngineMethod``; besides CPU seconds, the peak memory during the call, and how busy the machine was.

    Of the first pair also ``cold_seconds``: the command ldr-register in a process of its own, which reads the images
    and writes what it writes without options (more than a peer's process does).
    """

    def __init__(self, settings: Settings, models: ModelStore) -> None:
        super().__init__(settings, models)
        self._warm = False

    def run(self, pair: EvaluationPair) -> tuple[RegistrationResult, dict[str, float]]:
        cold = {}
        if not self._warm:
            cold["cold_seconds"] = self._cold(pair)
            # Once before, so that it is someone's second click: torch compiles a network on its first two runs.
            register(pair.fixed, pair.moving, self.settings, self.models)
            self._warm = True
        Path("/proc/self/clear_refs").write_text(TO_RESET_THE_PEAK, encoding="ascii")
        load, before = Load(), time.process_time()
        result, values = super().run(pair)
        values |= {"cpu_seconds": time.process_time() - before, "peak_mb": peak_mb()}
        return result, {**values, **load.values(), **cold}

    def _cold(self, pair: EvaluationPair) -> float:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            for which in FILES:
                writeImage(getattr(pair, which), folder / f"{which}.nii.gz")
            images = [folder / f"{which}.nii.gz" for which in FILES]
            command = [sys.executable, "-m", "LDRRegistrationLib", *images, "-o", folder / "result", "--quiet"]
            command += ["--preset", self.settings.preset.value]
            if self.settings.model != "auto":
                command += ["--model", self.settings.model]
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(LIBRARY)})
            return time.perf_counter() - start
