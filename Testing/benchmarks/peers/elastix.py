"""elastix (SimpleITK-SimpleElastix): its default affine and B-spline parameter maps, grid spacing 10 mm."""

import SimpleITK as sitk
from process import serve


def register(fixed, moving, how):
    elastix = sitk.ElastixImageFilter()
    elastix.LogToConsoleOff()
    elastix.SetFixedImage(fixed)
    elastix.SetMovingImage(moving)
    maps = sitk.VectorOfParameterMap()
    maps.append(sitk.GetDefaultParameterMap("affine"))
    spline = sitk.GetDefaultParameterMap("bspline")
    if "GridSpacingSchedule" in spline:
        del spline["GridSpacingSchedule"]
    spline["FinalGridSpacingInPhysicalUnits"] = ["10.0"]
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
