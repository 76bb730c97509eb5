"""Displacement fields and transforms in space: RAS millimetres, from fixed points to moving points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.displacement import jacobianDeterminant as flowJacobianDeterminant
from ..numerics.dlpack import toArray, toTensor
from ..numerics.pointinverse import solved
from .boxes import Box, separate, sizeOf
from .catmullrom import interpolateAtPoints, interpolateOnGrid
from .grid import Grid, transformPoints
from .image import Image
from .resample import affineSamplePositions, nearestAt, sampleAt
from .sampledvalues import (
    CUBIC_REACH,
    backgroundOf,
    grown,
    integerLimits,
    limitsOf,
    sampleCubic,
    sampleKnown,
    sufficientType,
)

if TYPE_CHECKING:
    from torch import Tensor

# Warped at a time: what fits a processor's cache, and reaches into few of the source's slices.
WARP_VOXELS = 500_000
BORDER_KEPT = 2
BORDER_ZEROS = 2


@dataclass(frozen=True, eq=False)
class DisplacementField:
    """x -> x + v(x). ``vectors`` (k, j, i, 3) are v in mm along R, A, S at the points of ``grid``.

    Between the points v is interpolated by the cubic (Catmull-Rom) kernel of vtkGridTransform, beyond the grid it is 0.
    Fields made by ``fromFlow`` end in zeros, so that this holds without a jump and VTK, which continues the border,
    and ITK, which does not, agree.
    """

    vectors: np.ndarray
    grid: Grid

    @staticmethod
    def fromFlow(flow: Tensor, grid: Grid) -> DisplacementField:
        """From a flow (1, 3, k, j, i) in voxels of ``grid`` (see numerics/displacement.py), tapered to 0 beyond it.

        The field goes on smoothly for a little, then fades out over a margin that is long enough not to fold: along
        each axis three times the largest displacement across the faces there.
        """
        voxels = flow[0].detach().cpu()
        ramps = []
        for axis in range(3):
            across = max(_largestOutermost(voxels[axis], axis, end) for end in (0, -1))
            length = max(3, int(np.ceil(3.0 * across)))
            fade = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, length + 1) / (length + 1))
            ramps.append(np.concatenate([fade, np.zeros(BORDER_ZEROS)]).astype(np.float32))
        margins = [BORDER_KEPT + len(ramp) for ramp in ramps]
        sizes = voxels.shape[1:]
        vectors = np.empty((*(n + 2 * m for n, m in zip(sizes, margins, strict=True)), 3), np.float32)
        filled = [slice(margin, margin + size) for margin, size in zip(margins, sizes, strict=True)]
        toMm = toTensor(grid.ijkToRas[:3, 2::-1])
        toTensor(vectors)[tuple(filled)] = (toMm @ voxels.reshape(3, -1)).view_as(voxels).movedim(0, -1)
        for axis, ramp in enumerate(ramps):
            filled[axis] = slice(None)
            planes = np.moveaxis(vectors[tuple(filled)], axis, 0)
            for inwards in (planes, planes[::-1]):
                first, last = margins[axis], len(ramp)
                for step in range(1, BORDER_KEPT + 1):
                    inwards[first - step] = 2 * inwards[first] - inwards[first + step]
                np.multiply(ramp[::-1, None, None, None], inwards[last], out=inwards[:last])
        return DisplacementField(vectors, grid.padded(tuple(margins)))

    def flow(self) -> Tensor:
        """(1, 3, k, j, i) in voxels of the field's own grid, channels along k, j, i."""
        voxels = self.vectors @ self.grid.rasToIjk[:3, :3].T.astype(np.float32)
        return toTensor(voxels[..., ::-1]).movedim(-1, 0)[None]

    def at(self, pointsRas: np.ndarray) -> np.ndarray:
        """v at points (..., 3), in mm."""
        return interpolateAtPoints(self.vectors, transformPoints(self.grid.rasToIjk, pointsRas))

    def inversePoints(self, pointsRas: np.ndarray, toleranceMm: float = 1e-4, iterations: int = 200) -> np.ndarray:
        """(n, 3): the x with x + v(x) = the points (n, 3); NaN where no solution was found."""
        return solved(lambda points: points + self.at(points), pointsRas, toleranceMm, iterations)

    @property
    def longestMm(self) -> float:
        """Length of the longest displacement."""
        r, a, s = toTensor(self.vectors).unbind(-1)
        return float((r * r).addcmul_(a, a).addcmul_(s, s).max()) ** 0.5

    def jacobianDeterminant(self) -> np.ndarray:
        """(k-1, j-1, i-1): determinant of the derivative of x + v(x), by forward differences in each cell."""
        return toArray(flowJacobianDeterminant(self.flow()))[0]


