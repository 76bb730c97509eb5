"""Train a registration network; run it again to go on where it stopped.

cd training
python train.py -b LDR -n 1 -g 0 --round 20000 --epochs 5 --batch 4 --output runs/ldr -d datasets/brain.json
python train.py -b LDR -n 1 -g 0 --round 20000 --epochs 5 --batch 4 --output runs/aldk -d datasets/brain.json \
    --aldk --teacher RCN
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from dataclasses import replace
from pathlib import Path

import torch
from aldk.checkpoint import load_network
from aldk.commands import add_device_options, check_positive, make_fabric, run_command
from aldk.data.loader import read_config
from aldk.data.subjectlists import data_root
from aldk.errors import TrainingError
from aldk.models import GENERATORS, MODELS, Architecture, build_model, count_parameters
from aldk.models.layers import STARTS
from aldk.schedule import SCHEDULES, Schedule
from aldk.strategies import (
    STRATEGIES,
    AldkOptions,
    GuidanceOptions,
    MultilevelOptions,
    Sar,
    SarOptions,
    Unsupervised,
    make_strategy,
)
from aldk.strategies.aldk import FORMS
from aldk.strategies.reconstruction import SIMILARITIES
from aldk.teachers import MANIFEST, StoredTeacher, Teacher, load_teacher, plain_data
from aldk.trainer import Run, Trainer
from lightning_fabric import Fabric


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    network = parser.add_argument_group("network")
    network.add_argument("-b", "--base_network", choices=sorted(MODELS), default="LDR")
    network.add_argument("-n", "--n_cascades", type=int, default=1, help="how many networks follow each other")
    network.add_argument("--affine", choices=("none", "light", "vtn"), default="none", help="affine stem before them")
    network.add_argument("--grid", type=int, nargs=3, metavar=("K", "J", "I"), help="for the published affine heads")

    run = parser.add_argument_group("run")
    run.add_argument("-d", "--dataset", "--data", dest="data", type=Path, required=True, help="data description (json)")
    run.add_argument("--output", type=Path, required=True, help="folder of the run; an unfinished run goes on")
    run.add_argument("--round", type=int, default=0, help="steps in an epoch; without it the run lasts --minutes")
    run.add_argument("--epochs", type=int, default=5)
    run.add_argument("--minutes", type=float, default=60.0, help="length of the run over all its sessions")
    run.add_argument("--batch", type=int, default=0, help="pairs a step; default: as each task of the data says")
    run.add_argument("--learning-rate", type=float, default=5e-4)
    run.add_argument("--schedule", choices=sorted(SCHEDULES), default="cosine")
    run.add_argument("--seed", type=int, default=2026)
    run.add_argument("--start-from", type=Path, help="checkpoint whose averaged weights a new run starts from")
    run.add_argument(
        "--initialisation", choices=STARTS, default=STARTS[0], help="of new weights: He's, or to compare, PyTorch's own"
    )
    run.add_argument("--save-seconds", type=float, default=90.0, help="time between two checkpoints")
    run.add_argument("--workers", type=int, default=1, help="processes that make items; 0: on demand")
    run.add_argument("--loss", choices=SIMILARITIES, help="similarity; default: as the data description says, or lncc")

    run.add_argument(
        "--weight",
        action="append",
        default=[],
        metavar="LOSS=VALUE",
        help="weight of a loss, such as dice=1; repeatable",
    )

    strategy = parser.add_argument_group("strategy")
    strategy.add_argument("--strategy", choices=STRATEGIES, default="unsupervised")
    strategy.add_argument("--aldk", action="store_true", help="short for --strategy aldk")
    strategy.add_argument(
        "--teacher",
        help="a checkpoint or run, a folder of fields made by teach.py, or the name of a network (VTN, RCN:2 for two "
        "cascades), which is trained first, in OUTPUT/teacher",
    )
    strategy.add_argument("--teacher-round", type=int, default=0, help="steps in an epoch of a teacher trained first")
    for name, value in vars(AldkOptions()).items():
        if name == "form":
            strategy.add_argument("--form", choices=FORMS, default=value, help="ALDK of the paper or of the code")
        elif name != "grid":
            flag = "--critic-learning-rate" if name == "learning_rate" else f"--{name}"
            strategy.add_argument(flag, dest=f"aldk_{name}", type=type(value), default=value)
    guidance = parser.add_argument_group("--strategy ofg")
    for name, value in vars(GuidanceOptions()).items():
        if name != "epoch":
            flag = f"--ofg-{name.replace('_', '-')}"
            guidance.add_argument(flag, dest=f"ofg_{name}", type=type(value), default=value)
    multilevel = parser.add_argument_group("--strategy multilevel")
    for name, value in vars(MultilevelOptions()).items():
        multilevel.add_argument(f"--level-{name}", dest=f"level_{name}", type=float, default=value)
    sar = parser.add_argument_group("--strategy sar")
    for name, value in vars(SarOptions()).items():
        if name != "in_plane":
            flag = f"--sar-{name.replace('_', '-')}"
            sar.add_argument(flag, dest=f"sar_{name}", type=type(value), default=value)
    add_device_options(parser)
    return parser.parse_args(arguments)


def make_schedule(options: argparse.Namespace, steps_an_epoch: int) -> Schedule:
    return Schedule(steps_an_epoch * options.epochs, options.minutes, options.learning_rate, options.schedule)


def make_run(
    options: argparse.Namespace, output: Path, architecture: Architecture, schedule: Schedule, command: str
) -> Run:
    return Run(
        output,
        options.data,
        architecture,
        schedule,
        seed=options.seed,
        batch=options.batch,
        workers=options.workers,
        command=command,
        save_seconds=options.save_seconds,
        initialisation=options.initialisation,
    )


def losses_of(options: argparse.Namespace) -> dict[str, float | str]:
    """The losses of the data description, and what the command line changes in them."""
    losses = dict(read_config(options.data).get("losses", {}))
    for entry in options.weight:
        name, _, value = entry.partition("=")
        try:
            losses[name] = float(value)
        except ValueError as error:
            raise TrainingError(f"--weight {entry}: give the name of a loss and a number, such as dice=1.") from error
    return {**losses, "kind": options.loss} if options.loss else losses


def aldk_options(options: argparse.Namespace, grid: tuple[int, ...] | None) -> AldkOptions:
    values = {name: getattr(options, f"aldk_{name}", None) for name in vars(AldkOptions())}
    return AldkOptions(**{**values, "form": options.form, "grid": grid})


def guidance_options(options: argparse.Namespace) -> GuidanceOptions:
    values = {name: getattr(options, f"ofg_{name}") for name in vars(GuidanceOptions()) if name != "epoch"}
    return GuidanceOptions(**values, epoch=options.round or GuidanceOptions.epoch)


def sar_options(options: argparse.Namespace) -> SarOptions:
    values = {name: getattr(options, f"sar_{name}") for name in vars(SarOptions()) if name != "in_plane"}
    return SarOptions(**values, in_plane=options.base_network == "SAR-2D")


def network_named(text: str) -> Architecture | None:
    """The architecture that ``--teacher`` names, such as "RCN:2"; None if it names none."""
    base, _, cascades = text.partition(":")
    return Architecture(base, int(cascades or 1)) if base in MODELS and (not cascades or cascades.isdigit()) else None


def find_teacher(text: str | None, fabric: Fabric, options: argparse.Namespace, command: str) -> Teacher | None:
    """The teacher that ``--teacher`` names; one that does not exist yet is trained, or its training goes on."""
    if text is None:
        return None
    path, architecture = Path(text), network_named(text)
    if (path / MANIFEST).exists():
        config = read_config(options.data)
        return StoredTeacher(path, plain_data(config, data_root(config, options.data)))
    if not path.exists() and architecture is not None:
        path = options.output / "teacher"
        schedule = make_schedule(options, options.teacher_round or options.round)
        run = make_run(options, path, architecture, schedule, command)
        train(fabric, run, make_strategy("unsupervised", losses_of(options)))
        fabric.barrier()
    return load_teacher(path)


def train(fabric: Fabric, run: Run, strategy: Unsupervised) -> None:
    """Train to the planned end, or until Ctrl-C or SIGTERM, which save and end the command."""
    if run.architecture.base in GENERATORS and not isinstance(strategy, Sar):
        raise TrainingError(f"{run.architecture.base} has outputs that only --strategy sar trains.")
    trainer = Trainer(fabric, run, strategy)
    before = {number: signal.signal(number, trainer.stop) for number in (signal.SIGINT, signal.SIGTERM)}
    name = f"{run.architecture.base}, {run.architecture.cascades} cascade(s)"
    if fabric.global_rank == 0:
        print(f"{run.output}: {name}, {count_parameters(trainer.network)} parameters; from step {trainer.iteration}")
    try:
        trainer.train()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if fabric.global_rank == 0:
        speed = trainer.seconds / max(trainer.iteration, 1)
        waiting = 100 * trainer.waited / max(trainer.seconds, 1e-9)
        print(f"{trainer.iteration} steps, {speed:.3f} s each, {waiting:.1f} % of it waiting for data; {run.output}")
    if trainer.stopping:
        raise SystemExit(0)


def work(options: argparse.Namespace) -> None:
    check_positive(options, "epochs", "threads", "processes", "nodes")
    check_positive(options, "round", "teacher_round", "batch", "workers", least=0)
    check_positive(options, "minutes", "learning_rate", least=1e-12)
    torch.set_num_threads(options.threads)
    command = shlex.join(["python", *sys.argv])
    fabric = make_fabric(options)
    name = "aldk" if options.aldk else options.strategy
    grid = tuple(options.grid) if options.grid else None
    # A grid is for the heads of a stem, for the public discriminator's linear layer, or for both.
    for_judge = grid if name == "aldk" and options.form == "public" else None
    has_stem = options.affine != "none" or options.base_network == "RCN"
    stem_grid = grid if has_stem or for_judge is None else None
    architecture = Architecture(options.base_network, options.n_cascades, options.affine, stem_grid)
    learns = name in ("aldk", "distillation") or (name == "ofg" and options.ofg_source == "teacher")
    if options.teacher and not learns:
        raise TrainingError("A teacher is given, but nothing learns from it: add --aldk or --strategy distillation.")
    if options.start_from and options.initialisation != STARTS[0]:
        raise TrainingError("The weights of a run that has --start-from come from there: leave --initialisation out.")
    if name == "sar" and options.loss:
        raise TrainingError("SAR compares images in its own way: leave --loss out.")
    adversarial, guidance, sar = aldk_options(options, for_judge), guidance_options(options), sar_options(options)
    build_model(architecture)
    if options.start_from:
        load_network(options.start_from)
    teacher = find_teacher(options.teacher, fabric, options, command)
    # The discriminator's first weights must not depend on whether a teacher was trained in the same process.
    torch.manual_seed(options.seed)
    levels = MultilevelOptions(**{n: getattr(options, f"level_{n}") for n in vars(MultilevelOptions())})
    strategy = make_strategy(name, losses_of(options), teacher, adversarial, guidance, levels, sar)
    schedule = make_schedule(options, options.round)
    run = make_run(options, options.output, architecture, schedule, command)
    train(fabric, replace(run, start_from=options.start_from), strategy)


def main(arguments: list[str] | None = None) -> int:
    return run_command("train.py", work, parse(arguments))


if __name__ == "__main__":
    sys.exit(main())
