"""plastimatch: B-splines in three stages by mean squares of matched histograms, after Greedy's affine.

Metric, optimiser, 30 iterations a stage and smoothness are those of its guidebook
(https://plastimatch.org/image_registration_guidebook.html). Its grids of 100 to 30 mm are for chests: here 40, 20 and
10 mm, the last as elastix has it, on every fourth, second and each voxel. The guidebook would rather have mutual
information for MR, but with its smoothness of 0.005 that leaves a known bump nearly where it was; so it is not run
across contrasts. It works on files; writing and reading them is part of its time.
"""

import subprocess
import tempfile
from pathlib import Path

import SimpleITK as sitk
from plastimatch import _lookup
from process import serve
from start import WITHIN, affine_of, displacement_after, matched, moved_by, read

STAGES = ((40, 4), (20, 2), (10, 1))
FILES = """[GLOBAL]
fixed={folder}/fixed.mha
moving={folder}/moved.mha
vf_out={folder}/field.mha
"""
STAGE = """
[STAGE]
xform=bspline
optim=lbfgsb
impl=plastimatch
threading=openmp
metric=mse
max_its=30
regularization_lambda=0.005
grid_spac={mm} {mm} {mm}
res={step} {step} {step}
"""


def register(fixed, moving, how):
    affine = affine_of(fixed, moving, WITHIN)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sitk.WriteImage(fixed, str(folder / "fixed.mha"))
        sitk.WriteImage(matched(moved_by(affine, fixed, moving), fixed), str(folder / "moved.mha"))
        stages = [STAGE.format(mm=mm, step=step) for mm, step in STAGES]
        text = FILES.format(folder=folder) + "".join(stages)
        (folder / "commands.txt").write_text(text, encoding="utf-8")
        command = [_lookup("plastimatch"), "register", str(folder / "commands.txt")]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        if not (folder / "field.mha").is_file():
            raise RuntimeError(ran.stdout[-1000:] + ran.stderr[-1000:])
        field = sitk.ReadImage(str(folder / "field.mha"))

    def finish():
        return sitk.WriteImage, displacement_after(affine, sitk.GetArrayFromImage(field), fixed)

    return finish


if __name__ == "__main__":
    serve(register, read)
