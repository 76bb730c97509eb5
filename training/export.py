"""Turn a checkpoint into what the module ships: NAME.pt (TorchScript, half precision) and NAME.json, its card.

python training/export.py --checkpoint runs/general --name ldr-general --title "General" --output Resources/Models
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from aldk import checkpoint
from aldk.checkpoint import WEIGHTS, load_network
from aldk.commands import run_command
from aldk.data.config import UNSTATED
from aldk.errors import TrainingError
from aldk.evaluation.tables import current_commit, write_whole
from aldk.models import RegistrationNetwork, count_parameters
from aldk.shipped import find_card
from LDRRegistrationLib.registration.modelcards import UNTESTED, ModelCard, cardProblem
from LDRRegistrationLib.registration.models import ModelStore
from torch import nn

# In strides: traced at one shape, checked at another.
EXAMPLE_STRIDES = (1, 2, 2)
CHECK_STRIDES = (2, 1, 2)
MINIMUM_SIDE = 16
# Half precision keeps eleven bits: of a flow of ten voxels about a hundredth of a voxel.
TOLERANCE_VOXELS = 0.02
# "CC BY-NC 4.0", "for non-commercial use", "academic use only"; not the letters in "licence".
NON_COMMERCIAL = re.compile(
    r"(?<![a-z])NC(?![a-z])|non[- ]?commercial|(academic|research|education\w*)( use| purposes?)? only", re.IGNORECASE
)
RELOAD = """
import sys, torch
module = torch.jit.load(sys.argv[1], map_location="cpu").float().eval()
fixed, moving = torch.load(sys.argv[2], weights_only=True)
with torch.no_grad():
    torch.save(module(fixed, moving), sys.argv[3])
