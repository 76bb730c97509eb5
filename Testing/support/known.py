"""Pairs whose answer is known exactly: a real crop, and itself under a smooth deformation and a motion."""

from dataclasses import replace

import numpy as np
from LDRRegistrationLib.space.grid import transformPoints
from LDRRegistrationLib.space.image import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from support.data import HIPPOCAMPUS, read_image


def crop() -> Image:
    """The bundled crop around a hippocampus, about 35 x 50 x 36 mm."""
    return read_image(HIPPOCAMPUS / "images" / "hippocampus_014.nii.gz")


def deformed(image: Image, mm: float = 1.5, seed: int = 0) -> tuple[Image, np.ndarray]:
    """(moving, u): ``image`` sampled at x + u(x), u (k, j, i, 3) in voxels k, j, i: at x the moving shows x + u."""
    rng = np.random.default_rng(seed)
    u = np.stack([gaussian_filter(rng.normal(size=image.array.shape), 7.0) for _ in range(3)], axis=-1)
    u *= mm / np.linalg.norm(u, axis=-1).mean()
    voxels = u / image.grid.spacing[::-1]
    index = np.moveaxis(np.indices(image.array.shape), 0, -1) + voxels
    values = map_coordinates(image.array.astype(np.float32), np.moveaxis(index, -1, 0), order=1, mode="nearest")
    return Image(values, image.ijkToRas, "moving"), voxels


def errorMm(transform, fixed: Image, moving: Image, voxels: np.ndarray, motion: np.ndarray | None = None) -> float:
    """Mean distance between where ``transform`` sends fixed points and where they are, within ``moving``'s box.

    ``motion``: 4x4 by which ``moving`` was moved after it was deformed by ``voxels`` (see ``deformed``).
    """
    motion = np.eye(4) if motion is None else motion
    inside = np.zeros(fixed.array.shape, dtype=bool)
    inside[tuple(slice(4, n - 4) for n in fixed.array.shape)] = True
    k, j, i = np.nonzero(inside)
    here = np.stack([k, j, i], axis=1)
    # Points y of the moving image show the fixed image's y + u(y).
    seen = here + voxels[inside]
    fixedPoints = transformPoints(fixed.ijkToRas, seen[:, ::-1])
    truth = transformPoints(motion @ fixed.ijkToRas, here[:, ::-1])
    ijk = transformPoints(moving.grid.rasToIjk, truth)
    shown = np.all((ijk >= 0) & (ijk <= moving.grid.sizeIjk - 1), axis=1)
    return float(np.linalg.norm(transform.points(fixedPoints[shown]) - truth[shown], axis=1).mean())


def moved(image: Image, motion: np.ndarray) -> Image:
    """``image`` carried by a 4x4 in RAS mm, its voxels as they are."""
    return replace(image, ijkToRas=motion @ image.ijkToRas)


def about(image: Image, linear: np.ndarray, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """4x4: ``linear`` (3, 3) about the middle of ``image``, then a shift in mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = image.grid.centerRas - linear @ image.grid.centerRas + np.array(shift)
    return matrix
