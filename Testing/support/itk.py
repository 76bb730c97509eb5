"""The engine's values as SimpleITK objects (LPS), so that ITK can judge them."""

import numpy as np
import SimpleITK as sitk
from LDRRegistrationLib.space.grid import LPS_FROM_RAS, Grid
from LDRRegistrationLib.space.image import Image
from LDRRegistrationLib.space.transform import Transform

SIGNS = np.array([-1.0, -1.0, 1.0])


def place(image: sitk.Image, grid: Grid) -> sitk.Image:
    matrix = LPS_FROM_RAS @ grid.ijkToRas
    image.SetOrigin(matrix[:3, 3].tolist())
    image.SetSpacing(grid.spacing.tolist())
    image.SetDirection((matrix[:3, :3] / grid.spacing).ravel().tolist())
    return image


def from_image(image: Image) -> sitk.Image:
    return place(sitk.GetImageFromArray(image.array), image.grid)


def empty(grid: Grid) -> sitk.Image:
    return place(sitk.GetImageFromArray(np.zeros(grid.shape, np.float32)), grid)


def from_transform(transform: Transform) -> sitk.Transform:
    """Built from the numbers, not through any file: affine after displacement field, both in LPS."""
    matrix = LPS_FROM_RAS @ transform.affine @ LPS_FROM_RAS
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(matrix[:3, :3].ravel().tolist())
    affine.SetTranslation(matrix[:3, 3].tolist())
    if transform.field is None:
        return affine
    vectors = sitk.GetImageFromArray((transform.field.vectors * SIGNS).astype(np.float64), isVector=True)
    field = sitk.DisplacementFieldTransform(place(vectors, transform.field.grid))
    return sitk.CompositeTransform([affine, field])


def transform_points(transform: sitk.Transform, points_ras: np.ndarray) -> np.ndarray:
    return np.array([transform.TransformPoint((p * SIGNS).tolist()) for p in points_ras]) * SIGNS
