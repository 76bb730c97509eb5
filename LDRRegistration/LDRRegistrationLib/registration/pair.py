"""The two images of a registration on the grid that all happens on, and what is done with them there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..numerics.filters import gaussianMean
from ..space.grid import Grid
from ..space.image import Image
from ..space.intensity import normalised
from ..space.masks import Masks, minimumAround, weightsOf
from ..space.resample import insideFaces, insideOnGrid, sampleAt, sampleOnGrid
from ..space.transform import Transform
from ..space.validity import filled
from .models import RegistrationNetwork
from .refinement import Adaptation, Refinement, StepCallback, adapt, refine
from .selfcheck import CheckedFlow, SelfCheck

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# So far a deformation goes on into what is unknown or masked out: through a cavity, not through a patient.
REACH_MM = 30.0
# Of the Gaussian that keeps the deformation between two visits from following lesions of up to 25 mm.
FOLLOW_UP_SIGMA_MM = 10.0


class PairOnGrid:
    """The two images as the network sees them: normalised to [0, 1] and on one grid.

    A moving image is (1, C, k, j, i): the image, and how far it is known and inside its mask, unless all of it is.
    """

    def __init__(
        self,
        fixed: Image,
        moving: Image,
        grid: Grid,
        masks: Masks,
        device: torch.device,
        check: Callable[[], None],
        across: int | None = None,
    ) -> None:
        self._grid = grid
        self._device = device
        self._movingIjkToRas = moving.ijkToRas
        self._moving, self._weights = _weighted(moving, masks.moving)
        values, weights = _weighted(fixed, masks.fixed)
        onGrid = sampleOnGrid(values, fixed.ijkToRas, grid)[None, None].to(device)
        if weights is not None:
            weights = sampleOnGrid(weights, fixed.ijkToRas, grid)[None, None].to(device)
        self.selfCheck = SelfCheck(onGrid, weights, check, REACH_MM / float(grid.spacing.min()), across)

    def moving(self, affine: np.ndarray) -> Tensor:
        """The moving image under a 4x4 from fixed to moving RAS; with its weights unless they are 1 where it counts."""
        # A value that a weight of 0 belongs to is mixed with its neighbour's when the image is warped.
        values = sampleOnGrid(self._moving, self._movingIjkToRas, self._grid, affine, None)[None, None]
        values = values.to(self._device)
        # Beyond the volume nothing is known either.
        if self._weights is None:
            weights = insideOnGrid(self._moving.shape, self._movingIjkToRas, self._grid, affine)
        else:
            weights = sampleOnGrid(self._weights, self._movingIjkToRas, self._grid, affine, 0.0)
        return self._weighed(values, weights[None, None].to(self._device))

    def carried(self, transform: Transform) -> Tensor:
        """The same under a transform that may bend."""
        import torch

        values, weights = [], []
        for _start, _stop, positions in transform.positions(self._grid, np.linalg.inv(self._movingIjkToRas)):
            values.append(sampleAt(self._moving, positions, None))
            weights.append(
                insideFaces(positions, self._moving.shape).float()
                if self._weights is None
                else sampleAt(self._weights, positions, 0.0)
            )
        image, known = (torch.cat(parts)[None, None].to(self._device) for parts in (values, weights))
        return self._weighed(image, known)

    def _weighed(self, values: Tensor, weights: Tensor) -> Tensor:
        import torch

        if self._weights is not None:
            return torch.cat([values, minimumAround(weights)], 1)
        # Beyond the volume its border goes on, which may be mixed in; what is unknown within it may not.
        return values * weights if self.selfCheck.isCovered(weights) else torch.cat([values, weights], 1)

    def smoothed(self, found: CheckedFlow, aligned: CheckedFlow) -> CheckedFlow:
        """A flow so smooth that it follows no lesion, if that is more alike than ``aligned``; or that."""
        if found.flow is None:
            return aligned
        flow = gaussianMean(found.flow, [FOLLOW_UP_SIGMA_MM / float(s) for s in self._grid.spacing[::-1]])
        return self.selfCheck.better(aligned.warped, flow, aligned)

    def adapt(
        self, network: RegistrationNetwork, moving: Tensor, flow: Tensor | None, how: Adaptation, advance: StepCallback
    ) -> Tensor:
        """A flow behind ``flow`` by the network's last layers, which learn from this pair."""
        fixed, mask = self.selfCheck.fixed[0, 0], self.selfCheck.mask
        return adapt(network, fixed, moving[0, 0], flow, advance, how, mask, _weightsIn(moving))

    def refine(self, moving: Tensor, flow: Tensor | None, how: Refinement, advance: StepCallback) -> Tensor:
        """The flow, refined on this pair."""
        fixed, mask = self.selfCheck.fixed[0, 0], self.selfCheck.mask
        return refine(fixed, moving[0, 0], flow, advance, how, mask, _weightsIn(moving), self.selfCheck.across)


def _weightsIn(moving: Tensor) -> Tensor | None:
    return moving[:, 1:] if moving.shape[1] > 1 else None


def _weighted(image: Image, mask: Image | None) -> tuple[Tensor, Tensor | None]:
    """The values (k, j, i) in [0, 1], what is unknown or masked out filled from around, and the weights, or None."""
    weights = weightsOf(image, mask)
    if weights is not None:
        image = replace(image, known=toArray(weights))
    values = toTensor(filled(normalised(image)).array)
    return values, None if weights is None else minimumAround(weights[None, None])[0, 0]
