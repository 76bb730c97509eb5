"""How alike two images are to SAR-Net (Mahapatra & Ge, arXiv 1903.10139, eq. 2): NMI, SSIM and features of a network.

Images are (N, 1, k, j, i), about 0 to 1; in 2D each slice of them is an image.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from LDRRegistrationLib.registration.modelcards import MODELS_FOLDER
from torch import Tensor, nn

from aldk import checkpoint
from aldk.data.config import UNSTATED
from aldk.errors import TrainingError
from aldk.models.ldr import LDR
from aldk.models.sar import in_slices
from aldk.models.unet import UNet

from .adversary import frozen

# In 3D windows are dense kernels, which cost as much as all the rest.
SSIM_WINDOW_2D, SSIM_WINDOW_3D = 7, 5
BINS = 23
SHIPPED = MODELS_FOLDER / "ldr-general.pt"


class Content:
    """(1 - NMI) + (1 - SSIM) + the distance of features, each in 0 to 1 and 0 at best but for NMI.

    As published the first two are added as they are, which would be minimised by unlike images.

    Parameters
    ----------
    features
        Maps an image to a list of feature maps; None leaves their distance out.
    in_plane
        NMI and SSIM of slices, with windows in their planes.
    """

    def __init__(self, features: nn.Module | None, in_plane: bool = False) -> None:
        # Takes more than a second, which only this strategy needs.
        from monai.losses import GlobalMutualInformationLoss, SSIMLoss

        self.features, self.in_plane = features, in_plane
        self.windows = GlobalMutualInformationLoss(num_bins=BINS)
        self.ssim = SSIMLoss(2, win_size=SSIM_WINDOW_2D) if in_plane else SSIMLoss(3, win_size=SSIM_WINDOW_3D)

    def __call__(self, reference: Tensor, image: Tensor) -> Tensor:
        """The mean over the batch; differentiable by ``image``."""
        seen = (in_slices(reference), in_slices(image)) if self.in_plane else (reference, image)
        difference = 1.0 - self.mutual_information(*seen).mean() + self.ssim(seen[1], seen[0])
        return difference if self.features is None else difference + feature_distance(self.features, reference, image)

    def mutual_information(self, first: Tensor, second: Tensor) -> Tensor:
        """(N,): 2 I(A, B) / (H(A) + H(B)), 0 to 1, from histograms of images (N, 1, ...) in Parzen windows.

        The windows blur the joint histogram, so that even two equal images stay below 1; no image has more with A
        than A itself.
        """
        of_first, p_first, of_second, p_second = self.windows.parzen_windowing(first, second)
        joint = torch.bmm(of_first.transpose(1, 2), of_second) / of_first.shape[1]
        apart = _entropy(p_first) + _entropy(p_second)
        return 2.0 * (apart - _entropy(joint)) / apart.clamp_min(1e-6)


def _entropy(probabilities: Tensor) -> Tensor:
    return -(probabilities * (probabilities + 1e-9).log()).sum((1, 2))


def feature_distance(features: nn.Module, reference: Tensor, image: Tensor) -> Tensor:
    """Mean over the levels of the mean squared difference of feature maps, each brought to 0 to 1 first (eq. 2).

    By the range of both images' maps together, so that a map that is constant in one of them still counts.
    """
    with torch.no_grad():
        expected = features(reference)
    distances = []
    for first, second in zip(expected, features(image), strict=True):
        both = torch.cat([first.flatten(2), second.detach().flatten(2)], dim=2)
        extent = (both.amax(2) - both.amin(2)).clamp_min(1e-4)
        squares = (first - second).flatten(2).square().mean(2)
        distances.append((squares / extent.square()).mean())
    return torch.stack(distances).mean()


class StudentFeatures(nn.Module):
    """The levels of an LDR's encoder, each before the next one: what the student sees of an image beside itself.

    Maps (N, 1, k, j, i) to at most four tensors; a level that would have a side below one voxel is left out.
    """

    def __init__(self, network: LDR) -> None:
        super().__init__()
        self.levels = nn.ModuleList([network.encoder1, network.encoder2, network.encoder3, network.encoder4])

    def forward(self, image: Tensor) -> list[Tensor]:
        maps = [torch.cat([image, image], dim=1)]
        for level in self.levels:
            if min(maps[-1].shape[2:]) < 2:
                break
            maps.append(F.relu(level(maps[-1])))
        return maps[1:]


class ScriptedFeatures(nn.Module):
    """Somebody's TorchScript module, which maps (N, 1, k, j, i) to a tensor of feature maps or a list of them."""

    def __init__(self, module: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, image: Tensor) -> list[Tensor]:
        made = self.module(image)
        return [made] if isinstance(made, Tensor) else list(made)


