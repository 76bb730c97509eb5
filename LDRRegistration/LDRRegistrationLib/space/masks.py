"""Where the similarity counts: masks of the two images, as weights on the grids where they are compared.

A mask is an Image of its own grid. Of a label map every voxel above 0 is inside; a soft mask, of fractions from 0 to 1,
weighs by its value. What is masked out counts as unknown (see validity.py): it drives nothing, in any stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from ..numerics.dlpack import toArray, toTensor
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .grid import Grid
from .image import Image
from .intensity import KNOWN_FROM
from .resample import reduceToSpacing, sampleOnGrid

if TYPE_CHECKING:
    from torch import Tensor

MARGIN_VOXELS = 4
# Of an image in [0, 1]: what is brighter belongs to what was scanned, and is not the air around it.
FOREGROUND_INTENSITY = 0.15
# The least that must be left inside, in voxels of the grid the network sees: fewer say nothing about a deformation.
MINIMUM_INSIDE_VOXELS = 64.0


@dataclass(frozen=True)
class Masks:
    """The masks of the fixed and of the moving image; None is everywhere."""

    fixed: Image | None = None
    moving: Image | None = None

    def reduced(self, spacingMm: float) -> Masks:
        """Both as float32 shares in [0, 1] of blocks of about ``spacingMm``.

        :raises RegistrationError: a mask has no voxel inside.
        """
        return Masks(*(mask and _shares(mask, spacingMm) for mask in (self.fixed, self.moving)))


def sampleMask(mask: Image, grid: Grid, gridToImageRas: np.ndarray | None = None) -> Tensor:
    """(k, j, i) in [0, 1]: the shares ``mask`` at the points of ``grid``, moved by a 4x4; 0 beyond the mask."""
    reduced = reduceToSpacing(mask, float(grid.spacing.min()))
    return sampleOnGrid(reduced.array, reduced.ijkToRas, grid, gridToImageRas)


def weightsOf(image: Image, mask: Image | None) -> Tensor | None:
    """(k, j, i) in [0, 1]: how far each voxel of ``image`` is known and inside ``mask``; None is everywhere fully."""
    inside = None if mask is None else sampleMask(mask, image.grid)
    if image.known is None:
        return inside
    known = toTensor(image.known)
    return known if inside is None else known * inside


def minimumAround(weights: Tensor) -> Tensor:
    """(N, 1, k, j, i): the smallest weight among each voxel and its neighbours.

    A sample between voxels mixes them; where this is above 0 none of them is unknown.
    """
    import torch

    return -torch.nn.functional.max_pool3d(-weights, 3, stride=1, padding=1)


def foreground(image: Image, mask: Image | None, threshold: float = FOREGROUND_INTENSITY) -> np.ndarray:
    """(k, j, i) bool: where ``image`` is known, inside ``mask`` and above ``threshold``."""
    inside = image.array > threshold
    weights = weightsOf(image, mask)
    return inside if weights is None else inside & (toArray(weights) > KNOWN_FROM)


def jointMask(fixedMask: Tensor | None, movedMask: Tensor) -> Tensor | None:
    """(1, 1, k, j, i): how much of every voxel lies inside both masks; None where there is no mask.

    :param movedMask: (1, C, k, j, i), the moving mask as warped; C is 0 if there is none.
    """
    if movedMask.shape[1] == 0:
        return fixedMask
    return movedMask if fixedMask is None else fixedMask * movedMask


def checkCovers(image: Image, mask: Image) -> None:
    """Raise RegistrationError if next to nothing of what is known of ``image`` lies inside ``mask``."""
    weights = weightsOf(image, mask)
    if weights is not None and float(weights.sum()) < MINIMUM_INSIDE_VOXELS:
        refuseAsElsewhere(mask.name, image.name)


def refuseAsElsewhere(mask: str, image: str) -> NoReturn:
    """Of a mask that leaves out its image; both by their names."""
    raise RegistrationError(
        _("The mask {mask} leaves next to nothing of {image} to compare: it is too small, or lies elsewhere.").format(
            mask=mask, image=image
        )
    )


def refuseAsEmpty(mask: str) -> NoReturn:
    raise RegistrationError(_("The mask {name} is empty: nothing would be left to compare.").format(name=mask))


def _shares(mask: Image, spacingMm: float) -> Image:
    inside = _inside(mask.array)
    if not inside.any():
        refuseAsEmpty(mask.name)
    # A mask may be cropped to its content; averaging leaves out what fills no block at the end of an axis.
    margins = np.maximum(np.ceil(spacingMm / mask.grid.spacing).astype(int)[::-1], MARGIN_VOXELS)
    padded = Image(
        np.pad(inside, [(int(m), int(m)) for m in margins]),
        mask.grid.padded(tuple(int(m) for m in margins)).ijkToRas,
        mask.name,
    )
    return reduceToSpacing(padded, spacingMm)


def _inside(values: np.ndarray) -> np.ndarray:
    """Weights: the values themselves of a soft mask, all fractions; else whether they are above 0."""
    if values.dtype.kind == "f" and values.size and 0.0 <= float(values.min()) and float(values.max()) <= 1.0:
        return np.asarray(values, dtype=np.float32)
    return np.asarray(values > 0, dtype=np.uint8)
