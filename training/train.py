"""Train a registration network; run it again to go on where it stopped.

cd training
python train.py -b LDR -n 1 -g 0 --round 20000 --epochs 5 --batch 4 --output runs/ldr -d datasets/brain.json
python train.py -b LDR -n 1 -g 0 --round 20000 --epochs 5 --batch 4 --output runs/aldk -d datasets/brain.json --aldk
python train.py --config runs/aldk/config.json --output runs/again --seed 2
"""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import torch
from aldk.checkpoint import load_network
from aldk.commands import check_at_least, make_fabric, run_command
from aldk.data.loader import check_data, has_labels, read_config
from aldk.data.preparation import prepare_data
from aldk.data.subjectlists import data_root
from aldk.errors import TrainingError
from aldk.loggers import check_loggers
from aldk.models import GENERATORS, MODELS, Architecture, build_model, count_parameters
from aldk.models.layers import STARTS
from aldk.options import aldk_options, as_config, check_read, group_of, make_parser, parse
from aldk.placebo import Placebo
from aldk.run import Run
from aldk.schedule import Schedule
from aldk.shipped import default_teacher
from aldk.signals import nothing_to_save_yet
from aldk.strategies import WITH_TEACHER, Sar, Strategy, StrategyOptions, make_strategy
from aldk.strategies.guidance import GuidanceOptions
from aldk.teachers import MANIFEST, StoredTeacher, Teacher, load_teacher, plain_data
from aldk.trainer import Trainer
from jsonargparse import Namespace
from lightning_fabric import Fabric


def make_schedule(options: Namespace, steps_an_epoch: int) -> Schedule:
    steps = steps_an_epoch * options.epochs
    return Schedule(steps, options.minutes, options.learning_rate, options.schedule, steps_an_epoch)


def make_run(options: Namespace, output: Path, architecture: Architecture, schedule: Schedule, command: str) -> Run:
    return Run(
        output,
        options.data,
        architecture,
        schedule,
        seed=options.seed,
        batch=options.batch,
        accumulate=options.accumulate,
        workers=options.workers,
        command=command,
        save_seconds=options.save_seconds,
        initialisation=options.initialisation,
        average=options.average,
        validation=group_of(options, "validation"),
    )


def losses_of(options: Namespace) -> dict[str, float | str]:
    """The losses of the data description, and what the command line changes in them."""
    losses = dict(read_config(options.data).get("losses", {}))
    for entry in options.weight:
        name, _, value = entry.partition("=")
        try:
            losses[name] = float(value)
        except ValueError as error:
            raise TrainingError(f"--weight {entry}: give the name of a loss and a number, such as dice=1.") from error
    return {**losses, "kind": options.loss} if options.loss else losses


def strategy_options(options: Namespace, grid: tuple[int, ...] | None) -> StrategyOptions:
    return StrategyOptions(
        aldk_options(options, grid),
        group_of(options, "teaching"),
        group_of(options, "ofg", epoch=options.round or GuidanceOptions.epoch),
        group_of(options, "level"),
        group_of(options, "sar", in_plane=options.base_network == "SAR-2D"),
    )


def network_named(text: str) -> Architecture | None:
    """The architecture that ``--teacher`` names, such as "RCN:2"; None if it names none."""
    base, _, cascades = text.partition(":")
    return Architecture(base, int(cascades or 1)) if base in MODELS and (not cascades or cascades.isdigit()) else None


def find_teacher(text: str, fabric: Fabric, options: Namespace, command: str) -> Teacher:
    """The teacher that ``--teacher`` names; one that does not exist yet is trained, or its training goes on."""
    path, architecture = Path(text), network_named(text)
    if (path / MANIFEST).exists():
        if options.teacher_passes:
            raise TrainingError(f"The fields in {path} are made already: --teacher-passes has no effect on them.")
        config = read_config(options.data)
        return StoredTeacher(path, plain_data(config, data_root(config, options.data)))
    if not path.exists() and architecture is not None:
        path = options.output / "teacher"
        schedule = make_schedule(options, options.teacher_round or options.round)
        run = make_run(options, path, architecture, schedule, command)
        train(fabric, run, make_strategy("unsupervised", losses_of(options)))
        fabric.barrier()
    return load_teacher(path, options.teacher_passes)


