"""Evaluate a checkpoint on the validation pairs of data sets; one row a data set, as in the paper's tables.

python training/eval.py --gpu -1 --batch 1 --checkpoint runs/general -v oasis_brains -d training/configs/evaluation.json
python training/eval.py --engine fast --passes 4 2 1 --checkpoint runs/general -d my_data.json

Writes evaluation.md and .csv (means) and per_structure.md and .csv; evaluating the same checkpoint on the same set
again replaces its rows. That is the network alone: one look at images aligned as in training. With --engine it is the
whole registration as a click in the module runs it, on images as stored, written to engine.md and .csv and
engine_per_structure.md and .csv: pre-alignment, the network's passes, their check, refinement, removal of folds. A
checkpoint is exported first, into a folder that is gone afterwards. A pass is one look of the same network on one grid;
"--passes 4 2 1" looks first on a grid four times coarser than the finest one, where a large motion is a small one, then
on one twice as coarse, then on the finest, each time at the moving image as warped so far.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from aldk import checkpoint
from aldk.checkpoint import WEIGHTS, load_network
from aldk.commands import run_command
from aldk.data.config import evaluation_sets, read_config
from aldk.data.subjects import data_root
from aldk.errors import TrainingError
from aldk.evaluation.methods import EngineMethod
from aldk.evaluation.networkmethod import NetworkMethod, intensities_of
from aldk.evaluation.pairs import pair_names, read_pairs
from aldk.evaluation.runner import evaluate
from aldk.evaluation.summary import per_structure, summary
from aldk.evaluation.tables import REPOSITORY, Provenance, markdown, update_table
from aldk.models import RegistrationNetwork, count_parameters
from aldk.shipped import find_card
from export import engine_models
from LDRRegistrationLib.registration.settings import Preset, Settings
from LDRRegistrationLib.runtime.device import Device
from LDRRegistrationLib.runtime.errors import RegistrationError
from tqdm import tqdm

KEYS = ["checkpoint", "weights", "dataset"]
ENGINE_KEYS = [*KEYS, "preset", "passes"]
ALL = "all"
# Beside a GPU's seconds the table has the processor's; the first call is its warm-up.
PAIRS_TIMED_ON_CPU = 4


def device_of(gpu: int | None) -> torch.device:
    """The GPU of that number, or the CPU for -1; by default the first GPU if there is one.

    :raises TrainingError: if there is no such GPU.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if gpu is None:
        gpu = 0 if count else -1
    if gpu < 0:
        return torch.device("cpu")
    if gpu >= count:
        raise TrainingError(f"--gpu {gpu}: PyTorch finds {count} GPUs here; -1 is the CPU.")
    return torch.device("cuda", gpu)


def chosen_sets(config: dict[str, Any], name: str) -> list[str]:
    """The data sets to evaluate on: the one called ``name``, or all that have validation pairs, or landmarks.

    :raises TrainingError: if there is none; the message lists those there are.
    """
    labelled = evaluation_sets(config)
    there = [n for n, description in config["datasets"].items() if n in labelled or "landmarks" in description]
    if not there:
        raise TrainingError("No data set of this description has validation pairs.")
    if name != ALL and name not in there:
        raise TrainingError(f"There is no evaluation set called {name}; there are {', '.join(there)}, and {ALL}.")
    return there if name == ALL else [name]


def checkpoint_name(path: Path) -> str:
    """What identifies a checkpoint in the tables: its path, from the repository's root if it lies there."""
    card = find_card(path)
    if card is not None:
        return card.name
    path = path.resolve()
    path = path.parent if path.name == checkpoint.NAME else path
    return (path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path).as_posix()


def as_method(model: RegistrationNetwork, description: dict[str, Any], device: torch.device | str) -> NetworkMethod:
    spacing, way = float(description["spacing"]), description.get("align", "grids")
    return NetworkMethod(model, spacing, way, intensities_of(description), device)


def cpu_seconds(model: RegistrationNetwork, description: dict[str, Any], pairs: Iterable[Any]) -> float:
    """Median seconds of the network alone on the CPU, without the first call unless it is the only one."""
    method = as_method(model, description, "cpu")
    seconds = [method(pair).values["cpu_seconds"] for pair in pairs]
    return float(pd.Series(seconds[1:] or seconds).median())


