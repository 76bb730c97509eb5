"""A flow without folds: smoothed just where it folds, and computed just there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from .flow import determinant, jacobianDeterminant

if TYPE_CHECKING:
    from torch import Tensor


def unfold(flow: Tensor, least: float = 0.12, iterations: int = 30) -> tuple[Tensor, Tensor]:
    """The flow (N, 3, k, j, i) smoothed until every cell's Jacobian determinant is above ``least``; those determinants.

    Each iteration averages the flow over 3^3 voxels around the cells that are still too small. What is left after
    ``iterations`` stays as it is. It has no gradient.
    """
    import torch

    with torch.no_grad():
        cells = jacobianDeterminant(flow)
        if bool((cells >= least).all()):
            return flow, cells
        flow = flow.clone()
        for number in range(flow.shape[0]):
            _unfoldOne(flow[number], cells[number], least, iterations)
    return flow, cells


def _unfoldOne(flow: Tensor, cells: Tensor, least: float, iterations: int) -> None:
    """In place: the flow (3, k, j, i), and the determinants of its cells (k-1, j-1, i-1)."""
    shape, cellShape = tuple(flow.shape[1:]), tuple(cells.shape)
    squeezed = _where(cells < least)
    for _ in range(iterations):
        if not len(squeezed[0]):
            break
        # A cell has voxels at both its ends; one voxel more lets the mean draw from outside the fold.
        near = _around(squeezed, (-1, 0, 1, 2), shape, cells)
        flow[:, near[0], near[1], near[2]] = _localMean(flow, near)
        touched = _around(near, (-1, 0), cellShape, cells)
        values = _determinantAt(flow, touched)
        cells[touched] = values
        small = values < least
        squeezed = tuple(axis[small] for axis in touched)


def _where(condition: Tensor) -> tuple[Tensor, ...]:
    return tuple(condition.nonzero(as_tuple=True))


def _around(
    places: Sequence[Tensor], steps: tuple[int, ...], shape: tuple[int, ...], like: Tensor
) -> tuple[Tensor, ...]:
    """Each index inside ``shape`` that is one of ``steps`` away from one of ``places`` along every axis, once."""
    import torch

    # Within the smallest box, so that a few folds in a large volume cost little.
    low = [max(int(axis.min()) + min(steps), 0) for axis in places]
    high = [min(int(axis.max()) + max(steps), n - 1) for axis, n in zip(places, shape, strict=True)]
    size = [b - a + 1 for a, b in zip(low, high, strict=True)]
    marked = torch.zeros(size, dtype=torch.bool, device=like.device)
    moved = _neighbours(places, steps, low, high)
    k, j, i = (axis - a for axis, a in zip(moved, low, strict=True))
    marked.view(-1)[(k * size[1] + j) * size[2] + i] = True
    return tuple(axis + a for axis, a in zip(_where(marked), low, strict=True))


def _neighbours(
    places: Sequence[Tensor], steps: Sequence[int], low: Sequence[int], high: Sequence[int]
) -> tuple[Tensor, ...]:
    """Three (len(steps)^3, n): indices of ``places`` (n,) moved by every combination of ``steps``, within bounds."""
    offsets = places[0].new_tensor(list(product(steps, repeat=3)))
    return tuple(
        (axis + offsets[:, number, None]).clamp(low[number], high[number]) for number, axis in enumerate(places)
    )


def _localMean(flow: Tensor, places: Sequence[Tensor]) -> Tensor:
    """(3, n): mean of the flow over 3^3 voxels, those beyond the border repeating it."""
    _, nk, nj, ni = flow.shape
    k, j, i = _neighbours(places, (-1, 0, 1), (0, 0, 0), (nk - 1, nj - 1, ni - 1))
    return flow.reshape(3, -1)[:, (k * nj + j) * ni + i].mean(dim=1)


def _determinantAt(flow: Tensor, cells: Sequence[Tensor]) -> Tensor:
    """(n,): Jacobian determinants of x + flow(x) in some cells."""
    k, j, i = cells
    corner = flow[:, k, j, i]
    return determinant([flow[:, k + 1, j, i] - corner, flow[:, k, j + 1, i] - corner, flow[:, k, j, i + 1] - corner])
