"""What a run is, and which of it must stay the same while the run goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import TrainingError
from .models import Architecture
from .schedule import Schedule
from .strategies import AldkOptions, Strategy
from .strategies.reconstruction import Reconstruction
from .validation import ValidationOptions


@dataclass(frozen=True)
class Run:
    """What a run is: where it writes, what it reads, the network and its schedule.

    Parameters
    ----------
    batch
        Pairs a step, 0 for what each task of the data description says.
    accumulate
        Items whose gradients one update is the mean of: a larger batch in the memory of a small one.
    workers
        Processes beside the network that make the items; 0 makes them on demand.
    start_from
        A checkpoint whose averaged weights a new run starts from, or a shipped model's name.
    command
        The command line, for the record in checkpoints and model cards.
    save_seconds
        Time between two checkpoints: what a crash may cost.
    initialisation
        Of a new run's weights, as ``aldk.models.layers.started_by`` takes it.
    average
        How slowly the moving average of the weights follows them, 0 to 1.
    loggers
        Further loggers by name, as ``aldk.loggers.make_loggers`` takes them.
    options
        All options of the command, written to config.json beside the run.
    """

    output: Path
    data: Path
    architecture: Architecture
    schedule: Schedule
    seed: int = 2026
    batch: int = 0
    accumulate: int = 1
    workers: int = 1
    start_from: Path | None = None
    command: str = ""
    save_seconds: float = 90.0
    initialisation: str = "he"
    average: float = 0.999
    validation: ValidationOptions = field(default_factory=ValidationOptions)
    loggers: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def settings(self, config: dict[str, Any], world_size: int, precision: str) -> dict[str, Any]:
        """What decides how the run ends, as plain values: a run that goes on must have the same.

        Where the data lie, and what their description is called, may change.
        """
        start = self.start_from
        schedule = {f"schedule.{name}": value for name, value in asdict(self.schedule).items()}
        datasets = {n: {k: v for k, v in d.items() if k != "hdf5"} for n, d in config["datasets"].items()}
        settings = {
            **schedule,
            "batch": self.batch,
            "accumulate": self.accumulate,
            "average": self.average,
            "processes": world_size,
            "precision": precision,
            "start_from": None if start is None else str(start.resolve() if start.exists() else start),
            "data.datasets": datasets,
            "data.tasks": config["tasks"],
            **{f"validation.{name}": value for name, value in asdict(self.validation).items()},
        }
        return json.loads(json.dumps(settings))


def check_same(state: dict[str, Any], path: Path, run: Run, strategy: Strategy, settings: dict[str, Any]) -> None:
    """That a checkpoint is of a run that ``run`` can go on with.

    Checkpoints from before a setting existed do not say what it was, and are not asked.

    :raises TrainingError: naming what differs.
    """
    check_architecture(state, path, run.architecture)
    kind = type(strategy).__name__
    if state["strategy"] != kind:
        raise TrainingError(f"{path} holds a run of the strategy {state['strategy']}, not {kind}.")
    found = _completed(state["provenance"])
    found |= {"seed": state["seed"], "initialisation": state.get("initialisation", run.initialisation)}
    asked = {**strategy.provenance(), "seed": run.seed, "initialisation": run.initialisation}
    before = state.get("settings", {})
    found |= {name: before[name] for name in settings if name in before}
    asked |= {name: value for name, value in settings.items() if name in before}
    if found != asked:
        raise TrainingError(
            f"{path} holds a run of other settings, {_differences(found, asked)}: go on with the same command, or "
            "choose another --output, with --start-from if it is to begin with these weights."
        )


def check_architecture(state: dict[str, Any], path: Path, wanted: Architecture) -> None:
    """:raises TrainingError: if a checkpoint's network is not the one ``wanted``."""
    found, asked = Architecture.from_dict(state["architecture"]).to_dict(), wanted.to_dict()
    if found != asked:
        raise TrainingError(f"{path} holds a network of another architecture: {_differences(found, asked)}.")


def _completed(provenance: dict[str, Any]) -> dict[str, Any]:
    """With what did not exist when the run began as it was then."""
    later: dict[str, dict[str, Any]] = {
        "losses": {"inverse": Reconstruction().inverse},
        "aldk": {"score": AldkOptions().score},
    }
    completed = {n: {**later[n], **v} if n in later else v for n, v in provenance.items()}
    teacher = completed.get("teacher")
    if isinstance(teacher, dict) and "architecture" in teacher:
        architecture = Architecture.from_dict(teacher["architecture"]).to_dict()
        completed["teacher"] = {**teacher, "architecture": architecture}
    return completed


def _differences(found: dict[str, Any], asked: dict[str, Any]) -> str:
    """Which entries of two dictionaries differ, in words."""
    names = [n for n in {**found, **asked} if found.get(n) != asked.get(n)]
    return ", ".join(
        f"{n} {found.get(n)!r} instead of {asked.get(n)!r}" if len(repr(found.get(n))) < 40 else n for n in names
    )
