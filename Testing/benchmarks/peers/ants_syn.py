"""ANTs (antspyx): SyNQuick and SyN with their own settings; SyN with mutual information across contrasts."""

import ants
import numpy as np
from process import serve

KINDS = {
    "synquick": {"type_of_transform": "antsRegistrationSyNQuick[s]"},
    "synquick-mi": {"type_of_transform": "SyN", "syn_metric": "mattes", "reg_iterations": (100, 70, 50, 0)},
    "syn": {"type_of_transform": "antsRegistrationSyN[s]"},
}


def register(fixed, moving, how):
    transforms = ants.registration(fixed, moving, **KINDS[how])["fwdtransforms"]

    def finish():
        composite = ants.apply_transforms(fixed, moving, transforms, compose="composite-")
        return ants.image_write, ants.image_read(composite)

    return finish


def read(path):
    image = ants.image_read(path)
    return image.clone("float") if np.dtype(image.numpy().dtype) != np.float32 else image


if __name__ == "__main__":
    serve(register, read)
