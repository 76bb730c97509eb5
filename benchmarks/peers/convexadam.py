"""convexAdam (Siebert et al., TPAMI 2024) with its own defaults, after Greedy's affine: it has none of its own."""

import numpy as np
import SimpleITK as sitk
import torch
from convexAdam.convex_adam_MIND import convex_adam_pt
from greedy import affine_of, displacement_after
from process import serve


def register(fixed, moving, how):
    affine = affine_of(fixed, moving, "NMI" if how == "across" else "NCC 2x2x2")
    matrix = sitk.AffineTransform(affine[:3, :3].ravel().tolist(), affine[:3, 3].tolist())
    lowest = float(sitk.GetArrayViewFromImage(moving).min())
    moved = sitk.Resample(moving, fixed, matrix, sitk.sitkLinear, lowest)
    images = [torch.from_numpy(sitk.GetArrayFromImage(image)) for image in (fixed, moved)]
    voxels = convex_adam_pt(*images, device=torch.device("cpu"))

    def finish():
        # In voxels along k, j, i of the fixed image.
        step = np.array(fixed.GetDirection()).reshape(3, 3) * fixed.GetSpacing()
        return sitk.WriteImage, displacement_after(affine, voxels[..., ::-1] @ step.T, fixed)

    return finish


def read(path):
    return sitk.ReadImage(path, sitk.sitkFloat32)


if __name__ == "__main__":
    serve(register, read)
