"""A registration network: a TorchScript file, loaded only if it is the one that its card describes."""

from __future__ import annotations

import copy
import hashlib
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..runtime.errors import DependencyError
from ..runtime.language import tr as _
from ..space.grid import Grid, canonicalGrid
from .modelcards import MODELS_FOLDER, ModelCard, readCards

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MAXIMUM_GRID_VOXELS = 2_600_000
MINIMUM_GRID_SIZE = 32


class ModelStore:
    """The models in a folder; each is read, verified and compiled once."""

    def __init__(self, folder: Path | str = MODELS_FOLDER) -> None:
        self.folder = Path(folder)
        self._loaded: dict[tuple[str, str], RegistrationNetwork] = {}

    def cards(self) -> list[ModelCard]:
        """Every model of the folder, the default first; those of ``problems`` are left out."""
        return readCards(self.folder)[0]

    @property
    def problems(self) -> dict[str, str]:
        """Why models are left out, a sentence for each, by name."""
        return readCards(self.folder)[1]

    def card(self, name: str = "auto") -> ModelCard:
        """The card of a model by name; "auto" is the default model, or without one the first that is free for any use.

        :raises DependencyError: if there is no such model, or it is left out.
        """
        cards, problems = readCards(self.folder)
        if name in problems:
            raise DependencyError(problems[name])
        if not cards:
            why = " ".join(problems.values()) or _("the installation is incomplete.")
            raise DependencyError(_("There is no model in {folder}: {why}").format(folder=self.folder, why=why))
        if name == "auto":
            # A model whose use is restricted never steps in for one that is left out.
            if not cards[0].isDefault and cards[0].nonCommercial:
                why = " ".join([_("Name the model to use: none is free for any use."), *problems.values()])
                raise DependencyError(why)
            return cards[0]
        for card in cards:
            if card.name == name:
                return card
        raise DependencyError(
            _("There is no model named {name!r}; there are: {others}.").format(
                name=name, others=", ".join(c.name for c in cards)
            )
        )

    def load(self, name: str = "auto") -> RegistrationNetwork:
        """The network by name, ready to predict.

        :raises DependencyError: if the file is missing, is not the one its card describes, or torch cannot load it.
        """
        card = self.card(name)
        key = (card.name, card.sha256)
        if key not in self._loaded:
            self._loaded[key] = RegistrationNetwork(card)
        return self._loaded[key]


class RegistrationNetwork:
    """A loaded model. ``predict`` may run in any thread."""

    def __init__(self, card: ModelCard) -> None:
        import torch

        self.card = card
        try:
            data = card.path.read_bytes()
        except OSError as error:
            raise DependencyError(
                _("The model file {path} cannot be read: {reason}.").format(path=card.path, reason=error.strerror)
            ) from error
        if hashlib.sha256(data).hexdigest() != card.sha256:
            raise DependencyError(
                _("The model file {name} is not the one its card describes (wrong SHA-256); reinstall it.").format(
                    name=card.path.name
                )
            )
        try:
            with warnings.catch_warnings():
                # torch announces the end of TorchScript with every load; nothing a user could act on.
                warnings.simplefilter("ignore")
                module = torch.jit.load(io.BytesIO(data), map_location="cpu")
        except RuntimeError as error:
            raise DependencyError(
                _("PyTorch {version} cannot load the model {name}: {error}").format(
                    version=torch.__version__, name=card.path.name, error=error
                )
            ) from error
        # The file stores half precision to be small; CPUs compute in single precision.
        self.module: torch.jit.ScriptModule = module.float().eval()
        self._bfloat16 = False

    def inBfloat16(self) -> RegistrationNetwork:
        """The same model, whose ``predict`` computes its convolutions in bfloat16, on a CPU."""
        other = copy.copy(self)
        other._bfloat16 = True
        return other

    def predict(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """The flow (1, 3, k, j, i), in voxels, from ``fixed`` to ``moving``, both (k, j, i) in [0, 1] on one grid.

        Sides that are no multiples of the card's ``sizeMultiple`` are filled up with zeros, as beyond a volume.
        """
        import torch

        k, j, i = fixed.shape
        extra = [n for side in (i, j, k) for n in (0, -side % self.card.sizeMultiple)]
        images = (torch.nn.functional.pad(image, extra)[None, None] for image in (fixed, moving))
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
            return self.run(self.module, *images)[:, :, :k, :j, :i]

    @staticmethod
    def run(module: torch.jit.ScriptModule, fixed: Tensor, moving: Tensor) -> Tensor:
        """What ``module`` says of images (1, 1, k, j, i)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flow: Tensor = module(fixed, moving)
            return flow

    def lastLayers(self, count: int) -> tuple[torch.jit.ScriptModule, list[Tensor]]:
        """A copy of the network, and the weights and biases of its last ``count`` layers, the only ones to learn."""
        module = copy.deepcopy(self.module)
        named = dict(module.named_parameters())
        layers = list(dict.fromkeys(name.rpartition(".")[0] for name in named))[-count:]
        chosen: list[Tensor] = []
        for name, parameter in named.items():
            # Not requires_grad_ alone: after float() they count as computed from those in the file.
            parameter.detach_()
            if name.rpartition(".")[0] in layers:
                chosen.append(parameter.requires_grad_(True))
        return module, chosen


def resolutionMm(*grids: Grid) -> float:
    """What the coarsest of some volumes resolves along two of its axes at least: the middle one of its spacings.

    So slices that are thick do not hide what their planes show.
    """
    return max(float(np.median(grid.spacing)) for grid in grids)


def modelGrid(fixed: Grid, spacingMm: float, sizeMultiple: int, mostVoxels: int = MAXIMUM_GRID_VOXELS) -> Grid:
    """The grid a model sees a fixed volume on: axes like R, A, S, isotropic, sides multiples of ``sizeMultiple``.

    ``spacingMm`` is what the model was made for, or what the images resolve. Small volumes get a finer grid (never
    finer than the volume itself), so that the network has something to look at, and very large ones a coarser grid, of
    at most ``mostVoxels``, so that time and memory stay bounded.
    """
    spacing = spacingMm
    if fixed.extentMm.min() / spacing < MINIMUM_GRID_SIZE:
        spacing = min(spacing, max(float(fixed.spacing.min()), float(fixed.extentMm.min()) / MINIMUM_GRID_SIZE))
    while True:
        grid = canonicalGrid(fixed, spacing)
        extra = [-n % sizeMultiple for n in grid.shape]
        if np.prod([n + more for n, more in zip(grid.shape, extra, strict=True)]) <= mostVoxels:
            break
        spacing *= 1.05
    k, j, i = (slice(-(more // 2), n + more - more // 2) for n, more in zip(grid.shape, extra, strict=True))
    return grid.cropped((k, j, i))
