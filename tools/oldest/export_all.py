"""Export every network of the training, with its first random weights, so that compare_models.py can load them.

python tools/oldest/export_all.py FOLDER
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("LDRRegistration", "training")]

import torch
from aldk.models import MODELS, Architecture, build_model
from export import script

# All base networks, and what else may stand in a graph: cascades and an affine stem.
ARCHITECTURES = [*map(Architecture, MODELS), Architecture("LDR", 2, "light")]


def wake(network: torch.nn.Module) -> None:
    """Fresh networks say almost nothing, which is alike in any version: make it some voxels."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if {"flow", "flows", "heads"} & set(name.split(".")):
                parameter.mul_(100.0)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for architecture in ARCHITECTURES:
        torch.manual_seed(0)
        network = build_model(architecture)
        wake(network)
        name = f"{architecture.base}-{architecture.cascades}-{architecture.affine}"
        path = folder / f"{name}.pt"
        script(network).save(str(path))
        card = {
            "title": name,
            "spacingMm": 2.0,
            "sizeMultiple": network.stride,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        path.with_suffix(".json").write_text(json.dumps(card))


if __name__ == "__main__":
    main()
