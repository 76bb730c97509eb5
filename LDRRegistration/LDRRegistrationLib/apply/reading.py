"""A transform in any of the formats that are told apart here, as SimpleITK's: LPS mm, fixed to moving points.

ITK transforms (.h5, .tfm, .txt, .mat: of SimpleITK, ANTs and this program), displacement fields (those of ANTs and
elastix: a vector in LPS mm for each voxel), FNIRT's fields (see fsl.py) and X5 (see x5.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..imagefiles import reading as imagefiles
from ..imagefiles.itk import imageOf
from ..imagefiles.streams import checkRegularFile
from ..runtime.errors import RegistrationError
from . import fsl, x5

if TYPE_CHECKING:
    import SimpleITK

ITK_ENDINGS = (".h5", ".hdf5", ".tfm", ".txt", ".mat", ".xfm")
FIELD_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")


def readTransform(path: Path, moving: Path | None = None) -> SimpleITK.Transform:
    """:param moving: the image that FNIRT's field was made for; other formats do without.

    :raises RegistrationError: it is no transform of three dimensions in a format of these, or not all of its numbers
        are any.
    :raises DependencyError: it needs a library that is not installed.
    """
    checkRegularFile(path)
    transform = _read(path, moving)
    if not all(_isFinite(part) for part in parts(transform)):
        raise RegistrationError(f"{path} is damaged: it holds values that are no number.")
    return transform


def _read(path: Path, moving: Path | None) -> SimpleITK.Transform:
    import SimpleITK as sitk

    name = path.name.lower()
    if name.endswith(".x5"):
        return x5.read(path)
    if name.endswith(FIELD_ENDINGS):
        return fsl.read(path, moving) if fsl.isField(path) else _field(path)
    if not name.endswith(ITK_ENDINGS):
        raise RegistrationError(
            f"{path} has an unknown ending; transforms end in {', '.join((*ITK_ENDINGS, '.x5', *FIELD_ENDINGS))}."
        )
    if name.endswith(".txt") and path.read_bytes()[:4096].lstrip().startswith(b"("):
        raise RegistrationError(
            f"{path} holds parameters of elastix: let transformix write the field (-def all), and give that."
        )
    try:
        transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise RegistrationError(f"{path} cannot be read as a transform of ITK.") from error
    if transform.GetDimension() != 3:
        raise RegistrationError(f"{path} is a transform in {transform.GetDimension()} dimensions; 3 are needed.")
    return transform


def needsMoving(path: Path) -> bool:
    """Whether ``readTransform`` needs the moving image for this file."""
    return path.name.lower().endswith(FIELD_ENDINGS) and fsl.isField(path)


def readImage(path: Path, notes: list[str]) -> SimpleITK.Image:
    """A scalar image of three dimensions, placed as ``ldr-register`` places it; values that are no number stay.

    :param notes: takes sentences on what its header left open or said twice.
    :raises RegistrationError: it is none, or damaged.
    """
    image, said = imagefiles.readImage(path)
    notes += [note for note in said if note not in notes]
    return imageOf(image.array, image.ijkToRas)


def compose(transforms: list[SimpleITK.Transform]) -> SimpleITK.Transform:
    """One transform for several, given in the order in which they carry an image.

    Where A carries it first and then B, a point of the result goes the other way, to A(B(x)).
    """
    import SimpleITK as sitk

    if len(transforms) == 1:
        return transforms[0]
    composite = sitk.CompositeTransform(3)
    for transform in transforms:
        composite.AddTransform(transform)
    composite.FlattenTransform()
    return composite


def parts(transform: SimpleITK.Transform) -> list[SimpleITK.Transform]:
    """What a transform is composed of, in the order of ``compose``."""
    import SimpleITK as sitk

    if transform.GetTransformEnum() != sitk.sitkComposite:
        return [transform]
    composite = sitk.CompositeTransform(transform)
    return [
        part for index in range(composite.GetNumberOfTransforms()) for part in parts(composite.GetNthTransform(index))
    ]


def _isFinite(part: SimpleITK.Transform) -> bool:
    import SimpleITK as sitk

    if part.GetTransformEnum() == sitk.sitkDisplacementField:
        field = sitk.DisplacementFieldTransform(part).GetDisplacementField()
        return bool(np.isfinite(sitk.GetArrayViewFromImage(field)).all())
    return bool(np.isfinite(part.GetParameters()).all() and np.isfinite(part.GetFixedParameters()).all())


def _field(path: Path) -> SimpleITK.Transform:
    import SimpleITK as sitk

    try:
        image = sitk.ReadImage(str(path), sitk.sitkVectorFloat64)
    except RuntimeError as error:
        raise RegistrationError(f"{path} cannot be read as a displacement field.") from error
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 3:
        raise RegistrationError(f"{path} is no displacement field: it has not three values for each voxel.")
    return sitk.DisplacementFieldTransform(image)
