"""FNIRT's displacement fields (Andersson et al., FMRIB Technical Report TR07JA2, 2007; ``fnirt --fout``).

FSL's coordinates of an image are its voxels times their size in mm, counted along i the other way where the image's
axes are right-handed in RAS. A field has the reference's voxels; its vectors lead from FSL's coordinates of the
reference to those of the moving image, by a displacement (relative, the usual) or at once (absolute).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..imagefiles import reading as imagefiles
from ..imagefiles.itk import imageOf
from ..runtime.errors import DependencyError, RegistrationError
from ..space.grid import LPS_FROM_RAS, ijkToRasOfItk, transformPoints

if TYPE_CHECKING:
    import SimpleITK

# NIfTI's intents for FNIRT's files: a field, and coefficients of three kinds.
FIELD_INTENT, COEFFICIENT_INTENTS = 2006, (2007, 2008, 2009)
MISSING = "FNIRT's fields need nibabel, which is not installed: run pip install 'ldr-registration[apply]'."


def isField(path: Path) -> bool:
    """Whether a NIfTI file is FNIRT's: four dimensions, the last of three, unlike the five of ITK's.

    :raises RegistrationError: it holds coefficients.
    """
    import SimpleITK as sitk

    if not path.name.lower().endswith((".nii", ".nii.gz")):
        return False
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        return False
    intent = int(reader.GetMetaData("intent_code")) if reader.HasMetaDataKey("intent_code") else 0
    if intent in COEFFICIENT_INTENTS:
        raise RegistrationError(
            f"{path} holds FNIRT's coefficients: run fnirtfileutils --in={path.name} --out=FIELD, and give the field."
        )
    return reader.GetDimension() == 4 and reader.GetSize()[3] == 3


def read(path: Path, moving: Path | None) -> SimpleITK.Transform:
    """:param moving: the image that the field carries onto its own voxels.

    :raises RegistrationError: the moving image is missing, or cannot be read.
    """
    nibabel = _nibabel()
    field = nibabel.load(path)
    if moving is None:
        raise RegistrationError(f"{path} is a field of FNIRT: name the image that it was made for by --moving.")
    vectors = np.asarray(field.dataobj, dtype=np.float64)
    shape, source = vectors.shape[:3], imagefiles.readImage(moving)[0]
    points = np.stack(np.meshgrid(*(np.arange(n, dtype=float) for n in shape), indexing="ij"), axis=-1)
    toFsl = fslFromVoxels(field.affine, shape)
    start = transformPoints(toFsl, points)
    # As FSL decides it: absolute fields vary as the coordinates do.
    isAbsolute = (vectors - start).reshape(-1, 3).std(axis=0).sum() < vectors.reshape(-1, 3).std(axis=0).sum()
    there = vectors if isAbsolute else start + vectors
    toRas = source.ijkToRas @ np.linalg.inv(fslFromVoxels(source.ijkToRas, source.array.shape[::-1]))
    displacement = transformPoints(toRas, there) - transformPoints(field.affine, points)
    return transformFromRas(displacement, field.affine)


def write(transform: SimpleITK.Transform, path: Path, reference: SimpleITK.Image, moving: SimpleITK.Image) -> None:
    """A relative field on the voxels of ``reference``."""
    nibabel = _nibabel()
    affine, movingAffine = ijkToRasOfItk(reference), ijkToRasOfItk(moving)
    shape = reference.GetSize()
    points = np.stack(np.meshgrid(*(np.arange(n, dtype=float) for n in shape), indexing="ij"), axis=-1)
    there = transformPoints(affine, points) + displacementRas(transform, reference)
    toFsl = fslFromVoxels(movingAffine, moving.GetSize()) @ np.linalg.inv(movingAffine)
    vectors = transformPoints(toFsl, there) - transformPoints(fslFromVoxels(affine, shape), points)
    image = nibabel.Nifti1Image(vectors.astype(np.float32), affine)
    image.header["intent_code"] = FIELD_INTENT
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def fslFromVoxels(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """4x4 from voxels (i, j, k) to FSL's coordinates of an image."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    matrix = np.diag([*spacing, 1.0])
    if np.linalg.det(affine[:3, :3]) > 0:
        matrix[0, 0], matrix[0, 3] = -spacing[0], (shape[0] - 1) * spacing[0]
    return matrix


def displacementRas(transform: SimpleITK.Transform, reference: SimpleITK.Image) -> np.ndarray:
    """(i, j, k, 3): T(x) - x at the voxels of ``reference``, mm RAS."""
    import SimpleITK as sitk

    field = displacementField(transform, reference)
    return sitk.GetArrayFromImage(field).transpose(2, 1, 0, 3) * np.diag(LPS_FROM_RAS)[:3]


def displacementField(transform: SimpleITK.Transform, reference: SimpleITK.Image) -> SimpleITK.Image:
    """The same in LPS, as ITK keeps it."""
    import SimpleITK as sitk

    return sitk.TransformToDisplacementField(
        transform,
        sitk.sitkVectorFloat64,
        reference.GetSize(),
        reference.GetOrigin(),
        reference.GetSpacing(),
        reference.GetDirection(),
    )


def transformFromRas(displacement: np.ndarray, affine: np.ndarray) -> SimpleITK.Transform:
    """From vectors (i, j, k, 3) in mm RAS at voxels that ``affine``, 4x4, brings to RAS."""
    import SimpleITK as sitk

    vectors = displacement.transpose(2, 1, 0, 3) * np.diag(LPS_FROM_RAS)[:3]
    return sitk.DisplacementFieldTransform(imageOf(vectors, affine, isVector=True))


def _nibabel() -> Any:
    try:
        import nibabel
    except ImportError as error:
        raise DependencyError(MISSING) from error
    return nibabel
