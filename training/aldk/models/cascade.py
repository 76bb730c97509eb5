"""What users of the networks see: images of any size in, one flow out, whatever is inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from LDRRegistrationLib.numerics.displacement import compose, integrate, warp
from torch import Tensor, nn

from aldk.errors import TrainingError

from .architecture import Architecture
from .layers import apply_linear, centred_positions, double_resolution


class Level(NamedTuple):
    """The total flow as far as a level of a pyramid knows it, and the displacement of its affine map alone.

    Both (N, 3, k, j, i) on the level's grid, 2^l times coarser than the images', in its own voxels; the affine is None
    where a level has none.
    """

    flow: Tensor
    affine: Tensor | None


from .sar import Generated, SarGenerator


class Prediction(NamedTuple):
    """The flow (N, 3, k, j, i) in voxels along k, j, i, and what it is made of.

    ``parts`` are the cascades' own flows, of the same shape, the first cascade's first. ``affine`` (N, 3, 4) is
    [I + W | b] on voxel coordinates (k, j, i) relative to the grid's middle, (n - 1) / 2; None without a stem.
    ``levels``: the intermediate estimates, coarsest first, of a single network that has any.
    ``registered`` and ``segmentation`` are what a SarGenerator gives beside the flow (sar.py); None of other networks.
    """

    flow: Tensor
    parts: tuple[Tensor, ...]
    affine: Tensor | None
    levels: tuple[Level, ...] = ()
    registered: Tensor | None = None
    segmentation: Tensor | None = None


class RegistrationNetwork(nn.Module):
    """Cascades of networks, each seeing what the ones before it have left (Zhao et al., ICCV 2019).

    The first sees fixed and moving, or the moving image behind the affine stem; each following one the moving image
    warped by the total so far. So with the parts f1, f2, ... and the stem's W and b, fixed voxel x corresponds to
    (I + W) y + b where y = x' + f1(x'), x' = x'' + f2(x''), and so on up to x. Each cascade's flow is multiplied by
    1 / cascades, as in the public code (whose liver model without affine stem counts one cascade more).

    Parameters
    ----------
    architecture
        What the network is called, for checkpoints.
    networks
        One module a cascade: (fixed, moving) to flow at sizes that are multiples of its attribute ``stride``.
    stem
        (fixed, moving) to W (N, 3, 3) and b (N, 3), at multiples of its ``stride``; or None.

    Raises
    ------
    TrainingError
        If there is a grid but no stem it could be for, or one that the networks cannot take.
    """

    def __init__(self, architecture: Architecture, networks: Sequence[nn.Module], stem: nn.Module | None) -> None:
        super().__init__()
        self.architecture = architecture
        self.networks = nn.ModuleList(networks)
        self.stem = stem
        self.stride = math.lcm(*(part.stride for part in (*networks, *([] if stem is None else [stem]))))
        grid = architecture.grid
        if grid is not None and stem is None:
            raise TrainingError("A grid is for the heads of an affine stem, and this network has no stem.")
        if grid is not None and any(n % self.stride for n in grid):
            raise TrainingError(f"The grid of this network must have sides that are multiples of {self.stride}.")

    def forward(self, fixed: Tensor, moving: Tensor, details: bool = False) -> Tensor | Prediction:
        """The total flow (N, 3, k, j, i) in voxels of fixed and moving, each (N, 1, k, j, i) in [0, 1].

        With ``details`` a ``Prediction``. Images whose sides are no multiples of ``stride`` are padded with zeros on
        both sides, and the flow is cropped back. While tracing for TorchScript nothing is padded, so that the trace
        holds for every multiple of ``stride``. TrainingError if the images differ in shape or exceed the grid of
        size-bound heads.
        """
        gaps = (0, 0, 0)
        if not torch.jit.is_tracing():
            gaps = self._gaps(fixed, moving)
        if any(gaps):
            padding = [side for gap in reversed(gaps) for side in (gap // 2, gap - gap // 2)]
            fixed, moving = F.pad(fixed, padding), F.pad(moving, padding)
        prediction = self._predict(fixed, moving, details)
        if any(gaps):
            prediction = _crop(prediction, gaps)
        return prediction if details else prediction.flow

    def _gaps(self, fixed: Tensor, moving: Tensor) -> tuple[int, int, int]:
        """Voxels missing along k, j, i to a size that the networks can take."""
        shape, grid = tuple(fixed.shape[2:]), self.architecture.grid
        if fixed.shape != moving.shape:
            raise TrainingError(f"The images must have one shape, not {tuple(fixed.shape)} and {tuple(moving.shape)}.")
        if grid is None:
            return tuple(-size % self.stride for size in shape)
        if any(size > most for size, most in zip(shape, grid, strict=True)):
            raise TrainingError(
                f"The affine stem of this network is made for images of at most {' x '.join(map(str, grid))} voxels, "
                f"not {' x '.join(map(str, shape))}."
            )
        return tuple(most - size for size, most in zip(shape, grid, strict=True))

    def _predict(self, fixed: Tensor, moving: Tensor, details: bool) -> Prediction:
        if details and isinstance(self.networks[0], SarGenerator):
            made = Generated(*(output.float() for output in self.networks[0].generate(fixed, moving)))
            return Prediction(made.flow, (made.flow,), None, registered=made.registered, segmentation=made.segmentation)
        total: Tensor | None = None
        # Without the affine part, which is exact beyond the border of the grid, where a sampled flow is not.
        deformation: Tensor | None = None
        affine: Tensor | None = None
        parts = []
        levels: tuple[Level, ...] = ()
        if self.stem is not None:
            matrix, shift = self.stem(fixed, moving)
            affine = torch.cat([matrix + torch.eye(3).to(matrix), shift[:, :, None]], dim=2)
            positions = centred_positions(fixed.float())
            total = apply_linear(matrix, positions) + shift[:, :, None, None, None]
        for network in self.networks:
            seen = moving if total is None else warp(moving, total)
            if hasattr(network, "estimates"):
                levels = network.estimates(fixed, seen)
                part = network.full(levels)
            else:
                # Under autocast some networks answer in bfloat16, too coarse to add up or to sample with.
                part = network(fixed, seen).float()
            if len(self.networks) > 1:
                part = part / len(self.networks)
            if self.architecture.velocity:
                part = flow_of_velocity(part)
            parts.append(part)
            deformation = part if deformation is None else compose(deformation, part)
            total = deformation
            if self.stem is not None:
                moved = apply_linear(matrix, positions + deformation) + shift[:, :, None, None, None]
                total = deformation + moved
        return Prediction(total, tuple(parts), affine, levels if len(self.networks) == 1 and affine is None else ())


def flow_of_velocity(velocity: Tensor) -> Tensor:
    """The flow (N, 3, k, j, i) of a stationary velocity after unit time, on a grid of even sides.

    At half resolution, an eighth of the work; velocities are smooth (Dalca et al., MedIA 2019, halve them likewise). On
    a grid a diffeomorphism is one as far as the velocity is smooth between its voxels.
    """
    return double_resolution(integrate(F.avg_pool3d(velocity, 2) / 2.0))


def _crop(prediction: Prediction, gaps: tuple[int, int, int]) -> Prediction:
    """The prediction for the image in the middle of one with ``gaps`` more voxels along k, j, i."""
    sides = zip(gaps, prediction.flow.shape[2:], strict=True)
    inside = (..., *(slice(gap // 2, size - (gap - gap // 2)) for gap, size in sides))
    affine = prediction.affine
    if affine is not None:
        # Where a gap is odd, the two middles differ by half a voxel d: (I+W)(x - d) + b + d = (I+W) x + b - W d.
        middles = torch.tensor([gap % 2 / 2.0 for gap in gaps]).to(affine)
        shift = affine[:, :, 3] - (affine[:, :, :3] @ middles - middles)
        affine = torch.cat([affine[:, :, :3], shift[:, :, None]], dim=2)
    return Prediction(prediction.flow[inside], tuple(part[inside] for part in prediction.parts), affine)
