"""Turn a checkpoint into what the module ships: NAME.pt (TorchScript, half precision) and NAME.json, its card.

python training/export.py --checkpoint runs/general --name ldr-general --title "General" --output Resources/Models
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from aldk import checkpoint
from aldk.checkpoint import load_network
from aldk.commands import run_command
from aldk.errors import TrainingError
from aldk.evaluation.tables import current_commit
from aldk.models import RegistrationNetwork, count_parameters
from torch import nn

# In strides: traced at one shape, checked at another.
EXAMPLE_STRIDES = (1, 2, 2)
CHECK_STRIDES = (2, 1, 2)
# Half precision keeps eleven bits: of a flow of ten voxels about a hundredth of a voxel.
TOLERANCE_VOXELS = 0.02
RELOAD = """
import sys, torch
module = torch.jit.load(sys.argv[1], map_location="cpu").float().eval()
fixed, moving = torch.load(sys.argv[2], weights_only=True)
with torch.no_grad():
    torch.save(module(fixed, moving), sys.argv[3])
"""


def example(strides: tuple[int, int, int], stride: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two smooth random images, (1, 1, k, j, i) each, of so many strides a side."""
    shape = [n * stride for n in strides]
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


def card(state: dict[str, Any], options: argparse.Namespace, network: RegistrationNetwork, digest: str) -> dict:
    """The json beside the model, as LDRRegistrationLib/student.py reads it."""
    architecture = network.architecture
    data = checkpoint.training_data(state)
    return {
        "name": options.name,
        "title": options.title,
        "architecture": architecture.base,
        "cascades": architecture.cascades,
        "affineStem": architecture.affine,
        "parameters": count_parameters(network),
        "sha256": digest,
        "spacingMm": options.spacing,
        "sizeMultiple": network.stride,
        "passes": options.passes,
        "inputNormalisation": "0 to 1 by LDRRegistrationLib.intensity.normalise",
        "flow": {"kind": "displacement", "units": "voxels", "channels": "kji"},
        "modality": options.modality,
        "default": options.default,
        "trainingData": data,
        "licence": options.licence,
        "nonCommercial": any("NC" in entry["licence"] for entry in data),
        "metrics": json.loads(options.metrics.read_text(encoding="utf-8")) if options.metrics else {},
        "strategy": {"name": state["strategy"], **state["provenance"]},
        "torchVersion": torch.__version__,
        "seed": state["seed"],
        "commands": state["commands"],
        "commit": current_commit(),
        "iterations": state["iteration"],
    }


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Write the model and its card; returns the card. The card comes last: without one a model is not listed.

    :raises TrainingError: if there is no checkpoint, the file does not compute what the network does, or the licence
        given is not one for what the weights were trained on.
    """
    network, state = load_network(options.checkpoint)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{options.name}.pt"
    # Converting a traced module converts what it was traced from: it gets a network of its own.
    script(load_network(options.checkpoint)[0]).save(str(path.with_suffix(".part")))
    check_reload(path.with_suffix(".part"), network)
    content = card(state, options, network, hashlib.sha256(path.with_suffix(".part").read_bytes()).hexdigest())
    if content["nonCommercial"] and "NC" not in options.licence:
        path.with_suffix(".part").unlink()
        raise TrainingError(
            f"The weights saw data for non-commercial use only; --licence {options.licence} cannot be right."
        )
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    path.with_suffix(".json").unlink(missing_ok=True)
    os.replace(path.with_suffix(".part"), path)
    path.with_suffix(".json").write_text(text, encoding="utf-8")
    return content


def work(options: argparse.Namespace) -> None:
    content = export(options)
    print(f"{options.output / options.name}.pt: {content['parameters']} parameters, {content['iterations']} iterations")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True, help="checkpoint file, or folder of a run")
    parser.add_argument("--name", required=True, help="of the files, without ending")
    parser.add_argument("--title", required=True, help="what users read")
    parser.add_argument("--output", type=Path, required=True, help="folder, usually the module's Resources/Models")
    parser.add_argument("--spacing", type=float, default=2.0, help="mm, of the grid the model is to be used on")
    parser.add_argument("--passes", type=int, default=1, help="how often the module applies the network to a pair")
    parser.add_argument("--modality", default="any", help="what it is for, in words")
    parser.add_argument("--licence", default="Apache-2.0", help="of the weights")
    parser.add_argument("--metrics", type=Path, help="json of measured values for the card")
    parser.add_argument("--default", action="store_true", help="the model that is used when none is chosen")
    return run_command("export.py", work, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
