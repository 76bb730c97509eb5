"""The one training loop: a network, its optimiser, the moving average of its weights, and where the run stands."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from typing import Any

import torch
from filelock import FileLock, Timeout
from lightning_fabric import Fabric
from torch import Tensor
from tqdm import tqdm

from . import checkpoint
from .data.loader import read_config, stream
from .data.pairs import Pair
from .data.subjectlists import data_root
from .errors import TrainingError
from .evaluation.tables import write_whole
from .history import LOG_EVERY, History
from .loggers import make_loggers
from .models import build_model
from .models.layers import started_by
from .run import Run, check_architecture, check_same
from .signals import SAVE_FLAG, Signals
from .strategies import Strategy
from .validation import MAXIMUM_STEPS_BETWEEN, BestSoFar, Validation, write_history

CONFIG = "config.json"


class Trainer:
    """Goes on from the checkpoint in the run's folder, if there is one.

    :raises TrainingError: if that checkpoint is of another architecture, strategy or other settings.
    """

    def __init__(self, fabric: Fabric, run: Run, strategy: Strategy) -> None:
        self.fabric, self.run_options, self.strategy = fabric, run, strategy
        self.output, self.schedule = run.output, run.schedule
        self.config = read_config(run.data)
        self.settings = run.settings(self.config, fabric.world_size, fabric.strategy.precision.precision)
        torch.manual_seed(run.seed)
        with started_by(run.initialisation):
            network = build_model(run.architecture)
        optimizer = torch.optim.Adam(network.parameters(), lr=run.schedule.learning_rate)
        self.iteration, self.seconds, self.waited, self.seed = 0, 0.0, 0.0, run.seed
        self.commands: list[str] = []
        self.validated, self.ended_early = BestSoFar(), False
        # Of a teacher, or of a frozen network whose features are compared.
        sources = [source for source in strategy.provenance().values() if isinstance(source, dict)]
        self.data_before = [entry for source in sources for entry in source.get("training_data", [])]
        self.found, state = checkpoint.stamp(self.output), checkpoint.load(self.output)
        if state is not None:
            check_same(state, self.output, run, strategy, self.settings)
            network.load_state_dict(state["model"])
            self.iteration, self.seconds, self.waited = state["iteration"], state["seconds"], state["waited"]
            self.data_before = [*checkpoint.training_data(state), *self.data_before]
            self.commands = state["commands"]
            self.validated = BestSoFar(**state.get("validated", {}))
            self.ended_early = state.get("ended_early", False)
            torch.set_rng_state(state["random"])
        elif run.start_from:
            started, start = checkpoint.load_network(run.start_from)
            check_architecture(start, run.start_from, run.architecture)
            network.load_state_dict(started.state_dict())
            self.data_before = [*checkpoint.training_data(start), *self.data_before]
            self.commands = start.get("commands", [])
        self.data_before = [entry for n, entry in enumerate(self.data_before) if entry not in self.data_before[:n]]
        self.average = checkpoint.moving_average(network, run.average)
        if state is not None:
            self.average.module.load_state_dict(state["average"])
            checkpoint.counted_from(self.average, self.iteration)
        self.network, self.optimizer = fabric.setup(network, optimizer)
        self.average.module.to(fabric.device)
        strategy.prepare(fabric)
        if state is not None:
            # Only now: an optimiser's state goes to the device where its parameters are.
            self.optimizer.load_state_dict(state["optimizer"])
            strategy.load(state["strategy_state"])
            fabric.strategy.precision.load_state_dict(state["precision"])
        self.commands = [*self.commands, run.command]
        self.signals = Signals()
        self.scales_gradients = getattr(fabric.strategy.precision, "scaler", None) is not None

    def progress(self) -> float:
        return self.schedule.progress(self.iteration, self.seconds)

    @property
    def finished(self) -> bool:
        return self.ended_early or self.progress() >= 1.0

    def step(self, *pairs: Pair) -> dict[str, float]:
        """One update by the mean gradient of ``pairs``; the terms of the loss, and what else the strategy observed.

        Whatever is to be known of the step comes from the device in one transfer.

        :raises TrainingError: if the loss or its gradient is not finite; the network has not been changed then.
        """
        progress = self.progress()
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.iteration, progress)
        self.optimizer.zero_grad(set_to_none=True)
        sums: dict[str, Tensor] = {}
        for number, pair in enumerate(pairs, 1):
            with self.fabric.no_backward_sync(self.network, enabled=number < len(pairs)):
                terms = self.strategy.losses(self.network, self._on_device(pair), self.iteration, progress)
                loss = torch.stack([term.float() for term in terms.values()]).sum()
                self.fabric.backward(loss / len(pairs))
            for name, term in {"loss": loss, **terms}.items():
                sums[name] = sums.get(name, 0.0) + term.detach().float() / len(pairs)
        norm: Any = self.fabric.clip_gradients(self.network, self.optimizer, max_norm=1.0, error_if_nonfinite=False)
        observed = {n: torch.as_tensor(v, device=self.fabric.device) for n, v in self.strategy.observed.items()}
        names = [*sums, *observed]
        together = torch.stack([value.float() for value in (norm, *sums.values(), *observed.values())])
        finite: Any = torch.isfinite(together[1 : 1 + len(sums)]).all().float()
        if self.fabric.world_size > 1:
            finite = self.fabric.all_reduce(finite, reduce_op="mean")
        all_finite, steepness, *values = torch.cat([finite[None], together]).tolist()
        figures = dict(zip(names, values, strict=True))
        if all_finite < 1.0:
            wrong = ", ".join(n for n in sums if n != "loss" and not abs(figures[n]) < float("inf"))
            raise TrainingError(self._not_finite(f"the loss ({wrong or 'of another process'})", pairs))
        if not abs(steepness) < float("inf") and not self.scales_gradients:
            raise TrainingError(self._not_finite("the gradient", pairs))
        # With gradients that are scaled for 16 bit an overflow is a matter of course, and the step is left out.
        self.optimizer.step()
        self.iteration += 1
        self.average.update_parameters(self.network.module)
        return figures

    def _not_finite(self, what: str, pairs: tuple[Pair, ...]) -> str:
        where = ", ".join(f"{moving} onto {fixed}" for pair in pairs for fixed, moving in pair.names)
        return (
            f"{what.capitalize()} is not a finite number at iteration {self.iteration}, pair {where}; the last "
            "checkpoint is kept."
        )

    def _on_device(self, pair: Pair) -> Pair:
        values = {f.name: getattr(pair, f.name) for f in fields(Pair)}
        moved: dict[str, Any] = {n: self.fabric.to_device(v) for n, v in values.items() if isinstance(v, Tensor)}
        return replace(pair, **moved)

    def save(self, name: str = checkpoint.NAME) -> None:
        if self.fabric.global_rank != 0:
            return
        state = {
            "architecture": self.run_options.architecture.to_dict(),
            "model": self.network.module.state_dict(),
            "average": self.average.module.state_dict(),
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
            "settings": self.settings,
            "random": torch.get_rng_state(),
            "commands": self.commands,
            "training_data_before": self.data_before,
            "config": self.config,
            "config_path": str(self.run_options.data.resolve()),
            "validated": dict(vars(self.validated)),
            "ended_early": self.ended_early,
            "finished": self.finished,
        }
        checkpoint.save(self.output, state, name)

    def train(self) -> None:
        """Until the planned end or a signal. Every item serves two steps, the second with the roles exchanged."""
        if self.finished:
            return
        root = data_root(self.config, self.run_options.data) if self.config["datasets"] else None
        self.validation = Validation(self.config, root, self.run_options.validation)
        if self.run_options.validation.patience and not self.validation.pairs:
            raise TrainingError("Nothing can end this run early: its data description has no validation pairs.")
        self.output.mkdir(parents=True, exist_ok=True)
        with self._alone():
            checkpoint.check_unchanged(self.output, self.found)
            if self.fabric.global_rank == 0 and self.run_options.options:
                write_whole(self.output / CONFIG, json.dumps(self.run_options.options, indent=2) + "\n")
            self._train()

    def _alone(self) -> AbstractContextManager[Any]:
        """The run's folder for this run only: two in one folder would write over each other's files.

        :raises TrainingError: if another command trains there.
        """
        try:
            lock = FileLock(self.output / ".lock")
            return lock.acquire(timeout=0) if self.fabric.global_rank == 0 else nullcontext()
        except Timeout as error:
            raise TrainingError(f"Another train.py is at work in {self.output}.") from error

    def _train(self) -> None:
        first = self.fabric.global_rank == 0
        options = self.run_options
        loggers = make_loggers(options.loggers, self.output, options.options) if first else []
        log = History(self.output, self.iteration, loggers) if first else None
        bar = self._bar(disable=not first)
        status = "failed"
        try:
            steps = self._steps()
            following = next(steps)
            last = saved = time.monotonic()
            while not self._ends():
                rate, (task, pairs) = self.schedule.rate(self.iteration, self.progress()), following
                terms = self.step(*pairs)
                stepped = time.monotonic()
                following = next(steps)
                now = time.monotonic()
                self.waited += now - stepped
                # One clock for all processes: the learning rate may follow it.
                self.seconds, last = self.fabric.broadcast(self.seconds + now - last), now
                if log is not None:
                    log.add(self.iteration, self.seconds, self.waited / self.seconds, task, rate, terms)
                    if self.iteration % LOG_EVERY == 1:
                        bar.set_postfix(iteration=self.iteration, loss=f"{log.smooth:.4f}", refresh=False)
                bar.update(self._steps_done() - bar.n)
                if self._validates():
                    self._validate(log)
                    last = time.monotonic()
                if now - saved > options.save_seconds or self.signals.saves:
                    self.save()
                    self.signals.saves, saved = False, time.monotonic()
            self.save()
            status = "success"
        finally:
            bar.close()
            if log is not None:
                log.close(status)

    def _validates(self) -> bool:
        epoch = self.run_options.schedule.epoch or MAXIMUM_STEPS_BETWEEN
        every = self.run_options.validation.every or min(epoch, MAXIMUM_STEPS_BETWEEN)
        return bool(self.validation.pairs) and (self.iteration % every == 0 or self.progress() >= 1.0)

    def _validate(self, log: History | None) -> None:
        """Process 0 measures; all know whether that ends the run."""
        if log is not None:
            score = self.validation.score(self.average.module, self.fabric.device)
            options = self.run_options.validation
            is_best = self.validated.add(self.iteration, self.seconds, score, options.least)
            self.ended_early = bool(options.patience) and self.validated.since >= options.patience
            log.add_validation(self.iteration, score)
            pair = self.validation.pairs[0][0]
            with torch.no_grad():
                flow = self.average.module(*(self.fabric.to_device(i[None]) for i in (pair.fixed, pair.moving)))
            log.add_picture(self.iteration, "_".join(pair.names[0]), pair, flow.float())
            write_history(self.output, self.validated.rows)
            if is_best:
                self.save(checkpoint.BEST)
        self.ended_early = self.fabric.broadcast(self.ended_early)

    def _steps(self) -> Iterator[tuple[str, tuple[Pair, ...]]]:
        """For each step the name of the last item's task, and its pairs; each item serves twice, once each way."""
        options = self.run_options
        turn = self.iteration * options.accumulate
        world, rank = self.fabric.world_size, self.fabric.global_rank
        pinned = self.fabric.device.type == "cuda"
        start = turn // 2 * world
        items = iter(stream(options.data, self.seed, start, options.workers, options.batch, rank, world, pinned))
        task, pair = next(items)
        while True:
            pairs = []
            for _ in range(options.accumulate):
                pairs.append(pair if turn % 2 == 0 else pair.swapped())
                name = task
                turn += 1
                if turn % 2 == 0:
                    task, pair = next(items)
            yield name, tuple(pairs)

    def _ends(self) -> bool:
        """Whether all processes stop now: one that was told to takes the others along, and likewise to save."""
        if self.fabric.world_size > 1:
            said = self.signals.stopped_by + (SAVE_FLAG if self.signals.saves else 0.0)
            flags = torch.tensor([said, float(self.finished)], device=self.fabric.device)
            largest: Any = self.fabric.all_reduce(flags, reduce_op="max")
            told, ends = largest.tolist()
            self.signals.saves = told >= SAVE_FLAG
            if int(told % SAVE_FLAG):
                self.signals.stopped_by = int(told % SAVE_FLAG)
            return bool(self.signals.stopped_by) or ends > 0
        return bool(self.signals.stopped_by) or self.finished

    def _steps_done(self) -> int:
        return self.iteration if self.schedule.iterations else int(1000 * self.progress())

    def _bar(self, disable: bool) -> tqdm:
        total, unit = (self.schedule.iterations, "step") if self.schedule.iterations else (1000, "permille")
        return tqdm(total=total, initial=self._steps_done(), unit=unit, mininterval=5.0, disable=disable)
