"""Greedy (picsl-greedy): affine, then deformable, NCC of radius 2, as its documentation recommends for brains.

Across contrasts both by NMI, which leaves less of a known motion than NCC does.
"""

import numpy as np
import SimpleITK as sitk
from picsl_greedy import Greedy3D
from process import serve

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def affine_of(fixed, moving, metric):
    """4x4 from fixed to moving points, LPS mm."""
    greedy = Greedy3D()
    _align(greedy, fixed, moving, metric)
    return LPS @ np.asarray(greedy["affine"]) @ LPS


def _align(greedy, fixed, moving, metric):
    greedy.execute(
        f"-i fixed moving -a -dof 12 -n 100x50x10 -m {metric} -ia-image-centers -o affine",
        fixed=fixed,
        moving=moving,
        affine=None,
    )


def displacement_after(affine, vectors, fixed):
    """The image of A(x + v(x)) - x, LPS mm, on the fixed grid."""
    nk, nj, ni = vectors.shape[:3]
    k, j, i = np.meshgrid(np.arange(nk), np.arange(nj), np.arange(ni), indexing="ij")
    step = np.array(fixed.GetDirection()).reshape(3, 3) * fixed.GetSpacing()
    points = np.stack([i, j, k], axis=-1) @ step.T + fixed.GetOrigin()
    moved = (points + vectors) @ affine[:3, :3].T + affine[:3, 3]
    field = sitk.GetImageFromArray((moved - points).astype(np.float32), isVector=True)
    field.CopyInformation(fixed)
    return field


def register(fixed, moving, how):
    greedy = Greedy3D()
    metric = "NMI" if how == "across" else "NCC 2x2x2"
    _align(greedy, fixed, moving, metric)
    greedy.execute(f"-i fixed moving -it affine -m {metric} -n 100x50x10 -o warp", warp=None)
    warp, affine = greedy["warp"], LPS @ np.asarray(greedy["affine"]) @ LPS

    def finish():
        # The warp comes before the affine, in LPS mm.
        vectors = sitk.GetArrayFromImage(warp).astype(np.float64)
        return sitk.WriteImage, displacement_after(affine, vectors, fixed)

    return finish


def read(path):
    return sitk.ReadImage(path, sitk.sitkFloat32)


if __name__ == "__main__":
    serve(register, read)
