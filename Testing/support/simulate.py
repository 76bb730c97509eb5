"""A scanner and a disease that are known exactly: rescans of an image under another protocol, lesions painted in."""

from dataclasses import dataclass, field

import numpy as np
from LDRRegistrationLib.space.grid import Grid, transformPoints
from LDRRegistrationLib.space.image import Image
from scipy.ndimage import gaussian_filter, map_coordinates, spline_filter
from scipy.spatial.transform import Rotation

SUBSAMPLES = 4


@dataclass(frozen=True)
class Protocol:
    """How a scan is made of an anatomy. ``noise`` and ``contrast`` are shares of the 99th percentile.

    ``gamma`` bends the contrast curve, and ``uneven`` is the amplitude of a smooth field by which it differs from place
    to place, as flip angles do; ``bias`` is the amplitude of a smooth multiplicative field, ``gain`` the units,
    ``distortionMm`` the largest of a smooth error of the scanner's geometry along each axis, ``blurMm`` the standard
    deviation of its point spread in the plane, ``finer`` into how many voxels it interpolates one along i and j;
    ``spacing`` (i, j, k) in mm is that of the source where None, each voxel the mean over its box.
    """

    spacing: tuple[float, float, float] | None = None
    degrees: float = 0.0
    shiftMm: float = 0.0
    gamma: float = 1.0
    gain: float = 1.0
    bias: float = 0.0
    distortionMm: float = 0.0
    noise: float = 0.01
    blurMm: float = 0.0
    uneven: float = 0.0
    finer: int = 1


@dataclass(frozen=True)
class Lesion:
    """A ball of ``diameterMm`` around ``centerRas``, whose intensity differs from what is there by ``delta``."""

    centerRas: np.ndarray
    diameterMm: float
    delta: float
    axes: tuple[float, float, float] = field(default=(1.0, 1.0, 1.0))

    @property
    def volumeMm3(self) -> float:
        return float(np.pi / 6.0 * self.diameterMm**3 * np.prod(self.axes))


def paint(image: Image, lesions: list[Lesion]) -> Image:
    """``image`` with the lesions in it, each voxel by the share of its box that lies in the lesion."""
    array = image.array.astype(np.float32).copy()
    for lesion in lesions:
        covered, box = coverage(image.grid, lesion)
        array[box] += lesion.delta * covered
    return Image(array, image.ijkToRas, image.name)