def _largestOutermost(across: Tensor, axis: int, end: int) -> float:
    """The largest of ``across`` (k, j, i), in size, in the last plane that is kept beyond one ``end`` of an axis."""
    planes = across.movedim(axis, 0)
    inner = BORDER_KEPT if end == 0 else -1 - BORDER_KEPT
    outermost = toArray(2 * planes[end] - planes[inner])
    return float(np.abs(np.pad(outermost, BORDER_KEPT, mode="reflect", reflect_type="odd")).max())


@dataclass(frozen=True, eq=False)
class Transform:
    """T(x) = A(y + v(y)): a fixed point in RAS mm to the moving point. ``affine`` is 4x4; without ``field`` v is 0.

    ``boxes`` are finer displacements w, each 0 outside a box of its own, the first to act first: y = x + w(x). Nearly
    always there are none, and y is x; where there are some, T is outside of them what it is without, to the last bit.
    """

    affine: np.ndarray
    field: DisplacementField | None = None
    boxes: tuple[DisplacementField, ...] = ()

    @property
    def fields(self) -> tuple[DisplacementField, ...]:
        """All that bends, the first to act first."""
        return self.boxes if self.field is None else (*self.boxes, self.field)

    @property
    def longestMm(self) -> float:
        """Length of the longest displacement, at most."""
        return sum(field.longestMm for field in self.fields)

    def points(self, pointsRas: np.ndarray) -> np.ndarray:
        """T at fixed points (..., 3)."""
        points = np.asarray(pointsRas, dtype=np.float64)
        for field in self.fields:
            points = points + field.at(points)
        return transformPoints(self.affine, points)

    def inversePoints(self, pointsRas: np.ndarray, toleranceMm: float = 1e-4, iterations: int = 200) -> np.ndarray:
        """The fixed points whose image under T are the moving points (..., 3); NaN where no solution was found.

        See ``DisplacementField.inversePoints``.
        """
        points = transformPoints(np.linalg.inv(self.affine), np.asarray(pointsRas, dtype=np.float64))
        shape, points = points.shape, points.reshape(-1, 3)
        for field in reversed(self.fields):
            points = field.inversePoints(points, toleranceMm, iterations)
        return points.reshape(shape)

    def inverseDisplacement(self, grid: Grid) -> np.ndarray:
        """(k, j, i, 3): T^-1(y) - y in mm at the points of a grid in the moving image."""
        points = grid.pointsRas()
        return (self.inversePoints(points) - points).astype(np.float32)

    def displacement(self, grid: Grid) -> np.ndarray:
        """(k, j, i, 3) float32: the total displacement u(x) = T(x) - x in RAS mm at the points of ``grid``.

        Where the field runs parallel to ``grid``, as it does to the fixed volume, in a fraction of the time of
        ``points``.
        """
        result = np.empty((*grid.shape, 3), dtype=np.float32)
        linear = self.affine[:3, :3]
        slab = max(1, WARP_VOXELS // (grid.shape[1] * grid.shape[2]))
        for start in range(0, grid.shape[0], slab):
            stop = min(start + slab, grid.shape[0])
            points = grid.shifted((0, 0, start), (stop - start, *grid.shape[1:])).pointsRas()
            moved = points @ (linear - np.eye(3)).T + self.affine[:3, 3]
            if self.field is not None:
                vectors = interpolateOnGrid(self.field.vectors, self.field.grid, grid, start, stop)
                moved += toArray(vectors.movedim(0, -1)) @ linear.T
            for part, more in self._inBoxes(grid, start, stop):
                moved[part] += more @ linear.T
            result[start:stop] = moved
        return result

    def warp(
        self,
        moving: Image,
        grid: Grid,
        fill: float | None = None,
        nearest: bool = False,
        advance: Callable[[float], None] = lambda share: None,
        cubic: bool = False,
        dtype: np.dtype | type | None = None,
    ) -> np.ndarray:
        """``moving`` carried onto ``grid`` (the fixed volume's), (k, j, i) in ``dtype``, by default the moving image's.

        Trilinear, ``nearest`` for labels, or ``cubic``, which blurs least and stays within the image's own range.
        Beyond the moving volume the value is ``fill``, by default what stands for no measurement in it, or else air in
        CT, or else its minimum (0 for labels). Where it is not known itself, its padding stays padding, and mixes with
        no value that was measured. Worked off in slabs: only the source is held at full size besides the result.
        ``advance`` hears before each how much is done, 0 to 1; what it raises ends the work.
        """
        if fill is None:
            fill = 0.0 if nearest else backgroundOf(moving)
        source = None if nearest else toTensor(moving.array, sufficientType(moving.array))
        known = None if nearest or moving.known is None else toTensor(moving.known, sufficientType(moving.array))
        nearUnknown = None if known is None or not cubic else grown(known < 1.0, CUBIC_REACH)
        limits = limitsOf(moving) if cubic else None
        warped = np.empty(grid.shape, dtype=moving.array.dtype if dtype is None else dtype)
        for start, stop, there in self.positions(grid, moving.grid.rasToIjk):
            advance(start / grid.shape[0])
            if source is None:
                warped[start:stop] = nearestAt(moving.array, there, fill, warped.dtype)
                continue
            positions = there.to(source.dtype)
            values = sampleAt(source, positions, fill) if known is None else sampleKnown(source, known, positions, fill)
            if limits is not None:
                values = sampleCubic(source, nearUnknown, positions, values, limits)
            if warped.dtype.kind in "iu":
                # Single precision knows the limits of no larger type.
                values = (values if warped.dtype.itemsize < 4 else values.double()).round_()
                values.clamp_(*integerLimits(warped.dtype))
            warped[start:stop] = toArray(values)
        return warped

    def positions(self, grid: Grid, rasToIjk: np.ndarray) -> Iterator[tuple[int, int, Tensor]]:
        """Where T leads the points of ``grid``, in an image's voxels, of which ``rasToIjk`` says the place.

        :returns: by slabs (start, stop, positions): rows ``start:stop``, (3, stop - start, j, i) along k, j and i.
        """
        toVoxels = rasToIjk @ self.affine
        shift = None
        if self.field is not None:
            shift = self.field.vectors @ toVoxels[2::-1, :3].T.astype(np.float32)
        slab = max(1, WARP_VOXELS // (grid.shape[1] * grid.shape[2]))
        for start in range(0, grid.shape[0], slab):
            stop = min(start + slab, grid.shape[0])
            positions = affineSamplePositions(grid, toVoxels, start, stop)
            if shift is not None and self.field is not None:
                positions += interpolateOnGrid(shift, self.field.grid, grid, start, stop)
            for part, more in self._inBoxes(grid, start, stop):
                voxels = (more @ toVoxels[2::-1, :3].T).astype(np.float32)
                positions[(slice(None), *part)] += toTensor(voxels).movedim(-1, 0)
            yield start, stop, positions

    def _inBoxes(self, grid: Grid, start: int, stop: int) -> Iterator[tuple[Box, np.ndarray]]:
        """Where boxes change what v alone does in rows ``start:stop`` of ``grid``, and by how much.

        :returns: slices (k, j, i) into these rows, which do not overlap, and (..., 3) there: y + v(y) - x - v(x), mm.
        """
        for part in separate([_reach(box.grid, grid, start, stop) for box in self.boxes]):
            here = grid.shifted((part[2].start, part[1].start, start + part[0].start), sizeOf(part))
            points = here.pointsRas()
            first = toArray(interpolateOnGrid(self.boxes[0].vectors, self.boxes[0].grid, here, 0, here.shape[0]))
            led = points + np.moveaxis(first, 0, -1)
            for box in self.boxes[1:]:
                led = led + box.at(led)
            more = led - points
            isLed = (more != 0.0).any(axis=-1)
            if self.field is not None and isLed.any():
                before = interpolateOnGrid(self.field.vectors, self.field.grid, here, 0, here.shape[0])
                more[isLed] += self.field.at(led[isLed]) - np.moveaxis(toArray(before), 0, -1)[isLed]
            yield part, more


def _reach(box: Grid, grid: Grid, start: int, stop: int) -> Box:
    """The part of rows ``start:stop`` of ``grid`` that ``box`` reaches into, counted from ``start``."""
    corners = transformPoints(grid.rasToIjk, box.cornersRas)[:, ::-1]
    low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int) + 1
    first, last = np.array([start, 0, 0]), np.array([stop, *grid.shape[1:]])
    low, high = np.clip(low, first, last) - first, np.clip(high, first, last) - first
    k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i
