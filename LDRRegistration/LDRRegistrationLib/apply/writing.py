"""A transform into a file of the format that its name or the user asks for, put in its place at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..runtime.errors import RegistrationError
from ..runtime.workfolder import replaceFile
from . import fsl, x5
from .reading import compose, parts

if TYPE_CHECKING:
    import SimpleITK

FORMATS = ("itk", "field", "ants", "fsl", "x5")
# What an image may be written as: one file each. (.mhd and .nhdr leave the voxels in another one.)
IMAGE_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
# Of "ants", whose OUT is the beginning of two names, any.
ENDINGS = {
    "itk": (".h5", ".hdf5", ".tfm", ".txt", ".mat"),
    "field": IMAGE_ENDINGS,
    "fsl": (".nii.gz", ".nii"),
    "x5": (".x5",),
    "ants": ("",),
}


def writeTransform(
    transform: SimpleITK.Transform,
    path: Path,
    format_: str | None,
    reference: SimpleITK.Image | None,
    moving: SimpleITK.Image | None,
) -> list[Path]:
    """Write a transform; returns the files.

    :param format_: one of FORMATS, by default by the ending: "itk" for .h5, .tfm, .txt and .mat, "field" (of ITK, ANTs
        and elastix) for images, "x5". "ants" is PATH0GenericAffine.mat and PATH1Warp.nii.gz, as antsRegistration
        writes them; "fsl" is a relative field of FNIRT.
    :param reference: the fixed image, whose voxels a field has.
    :param moving: the moving image, which FNIRT's fields need.
    :raises RegistrationError: an image is missing, or the format cannot hold the transform.
    """
    import SimpleITK as sitk

    format_ = format_ or formatOf(path)
    if not path.name.lower().endswith(ENDINGS[format_]):
        raise RegistrationError(f"{path.name} cannot be of the format {format_}: end it with {_listed(format_)}.")
    if format_ in ("field", "ants", "fsl") and reference is None:
        raise RegistrationError("A displacement field needs the voxels of the fixed image: name it by --reference.")
    if format_ == "itk":
        if not transform.IsLinear() and path.suffix.lower() == ".mat":
            raise RegistrationError(f"{path.name} can hold a matrix only, and this transform is none: write .h5.")
        if transform.IsLinear() and len(parts(transform)) > 1:  # which .mat cannot hold, and others need not
            transform = x5.linearFromRas(x5.rasFromLinear(transform))
        return [put(path, lambda part: sitk.WriteTransform(transform, str(part)))]
    if format_ == "x5":
        return [put(path, lambda part: x5.write(transform, part, reference))]
    assert reference is not None
    if format_ == "field":
        return [put(path, lambda part: _writeField(transform, reference, part))]
    if format_ == "fsl":
        if moving is None:
            raise RegistrationError("A field of FNIRT needs the moving image, too: name it by --moving.")
        return [put(path, lambda part: fsl.write(transform, part, reference, moving))]
    affine, warp = _split(transform)
    matrix, field = filesOf(path, format_)
    return [
        put(matrix, lambda part: sitk.WriteTransform(affine, str(part))),
        put(field, lambda part: _writeField(warp, reference, part)),
    ]


def filesOf(path: Path, format_: str | None) -> list[Path]:
    """The files that ``writeTransform`` writes."""
    if format_ != "ants":
        return [path]
    return [path.with_name(path.name + ending) for ending in ("0GenericAffine.mat", "1Warp.nii.gz")]


def formatOf(path: Path) -> str:
    """:raises RegistrationError: the ending says none."""
    for format_ in ("itk", "field", "x5"):
        if path.name.lower().endswith(ENDINGS[format_]):
            return format_
    raise RegistrationError(
        f"{path.name} says no format: end it with {', '.join(map(_listed, ('itk', 'field', 'x5')))}, or give --to."
    )


def _listed(format_: str) -> str:
    return ", ".join(ENDINGS[format_])


def put(path: Path, write: Callable[[Path], object]) -> Path:
    """A file that ``write`` fills, in its place only when it is whole.

    :raises RegistrationError: it cannot be written.
    """

    def checked(part: Path) -> None:
        # Writers know a format by its ending in small letters.
        usual = part.with_name(part.name.lower())
        try:
            write(usual)
        except RuntimeError as error:  # of ITK
            raise OSError(28, "it did not arrive whole on the disk, which may be full") from error
        os.replace(usual, part)

    try:
        replaceFile(path, checked)
    except OSError as error:
        raise RegistrationError(f"{path} could not be written: {error.strerror or error}.") from error
    return path


def _writeField(transform: SimpleITK.Transform, reference: SimpleITK.Image, path: Path) -> None:
    import SimpleITK as sitk

    field = sitk.Cast(fsl.displacementField(transform, reference), sitk.sitkVectorFloat32)
    sitk.WriteImage(field, str(path), useCompression=True)


def _split(transform: SimpleITK.Transform) -> tuple[SimpleITK.Transform, SimpleITK.Transform]:
    """(A, W) with T(x) = A(W(x)): A the matrices of T alone, W what is left."""
    linear = [part for part in parts(transform) if part.IsLinear()]
    matrix = x5.linearFromRas(x5.rasFromLinear(compose(linear))) if linear else x5.linearFromRas(np.eye(4))
    return matrix, compose([matrix.GetInverse(), *parts(transform)])
