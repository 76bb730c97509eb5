"""The slope of the mean local correlation, in closed form: six sums over boxes, and no graph to walk back through.

With F and W the two images, A the covariance of both in a window, B and C their variances, and D = B C + epsilon, the
mean over all windows of A^2 / D has at a voxel of W the derivative

    F <a> - <a F> - W <b> + <b W>,  a = 2 A / D, b = 2 A^2 B / D^2,

where <a> is the mean of a over all windows that the voxel is in, and <a F> that of a times the window's mean of F.
``b`` is also what the second derivative is near where both images fit, which is what a step of Gauss and Newton's
divides by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .filters import boxMean
from .losses import LNCC_EPSILON, LNCC_WINDOW, windows

if TYPE_CHECKING:
    from torch import Tensor

    from .losses import Windows


def lnccSlope(
    fixed: Tensor,
    warped: Tensor,
    window: int = LNCC_WINDOW,
    weights: Tensor | None = None,
    epsilon: float = LNCC_EPSILON,
    fixedWindows: Windows | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """How the sum of ``losses.lncc`` over all windows rises with each voxel of ``warped``, times a window's voxels.

    Images (N, 1, k, j, i). At the border windows are cut off, and the slope there is that of whole ones: near enough.

    :param weights: (N, 1, k, j, i), how much each window counts; None: all alike.
    :param fixedWindows: ``losses.windows(fixed, window)``, so as not to compute it again.
    :returns: the slope, its curvature (0 or more), and the squared correlation in each window, all (N, 1, k, j, i).
    """
    import torch

    meanFixed, varianceFixed = fixedWindows or windows(fixed, window)
    means = boxMean(torch.cat([warped, warped * warped, fixed * warped], 1), window)
    mean, meanSquare, meanProduct = means.chunk(3, 1)
    covariance = torch.addcmul(meanProduct, meanFixed, mean, value=-1.0)
    variance = torch.addcmul(meanSquare, mean, mean, value=-1.0).clamp_min_(0)
    inverse = torch.addcmul(torch.full_like(mean, epsilon), varianceFixed, variance).reciprocal_()
    a = covariance * inverse
    squared = covariance * a
    b = squared * varianceFixed * inverse
    if weights is not None:
        a, b = a * weights, b * weights
    a, b = 2.0 * a, 2.0 * b
    sums = boxMean(torch.cat([a, b, torch.addcmul(b * mean, a, meanFixed, value=-1.0)], 1), window)
    alpha, beta, rest = sums.chunk(3, 1)
    slope = torch.addcmul(torch.addcmul(rest, fixed, alpha), warped, beta, value=-1.0)
    return slope, beta, squared
