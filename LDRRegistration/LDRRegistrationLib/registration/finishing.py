"""The finish: small steps on a finer grid, each smooth, and composed with what there is, as fluids move.

As in Greedy (Yushkevich et al., Alzheimer's and Dementia 2016) and FireANTs (Jena et al., arXiv 2404.01249) a step is
the slope of the local correlation, smoothed by a Gaussian and composed with the deformation so far, which a narrower
Gaussian then smooths as a whole. So what comes out is smooth by construction, and hardly ever folds. How long a step is
Levenberg and Marquardt say, voxel by voxel: the slope over the curvature there plus a damping; both have no unit, so
one damping serves all images. The slopes of both images drive it, as in symmetric demons (Vercauteren et al., 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.displacement import compose, warp
from ..numerics.dlpack import toTensor
from ..numerics.filters import gaussianMean
from ..numerics.lnccgradient import lnccSlope
from ..numerics.losses import windows
from ..space.grid import Grid, canonicalGrid
from ..space.image import Image
from ..space.masks import Masks, jointMask
from ..space.resample import reduceToSpacing
from ..space.transform import DisplacementField, Transform
from .models import resolutionMm
from .pair import PairOnGrid
from .refinement import StepCallback, boxAround, contentOf
from .selfcheck import CheckedFlow, SelfCheck, withoutAcross

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# What the finish smooths away may cost similarity; if more than this share of it, the finish is not kept.
MAXIMUM_FINISH_LOSS_SHARE = 0.1
# A grid is finer than another one if its spacing is below this share of the other's.
FINER_SPACING_SHARE = 0.9
# On a coarser grid the Gaussians are narrower, in voxels, by this power of the ratio of the spacings: 1 keeps them as
# wide in mm, 0 as wide in voxels.
SIGMA_EXPONENT = 0.25


@dataclass(frozen=True)
class Finish:
    """``steps`` on a grid of ``spacingMm``, or of what the images resolve, or of ``mostVoxels``, whichever is coarsest.

    ``window``: of the local correlation, voxels. ``stepSigma`` and ``warpSigma``: of the Gaussians that smooth each
    step, and after it the whole deformation, voxels of a grid of ``spacingMm``; on a coarser grid they are narrower, by
    the fourth root of how many times coarser. No step moves a voxel further than ``longest`` voxels.
    """

    spacingMm: float = 1.0
    steps: int = 8
    window: int = 7
    damping: float = 0.3
    longest: float = 1.0
    stepSigma: float = 1.4
    warpSigma: float = 0.6
    mostVoxels: int = 6_000_000

    def on(self, grid: Grid) -> Finish:
        """The same with Gaussians as wide as they are on ``grid``."""
        narrower = min(1.0, self.spacingMm / float(grid.spacing.min())) ** SIGMA_EXPONENT
        return replace(self, stepSigma=narrower * self.stepSigma, warpSigma=narrower * self.warpSigma)

    def isDone(self, fixed: Grid, moving: Grid, grid: Grid, number: int) -> bool:
        """Whether it is, as the ``number``-th finish after what happened on ``grid``.

        The first may be done there, unless that is finer than what it was made for.
        """
        isThere = number == 0 and float(grid.spacing.min()) >= FINER_SPACING_SHARE * self.spacingMm
        return isThere or isFiner(self.grid(fixed, moving), grid)

    def grid(self, fixed: Grid, moving: Grid) -> Grid:
        """The grid over ``fixed``: axes like R, A, S, isotropic."""
        least = (float(np.prod(fixed.extentMm)) / self.mostVoxels) ** (1 / 3)
        return canonicalGrid(fixed, max(self.spacingMm, resolutionMm(fixed, moving), least))


@dataclass(frozen=True)
class FinishStage:
    """A finish that was done and kept: how many ``steps``, on a grid of which spacing."""

    steps: int
    spacingMm: float


@dataclass(frozen=True, eq=False)
class Finished:
    """The deformation that was ``found``, on its ``grid``, what judged it there, and the ``stages`` that led to it."""

    grid: Grid
    selfCheck: SelfCheck
    found: CheckedFlow
    stages: tuple[FinishStage, ...] = ()


def finished(
    fixed: Image,
    moving: Image,
    masks: Masks,
    affine: np.ndarray,
    aligned: CheckedFlow,
    before: Finished,
    steps: Sequence[Finish],
    device: torch.device,
    advance: StepCallback = lambda share: None,
    check: Callable[[], None] = lambda: None,
) -> Finished:
    """What ``before`` found, finished by ``steps`` from coarse to fine; what is of no use is left out.

    The first may be done on the grid before where its own is no finer, see ``Finish.isDone``, the others only where
    theirs is finer. The similarity is that on the grid before all, so that it can be compared with those of the stages
    before.

    :param fixed, moving: at full resolution, under the pre-alignment ``affine``, 4x4 from fixed to moving RAS mm.
    :param aligned: the moving image under it, on the grid before.
    """
    here, image = before, aligned.warped
    total, done = sum(how.steps for how in steps), 0
    for number, how in enumerate(steps):
        if here.found.flow is None:
            break
        if not how.isDone(fixed.grid, moving.grid, here.grid, number):
            continue
        grid, there, start = how.grid(fixed.grid, moving.grid), here, here.found.flow
        if isFiner(grid, here.grid):
            spacing = float(grid.spacing.min())
            reduced = reduceToSpacing(fixed, spacing), reduceToSpacing(moving, spacing)
            across = before.selfCheck.across
            pair = PairOnGrid(reduced[0], reduced[1], grid, masks, device, check, across)
            there, image = Finished(grid, pair.selfCheck, here.found), pair.moving(affine)
            start = onGrid(start, here.grid, grid).to(device)

        def partly(share: float, first: int = done, steps: int = how.steps) -> None:
            advance((first + share * steps) / total)

        flow = finish(there.selfCheck, image, start, how.on(there.grid), partly)
        ended = there.selfCheck.checked(image, flow)
        done += how.steps
        if ended.flow is None or ended.similarity < 0.0:
            continue
        coarse = ended.flow if there.grid is before.grid else onGrid(ended.flow, there.grid, before.grid).to(device)
        similarity = before.selfCheck.similarity(warp(aligned.warped, coarse))
        if similarity > (1.0 - MAXIMUM_FINISH_LOSS_SHARE) * here.found.similarity:
            stages = (*here.stages, FinishStage(how.steps, float(there.grid.spacing.min())))
            here = Finished(there.grid, there.selfCheck, replace(ended, similarity=similarity), stages)
    return here


def isFiner(grid: Grid, other: Grid, share: float = FINER_SPACING_SHARE) -> bool:
    """Whether the spacing of ``grid`` is so much below that of ``other`` that it is worth going on there."""
    return float(grid.spacing.min()) < share * float(other.spacing.min())


def onGrid(flow: Tensor, grid: Grid, other: Grid) -> Tensor:
    """The same motion on another grid over the fixed volume, (1, 3, k, j, i) in voxels of that."""
    moved = Transform(np.eye(4), DisplacementField.fromFlow(flow, grid)).displacement(other)
    voxels = moved @ other.rasToIjk[:3, :3].T.astype(np.float32)
    return toTensor(np.ascontiguousarray(np.moveaxis(voxels[..., ::-1], -1, 0)))[None]


def finish(
    selfCheck: SelfCheck, moving: Tensor, start: Tensor, how: Finish, advance: StepCallback = lambda share: None
) -> Tensor:
    """The flow ``start`` (1, 3, k, j, i), in voxels, after the steps, in the box that has content; no gradient.

    :param moving: (1, C, k, j, i), the image and perhaps its weights; see selfcheck.py.
    """
    import torch

    with torch.no_grad():
        content = contentOf(selfCheck.fixed[0, 0])
        box, ramps = boxAround(content)
        part = (slice(None), slice(None), *box)
        origin = (box[0].start, box[1].start, box[2].start)
        free = ramps[0][:, None, None] * ramps[1][:, None] * ramps[2]
        fixed, content, flow = selfCheck.fixed[part], content[part], start[part]
        mask = None if selfCheck.mask is None else selfCheck.mask[part]
        fixedWindows, fixedSlopes = windows(fixed, how.window), slopesOf(fixed)
        for step in range(how.steps):
            advance(step / how.steps)
            now = warp(moving, flow, origin=origin)
            warped, weights = now[:, :1], jointMask(mask, now[:, 1:])
            if weights is not None:
                # What one image does not know is copied from the other: alike, it drives nothing.
                warped = torch.lerp(fixed, warped, weights)
            counted = content if weights is None else content * weights
            slope, curvature = lnccSlope(fixed, warped, how.window, counted, fixedWindows=fixedWindows)[:2]
            slopes = slopesOf(warped).add_(fixedSlopes).mul_(0.5)
            steepness = slopes.square().sum(1, keepdim=True)
            update = slopes.mul_(slope.div_(curvature.mul_(steepness).add_(how.damping)))
            length = update.square().sum(1, keepdim=True).sqrt_()
            update.mul_(length.clamp_min_(how.longest).reciprocal_().mul_(how.longest))
            update = withoutAcross(update, selfCheck.across)
            flow = compose(flow, gaussianMean(update, [how.stepSigma] * 3))
            flow = gaussianMean(flow, [how.warpSigma] * 3)
        ended = start.clone()
        ended[part] = torch.lerp(start[part], flow, free)
        return ended


def slopesOf(image: Tensor) -> Tensor:
    """(1, 3, k, j, i): central differences of one channel along k, j and i; 0 at the border."""
    slopes = image.new_zeros(1, 3, *image.shape[2:])
    for axis in (2, 3, 4):
        inner = image.shape[axis] - 2
        part = slopes[:, axis - 2 : axis - 1].narrow(axis, 1, inner)
        part.copy_(image.narrow(axis, 2, inner)).sub_(image.narrow(axis, 0, inner)).mul_(0.5)
    return slopes
