"""How well a placement by hand agrees, and where the pre-alignment would go from there: a tenth of a second each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..space.image import Image
from ..space.intensity import normalised
from ..space.resample import reduceToSpacing
from ..space.validity import checkedImage, filled
from .affinelncc import AffineLncc
from .levenbergmarquardt import RIGID, climb, sizeOf
from .prealignment import COMPETING_ROUNDS
from .register import PREALIGN_SPACING_MM


@dataclass(frozen=True)
class PlacementFigures:
    """Mean squared local correlations over the fixed box, 0 to 1: under a placement, and after a few rigid rounds."""

    similarity: float
    reached: float


class PlacementPreview:
    """A pair at the pre-alignment's spacing, 4 mm, to be judged again and again.

    :param fixed, moving: in world RAS mm.
    :raises RegistrationError: one is nothing that could be aligned.
    """

    def __init__(self, fixed: Image, moving: Image) -> None:
        low = [reduceToSpacing(checkedImage(image), PREALIGN_SPACING_MM) for image in (fixed, moving)]
        self._level = AffineLncc(filled(normalised(low[0])), filled(normalised(low[1])))
        self.untouched = self._level.at([np.eye(4)])[0].total
        """The similarity as the two lie in the world."""

    def at(self, matrix: np.ndarray) -> PlacementFigures:
        """Judge a placement, 4x4 from fixed to moving RAS mm, and what a rigid pre-alignment makes of it."""
        here = self._level.at([matrix])[0]
        there = climb(self._level, [here], RIGID, COMPETING_ROUNDS, [sizeOf(matrix)])[0]
        return PlacementFigures(here.total, max(here.total, there.total))
