"""Further places for a run's figures, beside log.csv and TensorBoard: MLflow and Weights & Biases.

Through Lightning's loggers, which are an extra of the project: pip install ".[loggers]".
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from .errors import TrainingError

LOGGERS = ("mlflow", "wandb")
PROJECT = "ldr-registration"


def check_loggers(names: Sequence[str]) -> None:
    """Whether there are such loggers, without importing them.

    :raises TrainingError: if there is no logger of a name, or its packages are not installed.
    """
    for name in names:
        if name not in LOGGERS:
            raise TrainingError(f"There is no logger called {name}; there are {', '.join(LOGGERS)}.")
        missing = [package for package in ("pytorch_lightning", name) if importlib.util.find_spec(package) is None]
        if missing:
            raise TrainingError(f'--logger {name} needs packages of the extra "loggers": {missing[0]}.')


class Logger(Protocol):
    def log_hyperparams(self, params: dict[str, Any]) -> None: ...
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None: ...
    def finalize(self, status: str) -> None: ...


def make_loggers(names: tuple[str, ...], folder: Path, options: dict[str, Any]) -> list[Logger]:
    """The loggers of a run, which know its options.

    MLflow writes into the run's folder, mlflow.db, unless MLFLOW_TRACKING_URI names a server; W&B does as its own
    environment says (WANDB_MODE=offline, WANDB_PROJECT). Both call the run by its folder's name.

    :raises TrainingError: if a logger's package is not installed, or its server does not answer.
    """
    made: list[Logger] = []
    for name in names:
        try:
            logger = _mlflow(folder) if name == "mlflow" else _wandb(folder)
            logger.log_hyperparams(options)
        except ImportError as error:
            missing = error.name or error
            raise TrainingError(f'--logger {name} needs packages of the extra "loggers": {missing}.') from error
        except Exception as error:  # whatever its client raises: no network, no account
            raise TrainingError(f"--logger {name} cannot be used here: {str(error).strip().splitlines()[0]}") from error
        made.append(logger)
    return made


def _mlflow(folder: Path) -> Logger:
    from pytorch_lightning.loggers import MLFlowLogger

    where = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder / 'mlflow.db').resolve()}"
    return MLFlowLogger(experiment_name=PROJECT, run_name=folder.resolve().name, tracking_uri=where)


def _wandb(folder: Path) -> Logger:
    from pytorch_lightning.loggers import WandbLogger

    return WandbLogger(
        project=os.environ.get("WANDB_PROJECT", PROJECT), name=folder.resolve().name, save_dir=str(folder)
    )
