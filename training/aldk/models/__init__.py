"""The networks, by the names used on the command lines, in checkpoints and in the model cards."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from aldk.errors import TrainingError

from .affine import STEMS
from .architecture import Architecture
from .cascade import Prediction, RegistrationNetwork
from .coarsetofine import CoarseToFine
from .discriminator import Discriminator
from .ldr import LDR
from .mobilenet import MobileNet
from .pyramid import Pyramid
from .sar import ImageDiscriminator, SarGenerator, otsu_mask
from .transmorph import TransMorph
from .unet import UNet
from .vitvnet import ViTVNet
from .voxelmorph import PublicLDR, VoxelMorph
from .vtn import VTN

__all__ = [
    "GENERATORS",
    "MODELS",
    "Architecture",
    "Discriminator",
    "ImageDiscriminator",
    "Prediction",
    "RegistrationNetwork",
    "build_model",
    "count_parameters",
    "otsu_mask",
]

MODELS: dict[str, Callable[[], nn.Module]] = {
    "LDR": LDR,
    "LDR-full": lambda: LDR(reading="full"),
    "LDR-public": PublicLDR,
    "MobileNet": MobileNet,
    "U-Net": UNet,
    "ViT-V-Net": ViTVNet,
    "TransMorph": TransMorph,
    "VoxelMorph": VoxelMorph,
    "VTN": VTN,
    "RCN": VTN,
    "CoarseToFine": CoarseToFine,
    "Pyramid": Pyramid,
    "Pyramid-half": lambda: Pyramid(finest=1),
    "SAR": SarGenerator,
    "SAR-2D": lambda: SarGenerator(in_plane=True),
}
# With outputs beside the flow, which only the strategy "sar" trains.
GENERATORS = ("SAR", "SAR-2D")


def build_model(architecture: Architecture | str) -> RegistrationNetwork:
    """A freshly initialised network, given as an ``Architecture`` or, if it is a single one, by its name.

    It maps (fixed, moving), each (N, 1, k, j, i) in [0, 1], to a flow (N, 3, k, j, i) in voxels.

    :raises TrainingError: for names there are not, less than one cascade, and a grid that the stem cannot take.
    """
    if isinstance(architecture, str):
        architecture = Architecture(architecture)
    if architecture.base not in MODELS:
        raise TrainingError(f"There is no network called {architecture.base}; there are {', '.join(MODELS)}.")
    if architecture.cascades < 1:
        raise TrainingError(f"A network has at least one cascade, not {architecture.cascades}.")
    if architecture.affine not in ("none", *STEMS):
        raise TrainingError(
            f"There is no affine stem called {architecture.affine}; there are none, {', '.join(STEMS)}."
        )
    if architecture.base == "RCN" and architecture.affine != "vtn":
        raise TrainingError(f"RCN has the affine stem vtn, not {architecture.affine}; with that it is VTN.")
    if architecture.base in GENERATORS and (architecture.cascades > 1 or architecture.affine != "none"):
        raise TrainingError(f"{architecture.base} is one network: it has neither further cascades nor an affine stem.")
    if architecture.velocity and (architecture.base in GENERATORS or architecture.base.startswith("Pyramid")):
        raise TrainingError(f"{architecture.base} composes its field itself: leave the velocity out.")
    stem = None if architecture.affine == "none" else STEMS[architecture.affine](architecture.grid)
    networks = [MODELS[architecture.base]() for _ in range(architecture.cascades)]
    return RegistrationNetwork(architecture, networks, stem)


def count_parameters(model: nn.Module) -> int:
    """Number of trainable values."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
