"""How alike two images are, and how plausible a flow is: one home for training and for instance optimisation.

Images are tensors (N, C, k, j, i), flows (N, 3, k, j, i) in voxels (see displacement.py). Every loss is a
differentiable scalar tensor, smaller is better. Losses that only training needs are in training/aldk/losses.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .displacement import jacobianDeterminant
from .filters import boxMean, weightedMean

if TYPE_CHECKING:
    from torch import Tensor

    # Means and variances in the windows of an image.
    Windows = tuple[Tensor, Tensor]

LNCC_WINDOW = 9
# Variance product below which a window counts as flat: two images in [0, 1] with a standard deviation of 0.03.
LNCC_EPSILON = 1e-6


def lncc(
    first: Tensor,
    second: Tensor,
    window: int = LNCC_WINDOW,
    epsilon: float = LNCC_EPSILON,
    mask: Tensor | None = None,
    stride: int = 1,
    firstWindows: Windows | None = None,
) -> Tensor:
    """(N, C, k, j, i): squared correlation coefficient of the two images in the window around every voxel, 0 to 1.

    Avants et al., Med Image Anal 2008. Windows that are flat in either image are 0. ``mask`` (N, 1, k, j, i) weighs
    the voxels within each window; one of weight 0 has no influence on any. ``stride`` as in ``boxMean``.
    ``firstWindows``: the first image's ``windows`` of that size and stride, if it is compared more than once.
    """
    import torch

    channels = first.shape[1]
    if mask is not None:
        return _maskedLncc(first, second, window, epsilon, mask, stride)
    meanFirst, varianceFirst = firstWindows or windows(first, window, stride)
    products = torch.cat([second, second * second, first * second], 1)
    meanSecond, meanSecondSquare, meanProduct = boxMean(products, window, stride).split(channels, 1)
    covariance = meanProduct - meanFirst * meanSecond
    varianceSecond = (meanSecondSquare - meanSecond * meanSecond).clamp_min(0)
    return covariance * covariance / (varianceFirst * varianceSecond + epsilon)


def windows(image: Tensor, window: int = LNCC_WINDOW, stride: int = 1) -> Windows:
    """Means and variances of an image (N, C, k, j, i) in its windows; see ``lncc``."""
    import torch

    mean, meanSquare = boxMean(torch.cat([image, image * image], 1), window, stride).chunk(2, 1)
    return mean, (meanSquare - mean * mean).clamp_min(0)


def _maskedLncc(first: Tensor, second: Tensor, window: int, epsilon: float, mask: Tensor, stride: int) -> Tensor:
    import torch

    channels = first.shape[1]
    weighted = first * mask, second * mask
    products = [mask, *weighted, weighted[0] * first, weighted[1] * second, weighted[0] * second]
    share, *means = boxMean(torch.cat(products, 1), window, stride).split([mask.shape[1], *[channels] * 5], 1)
    # Less than a hundredth of a voxel is no window.
    share = share.clamp_min(0.01 / window**3)
    meanFirst, meanSecond, squareFirst, squareSecond, product = (mean / share for mean in means)
    covariance = product - meanFirst * meanSecond
    varianceFirst = (squareFirst - meanFirst * meanFirst).clamp_min(0)
    varianceSecond = (squareSecond - meanSecond * meanSecond).clamp_min(0)
    return covariance * covariance / (varianceFirst * varianceSecond + epsilon)


def lnccLoss(
    fixed: Tensor,
    warped: Tensor,
    window: int = LNCC_WINDOW,
    weights: Tensor | None = None,
    epsilon: float = LNCC_EPSILON,
    mask: Tensor | None = None,
    stride: int = 1,
    firstWindows: Windows | None = None,
) -> Tensor:
    """1 - mean local squared correlation, over all voxels or weighted by ``weights`` (N, 1, k, j, i).

    For ``mask``, ``stride`` and ``firstWindows`` see ``lncc``; the mask does not weigh the mean.
    """
    if weights is not None:
        weights = weights[:, :, ::stride, ::stride, ::stride]
    return 1.0 - weightedMean(lncc(fixed, warped, window, epsilon, mask, stride, firstWindows), weights)


def nonlinearity(first: Tensor, second: Tensor, bins: int = 32) -> float:
    """How much more of one image the other's intensities explain by any curve than by a rising line; 0 to 2.

    The correlation ratio (Roche et al., MICCAI 1998), the larger of both directions, less the squared correlation
    coefficient with its sign: near 0 for two scans of one contrast, more for two contrasts, even badly aligned ones.
    ``first`` and ``second`` (n,) in [0, 1].
    """
    import torch

    if min(float(first.std()), float(second.std())) < 1e-6:
        return 0.0
    correlation = float(torch.corrcoef(torch.stack([first, second]))[0, 1])
    ratios = []
    for known, other in ((first, second), (second, first)):
        index = (known * bins).long().clamp(0, bins - 1)
        counts = torch.bincount(index, minlength=bins).to(other.dtype)
        means = torch.bincount(index, weights=other, minlength=bins).to(other.dtype) / counts.clamp_min(1)
        ratios.append(float((counts * (means - other.mean()).square()).sum() / (other - other.mean()).square().sum()))
    return max(ratios) - correlation * abs(correlation)


def mindSsc(image: Tensor, radius: int = 1, distance: int = 2) -> Tensor:
    """(N, 12, k, j, i): self-similarity context descriptors of a one-channel image, each 0 to 1.

    Heinrich et al., MICCAI 2013: distances between patches (box of 2 radius + 1) around the six neighbours at
    ``distance``, for the twelve pairs of neighbours that are not opposite each other.
    """
    import torch

    k, j, i = image.shape[2:]
    padded = torch.nn.functional.pad(image, [distance] * 6, mode="replicate")
    neighbours = []
    for axis in range(3):
        for step in (-distance, distance):
            start = [distance] * 3
            start[axis] += step
            neighbours.append(padded[:, :, start[0] : start[0] + k, start[1] : start[1] + j, start[2] : start[2] + i])
    pairs = [(a, b) for a in range(6) for b in range(a + 1, 6) if a // 2 != b // 2]
    differences = torch.cat([(neighbours[a] - neighbours[b]).square() for a, b in pairs], dim=1)
    distances = boxMean(differences, 2 * radius + 1)
    distances = distances - distances.min(dim=1, keepdim=True).values
    variance = distances.mean(dim=1, keepdim=True)
    typical = variance.mean().detach()
    return torch.exp(-distances / variance.clamp(typical * 1e-3 + 1e-12, typical * 1e3 + 1e-12))


def mindLoss(fixed: Tensor, warped: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean squared difference of MIND-SSC descriptors: for pairs of unlike contrast, and CT with MR."""
    return weightedMean((mindSsc(fixed) - mindSsc(warped)).square(), weights)


def gradientLoss(flow: Tensor) -> Tensor:
    """Mean squared forward difference of the flow over its three axes (Grad-L2); without unit."""
    squares = [flow.diff(dim=axis).square().mean() for axis in (2, 3, 4)]
    return (squares[0] + squares[1] + squares[2]) / 3.0


def foldingLoss(flow: Tensor, margin: float = 0.0, softness: float = 0.0) -> Tensor:
    """Mean of max(0, margin - det J) over the cells of the flow: 0 where nothing is squeezed below ``margin``.

    Up to ``softness`` below it the penalty rises as a parabola, so that its slope does not jump where it begins.
    """
    squeezed = (margin - jacobianDeterminant(flow)).clamp_min(0)
    if softness > 0:
        least = squeezed.clamp_max(softness)
        squeezed = squeezed - least + 0.5 / softness * least.square()
    return squeezed.mean()
