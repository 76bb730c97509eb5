"""The judges of adversarial distillation: is this flow the teacher's or the student's (Tran et al., IEEE TMI 2022)?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from aldk.errors import TrainingError

from .layers import initialise

WIDTHS = (16, 32, 64, 128, 256)
KINDS = ("paper", "public")


class Discriminator(nn.Module):
    """Features of a flow (N, 3, k, j, i) in voxels, of any size; it can be differentiated twice (gradient penalty).

    Parameters
    ----------
    kind
        "paper": six convolutions, a 3^3 one that keeps the size and its 3 channels, then five of 4^3 and stride 2 with
        16-32-64-128-256 channels, ReLU, the last with a sigmoid; its mean over space is the output (N, 256), as far as
        the text goes (2,789,094 parameters). "public": the authors' code, five convolutions of 5^3 and stride 2 with
        the same channels, LeakyReLU 0.2, weights from a truncated normal distribution, and one linear layer; the output
        (N, 1) is its logit (5,462,881 parameters at 128^3, and without a grid).
    grid
        (k, j, i) voxels that the linear layer of "public" is made for; smaller flows are padded with zeros on both
        sides. None: any size, pooled to the 4^3 that 128^3 voxels leave. "paper" takes any size anyhow.

    Raises
    ------
    TrainingError
        For a kind there is not, and for a grid that is not three sides of at least one voxel; when called with a flow
        larger than the grid.
    """

    def __init__(self, kind: Literal["paper", "public"] = "paper", grid: Sequence[int] | None = None) -> None:
        super().__init__()
        if kind not in KINDS:
            raise TrainingError(f"There is no discriminator called {kind}; there are {', '.join(KINDS)}.")
        if grid is not None and (len(grid) != 3 or min(grid) < 1):
            raise TrainingError(
                f"The grid of a discriminator has three sides of at least one voxel, not {tuple(grid)}."
            )
        self.kind = kind
        self.grid = tuple(grid) if grid is not None and kind == "public" else None
        if kind == "paper":
            self.first = nn.Conv3d(3, 3, 3, padding=1)
            size, padding = 4, 1
        else:
            size, padding = 5, 2
        self.layers = nn.ModuleList(
            nn.Conv3d(before, after, size, stride=2, padding=padding)
            for before, after in zip((3, *WIDTHS), WIDTHS, strict=False)
        )
        if kind == "paper":
            initialise(self)
            return
        left = (4, 4, 4) if self.grid is None else tuple(-(-side // 2 ** len(WIDTHS)) for side in self.grid)
        self.linear = nn.Linear(WIDTHS[-1] * left[0] * left[1] * left[2], 1)
        for layer in (*self.layers, self.linear):
            nn.init.trunc_normal_(layer.weight, std=0.02, a=-0.04, b=0.04)
            nn.init.zeros_(layer.bias)

    def forward(self, flow: Tensor) -> Tensor:
        return self._paper(flow) if self.kind == "paper" else self._public(flow)

    def _paper(self, flow: Tensor) -> Tensor:
        x = self.first(flow)
        for layer in self.layers:
            x = layer(_even(F.relu(x)))
        return x.sigmoid().mean(dim=(2, 3, 4))

    def _public(self, flow: Tensor) -> Tensor:
        x = flow if self.grid is None else self._to_grid(flow, self.grid)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
        if self.grid is None:
            x = F.adaptive_avg_pool3d(x, 4)
        return self.linear(x.flatten(1))

    @staticmethod
    def _to_grid(flow: Tensor, grid: tuple[int, ...]) -> Tensor:
        gaps = [most - size for most, size in zip(grid, flow.shape[2:], strict=True)]
        if min(gaps) < 0:
            raise TrainingError(
                f"This discriminator is made for flows of at most {' x '.join(map(str, grid))} voxels, "
                f"not {' x '.join(str(size) for size in flow.shape[2:])}."
            )
        return F.pad(flow, [side for gap in reversed(gaps) for side in (gap // 2, gap - gap // 2)])


class ConditionalDiscriminator(nn.Module):
    """Whether a field is the teacher's, seen with what it does: a verdict (N, 1, k', j', i') on overlapping patches.

    Maps the fixed image and the moving one as warped, each (N, 1, k, j, i), and the flow (N, 3, k, j, i) in voxels
    through three convolutions of 4^3 and stride 2 and one of 3^3, LeakyReLU 0.2, under spectral normalisation (Miyato
    et al., ICLR 2018). A patch is 38^3 voxels. Any size of at least 8 voxels a side; 170,801 parameters with the width
    16.
    """

    # Voxels: brings flows to about the size of intensities.
    SCALE = 4.0

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        widths = (width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for before, after in zip((5, *widths), widths, strict=False):
            layers += [nn.Conv3d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv3d(widths[-1], 1, 3, padding=1))
        self.layers = nn.Sequential(*layers)
        initialise(self, 0.2)
        for layer in self.layers:
            if isinstance(layer, nn.Conv3d):
                spectral_norm(layer)

    def forward(self, fixed: Tensor, warped: Tensor, flow: Tensor) -> Tensor:
        return self.layers(torch.cat([fixed, warped, flow / self.SCALE], dim=1))


def _even(x: Tensor) -> Tensor:
    """With a zero behind each odd side: halving rounds up then, and no side vanishes."""
    odd = [size % 2 for size in x.shape[2:]]
    return F.pad(x, [side for size in reversed(odd) for side in (0, size)]) if any(odd) else x
