"""What a worker does, on this machine or another: load everything once, then register one pair after another."""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..commandline.failures import explained
from ..commandline.filerun import FileRun
from ..registration.modelcards import MODELS_FOLDER
from ..registration.models import ModelStore
from ..runtime.errors import DependencyError
from .fingerprint import KEY, checkUntouched, contentOf, finishedReport, modelDigest
from .pair import Pair

if TYPE_CHECKING:
    from ..logic.registration import RegistrationLogic


@dataclass(frozen=True)
class Task:
    """One pair, and what is the same for all: the options of one registration, and the settings of the key."""

    pair: Pair
    output: Path
    options: dict[str, Any]
    settings: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """``error``: why there is no result, in a sentence; empty if there is one."""

    name: str
    error: str = ""
    seconds: float = 0.0
    wasFinished: bool = False


@dataclass
class WarmWorker:
    """The libraries and the model, loaded."""

    logic: RegistrationLogic
    seconds: float

    def register(self, task: Task) -> Outcome:
        """One pair; whatever goes wrong with it is its outcome."""
        started = time.perf_counter()
        pair = task.pair
        options = argparse.Namespace(**task.options)
        options.fixed, options.moving, options.output = pair.fixed, pair.moving, task.output / pair.folder
        options.dates = pair.dates
        for name, path in pair.files.items():
            setattr(options, name, path)
        try:
            if finishedReport(pair, task.output, task.settings, readAgain=True) is not None:
                return Outcome(pair.name, wasFinished=True)
            _checkModel(self.logic.models, task)
            content = contentOf(pair, task.settings)
            noted = {**pair.noted, KEY: content}
            run = FileRun(
                options,
                lambda: False,
                called=pair.called,
                sidecars=pair.sidecars,
                noted=noted,
                logic=self.logic,
                beforePublishing=lambda: checkUntouched(pair, content),
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run.register()
        except Exception as error:
            sentence = explained(error, list(pair.inputs.values()), options.output)[1]
            return Outcome(pair.name, sentence, time.perf_counter() - started)
        return Outcome(pair.name, seconds=time.perf_counter() - started)


def warmUp(options: dict[str, Any], threads: int) -> WarmWorker:
    """Load the libraries and the model, and use so many threads from now on.

    :raises DependencyError: one is missing or damaged.
    """
    started = time.perf_counter()
    if "torch" not in sys.modules:
        for name in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "VTK_SMP_MAX_THREADS"):
            os.environ[name] = str(threads)
    from ..runtime.startup import loadLibraries

    loadLibraries(threads)
    from ..logic.registration import RegistrationLogic

    logic = RegistrationLogic(modelsFolder(options))
    logic.models.load(options["model"])
    return WarmWorker(logic, time.perf_counter() - started)


def modelsFolder(options: dict[str, Any]) -> Path:
    """Of this machine, unless the user named a folder: it lies elsewhere on every machine of a cluster."""
    return options["models"] or MODELS_FOLDER


def _checkModel(models: ModelStore, task: Task) -> None:
    found, expected = modelDigest(models, task.options["model"]), task.settings["model"]
    if found != expected:
        raise DependencyError(
            f"This worker has other weights (SHA-256 {found[:12]}...) than the cohort is registered with "
            f"({expected[:12]}...): install the same version everywhere."
        )
