"""Volumes of one to three slices: what they show is registered within their slices, and nothing moves across them.

So few slices show no motion across themselves, and a network and windows of voxels need some depth to look at. So the
outermost slices are repeated on both sides, in both images alike; all freedoms across the slices are taken away, from
the pre-alignment on to the last step; and where only one of the images has so few, the other one is seen in its slices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..numerics.dlpack import toArray
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid
from ..space.image import MINIMUM_KNOWN_VOXELS, MINIMUM_VOXELS_PER_AXIS, Image
from ..space.masks import Masks
from ..space.resample import MINIMUM_KNOWN_SHARE, reduceToSpacing, sampleOnGrid
from .verdict import Verdict

# With the repeated slices a volume is at least so many times as thick as its pixels are wide, which a network can halve
# four times. No slice is repeated more often than the second number says, on each side, however thin it is.
MINIMUM_THICKNESS_PIXELS, MAXIMUM_REPEATS = 16.0, 16
# Both volumes of few slices: their slices may lie at such an angle, in degrees.
MAXIMUM_DEGREES_APART = 20.0


@dataclass(frozen=True, eq=False)
class SlicePair:
    """What stands for two images where one of them, at least, has few slices.

    ``across`` (3,) is the unit vector across the slices, RAS; ``start``, 4x4, what ``moving`` was placed by already.
    ``ofWhole``: one of the images has slices enough, and was cut where those of the other one lie.
    """

    fixed: Image
    moving: Image
    masks: Masks
    across: np.ndarray
    start: np.ndarray
    ofWhole: bool

    @property
    def note(self) -> str:
        """For the user."""
        return _(
            "There are fewer than four slices: the images were registered within them, and nothing moves across them."
        )

    def judged(self, verdict: Verdict) -> Verdict:
        """``verdict``, which was given within the slices, of the whole."""
        if not self.ofWhole or verdict.grade != "good":
            return verdict
        return Verdict(
            "check",
            _(
                "One of the images has fewer than four slices, and was compared with the other one where it lies: look "
                "whether both show the same place."
            ),
        )

    def axisOf(self, grid: Grid) -> int:
        """Which axis of ``grid``'s tensors (0: k, 1: j, 2: i) runs across the slices; it is parallel to ``fixed``."""
        return 2 - int(np.argmax(np.abs(grid.direction.T @ self.across)))


def slicePair(fixed: Image, moving: Image, masks: Masks, initialRas: np.ndarray | None) -> SlicePair | None:
    """The pair as it is registered; None where both images have slices enough.

    :param initialRas: 4x4, fixed to moving, RAS mm, or None; ``moving`` is placed by it here.
    :raises RegistrationError: the slices of the two lie across each other, or do not meet.
    """
    if not any(_hasFew(image) for image in (fixed, moving)):
        return None
    start = np.eye(4) if initialRas is None else np.asarray(initialRas, dtype=np.float64)
    moving = _moved(moving, start)
    masks = Masks(masks.fixed, masks.moving and _moved(masks.moving, start))
    ofWhole = not (_hasFew(fixed) and _hasFew(moving))
    if not ofWhole:
        cosine = abs(float(_normal(fixed) @ _normal(moving)))
        if cosine < math.cos(math.radians(MAXIMUM_DEGREES_APART)):
            raise RegistrationError(
                _(
                    "{fixed} and {moving} have few slices, which lie across each other: they can be registered only "
                    "where both are cut alike. Give an initial transform that turns them."
                ).format(fixed=fixed.name, moving=moving.name)
            )
    elif _hasFew(fixed):
        moving = _seenIn(moving, fixed)
    else:
        fixed = _seenIn(fixed, moving)
    masks = Masks(*((mask and _hasFew(mask) and _thickened(mask)) or mask for mask in (masks.fixed, masks.moving)))
    return SlicePair(_thickened(fixed), _thickened(moving), masks, _normal(fixed), start, ofWhole)


def _hasFew(image: Image) -> bool:
    return min(image.array.shape) < MINIMUM_VOXELS_PER_AXIS


def _normal(image: Image) -> np.ndarray:
    """(3,): the unit vector across the slices of ``image``, in RAS."""
    axis = 2 - int(np.argmin(image.array.shape))
    first, second = (image.ijkToRas[:3, other] for other in range(3) if other != axis)
    across = np.cross(first, second)
    return across / np.linalg.norm(across)


def _moved(image: Image, start: np.ndarray) -> Image:
    return replace(image, ijkToRas=np.linalg.inv(start) @ image.ijkToRas)


def _thickened(image: Image) -> Image:
    """``image`` with its outermost slices repeated beyond it: what they show is taken to go on there."""
    axis = int(np.argmin(image.array.shape))
    count, spacing = image.array.shape[axis], image.grid.spacing
    pixel = float(np.delete(spacing, 2 - axis).max())
    wanted = max(MINIMUM_VOXELS_PER_AXIS, math.ceil(MINIMUM_THICKNESS_PIXELS * pixel / float(spacing[2 - axis])))
    repeated = min(MAXIMUM_REPEATS, -(-(wanted - count) // 2))
    margins = [repeated if a == axis else 0 for a in range(3)]

    def padded(array: np.ndarray) -> np.ndarray:
        return np.pad(array, [(margin, margin) for margin in margins], mode="edge")

    known = None if image.known is None else padded(image.known)
    ijkToRas = image.grid.padded((margins[0], margins[1], margins[2])).ijkToRas
    return replace(image, array=padded(image.array), ijkToRas=ijkToRas, known=known)


def _seenIn(image: Image, slices: Image) -> Image:
    """``image`` on the grid of ``slices``, each voxel the mean over the thickness of its slice."""
    axis = int(np.argmin(slices.array.shape))
    grid = slices.grid
    pixel = float(np.delete(grid.spacing, 2 - axis).max())
    image = reduceToSpacing(image, pixel)
    parts = max(1, round(float(grid.spacing[2 - axis]) / float(image.grid.spacing.min())))
    known = np.ones(image.array.shape, np.float32) if image.known is None else image.known.astype(np.float32)
    values = np.where(known > 0, image.array, 0.0).astype(np.float32) * known
    sums, shares = np.zeros(grid.shape), np.zeros(grid.shape)
    for part in range(parts):
        offset = np.zeros(3)
        offset[2 - axis] = (part + 0.5) / parts - 0.5
        there = grid.shifted(offset)
        sums += toArray(sampleOnGrid(values, image.ijkToRas, there))
        shares += toArray(sampleOnGrid(known, image.ijkToRas, there))
    if float(shares.sum()) / parts < MINIMUM_KNOWN_VOXELS:
        raise RegistrationError(
            _("{slices} has few slices, and {image} does not reach into them: give an initial transform.").format(
                slices=slices.name, image=image.name
            )
        )
    array = (sums / np.maximum(shares, MINIMUM_KNOWN_SHARE)).astype(np.float32)
    shares = (shares / parts).astype(np.float32)
    return replace(image, array=array, ijkToRas=grid.ijkToRas, known=None if shares.min() > 0.999 else shares)
