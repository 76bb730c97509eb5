"""ANTs (antspyx): SyNQuick, which is driven by mutual information, and SyN, by local correlation, as they come."""

import ants
import numpy as np
from process import serve

KINDS = {
    "synquick": {"type_of_transform": "antsRegistrationSyNQuick[s]"},
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
