"""The one training loop: a network, its optimiser, the moving average of its weights, and where the run stands."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from lightning_fabric import Fabric
from tqdm import tqdm

from . import checkpoint
from .data.loader import read_config, stream
from .data.pairs import Pair
from .errors import TrainingError
from .history import History
from .models import Architecture, build_model
from .models.layers import started_by
from .schedule import Schedule
from .strategies import Unsupervised


@dataclass(frozen=True)
class Run:
    """What a run is: where it writes, what it reads, the network and its schedule.

    Parameters
    ----------
    batch
        Pairs a step, 0 for what each task of the data description says.
    workers
        1 process beside the network makes the items, 0 makes them on demand.
    start_from
        A checkpoint whose averaged weights a new run starts from.
    command
        The command line, for the record in checkpoints and model cards.
    save_seconds
        Time between two checkpoints: what a crash may cost.
    initialisation
        Of a new run's weights, as ``aldk.models.layers.started_by`` takes it.
    """

    output: Path
    data: Path
    architecture: Architecture
    schedule: Schedule
    seed: int = 2026
    batch: int = 0
    workers: int = 1
    start_from: Path | None = None
    command: str = ""
    save_seconds: float = 90.0
    initialisation: str = "he"


class Trainer:
    """Goes on from the checkpoint in the run's folder, if there is one.

    :raises TrainingError: if that checkpoint is of another architecture or strategy.
    """

    def __init__(self, fabric: Fabric, run: Run, strategy: Unsupervised) -> None:
        self.fabric, self.run_options, self.strategy = fabric, run, strategy
        self.output, self.schedule = run.output, run.schedule
        self.output.mkdir(parents=True, exist_ok=True)
        self.config = read_config(run.data)
        torch.manual_seed(run.seed)
        with started_by(run.initialisation):
            network = build_model(run.architecture)
        optimizer = torch.optim.Adam(network.parameters(), lr=run.schedule.learning_rate)
        self.iteration, self.seconds, self.waited, self.seed = 0, 0.0, 0.0, run.seed
        self.commands: list[str] = []
        # Of a teacher, or of a frozen network whose features are compared.
        sources = [source for source in strategy.provenance().values() if isinstance(source, dict)]
        self.data_before = [entry for source in sources for entry in source.get("training_data", [])]
        state = checkpoint.load(self.output)
        if state is not None:
            self._check_same(state, self.output)
            network.load_state_dict(state["model"])
            self.iteration, self.seconds, self.waited = state["iteration"], state["seconds"], state["waited"]
            # The data description may have changed since: what was seen stays seen.
            self.data_before = [*checkpoint.training_data(state), *self.data_before]
            self.commands = state["commands"]
            torch.set_rng_state(state["random"])
        elif run.start_from:
            started, start = checkpoint.load_network(run.start_from)
            self._check_same(start, run.start_from, strategy=False)
            network.load_state_dict(started.state_dict())
            self.data_before = [*checkpoint.training_data(start), *self.data_before]
            self.commands = start.get("commands", [])
        self.data_before = [entry for n, entry in enumerate(self.data_before) if entry not in self.data_before[:n]]
        self.average = checkpoint.MovingAverage(network)
        if state is not None:
            self.average.weights = state["average"]
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.average.weights = {n: fabric.to_device(v) for n, v in self.average.weights.items()}
        strategy.prepare(fabric)
        if state is not None:
            # Only now: an optimiser's state goes to the device where its parameters are.
            self.optimizer.load_state_dict(state["optimizer"])
            strategy.load(state["strategy_state"])
            fabric.strategy.precision.load_state_dict(state["precision"])
        self.commands = [*self.commands, run.command]
        self.stopping = False
        self.scales_gradients = getattr(fabric.strategy.precision, "scaler", None) is not None

    def _check_same(self, state: dict[str, Any], path: Path | None, strategy: bool = True) -> None:
        """That a checkpoint is of this network and, with ``strategy``, of a run that this one can go on with."""
        found, asked = state["architecture"], self.run_options.architecture.to_dict()
        if found != asked:
            raise TrainingError(f"{path} holds a network of another architecture: {_differences(found, asked)}.")
        if not strategy:
            return
        if state["strategy"] != type(self.strategy).__name__:
            kind = type(self.strategy).__name__
            raise TrainingError(f"{path} holds a run of the strategy {state['strategy']}, not {kind}.")
        start = self.run_options.initialisation
        # Checkpoints from before there was a choice do not say how their weights started.
        found = {**state["provenance"], "seed": state["seed"], "initialisation": state.get("initialisation", start)}
        asked = {**self.strategy.provenance(), "seed": self.seed, "initialisation": start}
        if found != asked:
            raise TrainingError(
                f"{path} holds a run of other settings, {_differences(found, asked)}: go on with the same command, or "
                "choose another --output."
            )

    def stop(self, *_: Any) -> None:
        """Save and end after the step that is under way; a signal handler."""
        self.stopping = True

    def progress(self) -> float:
        return self.schedule.progress(self.iteration, self.seconds)

    def step(self, pair: Pair) -> dict[str, float]:
        """One update; returns the terms of the loss and what else the strategy observed.

        :raises TrainingError: if the loss or its gradient is not finite; the network has not been changed then.
        """
        progress = self.progress()
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.iteration, progress)
        terms = self.strategy.losses(self.network, self._on_device(pair), self.iteration, progress)
        loss = torch.stack([term.float() for term in terms.values()]).sum()
        finite = torch.isfinite(loss.detach()).float()
        if self.fabric.world_size > 1:
            finite = self.fabric.all_reduce(finite, reduce_op="mean")
        if finite < 1.0:
            wrong = ", ".join(n for n, t in terms.items() if not torch.isfinite(t.detach())) or "of another process"
            raise TrainingError(self._not_finite(f"the loss ({wrong})", pair))
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        norm = self.fabric.clip_gradients(self.network, self.optimizer, max_norm=1.0, error_if_nonfinite=False)
        if not torch.isfinite(norm) and not self.scales_gradients:
            raise TrainingError(self._not_finite("the gradient", pair))
        # With gradients that are scaled for 16 bit an overflow is a matter of course, and the step is left out.
        self.optimizer.step()
        self.iteration += 1
        self.average.update(self.network.module, self.iteration)
        values = {name: float(term.detach()) for name, term in {"loss": loss, **terms}.items()}
        return {**values, **self.strategy.observed}

    def _not_finite(self, what: str, pair: Pair) -> str:
        where = ", ".join(f"{moving} onto {fixed}" for fixed, moving in pair.names)
        return (
            f"{what.capitalize()} is not a finite number at iteration {self.iteration}, pair {where}; the last "
            "checkpoint is kept."
        )

    def _on_device(self, pair: Pair) -> Pair:
        values = {f.name: getattr(pair, f.name) for f in fields(Pair)}
        return replace(pair, **{n: self.fabric.to_device(v) for n, v in values.items() if isinstance(v, torch.Tensor)})

    def save(self) -> None:
        if self.fabric.global_rank != 0:
            return
        state = {
            "architecture": self.run_options.architecture.to_dict(),
            "model": self.network.module.state_dict(),
            "average": self.average.weights,
            "optimizer": self.optimizer.state_dict(),
            "strategy": type(self.strategy).__name__,
            "strategy_state": self.strategy.state(),
            "provenance": self.strategy.provenance(),
            "precision": self.fabric.strategy.precision.state_dict(),
            "iteration": self.iteration,
            "seconds": self.seconds,
            "waited": self.waited,
            "seed": self.seed,
            "initialisation": self.run_options.initialisation,
            "random": torch.get_rng_state(),
            "commands": self.commands,
            "training_data_before": self.data_before,
            "config": self.config,
            "config_path": str(self.run_options.data.resolve()),
            "finished": self.progress() >= 1.0,
        }
        checkpoint.save(self.output, state)

    def train(self) -> None:
        """Until the planned end or a signal. Every item serves two steps, the second with the roles exchanged."""
        if self.progress() >= 1.0:
            return
        with self._alone():
            self._train()

    def _alone(self):
        """The run's folder for this run only: two in one folder would write over each other's files.

        :raises TrainingError: if another command trains there.
        """
        if self.fabric.global_rank != 0:
            return nullcontext()
        try:
            return FileLock(self.output / ".lock").acquire(timeout=0)
        except Timeout as error:
            raise TrainingError(f"Another train.py is at work in {self.output}.") from error

    def _train(self) -> None:
        first = self.fabric.global_rank == 0
        log = History(self.output, self.iteration) if first else None
        bar = self._bar(disable=not first)
        try:
            items = self._items()
            following = next(items)
            last = saved = time.monotonic()
            while not self._ends():
                rate, (task, pair) = self.schedule.rate(self.iteration, self.progress()), following
                terms = self.step(pair if self.iteration % 2 == 0 else pair.swapped())
                stepped = time.monotonic()
                if self.iteration % 2 == 0:
                    following = next(items)
                now = time.monotonic()
                self.waited += now - stepped
                # One clock for all processes: the learning rate may follow it.
                self.seconds, last = self.fabric.broadcast(self.seconds + now - last), now
                if log is not None:
                    log.add(self.iteration, self.seconds, self.waited / self.seconds, task, rate, terms)
                    bar.set_postfix(iteration=self.iteration, loss=f"{log.smooth:.4f}", refresh=False)
                bar.update(self._steps_done() - bar.n)
                if now - saved > self.run_options.save_seconds:
                    self.save()
                    saved = now
            self.save()
        finally:
            bar.close()
            if log is not None:
                log.close()

    def _items(self):
        start = self.iteration // 2 * self.fabric.world_size
        world, rank = self.fabric.world_size, self.fabric.global_rank
        options = self.run_options
        return iter(stream(options.data, self.seed, start, options.workers, options.batch, rank, world))

    def _ends(self) -> bool:
        """Whether all processes stop now: one that was told to takes the others along."""
        ends = self.stopping or self.progress() >= 1.0
        if self.fabric.world_size > 1:
            flags = torch.tensor([float(self.stopping), float(ends)], device=self.fabric.device)
            flags = self.fabric.all_reduce(flags, reduce_op="sum")
            self.stopping, ends = bool(flags[0] > 0), bool(flags[1] > 0)
        return ends

    def _steps_done(self) -> int:
        return self.iteration if self.schedule.iterations else int(1000 * self.progress())

    def _bar(self, disable: bool) -> tqdm:
        total, unit = (self.schedule.iterations, "step") if self.schedule.iterations else (1000, "permille")
        return tqdm(total=total, initial=self._steps_done(), unit=unit, mininterval=5.0, disable=disable)


def _differences(found: dict[str, Any], asked: dict[str, Any]) -> str:
    """Which entries of two dictionaries differ, in words."""
    names = [n for n in {**found, **asked} if found.get(n) != asked.get(n)]
    return ", ".join(
        f"{n} {found.get(n)!r} instead of {asked.get(n)!r}" if len(repr(found.get(n))) < 40 else n for n in names
    )