def train(fabric: Fabric, run: Run, strategy: Strategy) -> None:
    """Train to the planned end, or until Ctrl-C or SIGTERM, which save and end the command with 130 or 143."""
    if run.architecture.base in GENERATORS and not isinstance(strategy, Sar):
        raise TrainingError(f"{run.architecture.base} has outputs that only --strategy sar trains.")
    trainer = Trainer(fabric, run, strategy)
    name = f"{run.architecture.base}, {run.architecture.cascades} cascade(s)"
    if fabric.global_rank == 0:
        print(f"{run.output}: {name}, {count_parameters(trainer.network)} parameters; from step {trainer.iteration}")
    with trainer.signals:
        trainer.train()
    if fabric.global_rank == 0:
        speed = trainer.seconds / max(trainer.iteration, 1)
        waiting = 100 * trainer.waited / max(trainer.seconds, 1e-9)
        print(f"{trainer.iteration} steps, {speed:.3f} s each, {waiting:.1f} % of it waiting for data; {run.output}")
        best = trainer.validated
        if best.rows:
            print(f"Best validation {best.best:.4f} at step {best.best_iteration}; all of them: validation.csv")
        if trainer.ended_early:
            print(f"Ended early: {best.since} validations without a better one.")
    if trainer.signals.stopped_by:
        raise SystemExit(trainer.signals.status)


def work(options: Namespace) -> None:
    check_at_least(options, "epochs", "threads", "processes", "nodes", "accumulate", "preparing")
    check_at_least(options, "round", "teacher_round", "batch", "workers", "seed", "save_seconds", minimum=0)
    check_at_least(options, "minutes", "learning_rate", minimum=1e-12)
    if not 0.0 <= options.average < 1.0:
        raise TrainingError(f"--average {options.average}: give a number from 0 to below 1.")
    check_loggers(options.logger)
    torch.set_num_threads(options.threads)
    command = shlex.join(["python", *sys.argv])
    name = check_read(options)
    grid = tuple(options.grid) if options.grid else None
    # A grid is for the heads of a stem, for the public discriminator's linear layer, or for both.
    for_judge = grid if name == "aldk" and options.form == "public" else None
    has_stem = options.affine != "none" or options.base_network == "RCN"
    stem_grid = grid if has_stem or for_judge is None else None
    architecture = Architecture(
        options.base_network, options.n_cascades, options.affine, stem_grid, velocity=options.velocity
    )
    learns = name in WITH_TEACHER or (name == "ofg" and options.ofg.source == "teacher")
    if not learns and (options.teacher or options.placebo or options.teacher_passes):
        raise TrainingError("A teacher is given, but nothing learns from it: add --aldk or another of its strategies.")
    if options.start_from and options.initialisation != STARTS[0]:
        raise TrainingError("The weights of a run that has --start-from come from there: leave --initialisation out.")
    if name == "sar" and options.loss:
        raise TrainingError("SAR compares images in its own way: leave --loss out.")
    if options.teacher_passes and min(options.teacher_passes) < 1:
        raise TrainingError("--teacher-passes are numbers of at least 1.")
    if options.teacher_round and network_named(options.teacher or "") is None:
        raise TrainingError("--teacher-round is of a teacher that is trained first: name its network by --teacher.")
    particular = strategy_options(options, for_judge)
    validation = group_of(options, "validation")
    build_model(architecture)
    if options.start_from:
        load_network(options.start_from)
    losses = losses_of(options)
    if not learns:
        make_strategy(name, losses, None, particular)
    if name == "multilevel" and (options.weight or options.loss):
        raise TrainingError("The strategy multilevel has weights of its own: --level.dice and others for --weight.")
    check_data(options.data)
    if losses.get("dice") and not has_labels(options.data):
        raise TrainingError(f"The weight of dice is {losses['dice']}, but {options.data} has no labels to compare.")
    fabric = make_fabric(options)
    if fabric.global_rank == 0:
        prepare_data(options.data, options.preparing, validation.pairs)
    fabric.barrier()
    teacher = None
    if learns:
        teacher = find_teacher(options.teacher or default_teacher(), fabric, options, command)
        teacher = Placebo(teacher) if options.placebo else teacher
    # The discriminator's first weights must not depend on whether a teacher was trained in the same process.
    torch.manual_seed(options.seed)
    strategy = make_strategy(name, losses, teacher, particular)
    run = make_run(options, options.output, architecture, make_schedule(options, options.round), command)
    run = replace(run, start_from=options.start_from, loggers=tuple(options.logger), options=as_config(options))
    train(fabric, run, strategy)


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    if {"-h", "--help"} & set(words):
        # Two columns that a terminal has room for, whatever it says of itself.
        os.environ.setdefault("COLUMNS", "120")
        make_parser(__doc__).print_help()
        return 0
    return run_command("train.py", lambda _: work(parse(words, __doc__)), None)


if __name__ == "__main__":
    nothing_to_save_yet()
    sys.exit(main())
