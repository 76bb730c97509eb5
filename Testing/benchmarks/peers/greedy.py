"""Greedy (picsl-greedy): affine, then deformable, NCC of radius 2, as its documentation recommends for brains."""

import numpy as np
import SimpleITK as sitk
from picsl_greedy import Greedy3D
from process import serve

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def register(fixed, moving, how):
    greedy = Greedy3D()
    metric = "NMI" if how == "nmi" else "NCC 2x2x2"
    greedy.execute(
        f"-i fixed moving -a -dof 12 -n 100x50x10 -m {metric} -ia-image-centers -o affine",
        fixed=fixed,
        moving=moving,
        affine=None,
    )
    greedy.execute(f"-i fixed moving -it affine -m {metric} -n 100x50x10 -o warp", warp=None)
    warp, affine = greedy["warp"], np.asarray(greedy["affine"])

    def finish():
        # The affine maps RAS; the warp comes first, in LPS mm.
        vectors = sitk.GetArrayFromImage(warp).astype(np.float64)
        nk, nj, ni = vectors.shape[:3]
        k, j, i = np.meshgrid(np.arange(nk), np.arange(nj), np.arange(ni), indexing="ij")
        step = np.array(fixed.GetDirection()).reshape(3, 3) * fixed.GetSpacing()
        points = np.stack([i, j, k], axis=-1) @ step.T + fixed.GetOrigin()
        matrix = LPS @ affine @ LPS
        moved = (points + vectors) @ matrix[:3, :3].T + matrix[:3, 3]
        field = sitk.GetImageFromArray((moved - points).astype(np.float32), isVector=True)
        field.CopyInformation(fixed)
        return sitk.WriteImage, field

    return finish


def read(path):
    return sitk.ReadImage(path, sitk.sitkFloat32)


if __name__ == "__main__":
    serve(register, read)
