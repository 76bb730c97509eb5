"""Where to look for change: the brain if there is one, with or without its skull, or else the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..numerics.dlpack import toArray
from ..space.boxes import boundingBox
from ..space.grid import Grid, canonicalGrid
from ..space.image import Image
from ..space.intensity import Modality, guessModality, normalised
from ..space.resample import reduceToSpacing, sampleOnGrid
from ..space.validity import filled
from .brainsurface import brainSurface
from .shapes import closedByBall, depth, largestPart, withoutHoles

SPACING_MM = 2.0
# Of a mask that was sampled between its voxels what is above this lies inside.
INSIDE_FROM = 0.5
MAXIMUM_VOXELS_PER_AXIS = 192
CLOSING_MM = 8.0
BRAIN_MM3 = (600_000.0, 2_300_000.0)
# Scalp and skull lie between the surfaces of head and brain: the brain's shallowest quarter is deeper than this.
MINIMUM_BRAIN_DEPTH_MM = 5.0
# Of an image in [0, 1] whose background is exact: what is darker is background.
STRIPPED_BACKGROUND = 0.02

# Skull-stripping and the skin differ from scan to scan within so much of the surface.
MARGIN_MM = {"brain": 2.0, "stripped": 3.5, "body": 3.5, "given": 0.0}
# A brain without its skull has a brain's volume and sides, and fills as much of its box as a round thing does.
STRIPPED_MM3, STRIPPED_SIDES_MM, STRIPPED_BOX_SHARES = (700_000.0, 2_000_000.0), (95.0, 215.0), (0.3, 0.62)


@dataclass(frozen=True, eq=False)
class SearchRegion:
    """``mask`` is a boolean Image (k, j, i) on a coarse grid; ``kind`` says of what.

    "brain" of a head, "stripped" of a brain without its skull, "body" of anything else, or "given".
    """

    mask: Image
    kind: str

    def inside(self, grid: Grid, gridToImageRas: np.ndarray | None = None) -> np.ndarray:
        """(k, j, i) bool: which points of ``grid``, moved by a 4x4, lie in the mask, some way below its surface."""
        mask = np.asarray(self.mask.array) > INSIDE_FROM
        margin = MARGIN_MM[self.kind]
        values = mask.astype(np.float32)
        if margin > 0:
            # Sampling the depth, rather than eroding voxels, is exact to a fraction of a voxel.
            deep = depth(mask, beyond=None) * float(self.mask.grid.spacing.min())
            values = (INSIDE_FROM + deep - margin).astype(np.float32)
        return toArray(sampleOnGrid(values, self.mask.ijkToRas, grid, gridToImageRas)) > INSIDE_FROM


def findSearchRegion(image: Image) -> SearchRegion:
    """The brain in a head, a skull-stripped brain, or the body without the air around it.

    What does not look like a brain by its volume and its depth below the skin is not taken for one; then all of the
    body counts.
    """
    modality = guessModality(image)
    values, grid, spacing = _reduced(image)
    body = _body(values)
    brain = _brain(values, body, grid, spacing) if modality is Modality.MR else None
    if brain is None and modality is Modality.MR and _isStripped(values, body, spacing):
        return SearchRegion(Image(body, grid.ijkToRas, image.name), "stripped")
    if brain is None:
        return SearchRegion(Image(body, grid.ijkToRas, image.name), "body")
    return SearchRegion(Image(brain, grid.ijkToRas, image.name), "brain")


def findBody(image: Image) -> Image:
    """Where the body is, without the air around it: bool voxels on a coarse grid of their own."""
    values, grid, _ = _reduced(image)
    return Image(_body(values), grid.ijkToRas, image.name)


def _reduced(image: Image) -> tuple[np.ndarray, Grid, float]:
    """Values in [0, 1] (k, j, i) on a coarse grid, that grid, and its spacing in mm."""
    spacing = max(SPACING_MM, float(image.grid.extentMm.max()) / MAXIMUM_VOXELS_PER_AXIS)
    reduced = reduceToSpacing(image, spacing)
    grid = canonicalGrid(image.grid, spacing)
    return toArray(sampleOnGrid(filled(normalised(reduced)).array, reduced.ijkToRas, grid)), grid, spacing


def _body(values: np.ndarray) -> np.ndarray:
    """The largest part above the background, without holes."""
    # Skull-stripped and defaced images have an exact background; the others' has noise.
    stripped = float((values == values.min()).mean()) > 0.3
    above = values > (STRIPPED_BACKGROUND if stripped else 0.5 * _otsu(values))
    return withoutHoles(largestPart(closedByBall(above)))


def _isStripped(values: np.ndarray, body: np.ndarray, spacing: float) -> bool:
    box = boundingBox(body)
    if box is None or float((values == values.min()).mean()) < 0.3:
        return False
    sides = np.array([part.stop - part.start for part in box]) * spacing
    volume = float(body.sum()) * spacing**3
    return bool(
        STRIPPED_MM3[0] <= volume <= STRIPPED_MM3[1]
        and (sides >= STRIPPED_SIDES_MM[0]).all()
        and (sides <= STRIPPED_SIDES_MM[1]).all()
        and STRIPPED_BOX_SHARES[0] <= volume / float(np.prod(sides)) <= STRIPPED_BOX_SHARES[1]
    )


def _brain(values: np.ndarray, body: np.ndarray, grid: Grid, spacing: float) -> np.ndarray | None:
    if body.sum() * spacing**3 <= BRAIN_MM3[1]:
        return None
    up = grid.direction[2][::-1]
    brain = _closed(brainSurface(values, body, spacing, up), CLOSING_MM / spacing) & body
    surface = brain & (depth(brain, beyond=None) <= 1.5)
    if not surface.any() or not BRAIN_MM3[0] <= brain.sum() * spacing**3 <= BRAIN_MM3[1]:
        return None
    shallow = float(np.percentile(depth(body, beyond=None)[surface], 25)) * spacing
    return brain if shallow >= MINIMUM_BRAIN_DEPTH_MM else None


def _closed(mask: np.ndarray, steps: float) -> np.ndarray:
    """Closing by a ball of ``steps`` voxels, and holes filled: sulci and ventricles belong to the brain."""
    box = boundingBox(mask)
    if box is None:
        return mask
    margin = int(np.ceil(steps)) + 2
    wide = depth(~np.pad(mask[box], margin), beyond=None) <= steps
    closed = mask.copy()
    closed[box] |= withoutHoles(depth(wide, beyond=None) > steps)[(slice(margin, -margin),) * 3]
    return closed


def _otsu(values: np.ndarray) -> float:
    import SimpleITK as sitk

    measure = sitk.OtsuThresholdImageFilter()
    measure.Execute(sitk.GetImageFromArray(np.ascontiguousarray(values.reshape(1, -1))))
    return float(measure.GetThreshold())
