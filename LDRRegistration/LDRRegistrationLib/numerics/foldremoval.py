"""A flow without folds: smoothed just where it folds, as far as it does, and computed just there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING

from .displacement import determinant, jacobianDeterminant
from .filters import gaussianMean

if TYPE_CHECKING:
    from torch import Tensor

# Where the Jacobian determinant of a cell is below the first, the flow is smoothed; fully where it is below it by the
# margin. By degrees, because where a threshold decides what rounding errors tip over grows into tenths of a millimetre.
MINIMUM_DETERMINANT = 0.16
FULL_SMOOTHING_MARGIN = 0.12
# Of full smoothing: a voxel of less is done.
NEGLIGIBLE_SMOOTHING = 0.0005
# Up to this share of too small cells they are smoothed where they are. Where there are more the whole flow is smoothed
# first, by Gaussians of so many voxels one after the other, until there are not.
SMOOTHED_LOCALLY_SHARE = 0.05
WHOLE_SIGMAS = (1.0, 2.0, 4.0, 8.0, 16.0)


def removeFolds(
    flow: Tensor,
    minimumDeterminant: float = MINIMUM_DETERMINANT,
    iterations: int = 10,
    check: Callable[[], object] = lambda: None,
) -> tuple[Tensor, Tensor]:
    """Smooth a flow (N, 3, k, j, i) where the Jacobian determinant of a cell is below ``minimumDeterminant``.

    Each iteration draws the voxels around the cells that are too small towards the mean of the flow over 3^3 voxels,
    all the way where one is too small by ``FULL_SMOOTHING_MARGIN``. What is left after ``iterations`` stays as it is. A
    flow that folds nearly everywhere is smoothed as a whole first: place by place that would take minutes. No gradient.

    :param check: called before each iteration; raises to stop.
    :returns: the smoothed flow, and the Jacobian determinants (N, k-1, j-1, i-1) of all its cells.
    """
    import torch

    with torch.no_grad():
        determinants = jacobianDeterminant(flow)
        if bool((determinants >= minimumDeterminant).all()):
            return flow, determinants
        flow = flow.clone()
        for number in range(flow.shape[0]):
            for sigma in WHOLE_SIGMAS:
                check()
                if float((determinants[number] < minimumDeterminant).float().mean()) <= SMOOTHED_LOCALLY_SHARE:
                    break
                flow[number] = gaussianMean(flow[number : number + 1], [sigma] * 3)[0]
                determinants[number] = jacobianDeterminant(flow[number : number + 1])[0]
            _removeFoldsOfOne(flow[number], determinants[number], minimumDeterminant, iterations, check)
    return flow, determinants


def _removeFoldsOfOne(
    flow: Tensor, determinants: Tensor, minimumDeterminant: float, iterations: int, check: Callable[[], object]
) -> None:
    """In place: the flow (3, k, j, i), and the determinants of its cells (k-1, j-1, i-1)."""
    vectors = _Vectors(flow)
    tooSmall = _where(determinants < minimumDeterminant)
    sizes = determinants[tooSmall]
    for _ in range(iterations):
        check()
        strengths = ((minimumDeterminant - sizes) / FULL_SMOOTHING_MARGIN).clamp(max=1.0)
        if not len(strengths) or float(strengths.max()) < NEGLIGIBLE_SMOOTHING:
            break
        # A cell has voxels at both its ends; one voxel more lets the mean draw from outside the fold.
        near, strengths = _around(tooSmall, (-1, 0, 1, 2), vectors.shape, strengths)
        vectors.drawToMean(near, strengths)
        touched, _ = _around(near, (-1, 0), tuple(determinants.shape), strengths)
        values = vectors.determinants(touched)
        determinants[touched] = values
        small = values < minimumDeterminant
        tooSmall, sizes = tuple(axis[small] for axis in touched), values[small]
    flow.copy_(vectors.flow)


class _Vectors:
    """A flow (3, k, j, i) laid out vector by vector, the first and last of each row repeated beyond its ends.

    So three neighbours in a row are nine numbers in a row of memory, which is read at once.
    """

    def __init__(self, flow: Tensor) -> None:
        self.shape = (flow.shape[1], flow.shape[2], flow.shape[3])
        self._rows = flow.new_empty(self.shape[0], self.shape[1], self.shape[2] + 2, 3)
        self._rows[:, :, 1:-1] = flow.movedim(0, -1)
        self._repeatEnds()
        self._vectors = self._rows.view(-1, 3)
        self._triples = self._rows.view(-1).as_strided((len(self._vectors) - 2, 9), (3, 1))

    @property
    def flow(self) -> Tensor:
        return self._rows[:, :, 1:-1].movedim(-1, 0)

    def drawToMean(self, places: Sequence[Tensor], strengths: Tensor) -> None:
        """Moves the vectors at ``places`` by their ``strengths`` (n,) of the way to their means over 3^3 voxels."""
        nk, nj, ni = self.shape
        k, j, i = places
        starts = [
            ((k + dk).clamp(0, nk - 1) * nj + (j + dj).clamp(0, nj - 1)) * (ni + 2) + i
            for dk, dj in product((-1, 0, 1), repeat=2)
        ]
        sums = self._triples[starts[0]]
        for start in starts[1:]:
            sums += self._triples[start]
        means = sums.view(-1, 3, 3).sum(dim=1) / 27.0
        here = (k * nj + j) * (ni + 2) + i + 1
        self._vectors[here] = self._vectors[here].lerp(means, strengths[:, None])
        self._repeatEnds()

    def determinants(self, cells: Sequence[Tensor]) -> Tensor:
        """(n,): Jacobian determinants of x + flow(x) in some cells."""
        _, nj, ni = self.shape
        k, j, i = cells
        here = (k * nj + j) * (ni + 2) + i + 1
        corner = self._vectors[here]
        return determinant([(self._vectors[here + step] - corner).T for step in (nj * (ni + 2), ni + 2, 1)])

    def _repeatEnds(self) -> None:
        self._rows[:, :, 0] = self._rows[:, :, 1]
        self._rows[:, :, -1] = self._rows[:, :, -2]


def _where(condition: Tensor) -> tuple[Tensor, ...]:
    return tuple(condition.nonzero(as_tuple=True))


def _around(
    places: Sequence[Tensor], steps: tuple[int, ...], shape: tuple[int, ...], strengths: Tensor
) -> tuple[tuple[Tensor, ...], Tensor]:
    """Each index inside ``shape`` that is one of ``steps`` away from one of ``places`` along every axis, once.

    And the largest of the ``strengths`` (n,), above 0, of the places that it is so far away from.
    """
    # Within the smallest box, so that a few folds in a large volume cost little.
    low = [max(int(axis.min()) + min(steps), 0) for axis in places]
    high = [min(int(axis.max()) + max(steps), n - 1) for axis, n in zip(places, shape, strict=True)]
    size = [b - a + 1 for a, b in zip(low, high, strict=True)]
    marked = strengths.new_zeros(size)
    moved = _neighbours(places, steps, low, high)
    k, j, i = (axis - a for axis, a in zip(moved, low, strict=True))
    flat = ((k * size[1] + j) * size[2] + i).flatten()
    marked.view(-1).scatter_reduce_(0, flat, strengths.repeat(len(flat) // len(strengths)), "amax")
    found = _where(marked)
    return tuple(axis + a for axis, a in zip(found, low, strict=True)), marked[found]


def _neighbours(
    places: Sequence[Tensor], steps: Sequence[int], low: Sequence[int], high: Sequence[int]
) -> tuple[Tensor, ...]:
    """Three (len(steps)^3, n): indices of ``places`` (n,) moved by every combination of ``steps``, within bounds."""
    offsets = places[0].new_tensor(list(product(steps, repeat=3)))
    return tuple(
        (axis + offsets[:, number, None]).clamp(low[number], high[number]) for number, axis in enumerate(places)
    )
