"""A box in space in which a registration is refined, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid, transformPoints

# From the faces of the box inwards, what is found fades in over so many mm, or over this share of the shortest side.
FADE_MM, FADE_SHARE = 8.0, 0.2
# Voxels beyond the faces that are looked at, too; and within them that stay 0, as far as cubic interpolation reaches.
AROUND, STILL = 3, 2
# A box that is thinner than so many mm, or voxels of the image, after what lies outside is cut off says too little.
MINIMUM_SIDE_MM, MINIMUM_SIDE_VOXELS = 10.0, 5


@dataclass(frozen=True)
class RefinementBox:
    """A box in space: ``center`` (3,) in RAS mm, ``axes`` 3x3, whose columns are unit vectors, ``sizeMm`` (3,)."""

    center: np.ndarray
    axes: np.ndarray
    sizeMm: np.ndarray

    def within(self, grid: Grid, name: str) -> RefinementBox:
        """The part of it, along its own axes, that the volume on ``grid`` reaches into.

        :raises RegistrationError: it lies outside the volume ``name``, or too little of it is inside.
        """
        corners = (grid.cornersRas - self.center) @ self.axes
        low = np.maximum(-self.sizeMm / 2.0, corners.min(axis=0))
        high = np.minimum(self.sizeMm / 2.0, corners.max(axis=0))
        if (high <= low).any() or not self._meets(grid):
            raise RegistrationError(_("The box lies outside {name}: move it to what matters there.").format(name=name))
        least = max(MINIMUM_SIDE_MM, MINIMUM_SIDE_VOXELS * float(grid.spacing.min()))
        if (high - low).min() < least:
            raise RegistrationError(
                _("Too little of the box lies in {name}: along each side at least {least:.0f} mm are needed.").format(
                    name=name, least=least
                )
            )
        return RefinementBox(self.center + self.axes @ ((low + high) / 2.0), self.axes, high - low)

    def grid(self, spacingMm: float) -> Grid:
        """A grid along its axes, ``AROUND`` voxels wider than the box at each face."""
        size = np.ceil(self.sizeMm / spacingMm).astype(int) + 1 + 2 * AROUND
        ijkToRas = np.eye(4)
        ijkToRas[:3, :3] = self.axes * spacingMm
        ijkToRas[:3, 3] = self.center - ijkToRas[:3, :3] @ ((size - 1) / 2.0)
        return Grid((int(size[2]), int(size[1]), int(size[0])), ijkToRas)

    def shares(self, grid: Grid) -> np.ndarray:
        """(k, j, i) float32 in [0, 1] on ``grid`` (see there): how much of a displacement is taken.

        1 inside, 0 from ``STILL`` voxels within the faces on, with a slope that is continuous.
        """
        spacing = float(grid.spacing.min())
        fade = min(FADE_MM, FADE_SHARE * float(self.sizeMm.min()))
        lines = []
        for size, mm in zip(grid.shape, self.sizeMm[::-1], strict=True):
            offset = np.abs(np.arange(size) - (size - 1) / 2.0) * spacing
            depth = (mm / 2.0 - offset - STILL * spacing) / fade
            lines.append(0.5 - 0.5 * np.cos(np.pi * np.clip(depth, 0.0, 1.0)))
        return (lines[0][:, None, None] * lines[1][:, None] * lines[2]).astype(np.float32)

    def _meets(self, grid: Grid) -> bool:
        """Whether any of it is inside: rotated boxes may pass by a corner."""
        steps = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, 21)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        ijk = transformPoints(grid.rasToIjk, self.center + (steps * self.sizeMm) @ self.axes.T)
        return bool(np.any(np.all((ijk >= -0.5) & (ijk <= grid.sizeIjk - 0.5), axis=1)))


@dataclass(frozen=True)
class BoxFit:
    """How alike the images are inside the box, 0 to 1, before and after; and what was moved, mm, at most.

    ``box`` is what lay in the fixed volume of the one that was asked for.
    """

    similarityBefore: float
    similarityAfter: float
    largestMm: float
    spacingMm: float
    box: RefinementBox

    @property
    def summary(self) -> str:
        return _(
            "In the box, at {mm:.2g} mm: local similarity {before:.3f} -> {after:.3f}, moved by up to {most:.1f} mm"
        ).format(mm=self.spacingMm, before=self.similarityBefore, after=self.similarityAfter, most=self.largestMm)
