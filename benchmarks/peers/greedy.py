"""Greedy (picsl-greedy): affine, then deformable, NCC of radius 2, as its documentation recommends for brains.

Across contrasts both by NMI, which leaves less of a known motion than NCC does.
"""

import numpy as np
import SimpleITK as sitk
from picsl_greedy import Greedy3D
from process import serve
from start import LPS, align, displacement_after, metric_for, read


def register(fixed, moving, how):
    greedy = Greedy3D()
    metric = metric_for(how)
    align(greedy, fixed, moving, metric)
    greedy.execute(f"-i fixed moving -it affine -m {metric} -n 100x50x10 -o warp", warp=None)
    warp, affine = greedy["warp"], LPS @ np.asarray(greedy["affine"]) @ LPS

    def finish():
        # The warp comes before the affine, in LPS mm.
        vectors = sitk.GetArrayFromImage(warp).astype(np.float64)
        return sitk.WriteImage, displacement_after(affine, vectors, fixed)

    return finish


if __name__ == "__main__":
    serve(register, read)