"""


def example(strides: tuple[int, int, int], stride: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two smooth random images, (1, 1, k, j, i) each, of so many strides a side, or of 16 voxels where that is more."""
    shape = [n * stride * math.ceil(MINIMUM_SIDE / stride) for n in strides]
    coarse = torch.rand(2, 1, *(n // 4 for n in shape))
    smooth = nn.functional.interpolate(coarse, size=shape, mode="trilinear")
    return smooth[:1], smooth[1:]


def script(network: RegistrationNetwork) -> torch.jit.ScriptModule:
    """A traced copy with half precision weights; ``.float()`` of it computes as the network does.

    Traced, not scripted: a scripted F.interpolate of a new torch does not load in torch 2.2.2.
    """
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        images = example(EXAMPLE_STRIDES, network.stride)
        return torch.jit.trace(network.eval(), images, check_trace=False).half()


def check_reload(path: Path, network: RegistrationNetwork) -> float:
    """Largest difference, in voxels, between the network and its file loaded by a fresh process at another size.

    :raises TrainingError: if it is more than half precision explains.
    """
    images = example(CHECK_STRIDES, network.stride)
    inputs, outputs = path.with_suffix(".inputs"), path.with_suffix(".outputs")
    try:
        torch.save(images, inputs)
        command = [sys.executable, "-W", "ignore", "-c", RELOAD, str(path), str(inputs), str(outputs)]
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
        if answer.returncode:
            raise TrainingError(f"{path} does not load: {answer.stderr.strip().splitlines()[-1]}")
        with torch.no_grad():
            expected = network.eval()(*images)
        difference = float((torch.load(outputs, weights_only=True) - expected).abs().max())
    finally:
        inputs.unlink(missing_ok=True)
        outputs.unlink(missing_ok=True)
    if not difference <= max(TOLERANCE_VOXELS, 2e-3 * float(expected.abs().max())):
        raise TrainingError(f"{path} differs from its checkpoint by {difference:.3g} voxels after loading.")
    return difference


def training_spacing(state: dict[str, Any]) -> float:
    """mm: the middle of the spacings of the run's first grid.

    :raises TrainingError: if the run knows no grid.
    """
    grids = [grid for task in state["config"].get("tasks", []) for grid in task["grids"]]
    if not grids:
        raise TrainingError("The run does not say on which grid it was trained; give --spacing.")
    return round(sum(grids[0]["spacing"]) / 2.0, 3)


def check_request(options: argparse.Namespace, state: dict[str, Any], network: RegistrationNetwork) -> None:
    """What can be refused before anything is computed or written.

    :raises TrainingError: saying what.
    """
    if not options.name or set("/\\") & set(options.name) or options.name.startswith("."):
        raise TrainingError(f"--name {options.name}: a file's name without a slash and without an ending.")
    if options.spacing is not None and not options.spacing > 0:
        raise TrainingError(f"--spacing {options.spacing:g}: give mm above 0.")
    if options.default and non_commercial(checkpoint.training_data(state)):
        raise TrainingError("The weights saw data for non-commercial use only; such a model is never the default.")
    for name in ("metrics", "arms"):
        path = getattr(options, name, None)
        if path is not None:
            try:
                json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise TrainingError(f"--{name} {path} is not valid json: {error}.") from error
    # The library's own reader of cards, with a hash that is not known yet.
    problem = cardProblem(card(state, options, network, "0" * 64))
    if problem:
        raise TrainingError(f"The module would not take this model: {problem}.")


def non_commercial(data: list[dict[str, str]]) -> bool:
    return any(NON_COMMERCIAL.search(entry["licence"]) for entry in data)


def taught_by(state: dict[str, Any], arms: Path | None) -> dict[str, Any] | None:
    """What taught the weights, and the arms it was compared with; None if nothing did."""
    teacher = state["provenance"].get("teacher")
    if teacher is None:
        return None
    compared = json.loads(arms.read_text(encoding="utf-8")) if arms else None
    return {**teacher, "arms": compared}


def licence_of(data: list[dict[str, str]], given: str | None) -> str:
    """The licence of the weights: as given, or that of all data, if they have one and the same.

    :raises TrainingError: if neither is there, or the one given is not one for data of non-commercial use.
    """
    licences = sorted({entry["licence"] for entry in data})
    if given is None:
        if len(licences) != 1 or licences == [UNSTATED]:
            raise TrainingError(f"The data have the licences {', '.join(licences) or 'none'}; give --licence.")
        return licences[0]
    if non_commercial(data) and not NON_COMMERCIAL.search(given):
        raise TrainingError(f"The weights saw data for non-commercial use only; --licence {given} cannot be right.")
    return given


def card(state: dict[str, Any], options: argparse.Namespace, network: RegistrationNetwork, digest: str) -> dict:
    """The json beside the model, as LDRRegistrationLib/registration/modelcards.py reads it."""
    architecture = network.architecture
    data = checkpoint.training_data(state)
    return {
        "name": options.name,
        "title": options.title,
        "architecture": architecture.base,
        "cascades": architecture.cascades,
        "affineStem": architecture.affine,
        "velocity": architecture.velocity,
        "parameters": count_parameters(network),
        "sha256": digest,
        "spacingMm": options.spacing or training_spacing(state),
        "sizeMultiple": network.stride,
        "passes": options.passes,
        "inputNormalisation": "0 to 1 by LDRRegistrationLib.space.intensity.normalise",
        "flow": {"kind": "displacement", "units": "voxels", "channels": "kji"},
        "modality": options.modality,
        "default": options.default,
        "trainingData": data,
        "licence": licence_of(data, options.licence),
        "nonCommercial": non_commercial(data),
        "metrics": json.loads(options.metrics.read_text(encoding="utf-8")) if options.metrics else {},
        "testedOn": options.tested_on,
        "strategy": {"name": state["strategy"], **{n: v for n, v in state["provenance"].items() if n != "teacher"}},
        "teacher": taught_by(state, options.arms),
        "torchVersion": torch.__version__,
        "seed": state["seed"],
        "commands": state["commands"],
        "commit": current_commit(),
        "iterations": state["iteration"],
    }


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Write the model and its card; returns the card. The card comes last: without one a model is not listed.

    :raises TrainingError: if there is no checkpoint, the network takes one size only, the file does not compute what
        the network does, or spacing, passes, name or licence are missing or cannot be right.
    """
    network, state = load_network(options.checkpoint, options.weights)
    if network.architecture.grid is not None:
        raise TrainingError(
            "A network with the published heads takes images of one size only, the module any: train it without --grid."
        )
    check_request(options, state, network)
    options.output.mkdir(parents=True, exist_ok=True)
    path, part = (options.output / f"{options.name}{ending}" for ending in (".pt", ".part"))
    try:
        # Converting a traced module converts what it was traced from: it gets a network of its own.
        script(load_network(options.checkpoint, options.weights)[0]).save(str(part))
        check_reload(part, network)
        content = card(state, options, network, hashlib.sha256(part.read_bytes()).hexdigest())
        path.with_suffix(".json").unlink(missing_ok=True)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    write_whole(path.with_suffix(".json"), json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return content


def engine_models(options: argparse.Namespace, folder: Path) -> tuple[ModelStore, ModelCard]:
    """A store whose one model is a checkpoint's, exported, or a copy of an exported one, as the engine takes it.

    :param options: of eval.py: ``checkpoint``, ``weights``, ``passes`` and ``spacing``, the last two or None.
    :param folder: where the files go.
    """
    card = find_card(options.checkpoint)
    if card is None:
        network, _ = load_network(options.checkpoint, options.weights)
        if network.architecture.grid is not None:
            raise TrainingError("A network with the published heads takes images of one size only, the engine any.")
        # The licence is not asked: nothing of this is kept.
        request = argparse.Namespace(
            **{"checkpoint": options.checkpoint, "weights": options.weights, "output": folder, "name": "student"},
            **{"title": "student", "spacing": options.spacing, "passes": options.passes or [1], "modality": "any"},
            **{"licence": "NC, not to be passed on", "metrics": None, "default": False, "tested_on": "", "arms": None},
        )
        export(request)
        name = "student"
    else:
        name = card.name
        content = dict(card.content)
        content["passes"] = options.passes or list(card.passes)
        content["spacingMm"] = options.spacing or card.spacingMm
        if problem := cardProblem(content):
            raise TrainingError(f"The engine would not take this model: {problem}.")
        shutil.copy(card.path, folder / f"{name}.pt")
        write_whole(folder / f"{name}.json", json.dumps(content))
    store = ModelStore(folder)
    return store, store.card(name)


def work(options: argparse.Namespace) -> None:
    content = export(options)
    print(f"{options.output / options.name}.pt: {content['parameters']} parameters, {content['iterations']} iterations")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint file, or folder of a run")
    parser.add_argument("--name", required=True, help="of the files, without ending")
    parser.add_argument("--title", required=True, help="what users read")
    parser.add_argument("--output", type=Path, required=True, help="folder, usually the module's Resources/Models")
    parser.add_argument("--spacing", type=float, help="mm, of the grid the model is used on; default: as trained")
    parser.add_argument(
        "--passes",
        type=int,
        nargs="+",
        default=[1],
        help="how many times coarser than the finest grid each of the module's passes looks, such as 4 2 1",
    )
    parser.add_argument("--weights", choices=WEIGHTS, default=WEIGHTS[0], help="which of a run's weights")
    parser.add_argument("--modality", default="any", help="what it is for, in words")
    parser.add_argument("--tested-on", default=UNTESTED, help="what it was tested on, in words: reports say so")
    parser.add_argument("--arms", type=Path, help="json of the runs that a taught one was compared with, for the card")
    parser.add_argument("--licence", help="of the weights; default: that of the data, if it is one for all")
    parser.add_argument("--metrics", type=Path, help="json of measured values for the card")
    parser.add_argument("--default", action="store_true", help="the model that is used when none is chosen")
    return run_command("export.py", work, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
