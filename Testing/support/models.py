"""Tiny TorchScript models with cards, whose answer is known, so that the engine can be tested without weights."""

import hashlib
import json
import warnings
from pathlib import Path

import torch

CARD = {
    "title": "Test model",
    "spacingMm": 2.0,
    "sizeMultiple": 16,
    "licence": "none",
    "nonCommercial": False,
    "default": True,
}


class ConstantFlow(torch.nn.Module):
    """Says that everything moved by ``voxels`` (k, j, i), whatever it sees."""

    def __init__(self, voxels: tuple[float, float, float]):
        super().__init__()
        self.voxels = torch.nn.Parameter(torch.tensor(voxels).view(1, 3, 1, 1, 1))

    def forward(self, fixed: torch.Tensor, moving: torch.Tensor) -> torch.Tensor:
        return self.voxels * torch.ones_like(fixed + moving)


def write_model(folder: Path, voxels: tuple[float, float, float], name: str = "constant", **card) -> Path:
    """``folder``/name.pt and name.json; returns the folder, which a ModelStore reads."""
    folder.mkdir(parents=True, exist_ok=True)
    example = torch.zeros(1, 1, 16, 16, 16)
    path = folder / f"{name}.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated, and still what runs everywhere from 2.1 to 2.15
        torch.jit.trace(ConstantFlow(voxels), (example, example)).save(str(path))
    content = {**CARD, **card, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (folder / f"{name}.json").write_text(json.dumps(content))
    return folder
