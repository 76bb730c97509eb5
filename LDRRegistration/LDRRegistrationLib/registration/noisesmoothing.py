"""A deformation is smoothed as a whole where that hardly costs any similarity: what it loses then was noise.

Small steps that follow the slope of a local correlation leave some of the images' noise in every voxel, and where an
image shows little, as the even tissue of a CT does, nothing else. A Gaussian takes it out. Where anatomy differs in
detail, as between two people's brains, a smoother deformation makes the images much less alike, and stays undone. On
CT with made-up motions it brings landmarks nearer by about a fifth (training/NOTEBOOK.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..numerics.displacement import warp
from ..numerics.filters import gaussianMean
from .finishing import Finished, onGrid
from .selfcheck import MINIMUM_SIMILARITY_GAIN, CheckedFlow, reduced, reducedByWeight

if TYPE_CHECKING:
    from torch import Tensor

# Of the Gaussian, in voxels of the network's grid.
NOISE_SIGMA_VOXELS = 2.0
# Of the similarity that the deformation gained: what smoothing may cost. CT loses .07 to .11 of it, livers .15 and .25,
# hippocampi and brains .2 to .3, and the latter lose overlap with it.
MAXIMUM_LOSS_SHARE = 0.125
# The question is asked on a grid so many times coarser, where the answer comes in some hundredths of a second.
REDUCTION = 2


def smoothedWhereFree(end: Finished, network: Finished, aligned: CheckedFlow) -> tuple[Finished, float]:
    """``end``, or what it found smoothed by a Gaussian on the network's grid; and that one's sigma in mm, or 0.

    :param network: with the grid of the network and what judges a flow there.
    :param aligned: the moving image under the pre-alignment, on that grid.
    """
    flow = end.found.flow
    if flow is None:
        return end, 0.0
    if end.grid is not network.grid:
        flow = onGrid(flow, end.grid, network.grid).to(flow.device)
    if not _isFree(flow, network, aligned):
        return end, 0.0
    found = network.selfCheck.checked(aligned.warped, gaussianMean(flow, [NOISE_SIGMA_VOXELS] * 3))
    if found.flow is None or found.similarity <= aligned.similarity + MINIMUM_SIMILARITY_GAIN:
        return end, 0.0
    sigmaMm = NOISE_SIGMA_VOXELS * float(network.grid.spacing.min())
    return Finished(network.grid, network.selfCheck, found, end.stages), sigmaMm


def _isFree(flow: Tensor, network: Finished, aligned: CheckedFlow) -> bool:
    """Whether smoothing ``flow`` (1, 3, k, j, i), voxels of the network's grid, costs next to nothing of its gain."""
    coarse = network.selfCheck.reduced(REDUCTION)
    moving, there = reducedByWeight(aligned.warped, REDUCTION), reduced(flow, REDUCTION) / REDUCTION
    smooth = gaussianMean(there, [NOISE_SIGMA_VOXELS / REDUCTION] * 3)
    without, now, then = (coarse.similarity(moved) for moved in (moving, warp(moving, there), warp(moving, smooth)))
    return now > without and now - then <= MAXIMUM_LOSS_SHARE * (now - without)
