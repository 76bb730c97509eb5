"""elastix (SimpleITK-SimpleElastix): its default affine and B-spline parameter maps, grid spacing 10 mm.

It starts at the centres of gravity, as SlicerElastix does: from the middles of the boxes it fails on some brains.
"""

import SimpleITK as sitk
from process import serve


def register(fixed, moving, how):
    elastix = sitk.ElastixImageFilter()
    elastix.LogToConsoleOff()
    elastix.SetFixedImage(fixed)
    elastix.SetMovingImage(moving)
    maps = sitk.VectorOfParameterMap()
    affine = sitk.GetDefaultParameterMap("affine")
    affine["AutomaticTransformInitialization"] = ["true"]
    affine["AutomaticTransformInitializationMethod"] = ["CenterOfGravity"]
    affine["RequiredRatioOfValidSamples"] = ["0.05"]
    maps.append(affine)
    spline = sitk.GetDefaultParameterMap("bspline")
    if "GridSpacingSchedule" in spline:
        del spline["GridSpacingSchedule"]
    spline["FinalGridSpacingInPhysicalUnits"] = ["10.0"]
    spline["RequiredRatioOfValidSamples"] = ["0.05"]
    maps.append(spline)
    elastix.SetParameterMap(maps)
    elastix.Execute()
    found = elastix.GetTransformParameterMap()

    def finish():
        transformix = sitk.TransformixImageFilter()
        transformix.LogToConsoleOff()
        transformix.SetMovingImage(moving)
        transformix.SetTransformParameterMap(found)
        transformix.ComputeDeformationFieldOn()
        transformix.Execute()
        return sitk.WriteImage, transformix.GetDeformationField()

    return finish


def read(path):
    return sitk.ReadImage(path, sitk.sitkFloat32)


if __name__ == "__main__":
    serve(register, read)