class OwnFeatures(nn.Module):
    """The levels of the encoder of whatever network is being trained, as it is at the moment; its weights learn nothing
    from what they judge.

    Of a network whose first part has a list of encoders, each fed by the one before (LDR's family, VoxelMorph, U-Net,
    ViT-V-Net, CoarseToFine). ``network`` is set before each use.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[nn.Module] = []
        self.pools, self.slope = False, 0.0

    def of(self, network: nn.Module) -> OwnFeatures:
        """:raises TrainingError: if the network has no encoder that can be taken by itself."""
        inner: Any = getattr(network, "module", network)
        first = inner.networks[0]
        if isinstance(first, LDR):
            self.levels, self.slope = [first.encoder1, first.encoder2, first.encoder3, first.encoder4], 0.0
        elif isinstance(getattr(first, "encoders", None), nn.ModuleList):
            self.levels, self.pools, self.slope = list(first.encoders), isinstance(first, UNet), 0.1
        else:
            base = inner.architecture.base
            raise TrainingError(f"{base} has no encoder whose features could be compared: give --sar.features a file.")
        return self

    def forward(self, image: Tensor) -> list[Tensor]:
        channels = next(m for m in self.levels[0].modules() if isinstance(m, nn.Conv3d)).in_channels
        x, maps = image.expand(-1, channels, -1, -1, -1), []
        for number, level in enumerate(self.levels):
            if min(x.shape[2:]) < 2:
                break
            with frozen(level):
                x = level(F.max_pool3d(x, 2) if self.pools and number else x)
            if isinstance(level, nn.Conv3d):
                x = F.leaky_relu(x, self.slope)
            maps.append(x)
        return maps


def load_features(path: Path | None = None) -> tuple[nn.Module, dict[str, Any]]:
    """A frozen feature network, and where it comes from.

    :param path: an LDR's run, checkpoint or exported model, or a TorchScript module as of ``ScriptedFeatures``; None is
        the shipped general student.
    :raises TrainingError: if the file is missing, or none of these.
    """
    path = SHIPPED if path is None else Path(path)
    file = path / checkpoint.NAME if path.is_dir() else path
    if not file.is_file():
        raise TrainingError(f"There is no feature network {path}.")
    source = {"file": path.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    module = _scripted(file)
    features: nn.Module
    if module is None:
        network, state = checkpoint.load_network(file)
        features, data = _student(network.state_dict(), path), checkpoint.training_data(state)
    else:
        data = _card_of(file)
        exported = any(name.endswith("encoder1.weight") for name in module.state_dict())
        features = _student(module.state_dict(), path) if exported else _tried(ScriptedFeatures(module), path)
    return features.eval().requires_grad_(False), {**source, "training_data": data}


def _scripted(file: Path) -> torch.jit.ScriptModule | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch.jit.load(str(file), map_location="cpu").float()
    except RuntimeError:
        return None


def _student(weights: dict[str, Tensor], path: Path) -> StudentFeatures:
    """From the weights of a network of one LDR, alone or as the first of a ``RegistrationNetwork``."""
    network = LDR()
    try:
        network.load_state_dict({name.removeprefix("networks.0."): value for name, value in weights.items()})
    except RuntimeError as error:
        raise TrainingError(f"{path} is not a single LDR; features are taken from one, or from TorchScript.") from error
    return StudentFeatures(network)


def _tried(features: ScriptedFeatures, path: Path) -> ScriptedFeatures:
    try:
        with torch.no_grad():
            maps = features(torch.zeros(1, 1, 8, 64, 64))
        if all(isinstance(m, Tensor) and m.dim() >= 3 for m in maps) and maps:
            return features
    except (RuntimeError, TypeError):
        pass
    raise TrainingError(f"{path} does not give feature maps of an image (1, 1, k, j, i), as training/README.md says.")


def _card_of(file: Path) -> list[dict[str, str]]:
    """The training data that the card beside an exported model names; nobody says what other modules have seen."""
    try:
        return json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))["trainingData"]
    except (OSError, ValueError, KeyError):
        return [{"name": file.name, "licence": UNSTATED, "credit": UNSTATED}]
