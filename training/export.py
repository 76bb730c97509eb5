"""Turn a checkpoint into what the module ships: NAME.pt (TorchScript, half precision) and NAME.json, its card.

python training/export.py --checkpoint runs/general --name ldr-general --title "General" --output Resources/Models
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from aldk import checkpoint
from aldk.models import build_model, count_parameters
from aldk.models.ldr import SIZE_MULTIPLE
from torch import nn

EXAMPLE_SHAPE = (32, 48, 64)
CHECK_SHAPE = (48, 32, 64)
# Half precision keeps eleven bits: of a flow of ten voxels about a hundredth of a voxel.
TOLERANCE_VOXELS = 0.02
RELOAD = """
import sys, torch
module = torch.jit.load(sys.argv[1], map_location="cpu").float().eval()
fixed, moving = torch.load(sys.argv[2], weights_only=True)
with torch.no_grad():
    torch.save(module(fixed, moving), sys.argv[3])
"""


class ExportError(RuntimeError):
    """The file written is not what it should be."""


def script(model: nn.Module) -> torch.jit.ScriptModule:
    """A traced copy with half precision weights; ``.float()`` of it computes as the model does.

    Traced, not scripted: a scripted F.interpolate of a new torch does not load in torch 2.2.2.
    """
    example = torch.rand(1, 1, *EXAMPLE_SHAPE), torch.rand(1, 1, *EXAMPLE_SHAPE)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.trace(model.eval(), example, check_trace=False).half()


def check_reload(path: Path, model: nn.Module) -> float:
    """Largest difference, in voxels, between the model and its file loaded by a fresh process at another size."""
    fixed, moving = torch.rand(1, 1, *CHECK_SHAPE), torch.rand(1, 1, *CHECK_SHAPE)
    inputs, outputs = path.with_suffix(".inputs"), path.with_suffix(".outputs")
    try:
        torch.save((fixed, moving), inputs)
        subprocess.run([sys.executable, "-W", "ignore", "-c", RELOAD, path, inputs, outputs], check=True)
        with torch.no_grad():
            difference = float((torch.load(outputs, weights_only=True) - model.eval()(fixed, moving)).abs().max())
    finally:
        inputs.unlink(missing_ok=True)
        outputs.unlink(missing_ok=True)
    if not difference <= TOLERANCE_VOXELS:
        raise ExportError(f"{path} differs from its checkpoint by {difference:.3g} voxels after loading.")
    return difference


def git_commit() -> str:
    """The commit the weights were made with, or "" outside a repository with commits."""
    folder = Path(__file__).resolve().parent
    answer = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=False, capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def card(state: dict[str, Any], options: argparse.Namespace, parameters: int, digest: str) -> dict[str, Any]:
    """The json beside the model, as LDRRegistrationLib/student.py reads it."""
    return {
        "name": options.name,
        "title": options.title,
        "architecture": state["model_name"],
        "parameters": parameters,
        "sha256": digest,
        "spacingMm": options.spacing,
        "sizeMultiple": SIZE_MULTIPLE,
        "passes": options.passes,
        "inputNormalisation": "0 to 1 by LDRRegistrationLib.intensity.normalise",
        "flow": {"kind": "displacement", "units": "voxels", "channels": "kji"},
        "modality": options.modality,
        "default": options.default,
        "trainingData": checkpoint.training_data(state),
        "licence": options.licence,
        "nonCommercial": any("NC" in entry["licence"] for entry in checkpoint.training_data(state)),
        "metrics": json.loads(options.metrics.read_text(encoding="utf-8")) if options.metrics else {},
        "torchVersion": torch.__version__,
        "seed": state["seed"],
        "commands": state.get("commands", [state.get("command")]),
        "commit": git_commit(),
        "iterations": state["iteration"],
    }


def export(options: argparse.Namespace) -> dict[str, Any]:
    """Write the model and its card; returns the card."""
    state = checkpoint.load(options.checkpoint)
    if state is None:
        raise FileNotFoundError(f"There is no checkpoint at {options.checkpoint}.")
    model = build_and_load(state)
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / f"{options.name}.pt"
    script(build_and_load(state)).save(str(path))
    check_reload(path, model)
    content = card(state, options, count_parameters(model), hashlib.sha256(path.read_bytes()).hexdigest())
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    path.with_suffix(".json").write_text(text, encoding="utf-8")
    return content


def build_and_load(state: dict[str, Any]) -> nn.Module:
    """A network of its own with the averaged weights: converting a traced module converts what it was traced from."""
    model = build_model(state["model_name"])
    model.load_state_dict(state["average"])
    return model


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
    options = parser.parse_args(arguments)
    try:
        content = export(options)
    except (FileNotFoundError, ExportError) as error:
        print(f"export.py: {error}", file=sys.stderr)
        return 2
    print(f"{options.output / options.name}.pt: {content['parameters']} parameters, {content['iterations']} iterations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
