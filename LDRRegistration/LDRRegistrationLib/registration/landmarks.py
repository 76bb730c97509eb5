"""Pairs of landmarks that a registration has to honour: what they say, how well they fit, and which to doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.grid import Grid, transformPoints

# A landmark is doubted if it lies so far from where the images and the other landmarks would have it, and so many
# times farther than the others lie on average, unless the images are more alike around it for following it.
DOUBTED_MM, DOUBTED_TIMES = 8.0, 3.0
# Of the landmarks so many are doubted at most: where more of them disagree nobody knows which are wrong.
MAXIMUM_DOUBTED_SHARE = 0.34


@dataclass(frozen=True)
class Landmarks:
    """``fixedRas`` and ``movingRas`` (n, 3) in world RAS mm; row n of both is one place of the body.

    ``weights`` (n,), above 0 and up to 1: 1 is to be honoured as nearly as possible.
    """

    labels: list[str]
    fixedRas: np.ndarray
    movingRas: np.ndarray
    weights: np.ndarray

    @staticmethod
    def of(
        fixedRas: np.ndarray,
        movingRas: np.ndarray,
        weights: np.ndarray | None = None,
        labels: Sequence[str] | None = None,
    ) -> Landmarks:
        """Landmarks, checked; without ``weights`` all count fully, without ``labels`` they are numbered from 1.

        :raises RegistrationError: there are none, or not as many of one image as of the other; a coordinate is no
            number, or a weight is not above 0 and up to 1.
        """
        fixed, moving = (np.asarray(points, dtype=np.float64).reshape(-1, 3) for points in (fixedRas, movingRas))
        if len(fixed) != len(moving):
            raise RegistrationError(
                _("There are {fixed} fixed and {moving} moving landmarks: as many of both are needed.").format(
                    fixed=len(fixed), moving=len(moving)
                )
            )
        if not len(fixed):
            raise RegistrationError(_("There are no landmarks."))
        if not (np.isfinite(fixed).all() and np.isfinite(moving).all()):
            raise RegistrationError(_("A landmark has a coordinate that is not a number."))
        ones = np.ones(len(fixed)) if weights is None else np.asarray(weights, dtype=np.float64)
        if ones.shape != (len(fixed),) or not np.all((ones > 0) & (ones <= 1)):
            raise RegistrationError(_("The weights of landmarks are to be above 0 and at most 1, one each."))
        names = [str(n + 1) for n in range(len(fixed))] if labels is None else list(labels)
        return Landmarks(names, fixed, moving, ones)

    def checkInside(self, fixed: Grid, moving: Grid, fixedName: str, movingName: str) -> None:
        """Raise RegistrationError, with their labels, if landmarks lie more than a voxel outside their images."""
        for points, grid, name in ((self.fixedRas, fixed, fixedName), (self.movingRas, moving, movingName)):
            ijk = transformPoints(grid.rasToIjk, points)
            outside = np.any((ijk < -1.0) | (ijk > grid.sizeIjk), axis=1)
            if outside.any():
                labels = ", ".join(label for label, isOut in zip(self.labels, outside, strict=True) if isOut)
                raise RegistrationError(
                    _("Landmarks outside {image}: {labels}. Move them, or leave them out.").format(
                        image=name, labels=labels
                    )
                )


@dataclass(frozen=True)
class LandmarkFit:
    """How far landmarks are from where the registration leads them, mm in the moving image: (n,) each.

    ``beforeMm`` without them as constraints, ``afterMm`` with them. ``unexpectedMm`` is how far each lies from where
    the images and the other landmarks would have it; ``doubted`` (n,) bool are those that stand out by it.
    ``localBefore`` and ``localAfter`` are the similarities around each, 0 to 1.
    """

    landmarks: Landmarks
    beforeMm: np.ndarray
    afterMm: np.ndarray
    unexpectedMm: np.ndarray
    doubted: np.ndarray
    localBefore: np.ndarray
    localAfter: np.ndarray
    notes: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """One line for the panel and the terminal."""
        return _(
            "{count} landmarks followed: mean error {before:.2f} -> {after:.2f} mm, maximum {mostBefore:.2f} -> "
            "{mostAfter:.2f} mm"
        ).format(
            count=len(self.beforeMm),
            before=float(self.beforeMm.mean()),
            after=float(self.afterMm.mean()),
            mostBefore=float(self.beforeMm.max()),
            mostAfter=float(self.afterMm.max()),
        )


def doubtedAmong(unexpectedMm: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """(n,) bool: which of few landmarks to doubt, by how far each lies from where the others would have it.

    :param unexpectedMm: (n,), in mm.
    :param gains: (n,), how much more alike the images are around each for following it.
    """
    doubted = np.zeros(len(unexpectedMm), dtype=bool)
    most = int(MAXIMUM_DOUBTED_SHARE * len(unexpectedMm)) if len(unexpectedMm) > 1 else 1
    for index in np.argsort(-unexpectedMm)[: max(most, 1)]:
        others = np.delete(unexpectedMm, [*np.flatnonzero(doubted), index])
        usual = float(np.median(others)) if len(others) else 0.0
        if unexpectedMm[index] > max(DOUBTED_MM, DOUBTED_TIMES * usual) and gains[index] <= 0.0:
            doubted[index] = True
    return doubted
