"""Scans of a brain scan's size from the bundled ones, for the benchmarks."""

import numpy as np
from LDRRegistrationLib.numerics.dlpack import toArray
from LDRRegistrationLib.space.grid import canonicalGrid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.resample import sampleOnGrid

BRAIN_SHAPE = (170, 210, 160)


def brain_sized(image: Image, shape: tuple[int, ...] = BRAIN_SHAPE) -> Image:
    """The image at 1 mm in a box of ``shape`` (k, j, i) around its center."""
    grid = canonicalGrid(image.grid, 1.0)
    shift = np.eye(4)
    shift[:3, 3] = [(have - want) // 2 for have, want in zip(grid.shape[::-1], shape[::-1], strict=True)]
    matrix = grid.ijkToRas @ shift
    values = sampleOnGrid(image.array, image.ijkToRas, type(grid)(shape, matrix))
    return Image(toArray(values).astype(np.int16), matrix, image.name)