def coverage(grid: Grid, lesion: Lesion) -> tuple[np.ndarray, tuple[slice, slice, slice]]:
    """The share of every voxel's box that is lesion, and the part of the grid (k, j, i) where that is."""
    center = transformPoints(grid.rasToIjk, lesion.centerRas)
    reach = 0.5 * lesion.diameterMm * max(lesion.axes) / grid.spacing + 1.5
    low = np.maximum(np.floor(center - reach), 0).astype(int)
    high = np.minimum(np.ceil(center + reach) + 1, grid.sizeIjk).astype(int)
    offsets = (np.arange(SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5
    fine = [(np.arange(a, b)[:, None] + offsets).ravel() for a, b in zip(low, high, strict=True)]
    i, j, k = np.meshgrid(*fine, indexing="ij")
    away = (transformPoints(grid.ijkToRas, np.stack([i, j, k], axis=-1)) - lesion.centerRas) / np.array(lesion.axes)
    inside = (away**2).sum(axis=-1) <= (0.5 * lesion.diameterMm) ** 2
    n = high - low
    shares = inside.reshape(n[0], SUBSAMPLES, n[1], SUBSAMPLES, n[2], SUBSAMPLES).mean(axis=(1, 3, 5))
    return shares.transpose(2, 1, 0).astype(np.float32), tuple(slice(a, b) for a, b in zip(low, high, strict=True))[
        ::-1
    ]


def rescan(image: Image, protocol: Protocol, rng: np.random.Generator) -> tuple[Image, np.ndarray]:
    """Another scan of the same person, and the 4x4 that maps points of ``image`` to points of it, RAS mm."""
    grid = image.grid
    spacing = grid.spacing if protocol.spacing is None else np.array(protocol.spacing)
    size = np.maximum(np.round(grid.extentMm / spacing), 4).astype(int)
    matrix = np.eye(4)
    matrix[:3, :3] = grid.direction @ np.diag(spacing)
    matrix[:3, 3] = grid.centerRas - matrix[:3, :3] @ ((size - 1) / 2.0)
    axis = rng.normal(size=3)
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_rotvec(np.deg2rad(protocol.degrees) * axis / np.linalg.norm(axis)).as_matrix()
    shift = rng.normal(size=3)
    shift *= protocol.shiftMm / np.linalg.norm(shift)
    motion[:3, 3] = grid.centerRas + shift - motion[:3, :3] @ grid.centerRas
    new = _seen(grid, Grid((int(size[2]), int(size[1]), int(size[0])), matrix), motion)
    matrix = new.ijkToRas
    array = _scanned(image, new, np.linalg.inv(motion), distortion(protocol, new, rng))
    top = float(np.percentile(image.array[image.array > image.array.max() * 0.02], 99))
    if protocol.blurMm:
        sigmas = protocol.blurMm / new.spacing[::-1]
        array = gaussian_filter(array, (0.0, sigmas[1], sigmas[2]))
    share = np.clip(array / top, 0.0, None)
    gamma = np.maximum(
        protocol.gamma + (protocol.uneven * _smoothNoise(new, rng, 30.0) if protocol.uneven else 0.0), 0.2
    )
    signal = share**gamma * (1.0 + protocol.bias * _smoothNoise(new, rng, 40.0))
    noise = protocol.noise * rng.normal(size=(2, *new.shape))
    noisy = np.hypot(signal + noise[0], noise[1]) if protocol.noise else signal
    if (image.array == image.array.min()).mean() > 0.3:
        noisy[array <= 0.02 * top] = 0.0  # skull-stripped or defaced, as the source
    scanned = (protocol.gain * top * noisy).astype(np.float32)
    if protocol.finer > 1:
        scanned, matrix = _interpolated(scanned, matrix, protocol.finer)
    return Image(scanned, matrix, f"rescan of {image.name}"), motion


def _interpolated(array: np.ndarray, ijkToRas: np.ndarray, finer: int) -> tuple[np.ndarray, np.ndarray]:
    """``array`` (k, j, i) with ``finer`` voxels for each along j and i, linearly, and where they lie."""
    nk, nj, ni = array.shape
    k = np.arange(nk, dtype=np.float32)
    j, i = ((np.arange(n * finer, dtype=np.float32) + 0.5) / finer - 0.5 for n in (nj, ni))
    places = np.meshgrid(k, j, i, indexing="ij")
    finely = np.eye(4)
    finely[[0, 1], [0, 1]] = 1.0 / finer
    finely[[0, 1], 3] = 0.5 / finer - 0.5
    return map_coordinates(array, places, order=1, mode="nearest"), ijkToRas @ finely


def _seen(source: Grid, new: Grid, motion: np.ndarray) -> Grid:
    """``new`` without the slices at either end that look beyond the source, where there is nothing to scan."""
    ijk = transformPoints(source.rasToIjk @ np.linalg.inv(motion) @ new.ijkToRas, _middleLines(new))
    usable = ((ijk > -0.5) & (ijk < source.sizeIjk - 0.5)).all(axis=-1).mean(axis=1) > 0.9
    first, last = (int(n) for n in np.flatnonzero(usable)[[0, -1]])
    shift = np.eye(4)
    shift[2, 3] = first
    return Grid((last - first + 1, *new.shape[1:]), new.ijkToRas @ shift)


def _middleLines(grid: Grid) -> np.ndarray:
    """(k, points, 3): i, j, k of points in the middle half of every slice."""
    nk, nj, ni = grid.shape
    i, j = np.meshgrid(np.linspace(0.25, 0.75, 9) * (ni - 1), np.linspace(0.25, 0.75, 9) * (nj - 1))
    return np.stack([np.stack([i.ravel(), j.ravel(), np.full(i.size, k)], axis=1) for k in range(nk)])


def distortion(protocol: Protocol, grid: Grid, rng: np.random.Generator) -> list[np.ndarray]:
    """Where the scanner looks besides the place it means: mm along R, A and S, each (k, j, i), or nothing."""
    if not protocol.distortionMm:
        return []
    return [protocol.distortionMm * _smoothNoise(grid, rng, 30.0).astype(np.float32) for _ in range(3)]


def _scanned(image: Image, grid: Grid, toImageRas: np.ndarray, astray: list[np.ndarray]) -> np.ndarray:
    """Mean of the (cubic) image over the box of every voxel of ``grid``, finer in the directions that are coarse."""
    coefficients = spline_filter(image.array.astype(np.float32), order=3, output=np.float32)
    steps = np.maximum(np.round(grid.spacing / image.grid.spacing.min()), 1).astype(int)
    toIjk = image.grid.rasToIjk @ toImageRas @ grid.ijkToRas
    k, j, i = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in grid.shape), indexing="ij")
    total = np.zeros(grid.shape, np.float32)
    for offset in np.ndindex(*steps):
        d = (np.array(offset) + 0.5) / steps - 0.5
        rows = [
            toIjk[a, 0] * (i + d[0]) + toIjk[a, 1] * (j + d[1]) + toIjk[a, 2] * (k + d[2]) + toIjk[a, 3]
            for a in (2, 1, 0)
        ]
        for place, a in enumerate((2, 1, 0)):
            for mm, factor in zip(astray, (image.grid.rasToIjk @ toImageRas)[a, :3], strict=False):
                rows[place] += np.float32(factor) * mm
        total += map_coordinates(coefficients, rows, order=3, prefilter=False, mode="constant", cval=0.0)
    return total / np.prod(steps)


