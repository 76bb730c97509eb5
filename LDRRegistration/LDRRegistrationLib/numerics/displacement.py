"""Dense displacement fields in voxels on one grid, as torch tensors: what networks, losses and optimisers share.

A flow is (N, 3, k, j, i); its channels are the displacements along k, j and i, in voxels of its own grid. It maps a
voxel x of the fixed grid to x + flow(x) in the moving image sampled on that same grid. Physical coordinates live in
``space/transform.py``; nothing here knows about millimetres. All functions are differentiable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .gridsample import sampleAtVoxels

if TYPE_CHECKING:
    from torch import Tensor


def voxelPositions(shape: tuple[int, ...], like: Tensor, origin: tuple[int, ...] = (0, 0, 0)) -> Tensor:
    """(1, 3, k, j, i): the index of every voxel, in the type and on the device of ``like``.

    The first voxel's is ``origin``.
    """
    import torch

    axes = [
        torch.arange(n, dtype=like.dtype, device=like.device) + first for n, first in zip(shape, origin, strict=True)
    ]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")).unsqueeze(0)


def warp(
    image: Tensor,
    flow: Tensor,
    mode: str = "bilinear",
    padding: str = "border",
    origin: tuple[int, int, int] = (0, 0, 0),
) -> Tensor:
    """``image`` (N, C, k, j, i) sampled at x + flow(x); ``mode`` is "bilinear" (trilinear) or "nearest".

    The flow may be that of a part of the image's grid, which begins at voxel ``origin`` (k, j, i).
    """
    positions = voxelPositions(flow.shape[2:], flow, origin) + flow
    return sampleAtVoxels(image.to(flow.dtype), positions, mode, padding)


def warpBySlopes(image: Tensor, flow: Tensor, origin: tuple[int, int, int] = (0, 0, 0)) -> Tensor:
    """``warp`` of one channel, but its derivative by the flow is the slope of the warped image, by central differences.

    As in demons (Vercauteren et al., NeuroImage 2009). The derivative of a trilinear interpolation jumps wherever a
    position passes a voxel; these slopes do not. Better where deformations are small and smooth, worse where large.
    """
    import torch

    with torch.no_grad():
        warped = warp(image, flow, origin=origin)
        slopes = torch.zeros_like(flow)
        for axis in (2, 3, 4):
            inner = warped.shape[axis] - 2
            ahead, behind = warped.narrow(axis, 2, inner), warped.narrow(axis, 0, inner)
            slopes[:, axis - 2 : axis - 1].narrow(axis, 1, inner).copy_(0.5 * (ahead - behind))
    # Nothing, with the derivative wanted.
    along = (slopes * flow).sum(1, keepdim=True)
    return warped + (along - along.detach())


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """The flow of x -> y = x + inner(x) -> y + outer(y): inner(x) + outer(x + inner(x))."""
    return inner + warp(outer, inner)


def inverted(flow: Tensor, iterations: int = 10) -> Tensor:
    """The flow back: compose(flow, inverted(flow)) is nearly 0. For flows that do not fold.

    Fixed-point iteration (Chen et al., Med Phys 2008), which halves what is wrong about each time.
    """
    inverse = -flow
    for _ in range(iterations):
        inverse = -warp(flow, inverse)
    return inverse


def integrate(velocity: Tensor, steps: int = 6) -> Tensor:
    """The flow of a stationary velocity field after unit time, by scaling and squaring.

    Arsigny et al., MICCAI 2006. The flow of ``-velocity`` is the inverse.
    """
    flow = velocity / 2**steps
    for _ in range(steps):
        flow = compose(flow, flow)
    return flow


def resize(flow: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """The same motion on a grid of another shape over the same box of voxels (outer faces aligned), in its voxels."""
    k, j, i = flow.shape[2:]
    return resizer((k, j, i), shape, flow)(flow)


def resizer(
    shape: tuple[int, int, int], newShape: tuple[int, int, int], like: Tensor, ramps: Sequence[Tensor] | None = None
) -> Callable[[Tensor], Tensor]:
    """``resize`` of many flows of one shape: by products with three matrices, which is faster than to interpolate.

    :param ramps: (k,), (j,) and (i,) of the new shape, by which the resized flow is multiplied.
    """
    import torch

    matrices = []
    for old, new in zip(shape, newShape, strict=True):
        index = torch.arange(new, dtype=like.dtype, device=like.device)
        places = ((index + 0.5) * (old / new) - 0.5).clamp(0, old - 1)
        distances = (places[:, None] - torch.arange(old, dtype=like.dtype, device=like.device)).abs()
        matrices.append((1.0 - distances).clamp_min(0))
    if ramps is not None:
        matrices = [ramp[:, None] * matrix for ramp, matrix in zip(ramps, matrices, strict=True)]
    scales = like.new_tensor([new / old for new, old in zip(newShape, shape, strict=True)]).view(1, 3, 1, 1, 1)

    def resized(flow: Tensor) -> Tensor:
        flow = torch.matmul(matrices[1], torch.matmul(flow * scales, matrices[2].T))
        rows = flow.reshape(*flow.shape[:3], newShape[1] * newShape[2])
        return torch.matmul(matrices[0], rows).view(*flow.shape[:2], *newShape)

    return resized


def jacobianDeterminant(flow: Tensor) -> Tensor:
    """(N, k-1, j-1, i-1): determinant of the derivative of x + flow(x), by forward differences in each cell."""
    flow = flow.movedim(1, 0)
    corner = flow[:, :, :-1, :-1, :-1]
    return determinant(
        [
            flow[:, :, 1:, :-1, :-1] - corner,
            flow[:, :, :-1, 1:, :-1] - corner,
            flow[:, :, :-1, :-1, 1:] - corner,
        ]
    )


def determinant(differences: Sequence[Tensor]) -> Tensor:
    """(...): of I + D, where ``differences`` holds the columns of D, (3, ...) each: along k, j and i."""
    import torch

    (a, d, g), (b, e, h), (c, f, i) = (
        [column[component] + 1.0 if axis == component else column[component] for component in range(3)]
        for axis, column in enumerate(differences)
    )
    minors = [torch.addcmul(x * y, z, w, value=-1.0) for x, y, z, w in ((e, i, f, h), (d, i, f, g), (d, h, e, g))]
    return torch.addcmul(torch.addcmul(a * minors[0], b, minors[1], value=-1.0), c, minors[2])


def foldedFraction(determinants: Tensor) -> float:
    """Share of Jacobian determinants that are not positive."""
    return int((determinants <= 0).sum()) / max(determinants.numel(), 1)


def sdLogJacobian(determinants: Tensor) -> float:
    """Standard deviation of the logarithm of the Jacobian determinants that are positive; 0 of less than two."""
    # To pick some out of many takes longer than all that follows.
    positive = determinants if bool((determinants > 0).all()) else determinants[determinants > 0]
    return float(positive.log().std()) if positive.numel() > 1 else 0.0
