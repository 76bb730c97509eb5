"""The options of train.py: read from the command line, or from the config.json that lies beside a run.

jsonargparse reads the strategies' dataclasses, so that each of their fields is a flag with its docstring as help, and
refuses keys of a config file that nobody reads.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser, Namespace

from .commands import add_device_options
from .data.preparation import DEFAULT_PROCESSES
from .errors import TrainingError
from .loggers import LOGGERS
from .models import MODELS
from .models.layers import STARTS
from .schedule import SCHEDULES
from .strategies import STRATEGIES, AldkOptions, GuidanceOptions, MultilevelOptions, SarOptions, TeachingOptions
from .strategies.reconstruction import SIMILARITIES
from .validation import ValidationOptions

# Flags "--NAME.field"; also written with dashes, as "--ofg-step-voxels". Fields that follow from other flags are left
# out.
GROUPS: dict[str, tuple[type, set[str]]] = {
    "teaching": (TeachingOptions, set()),
    "ofg": (GuidanceOptions, {"epoch"}),
    "level": (MultilevelOptions, set()),
    "sar": (SarOptions, {"in_plane"}),
    "validation": (ValidationOptions, set()),
}
ALL = None
# What each strategy reads of its options: of which groups ("aldk" is the one without a name), which fields.
READ: dict[str, dict[str, set[str] | None]] = {
    "unsupervised": {},
    "distillation": {"aldk": {"gamma"}},
    "aldk": {"aldk": ALL},
    "structures": {"teaching": {"weight", "classes"}},
    "conditional-aldk": {"teaching": {"share", "learning_rate", "width"}},
    "structures-aldk": {"teaching": ALL},
    "ofg": {"ofg": ALL},
    "ofg-aldk": {"aldk": ALL, "ofg": {"steps", "step_voxels", "energy", "reduction"}},
    "multilevel": {"level": ALL},
    "sar": {"sar": ALL},
}
# What only says where and how fast a run is computed is not of its config.
NOT_IN_CONFIG = ("config", "output", "gpu", "threads")


def make_parser(description: str | None) -> ArgumentParser:
    parser = ArgumentParser(
        prog="train.py",
        description=description,
        formatter_class=_Formatter,
        exit_on_error=False,
        default_env=False,
    )
    parser.add_argument("--config", action="config", help="config.json of a run; what follows on the line wins")
    network = parser.add_argument_group("network")
    network.add_argument("-b", "--base_network", choices=sorted(MODELS), default="LDR", help="which network")
    network.add_argument("-n", "--n_cascades", type=int, default=1, help="how many networks follow each other")
    network.add_argument("--affine", choices=("none", "light", "vtn"), default="none", help="affine stem before them")
    network.add_argument("--grid", type=int, nargs=3, metavar=("K", "J", "I"), help="for the published affine heads")
    network.add_argument(
        "--velocity", action="store_true", help="its output is a stationary velocity: the deformation is diffeomorphic"
    )
    run = parser.add_argument_group("run")
    run.add_argument("-d", "--data", "--dataset", type=str, help="data description (json); needed")
    run.add_argument("--output", type=str, help="folder of the run, needed; an unfinished run goes on")
    run.add_argument("--round", type=int, default=0, help="steps in an epoch; 0: the run lasts --minutes")
    run.add_argument("--epochs", type=int, default=5, help="how often --round steps are made")
    run.add_argument("--minutes", type=float, default=60.0, help="length of the run over all its sessions")
    run.add_argument("--batch", type=int, default=0, help="pairs a step; 0: as each task of the data says")
    run.add_argument("--accumulate", type=int, default=1, help="batches whose mean gradient makes a step")
    run.add_argument("--learning-rate", type=float, default=5e-4, help="of Adam, at its highest")
    run.add_argument("--schedule", choices=sorted(SCHEDULES), default="cosine", help="how it goes over the run")
    run.add_argument("--average", type=float, default=0.999, help="decay of the moving average of the weights")
    run.add_argument("--seed", type=int, default=2026, help="of first weights, items and draws")
    run.add_argument(
        "--start-from", type=str, help="checkpoint, run or shipped model whose (averaged) weights a new run starts from"
    )
    run.add_argument(
        "--initialisation", choices=STARTS, default=STARTS[0], help="of new weights: He's, or to compare, PyTorch's own"
    )
    run.add_argument("--save-seconds", type=float, default=90.0, help="time between two checkpoints")
    run.add_argument("--workers", type=int, default=1, help="processes that make items; 0: on demand")
    run.add_argument(
        "--preparing",
        type=int,
        default=DEFAULT_PROCESSES,
        help="processes that read and align the subjects before the first step",
    )
    run.add_argument("--loss", choices=SIMILARITIES, help="similarity; default: as the data description says, or lncc")
    run.add_argument(
        "--weight",
        action="append",
        default=[],
        metavar="LOSS=VALUE",
        help="weight of a loss, such as dice=1 or inverse=0.1; repeatable",
    )
    run.add_argument(
        "--logger",
        action="append",
        default=[],
        metavar="|".join(LOGGERS),
        help="beside log.csv and TensorBoard; repeatable",
    )
    strategy = parser.add_argument_group("strategy")
    strategy.add_argument("--strategy", choices=STRATEGIES, default="unsupervised", help="how a step is computed")
    strategy.add_argument("--aldk", action="store_true", help="short for --strategy aldk")
    strategy.add_argument(
        "--teacher",
        type=str,
        help="a shipped model (the default one, if none is named), a checkpoint or run, a folder of fields made by "
        "teach.py, or the name of a network (VTN, RCN:2 for two cascades), which is trained first, in OUTPUT/teacher",
    )
    strategy.add_argument(
        "--teacher-passes", type=int, nargs="+", help="how many times coarser each look of a network as teacher is"
    )
    strategy.add_argument("--teacher-round", type=int, default=0, help="steps in an epoch of a teacher trained first")
    strategy.add_argument("--placebo", action="store_true", help="the teacher's fields of other pairs: a control")
    parser.add_class_arguments(AldkOptions, skip={"grid", "learning_rate"})
    parser.add_argument(
        "--critic-learning-rate", type=float, default=AldkOptions.learning_rate, help="of ALDK's discriminator"
    )
    for name, (options, left_out) in GROUPS.items():
        parser.add_class_arguments(options, name, skip=left_out)
    add_device_options(parser)
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Shows defaults, which the help texts do not repeat."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        has_default = action.default is not None and action.default is not False and action.default != []
        shown = has_default and action.default != argparse.SUPPRESS and "default" not in text
        return f"{text} (%(default)s)" if shown and action.option_strings and action.dest != "help" else text


def parse(arguments: Sequence[str], description: str | None = None) -> Namespace:
    """The options; paths are paths.

    :raises TrainingError: for a word, a value or a key of a config file that is not understood.
    """
    parser = make_parser(description)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            options = parser.parse_args([_with_dots(word) for word in arguments])
    except (ArgumentError, argparse.ArgumentError, TypeError) as error:
        raise TrainingError(_sentence(str(error))) from error
    for name in ("data", "output", "start_from"):
        options[name] = None if options[name] is None else Path(options[name])
    for name in ("data", "output"):
        if options[name] is None:
            raise TrainingError(f"--{name} is needed.")
    return options


def _with_dots(word: str) -> str:
    """--ofg-step-voxels as --ofg.step_voxels; other words as they are."""
    flag, equals, value = word.partition("=")
    group, _, field = flag.removeprefix("--").partition("-")
    field = field.replace("-", "_")
    if not flag.startswith("--") or group not in GROUPS:
        return word
    known = {f.name for f in dataclasses.fields(GROUPS[group][0])}
    return f"--{group}.{field}{equals}{value}" if field in known else word


def _sentence(text: str) -> str:
    lines = [line.strip(" -") for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines).rstrip(".") + "."


def group_of(options: Namespace, name: str, **more: Any) -> Any:
    """The dataclass of a group of flags.

    :raises TrainingError: if its values do not fit together.
    """
    kind, _ = GROUPS[name]
    return kind(**{**vars(options[name]), **more})


def aldk_options(options: Namespace, grid: Any) -> AldkOptions:
    names = [f.name for f in dataclasses.fields(AldkOptions) if f.name not in ("grid", "learning_rate")]
    return AldkOptions(**{name: options[name] for name in names}, learning_rate=options.critic_learning_rate, grid=grid)


def check_read(options: Namespace) -> str:
    """The strategy that is meant; whatever it does not read is as it is by default.

    :raises TrainingError: naming the first option that would have no effect.
    """
    if options.aldk and options.strategy not in ("unsupervised", "aldk"):
        raise TrainingError(f"--aldk is short for --strategy aldk, and --strategy {options.strategy} is given, too.")
    name = "aldk" if options.aldk else options.strategy
    given = {"aldk": aldk_options(options, None), **{n: group_of(options, n) for n in GROUPS if n != "validation"}}
    for group, values in given.items():
        read = READ[name].get(group, set())
        for field in dataclasses.fields(values):
            value, usual = getattr(values, field.name), getattr(type(values)(), field.name)
            # A weight or share of teaching that is not read counts as 0.
            if read is ALL or field.name in read or value == usual or (group == "teaching" and value == 0):
                continue
            flag = field.name.replace("_", "-") if group == "aldk" else f"{group}.{field.name}"
            flag = "critic-learning-rate" if flag == "learning-rate" else flag
            raise TrainingError(f"--{flag} has no effect with --strategy {name}: leave it out.")
    return name


def as_config(options: Namespace) -> dict[str, Any]:
    """What config.json holds: all that --config understands, but for what is the machine's."""
    content = options.clone().as_dict()
    for name in NOT_IN_CONFIG:
        content.pop(name, None)
    content["data"] = os.fspath(Path(content["data"]).resolve())
    for name in ("start_from", "teacher"):
        if content[name] is not None:
            path = Path(content[name])
            content[name] = os.fspath(path.resolve() if path.exists() else content[name])
    return json.loads(json.dumps(content))
