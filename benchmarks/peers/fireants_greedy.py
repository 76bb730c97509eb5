"""FireANTs on the CPU: its Riemannian Adam over compositive warps with local correlation, after Greedy's affine.

Scales, iterations, step and smoothing are those of its own script for pairs of OASIS brains
(fireants/scripts/pairwise/oasis_test.py in the package). It is made for GPUs: here it runs without its fused kernels.
FireANTs has a licence of its own, with conditions on passing it on: it is installed into the benchmark's environment
alone, and nothing of it is part of this project.
"""

import SimpleITK as sitk
import torch
from fireants.io.image import BatchedImages, Image
from fireants.registration.greedy import GreedyRegistration
from process import THREADS, serve
from start import WITHIN, affine_of, displacement_to, read

torch.set_num_threads(THREADS)


def register(fixed, moving, how):
    affine = affine_of(fixed, moving, WITHIN)
    images = [BatchedImages(Image(image, device="cpu")) for image in (fixed, moving)]
    found = GreedyRegistration(
        [4, 2, 1],
        [100, 100, 20],
        *images,
        loss_type="cc",
        cc_kernel_size=7,
        deformation_type="compositive",
        optimizer="adam",
        optimizer_lr=0.5,
        smooth_grad_sigma=1,
        smooth_warp_sigma=0.5,
        init_affine=torch.from_numpy(affine)[None].float(),
        progress_bar=False,
    )
    found.optimize()

    def finish():
        with torch.no_grad():
            # From -1 to 1 between the middles of the first and last voxels of the moving image, along i, j, k.
            places = found.get_warped_coordinates(*images)[0].double().numpy()
        to_world = images[1].get_torch2phy()[0].double().numpy()
        return sitk.WriteImage, displacement_to(places @ to_world[:3, :3].T + to_world[:3, 3], fixed)

    return finish


if __name__ == "__main__":
    serve(register, read)
