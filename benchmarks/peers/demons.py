"""Demons of SimpleITK, fast symmetric forces and diffeomorphic, coarse to fine, after Greedy's affine.

Pyramids, smoothing and 20 iterations a level are those of SimpleITK's own notebook (66_Registration_Demons,
https://insightsoftwareconsortium.github.io/SimpleITK-Notebooks/Python_html/66_Registration_Demons.html). Demons take
equal intensities for equal places: histograms are matched first, and they are not run across contrasts.
"""

import SimpleITK as sitk
from process import serve
from start import WITHIN, affine_of, displacement_after, matched, moved_by, read

# By how: the filter, its smoothing of the field in voxels, and the coarse levels as (shrink factor, sigma in mm).
KINDS = {
    "fast": (sitk.FastSymmetricForcesDemonsRegistrationFilter, 2.0, ((4, 8), (2, 4))),
    "diffeomorphic": (sitk.DiffeomorphicDemonsRegistrationFilter, 0.8, ((6, 6), (4, 4), (2, 2))),
}
ITERATIONS = 20


def coarser(image, shrink, sigma):
    """Smoothed by ``sigma`` mm, on a grid of the same extent with 1/``shrink`` of the voxels along each axis."""
    size = [max(int(n / shrink + 0.5), 2) for n in image.GetSize()]
    spacing = [(n - 1) * step / (m - 1) for n, step, m in zip(image.GetSize(), image.GetSpacing(), size, strict=True)]
    smooth = sitk.SmoothingRecursiveGaussian(image, sigma)
    same = sitk.Transform()
    return sitk.Resample(smooth, size, same, sitk.sitkLinear, image.GetOrigin(), spacing, image.GetDirection(), 0.0)


def register(fixed, moving, how):
    kind, sigma, coarse = KINDS[how]
    affine = affine_of(fixed, moving, WITHIN)
    moved = matched(moved_by(affine, fixed, moving), fixed)
    demons = kind()
    demons.SetNumberOfIterations(ITERATIONS)
    demons.SetSmoothDisplacementField(True)
    demons.SetStandardDeviations(sigma)
    field = None
    for level in [*coarse, None]:
        f, m = (image if level is None else coarser(image, *level) for image in (fixed, moved))
        if field is None:
            field = sitk.Image(f.GetSize(), sitk.sitkVectorFloat64)
            field.CopyInformation(f)
        else:
            field = sitk.Resample(field, f)
        field = demons.Execute(f, m, field)

    def finish():
        return sitk.WriteImage, displacement_after(affine, sitk.GetArrayFromImage(field), fixed)

    return finish


if __name__ == "__main__":
    serve(register, read)