def evaluate_set(
    model: RegistrationNetwork, root: Path, description: dict[str, Any], options: argparse.Namespace
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The row of means, and the table by structure, of one data set."""
    timed = {}
    if options.device.type == "cuda":
        timed["cpu_seconds"] = cpu_seconds(model, description, read_pairs(root, description, PAIRS_TIMED_ON_CPU))
    count = len(pair_names(root, description, options.pairs))
    pairs = tqdm(read_pairs(root, description, options.pairs), total=count, unit="pair", disable=None)
    method = as_method(model, description, options.device)
    frame = evaluate(method, pairs, hd95=options.hd95, batch=options.batch)
    return {**summary(frame), **timed, "parameters": count_parameters(model)}, per_structure(frame)


def evaluate_engine(options: argparse.Namespace, config: dict[str, Any], root: Path, provenance: Provenance) -> None:
    """The whole registration, with one's own student, on each of the chosen sets.

    :raises TrainingError: if a pair cannot be registered; the sentence is the engine's.
    """
    output, names = where(options), {"checkpoint": checkpoint_name(options.checkpoint), "weights": options.weights}
    rows = []
    with tempfile.TemporaryDirectory(prefix="engine-") as folder:
        models, card = engine_models(options, Path(folder))
        device = Device.CUDA if options.device.type == "cuda" else Device.CPU
        preset = Preset(options.engine)
        method = EngineMethod(Settings(preset, card.name, warp=False, device=device, threads=options.threads), models)
        for dataset in chosen_sets(config, options.set):
            description = config["datasets"][dataset]
            count = len(pair_names(root, description, options.pairs))
            pairs = tqdm(read_pairs(root, description, options.pairs), total=count, unit="pair", disable=None)
            try:
                frame = evaluate(method, pairs, hd95=options.hd95)
            except RegistrationError as error:
                raise TrainingError(f"{dataset}: {error}") from error
            keys = {**names, "dataset": dataset, "preset": preset.value, "passes": " ".join(map(str, card.passes))}
            rows.append({**keys, **summary(frame)})
            update_table(output / "engine", pd.DataFrame(rows[-1:]), ENGINE_KEYS, provenance, "The whole registration")
            structures = per_structure(frame)
            if len(structures):
                structures = pd.DataFrame([keys] * len(structures)).join(structures)
                title = "The whole registration by structure"
                update_table(output / "engine_per_structure", structures, ENGINE_KEYS, provenance, title)
    print(markdown(pd.DataFrame(rows)))


def where(options: argparse.Namespace) -> Path:
    """The folder of the tables: as given, or the run's; of a shipped model, runs/NAME."""
    if options.output:
        return options.output
    card = find_card(options.checkpoint)
    if card is not None:
        return Path("runs") / card.name
    return options.checkpoint if options.checkpoint.is_dir() else options.checkpoint.parent


def run(options: argparse.Namespace) -> None:
    if options.engine and options.batch > 1:
        raise TrainingError("The whole registration takes one pair at a time: leave --batch out.")
    if not options.engine and (options.passes or options.spacing):
        raise TrainingError("--passes and --spacing are of the whole registration: add --engine fast.")
    for name in ("batch", "pairs", "threads"):
        if (value := getattr(options, name)) is not None and value < 1:
            raise TrainingError(f"--{name} {value}: give a number of at least 1.")
    if options.spacing is not None and not options.spacing > 0:
        raise TrainingError(f"--spacing {options.spacing:g}: give mm above 0.")
    torch.set_num_threads(options.threads)
    options.device = device_of(options.gpu)
    model, state = load_network(options.checkpoint, options.weights)
    config_path = options.data or Path(state["config_path"])
    config = read_config(options.data) if options.data else state["config"]
    if not config["datasets"]:
        raise TrainingError(f"{options.checkpoint} does not say what it was trained on: give --data.")
    provenance = Provenance.here(["python", *options.command], options.device)
    if options.engine:
        evaluate_engine(options, config, data_root(config, config_path), provenance)
        return
    output = where(options)
    names = {"checkpoint": checkpoint_name(options.checkpoint), "weights": options.weights}
    rows = []
    root = data_root(config, config_path)
    for dataset in chosen_sets(config, options.set):
        row, structures = evaluate_set(model, root, config["datasets"][dataset], options)
        keys = {**names, "dataset": dataset}
        rows.append({**keys, "iterations": state["iteration"], **row})
        update_table(output / "evaluation", pd.DataFrame(rows[-1:]), KEYS, provenance, "Evaluation")
        if len(structures):
            structures = pd.DataFrame([keys] * len(structures)).join(structures)
            update_table(output / "per_structure", structures, KEYS, provenance, "Evaluation by structure")
    print(markdown(pd.DataFrame(rows)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint, run, or shipped model")
    parser.add_argument("-v", "--set", default=ALL, help="name of an evaluation set, or all (default)")
    parser.add_argument("-d", "--data", type=Path, help="data description (json); default: the one it was trained on")
    parser.add_argument("-g", "--gpu", type=int, help="number of a GPU, -1: CPU; default: a GPU if there is one")
    parser.add_argument("--batch", type=int, default=1, help="pairs of one size that the network sees at once")
    parser.add_argument("--weights", choices=WEIGHTS, default=WEIGHTS[0], help="which of a run's weights")
    parser.add_argument("--hd95", action="store_true", help="surface distances too, which take longer")
    parser.add_argument("--pairs", type=int, help="only the first so many pairs of a set")
    parser.add_argument("--output", type=Path, help="folder of the tables; default: the run's")
    presets = [preset.value for preset in Preset]
    parser.add_argument(
        "--engine", choices=presets, help="the whole registration by this preset, not the network alone"
    )
    passes = "of the network, in how many times coarser than the finest grid; default: a model's own, or 1"
    parser.add_argument("--passes", type=int, nargs="+", help=passes)
    parser.add_argument("--spacing", type=float, help="mm, of the finest grid; default: a model's own, or as trained")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="on the CPU")
    options = parser.parse_args(arguments)
    options.command = ["training/eval.py", *(sys.argv[1:] if arguments is None else arguments)]
    return run_command("eval.py", run, options)


if __name__ == "__main__":
    sys.exit(main())
