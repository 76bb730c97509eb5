"""DIPY: symmetric diffeomorphic registration with local cross-correlation, after Greedy's affine.

As its example for 3D brains has it (https://docs.dipy.org/stable/examples_built/registration/syn_registration_3d.html):
CCMetric with radius 4 and sigma 2, at most 10, 10 and 5 iterations from coarse to fine, and a linear pre-alignment that
was found before.
"""

import numpy as np
import SimpleITK as sitk
from dipy.align.imwarp import SymmetricDiffeomorphicRegistration
from dipy.align.metrics import CCMetric
from process import serve
from start import WITHIN, affine_of, displacement_to, points_of, read

ITERATIONS = [10, 10, 5]


def grid_to_world(image):
    """4x4 from (i, j, k) to LPS mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return matrix


def register(fixed, moving, how):
    affine = affine_of(fixed, moving, WITHIN)
    static, other = (sitk.GetArrayFromImage(image).T.astype(np.float64) for image in (fixed, moving))
    syn = SymmetricDiffeomorphicRegistration(CCMetric(3), level_iters=ITERATIONS)
    mapping = syn.optimize(static, other, grid_to_world(fixed), grid_to_world(moving), affine)

    def finish():
        # mm of the world at the fixed image's voxels (i, j, k); the pre-alignment comes after it.
        vectors = np.asarray(mapping.get_forward_field(), dtype=np.float64).transpose(2, 1, 0, 3)
        moved = (points_of(fixed) + vectors) @ affine[:3, :3].T + affine[:3, 3]
        return sitk.WriteImage, displacement_to(moved, fixed)

    return finish


if __name__ == "__main__":
    serve(register, read)
