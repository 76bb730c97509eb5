"""The affine start that peers without one of their own share: Greedy's, the moving image already on the fixed grid."""

import numpy as np
import SimpleITK as sitk
from picsl_greedy import Greedy3D

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
WITHIN, ACROSS = "NCC 2x2x2", "NMI"


def metric_for(how):
    return ACROSS if how.startswith("across") else WITHIN


def align(greedy, fixed, moving, metric):
    """Leaves the affine matrix in ``greedy`` as "affine", RAS mm."""
    greedy.execute(
        f"-i fixed moving -a -dof 12 -n 100x50x10 -m {metric} -ia-image-centers -o affine",
        fixed=fixed,
        moving=moving,
        affine=None,
    )


def affine_of(fixed, moving, metric):
    """4x4 from fixed to moving points, LPS mm."""
    greedy = Greedy3D()
    align(greedy, fixed, moving, metric)
    return LPS @ np.asarray(greedy["affine"]) @ LPS


def moved_by(affine, fixed, moving):
    """The moving image on the fixed grid; beyond its border its lowest value."""
    matrix = sitk.AffineTransform(affine[:3, :3].ravel().tolist(), affine[:3, 3].tolist())
    lowest = float(sitk.GetArrayViewFromImage(moving).min())
    return sitk.Resample(moving, fixed, matrix, sitk.sitkLinear, lowest)


def matched(moved, fixed):
    """``moved`` with the histogram of ``fixed``, for tools that take equal intensities for equal places.

    As the ITK Software Guide has it before demons: 1024 levels, 7 points, what is below the mean left out.
    """
    return sitk.HistogramMatching(moved, fixed, 1024, 7, True)


def points_of(fixed):
    """The voxels (k, j, i, 3) of an image in LPS mm."""
    nk, nj, ni = fixed.GetSize()[::-1]
    k, j, i = np.meshgrid(np.arange(nk), np.arange(nj), np.arange(ni), indexing="ij")
    step = np.array(fixed.GetDirection()).reshape(3, 3) * fixed.GetSpacing()
    return np.stack([i, j, k], axis=-1) @ step.T + fixed.GetOrigin()


def displacement_to(moved, fixed):
    """The image of T(x) - x, LPS mm, on the fixed grid; ``moved`` (k, j, i, 3) is T(x)."""
    field = sitk.GetImageFromArray((moved - points_of(fixed)).astype(np.float32), isVector=True)
    field.CopyInformation(fixed)
    return field


def displacement_after(affine, vectors, fixed):
    """The image of A(x + v(x)) - x, LPS mm, on the fixed grid; ``vectors`` (k, j, i, 3) is v, LPS mm."""
    return displacement_to((points_of(fixed) + vectors) @ affine[:3, :3].T + affine[:3, 3], fixed)


def read(path):
    return sitk.ReadImage(path, sitk.sitkFloat32)
