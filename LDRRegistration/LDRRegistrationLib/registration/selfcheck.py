"""The self-check: whether a flow makes the images more alike without folding or fleeing what is known.

A moving image is (1, C, k, j, i): the image in [0, 1] and, where not all of it is known and inside its mask, the
weights of its voxels. Flows are (1, 3, k, j, i) in voxels of the grid compared on (see numerics/displacement.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..numerics.displacement import foldedFraction, sdLogJacobian, warp
from ..numerics.filling import fillUnknown
from ..numerics.filters import gaussianMean, weightedMean
from ..numerics.foldremoval import removeFolds
from ..numerics.losses import lncc, nonlinearity, windows
from ..space.intensity import KNOWN_FROM
from ..space.masks import jointMask
from ..space.resample import MINIMUM_KNOWN_SHARE

if TYPE_CHECKING:
    from torch import Tensor

# A field that folds more than this, or that does not make the images more alike, is not worth its risk.
MAXIMUM_FOLDED_FRACTION = 0.001
# Strain limiting: a flow whose standard deviation of log J is larger is smoothed by a Gaussian of so many voxels, again
# and again.
MAXIMUM_SD_LOG_JACOBIAN = 0.42
STRAIN_LIMITING_SIGMA_VOXELS = 0.5
STRAIN_LIMITING_ROUNDS = 6
# What single precision can feign by sampling an image where it already is.
MINIMUM_SIMILARITY_GAIN = 1e-5
# A flow may not make the images more alike by carrying what is unlike out of the moving mask.
MINIMUM_SHARE_KEPT_INSIDE = 0.8
# Of intensities in [0, 1]: below it an image shows nothing.
MINIMUM_SHOWN_INTENSITY = 0.02
# Fewer say nothing about how the intensities of two images relate.
MINIMUM_VOXELS_FOR_CONTRAST = 1000
# Between what pairs of one contrast and pairs of different ones come to: benchmarks/contrasts.py.
UNLIKE_CONTRASTS = 0.05
# Of the voxels along each axis every second says how alike images are as well as all do: windows are nine wide.
STRIDE = 2
# Of the surroundings of what the fixed image shows: so little of it beyond the moving image does no harm.
NEGLIGIBLE_UNCOVERED_SHARE = 0.02
_STRIDED = (slice(None), slice(None), *[slice(None, None, STRIDE)] * 3)


@dataclass(frozen=True, eq=False)
class CheckedFlow:
    """A flow, None if it is none, what the moving image is under it, and how alike that is to the fixed one.

    ``jacobianDeterminants`` (1, k-1, j-1, i-1) are those of the flow's cells.
    """

    flow: Tensor | None
    warped: Tensor
    similarity: float
    jacobianDeterminants: Tensor | None = None


class SelfCheck:
    """The fixed image (1, 1, k, j, i) in [0, 1], and in ``mask``, of its shape or None, how far it is known and counts.

    ``check`` is called again and again while a flow is judged; it raises to stop. Where nothing is known a flow follows
    what is around for ``reach`` voxels. Along the axis ``across`` (0: k, 1: j, 2: i) no flow goes, where that is given.
    """

    def __init__(
        self,
        fixed: Tensor,
        mask: Tensor | None = None,
        check: Callable[[], object] = lambda: None,
        reach: float = 12.0,
        across: int | None = None,
    ) -> None:
        self.fixed = fixed
        self.across = across
        self._reach = reach
        self._check = check
        self.mask = mask
        self._foreground = (fixed > MINIMUM_SHOWN_INTENSITY).to(fixed.dtype)[_STRIDED]
        self._windows = windows(fixed, stride=STRIDE)

    def reduced(self, factor: int) -> SelfCheck:
        """The same on a grid ``factor`` times coarser; the sides are multiples of ``factor``."""
        if self.mask is None:
            return SelfCheck(reduced(self.fixed, factor), None, self._check, self._reach / factor, self.across)
        fixed = reducedByWeight(_withWeights(self.fixed, self.mask), factor)
        return SelfCheck(fixed[:, :1], fixed[:, 1:], self._check, self._reach / factor, self.across)

    def turned(self, moved: Tensor) -> tuple[SelfCheck, CheckedFlow]:
        """What judges the way back, with ``moved`` in the fixed image's place; and that one, judged before any flow."""
        weights = moved[:, 1:] if moved.shape[1] > 1 else None
        back = SelfCheck(moved[:, :1], weights, self._check, self._reach, self.across)
        return back, back.unmoved(self.fixed if self.mask is None else _withWeights(self.fixed, self.mask))

    def seen(self, moved: Tensor) -> tuple[Tensor, Tensor]:
        """Both images (k, j, i) as a network sees them: what one does not know is copied from the other.

        So nothing that is unknown, or masked out, pulls at a flow; where neither knows anything both show the same.
        """
        fixed, moving = self.fixed[0, 0], moved[0, 0]
        if moved.shape[1] > 1:
            moving = fixed + moved[0, 1] * (moving - fixed)
        if self.mask is not None:
            fixed = moving + self.mask[0, 0] * (fixed - moving)
            if moved.shape[1] > 1:
                moving = fixed + moved[0, 1] * (moved[0, 0] - fixed)
        return fixed, moving

    def isCovered(self, weights: Tensor) -> bool:
        """Whether ``weights`` (1, 1, k, j, i) are 1 all around what the fixed image shows: then they need no care."""
        import torch

        shown = torch.nn.functional.max_pool3d(self._foreground, 3, stride=2, padding=1)
        least = -torch.nn.functional.max_pool3d(-weights[_STRIDED], 3, stride=2, padding=1)
        return float(weightedMean((least < 1.0 - 1e-3).to(shown.dtype), shown)) < NEGLIGIBLE_UNCOVERED_SHARE

    def coverage(self, moved: Tensor) -> float:
        """How much of what the fixed image shows is compared with something known of ``moved``, 0 to 1."""
        if moved.shape[1] == 1:
            return 1.0
        shown = self._foreground if self.mask is None else self._foreground * self.mask[_STRIDED]
        return float(weightedMean(moved[:, 1:][_STRIDED], shown))

    def inBody(self, determinants: Tensor) -> Tensor:
        """(n,): of Jacobian determinants (1, k-1, j-1, i-1) those of the cells where the fixed image shows something.

        Around a body a deformation is smooth, whatever it is within: a mean over both flatters.
        """
        shown = self.fixed[0, 0, :-1, :-1, :-1] > MINIMUM_SHOWN_INTENSITY
        if self.mask is not None:
            shown &= self.mask[0, 0, :-1, :-1, :-1] > KNOWN_FROM
        return determinants[0][shown]

    def unmoved(self, moved: Tensor) -> CheckedFlow:
        """No flow: ``moved`` as it is."""
        return CheckedFlow(None, moved, self.similarity(moved))

    def similarity(self, moved: Tensor) -> float:
        """Mean squared local correlation of ``moved`` with the fixed image over its foreground, 0 to 1."""
        mask = jointMask(self.mask, moved[:, 1:])
        values = lncc(self.fixed, moved[:, :1], mask=mask, stride=STRIDE, firstWindows=self._windows)
        return float(weightedMean(values, self._foreground if mask is None else self._foreground * mask[_STRIDED]))

    def showsAnotherContrast(self, moved: Tensor) -> bool:
        """Whether ``moved`` is of another contrast than the fixed image: another sequence, another modality."""
        return self.unlikeness(moved) > UNLIKE_CONTRASTS

    def unlikeness(self, moved: Tensor) -> float:
        """``nonlinearity`` where both images show something; 0 where that is too little to tell."""
        fixed, moving = self.fixed[_STRIDED], moved[:, :1][_STRIDED]
        both = (fixed > MINIMUM_SHOWN_INTENSITY) & (moving > MINIMUM_SHOWN_INTENSITY)
        mask = jointMask(self.mask, moved[:, 1:])
        if mask is not None:
            both &= mask[_STRIDED] > KNOWN_FROM
        if int(both.sum()) < MINIMUM_VOXELS_FOR_CONTRAST:
            return 0.0
        return nonlinearity(fixed[both], moving[both])

    def checked(self, moving: Tensor, flow: Tensor, isDraft: bool = False) -> CheckedFlow:
        """The flow without its folds, its strain limited; the similarity is -1 if it still folds, or flees the mask.

        Where nothing is known to compare it follows what is around: nothing there may bend it, or hold it back. For
        drafts that is left to ``completed``.
        """
        flow = withoutAcross(flow, self.across)
        if not isDraft:
            flow = self._continued(flow, warp(moving[:, 1:], flow) if moving.shape[1] > 1 else moving[:, 1:])
        flow, determinants = removeFolds(flow, check=self._check)
        for _ in range(STRAIN_LIMITING_ROUNDS):
            if sdLogJacobian(determinants) <= MAXIMUM_SD_LOG_JACOBIAN:
                break
            flow, determinants = removeFolds(gaussianMean(flow, [STRAIN_LIMITING_SIGMA_VOXELS] * 3), check=self._check)
        warped = warp(moving, flow)
        flees = float(warped[:, 1:].sum()) < MINIMUM_SHARE_KEPT_INSIDE * float(moving[:, 1:].sum())
        folds = foldedFraction(determinants) > MAXIMUM_FOLDED_FRACTION
        return CheckedFlow(flow, warped, -1.0 if flees or folds else self.similarity(warped), determinants)

    def completed(self, draft: CheckedFlow) -> CheckedFlow:
        """The draft, continued where nothing is known to compare, unless that folds; it is as alike as before."""
        if draft.flow is None:
            return draft
        flow = self._continued(draft.flow, draft.warped[:, 1:])
        if flow is draft.flow:
            return draft
        flow, determinants = removeFolds(flow, check=self._check)
        if foldedFraction(determinants) > MAXIMUM_FOLDED_FRACTION:
            return draft
        return replace(draft, flow=flow, jacobianDeterminants=determinants)

    def _continued(self, flow: Tensor, movedWeights: Tensor) -> Tensor:
        weights = jointMask(self.mask, movedWeights)
        return flow if weights is None else fillUnknown(flow, weights, self._reach)

    def better(self, moving: Tensor, candidate: Tensor, before: CheckedFlow, isDraft: bool = False) -> CheckedFlow:
        """``candidate`` judged, if it reaches more than what was there ``before``; else that."""
        checked = self.checked(moving, candidate, isDraft)
        return checked if checked.similarity > before.similarity + MINIMUM_SIMILARITY_GAIN else before


def withoutAcross(flow: Tensor, across: int | None) -> Tensor:
    """A flow (N, 3, k, j, i) that goes nowhere along one axis; itself where that is None."""
    if across is None:
        return flow
    flow = flow.clone()
    flow[:, across] = 0.0
    return flow


def reduced(image: Tensor, factor: int) -> Tensor:
    """(N, C, k, j, i) on a grid ``factor`` times coarser over the same box, by means of blocks."""
    import torch

    return image if factor == 1 else torch.nn.functional.avg_pool3d(image, factor)


def reducedByWeight(image: Tensor, factor: int) -> Tensor:
    """The same of (1, C, k, j, i), an image and perhaps its weights: the mean of what has any."""
    if image.shape[1] == 1:
        return reduced(image, factor)
    weights = reduced(image[:, 1:], factor)
    mean = reduced(image[:, :1] * image[:, 1:], factor) / weights.clamp_min(MINIMUM_KNOWN_SHARE)
    return _withWeights(mean.where(weights > MINIMUM_KNOWN_SHARE, reduced(image[:, :1], factor)), weights)


def _withWeights(image: Tensor, weights: Tensor) -> Tensor:
    import torch

    return torch.cat([image, weights], 1)