def _smoothNoise(grid: Grid, rng: np.random.Generator, sigmaMm: float) -> np.ndarray:
    """Smooth noise between -1 and 1."""
    coarse = np.maximum(np.array(grid.shape) // 8, 2)
    sigma = sigmaMm / (grid.extentMm[::-1] / coarse)
    noise = gaussian_filter(rng.normal(size=coarse), sigma, mode="reflect")
    positions = np.meshgrid(*(np.linspace(0, c - 1, n) for c, n in zip(coarse, grid.shape, strict=True)), indexing="ij")
    noise = map_coordinates(noise, positions, order=1)
    noise -= noise.mean()
    return noise / np.abs(noise).max()


def quietPlaces(
    image: Image, inside: np.ndarray, count: int, rng: np.random.Generator, levels: tuple[float, float], apartMm=18.0
) -> list[np.ndarray]:
    """Points (RAS) where the image is even and between two of its quantiles inside the mask, well apart."""
    values = image.array.astype(np.float32)
    sigma = 1.5 / image.grid.spacing[::-1]
    mean = gaussian_filter(values, sigma)
    even = np.sqrt(np.maximum(gaussian_filter(values**2, sigma) - mean**2, 0))
    low, high = np.quantile(mean[inside], levels)
    core = gaussian_filter(inside.astype(np.float32), 4.0 / image.grid.spacing[::-1]) > 0.97
    usable = core & (mean >= low) & (mean <= high)
    usable &= even <= np.quantile(even[usable], 0.3)
    k, j, i = np.nonzero(usable)
    points = transformPoints(image.ijkToRas, np.stack([i, j, k], axis=1))
    chosen: list[np.ndarray] = []
    for index in rng.permutation(len(points)):
        if all(np.linalg.norm(points[index] - other) > apartMm for other in chosen):
            chosen.append(points[index])
            if len(chosen) == count:
                break
    return chosen
