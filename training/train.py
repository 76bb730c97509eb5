"""Train a registration network; run it again to go on where it stopped.

python training/train.py -b LDR -d training/configs/general.json --output runs/general --minutes 60
"""

from __future__ import annotations

import argparse
import csv
import math
import signal
import sys
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from aldk import checkpoint
from aldk.data.loader import read_config, stream
from aldk.data.pairs import Pair
from aldk.models import MODELS, build_model, count_parameters
from aldk.strategies import STRATEGIES, make_strategy
from lightning_fabric import Fabric
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

SAVE_SECONDS = 90.0
LOG_EVERY = 20
WARM_UP = 200
LEARNING_RATE_FLOOR = 0.01
COLUMNS = (
    "iteration",
    "seconds",
    "task",
    "learning_rate",
    "loss",
    "similarity",
    "smoothness",
    "folding",
    "truth",
    "dice",
)


class TrainingError(RuntimeError):
    """Training cannot go on; the message says why."""


class Trainer:
    """One run: a network, its optimiser, the moving average of its weights, and where it stands."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.output = Path(arguments.output)
        self.output.mkdir(parents=True, exist_ok=True)
        config = read_config(arguments.data)
        self.strategy = make_strategy(arguments.strategy, config.get("losses"))
        self.fabric = Fabric(accelerator=arguments.device, devices=1, precision=arguments.precision)
        torch.manual_seed(arguments.seed)
        model = build_model(arguments.base_network)
        optimizer = torch.optim.Adam(model.parameters(), lr=arguments.learning_rate)
        self.iteration, self.seconds, self.seed = 0, 0.0, arguments.seed
        self.commands, self.data_before = [], []
        state = checkpoint.load(self.output)
        if state is not None:
            if state["model_name"] != arguments.base_network:
                raise TrainingError(
                    f"{self.output} holds a run of {state['model_name']}, not {arguments.base_network}."
                )
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            self.iteration, self.seconds, self.seed = state["iteration"], state["seconds"], state["seed"]
            torch.set_rng_state(state["random"])
            self.commands = state.get("commands", [])
            self.data_before = state.get("training_data_before", [])
        elif arguments.start_from:
            start = checkpoint.load(arguments.start_from)
            if start is None:
                raise TrainingError(f"There is no checkpoint at {arguments.start_from}.")
            model.load_state_dict(start["average"])
            self.data_before = checkpoint.training_data(start)
        self.average = checkpoint.MovingAverage(model)
        if state is not None:
            self.average.weights = state["average"]
        self.model, self.optimizer = self.fabric.setup(model, optimizer)
        self.average.weights = {n: self.fabric.to_device(v) for n, v in self.average.weights.items()}
        self.commands = [*self.commands, "python " + " ".join(sys.argv)]
        self.stopping = False

    def stop(self, *_: Any) -> None:
        self.stopping = True

    def progress(self) -> float:
        """How far the run is, 0 to 1, in iterations or in minutes, whichever limits it."""
        if self.arguments.iterations:
            return min(self.iteration / self.arguments.iterations, 1.0)
        return min(self.seconds / (60.0 * self.arguments.minutes), 1.0)

    def learning_rate(self) -> float:
        """Linear warm-up, then a cosine that ends at a hundredth."""
        warm = min(1.0, (self.iteration + 1) / WARM_UP)
        decay = LEARNING_RATE_FLOOR + (1 - LEARNING_RATE_FLOOR) * 0.5 * (1 + math.cos(math.pi * self.progress()))
        return self.arguments.learning_rate * warm * decay

    def step(self, pair: Pair) -> dict[str, float]:
        """One update; returns the terms of the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        terms = self.strategy.losses(self.model, self._on_device(pair))
        loss = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(loss):
            raise TrainingError(
                f"The loss is not a finite number at iteration {self.iteration}; the checkpoint from before is kept."
            )
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.model, self.optimizer, max_norm=1.0)
        self.optimizer.step()
        self.iteration += 1
        self.average.update(self.model.module, self.iteration)
        return {name: float(term.detach()) for name, term in {"loss": loss, **terms}.items()}

    def _on_device(self, pair: Pair) -> Pair:
        values = {f.name: getattr(pair, f.name) for f in fields(Pair)}
        return replace(pair, **{n: self.fabric.to_device(v) for n, v in values.items() if v is not None})

    def save(self) -> None:
        state = {
            "model_name": self.arguments.base_network,
            "model": self.model.module.state_dict(),
            "average": self.average.weights,
            "optimizer": self.optimizer.state_dict(),
            "iteration": self.iteration,
            "seconds": self.seconds,
            "seed": self.seed,
            "random": torch.get_rng_state(),
            "commands": self.commands,
            "training_data_before": self.data_before,
            "config": read_config(self.arguments.data),
        }
        checkpoint.save(self.output, state)

    def run(self) -> None:
        """Until the planned end or a signal. Every item serves two steps, the second with the roles exchanged."""
        log = _Log(self.output)
        items = iter(stream(self.arguments.data, self.seed, self.iteration // 2, self.arguments.workers))
        task, pair = next(items)
        bar = tqdm(total=1000, initial=int(1000 * self.progress()), unit="permille", mininterval=10.0)
        last, saved = time.monotonic(), time.monotonic()
        try:
            while self.progress() < 1.0 and not self.stopping:
                terms = self.step(pair if self.iteration % 2 == 0 else pair.swapped())
                now = time.monotonic()
                self.seconds, last = self.seconds + now - last, now
                log.add(self.iteration, self.seconds, task, self.learning_rate(), terms)
                if self.iteration % 2 == 0:
                    task, pair = next(items)
                if now - saved > SAVE_SECONDS:
                    self.save()
                    saved = now
                bar.update(int(1000 * self.progress()) - bar.n)
                bar.set_postfix(iteration=self.iteration, loss=f"{log.smooth:.4f}", refresh=False)
            self.save()
        finally:
            bar.close()
            log.close()


class _Log:
    """Every 20th step in a csv file and in TensorBoard, and a running mean for the eye."""

    def __init__(self, folder: Path) -> None:
        path = folder / "log.csv"
        fresh = not path.exists()
        self.file = path.open("a", newline="", encoding="utf-8")
        self.writer = csv.DictWriter(self.file, COLUMNS, restval="")
        if fresh:
            self.writer.writeheader()
        self.board = SummaryWriter(folder)
        self.smooth = math.nan

    def add(self, iteration: int, seconds: float, task: str, rate: float, terms: dict[str, float]) -> None:
        self.smooth = terms["loss"] if math.isnan(self.smooth) else 0.99 * self.smooth + 0.01 * terms["loss"]
        if iteration % LOG_EVERY not in (0, 1):
            return
        values = {name: f"{value:.6g}" for name, value in terms.items()}
        row = {"iteration": iteration, "seconds": f"{seconds:.1f}", "task": task, "learning_rate": f"{rate:.3g}"}
        self.writer.writerow({**row, **values})
        self.file.flush()
        for name, value in terms.items():
            self.board.add_scalar(f"{task}/{name}", value, iteration)

    def close(self) -> None:
        self.file.close()
        self.board.close()


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-b", "--base_network", choices=sorted(MODELS), default="LDR")
    parser.add_argument("-d", "--data", type=Path, required=True, help="config of data sets and tasks (json)")
    parser.add_argument("--output", type=Path, required=True, help="folder of the run; an unfinished run goes on")
    parser.add_argument("--minutes", type=float, default=60.0, help="planned length of the run, over all its sessions")
    parser.add_argument("--iterations", type=int, default=0, help="planned length in steps, instead of minutes")
    parser.add_argument("--start-from", type=Path, help="checkpoint whose averaged weights a new run starts from")
    parser.add_argument("--strategy", choices=sorted(STRATEGIES), default="unsupervised")
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--precision", default="32-true", help="of Lightning Fabric, for example bf16-mixed")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--workers", type=int, default=1, choices=(0, 1), help="processes that make items")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    try:
        trainer = Trainer(options)
        signal.signal(signal.SIGTERM, trainer.stop)
        print(
            f"{options.base_network}: {count_parameters(trainer.model)} parameters; from iteration {trainer.iteration}"
        )
        trainer.run()
    except (TrainingError, FileNotFoundError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    print(f"{trainer.iteration} iterations in {trainer.seconds:.0f} s; {trainer.output / checkpoint.NAME}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
