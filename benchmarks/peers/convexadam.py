"""convexAdam (Siebert et al., TPAMI 2024) with its own defaults, after Greedy's affine: it has none of its own."""

import numpy as np
import SimpleITK as sitk
import torch
from convexAdam.convex_adam_MIND import convex_adam_pt
from process import serve
from start import affine_of, displacement_after, metric_for, moved_by, read


def register(fixed, moving, how):
    affine = affine_of(fixed, moving, metric_for(how))
    moved = moved_by(affine, fixed, moving)
    images = [torch.from_numpy(sitk.GetArrayFromImage(image)) for image in (fixed, moved)]
    voxels = convex_adam_pt(*images, device=torch.device("cpu"))

    def finish():
        # In voxels along k, j, i of the fixed image.
        step = np.array(fixed.GetDirection()).reshape(3, 3) * fixed.GetSpacing()
        return sitk.WriteImage, displacement_after(affine, voxels[..., ::-1] @ step.T, fixed)

    return finish


if __name__ == "__main__":
    serve(register, read)
