"""pydeform (Ekström et al., 2020): dense displacement by graph cuts, after Greedy's affine.

Levels, blocks, step and regularisation are those of the example of settings in its documentation
(https://github.com/simeks/deform); of its costs local cross-correlation alone, since a pair has one image each, of
different people.
"""

import pydeform.sitk_api as pydeform
import SimpleITK as sitk
from process import THREADS, serve
from start import WITHIN, affine_of, displacement_after, moved_by, read

SETTINGS = {
    "pyramid_levels": 6,
    "pyramid_stop_level": 0,
    "block_size": [12, 12, 12],
    "block_energy_epsilon": 1e-7,
    "step_size": 0.5,
    "regularization_weight": 0.1,
    "image_slots": [{"resampler": "gaussian", "normalize": True, "cost_function": "ncc"}],
}


def register(fixed, moving, how):
    affine = affine_of(fixed, moving, WITHIN)
    moved = moved_by(affine, fixed, moving)
    field = pydeform.register(fixed, moved, settings=SETTINGS, num_threads=THREADS)

    def finish():
        return sitk.WriteImage, displacement_after(affine, sitk.GetArrayFromImage(field), fixed)

    return finish


if __name__ == "__main__":
    serve(register, read)
