"""What an instance optimisation minimises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..numerics.filters import weightedMean
from ..numerics.losses import LNCC_WINDOW, foldingLoss, gradientLoss, lnccLoss, windows

if TYPE_CHECKING:
    from torch import Tensor

    from ..numerics.losses import Windows


@dataclass(frozen=True)
class Energy:
    """What is minimised: dissimilarity, ``smoothness`` times Grad-L2, and ``folding`` times the squeezed volume.

    ``similarity`` is "lncc", in windows of ``window`` voxels around every ``stride``-th voxel along each axis, or
    "mse"; cells of a volume below ``foldingMargin`` count as squeezed (see ``foldingLoss``).
    """

    similarity: str = "lncc"
    smoothness: float = 1.5
    folding: float = 3.0
    foldingMargin: float = 0.25
    foldingSoftness: float = 0.1
    window: int = LNCC_WINDOW
    stride: int = 1

    def __call__(
        self,
        fixed: Tensor,
        warped: Tensor,
        flow: Tensor,
        weights: Tensor | None = None,
        mask: Tensor | None = None,
        fixedWindows: Windows | None = None,
    ) -> Tensor:
        """A differentiable scalar; images (N, 1, k, j, i), the flow (N, 3, k, j, i) may lie on a coarser grid.

        :param weights: where the similarity counts, and ``mask``, beyond which nothing has any influence; both
            (N, 1, k, j, i), None: everywhere alike.
        :param fixedWindows: ``windowsOf(fixed)``, so as not to compute it again.
        """
        counted = weights if mask is None else mask if weights is None else weights * mask
        if self.similarity == "mse":
            loss = weightedMean((fixed - warped).square(), counted)
        else:
            loss = lnccLoss(
                fixed, warped, self.window, counted, mask=mask, stride=self.stride, firstWindows=fixedWindows
            )
        loss = loss + self.smoothness * gradientLoss(flow)
        if self.folding:
            loss = loss + self.folding * foldingLoss(flow, self.foldingMargin, self.foldingSoftness)
        return loss

    def windowsOf(self, fixed: Tensor) -> Windows | None:
        """What of ``fixed`` is the same at every step; None if nothing is."""
        return windows(fixed, self.window, self.stride) if self.similarity == "lncc" else None
