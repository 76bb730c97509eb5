"""How the moving image is put onto the fixed image's voxels, as a user may choose it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .grid import Grid
from .image import Image
from .sampledvalues import backgroundOf
from .transform import Transform


class Interpolation(Enum):
    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"


class ScalarType(Enum):
    """Of the warped volume: the moving image's own, in which values between two are rounded, or 32-bit floats."""

    MOVING = "moving"
    FLOAT = "float"


@dataclass(frozen=True)
class Resampling:
    """``padding`` is the value where the moving image has none: by default what stands for no measurement in it, or
    else air (-1000) in CT, or else its lowest value."""

    interpolation: Interpolation = Interpolation.LINEAR
    padding: float | None = None
    scalarType: ScalarType = ScalarType.MOVING

    def check(self, moving: Image) -> None:
        """:raises RegistrationError: the padding is no value of the scalar type that the result will have."""
        dtype = self._dtype(moving)
        if self.padding is None or dtype.kind not in "iu":
            return
        least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
        if not (least <= self.padding <= most and float(self.padding).is_integer()):
            raise RegistrationError(
                _(
                    "A padding of {padding:g} cannot be held by the voxels of {name} ({type}, {least} to {most}): "
                    "choose another value, or the scalar type float."
                ).format(padding=self.padding, name=moving.name, type=dtype.name, least=least, most=most)
            )

    def warp(
        self, transform: Transform, moving: Image, grid: Grid, advance: Callable[[float], None] = lambda share: None
    ) -> np.ndarray:
        """``moving`` carried onto ``grid`` (the fixed volume's) by ``transform``: (k, j, i); see ``Transform.warp``.

        :raises RegistrationError: see ``check``.
        """
        self.check(moving)
        return transform.warp(
            moving,
            grid,
            fill=backgroundOf(moving) if self.padding is None else self.padding,
            nearest=self.interpolation is Interpolation.NEAREST,
            cubic=self.interpolation is Interpolation.CUBIC,
            dtype=self._dtype(moving),
            advance=advance,
        )

    def _dtype(self, moving: Image) -> np.dtype:
        return moving.array.dtype if self.scalarType is ScalarType.MOVING else np.dtype(np.float32)
