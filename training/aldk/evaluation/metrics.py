"""How good a displacement field is: overlap and distance of structures, landmarks, plausibility.

A displacement is u(x) = T(x) - x: (k, j, i, 3) in mm RAS at the voxel centres of the fixed image's grid, T carrying
fixed to moving points.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from LDRRegistrationLib.space.grid import Grid, transformPoints
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import DisplacementField
from monai.metrics import compute_hausdorff_distance
from scipy.ndimage import find_objects, map_coordinates

# "Structures of at least 50 voxels" of the brain benchmarks, whose voxels are 1 mm^3.
MINIMUM_VOLUME_MM3 = 50.0
# Grids whose centres are aligned often lie half a voxel apart; without this, rounding noise would tear labels there.
TIE_VOXELS = 1e-4


@dataclass(frozen=True)
class Overlap:
    """Two times the intersection over the sum of both, and the intersection over the union."""

    dice: float
    jaccard: float


def as_integers(labels: Image) -> np.ndarray:
    """(k, j, i) int32: label maps are sometimes stored as floating point numbers."""
    return np.ascontiguousarray(np.rint(labels.array), dtype=np.int32)


def counted_labels(fixed: Image, moving: Image) -> list[int]:
    """The labels above 0 that fill at least 50 mm^3 in both maps, each on its own grid."""
    large = []
    for labels in (fixed, moving):
        values, counts = np.unique(as_integers(labels), return_counts=True)
        volumes = counts * float(np.prod(labels.grid.spacing))
        large.append(set(values[volumes >= MINIMUM_VOLUME_MM3 * (1 - 1e-6)].tolist()))
    return sorted(label for label in large[0] & large[1] if label > 0)


def carry_labels(labels: Image, displacement: np.ndarray, grid: Grid) -> np.ndarray:
    """(k, j, i) int32: ``labels`` of the moving image at x + u(x), nearest neighbour, 0 beyond their grid.

    Halves are rounded up, as ITK does.
    """
    values, carried = as_integers(labels), np.zeros(grid.shape, dtype=np.int32)
    to_voxels, shape = labels.grid.rasToIjk @ grid.ijkToRas, np.array(values.shape)
    j, i = np.meshgrid(*(np.arange(n) for n in grid.shape[1:]), indexing="ij")
    for k in range(grid.shape[0]):
        ijk = transformPoints(to_voxels, np.stack([i, j, np.full_like(i, k)], axis=-1))
        ijk += displacement[k] @ labels.grid.rasToIjk[:3, :3].T
        kji = np.floor(ijk[..., ::-1] + 0.5 + TIE_VOXELS).astype(np.intp)
        inside = np.all((kji >= 0) & (kji < shape), axis=-1)
        carried[k][inside] = values[tuple(kji[inside].T)]
    return carried


def overlap(fixed: np.ndarray, carried: np.ndarray, structures: list[int]) -> dict[int, Overlap]:
    """Dice and Jaccard of each structure in two label maps (k, j, i) of one grid (ITK's LabelOverlapMeasures)."""
    measures = sitk.LabelOverlapMeasuresImageFilter()
    measures.Execute(*(sitk.GetImageFromArray(np.ascontiguousarray(m, dtype=np.int32)) for m in (fixed, carried)))
    return {n: Overlap(measures.GetDiceCoefficient(n), measures.GetJaccardCoefficient(n)) for n in structures}


def hausdorff95(fixed: np.ndarray, carried: np.ndarray, structures: list[int], grid: Grid) -> dict[int, float]:
    """95th percentile of the distances in mm between the surfaces of each structure, the larger of both directions.

    ``fixed`` and ``carried`` (k, j, i) lie on ``grid``. By MONAI, each structure in the box around it. A structure that
    is gone from ``carried`` counts with the diagonal of the grid, as in the BraTS challenges: left out of a mean, the
    worst result would improve it.
    """
    spacing = grid.spacing[::-1].tolist()
    boxes = [find_objects(m, max_label=max(structures, default=0)) for m in (fixed, carried)]
    distances = {}
    for n in structures:
        first, second = (found[n - 1] for found in boxes)
        if first is None or second is None:
            distances[n] = float(np.linalg.norm(grid.extentMm))
            continue
        box = tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
        masks = [torch.from_numpy(m[box] == n)[None, None] for m in (fixed, carried)]
        with warnings.catch_warnings():
            # MONAI warns of the end of an argument that only its own code still gives.
            warnings.simplefilter("ignore", FutureWarning)
            result = compute_hausdorff_distance(
                masks[1], masks[0], include_background=True, percentile=95, spacing=spacing
            )
        distances[n] = float(result)
    return distances


def landmark_errors(displacement: np.ndarray, grid: Grid, fixed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """(n,): distances in mm between T(fixed) and ``moving``, both (n, 3) in RAS mm.

    u is interpolated trilinearly; beyond the outermost voxel centres the value at the nearest of them holds.
    """
    kji = transformPoints(grid.rasToIjk, fixed)[:, ::-1].T
    at = [map_coordinates(displacement[..., c].astype(np.float64), kji, order=1, mode="nearest") for c in range(3)]
    return np.linalg.norm(fixed + np.stack(at, axis=-1) - moving, axis=1)


@dataclass(frozen=True)
class Plausibility:
    """``folds``: cells where det dT/dx is not positive; ``folds_percent`` of all; ``sd_log_j`` over the others.

    The last two of the same in the body alone: around it a deformation is smooth, which flatters.
    """

    folds: int
    folds_percent: float
    sd_log_j: float
    folds_percent_in_body: float = math.nan
    sd_log_j_in_body: float = math.nan


def plausibility(displacement: np.ndarray, grid: Grid, body: np.ndarray | None = None) -> Plausibility:
    """Non-positive Jacobian determinants of T, and the standard deviation of the logarithm of the positive ones.

    Both are taken over the whole fixed grid, background included, and of the whole T, affine part included (a constant
    factor changes no SD). Forward differences in each of the (k-1)(j-1)(i-1) cells see every fold between two
    neighbours, also those of one voxel that central differences step over.

    The determinant of d(x + u)/dx is the same in mm and in voxels of the grid, however that is turned or stretched: u
    in voxels is M^-1 u for the grid's matrix M, and det(M^-1 (I + du/dx) M) = det(I + du/dx).

    :param body: (k, j, i) bool, where the fixed image shows something.
    """
    determinant = DisplacementField(displacement, grid).jacobianDeterminant()
    folds, percent, deviation = _regularity(determinant)
    inside = (math.nan, math.nan) if body is None else _regularity(determinant[body[:-1, :-1, :-1]])[1:]
    return Plausibility(folds, percent, deviation, *inside)


def _regularity(determinants: np.ndarray) -> tuple[int, float, float]:
    positive = determinants[determinants > 0]
    folds = determinants.size - positive.size
    deviation = float(np.log(positive.astype(np.float64)).std()) if positive.size else math.nan
    return folds, 100.0 * folds / max(determinants.size, 1), deviation
