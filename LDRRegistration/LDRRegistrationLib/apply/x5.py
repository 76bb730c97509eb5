"""X5, the draft of a common format for transforms, by the library that drafts it (nitransforms): RAS mm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..runtime.errors import DependencyError, RegistrationError
from ..space.grid import LPS_FROM_RAS, ijkToRasOfItk
from . import fsl

if TYPE_CHECKING:
    import SimpleITK

MISSING = "X5 needs nitransforms, which is not installed: run pip install 'ldr-registration[apply]'."


def read(path: Path) -> SimpleITK.Transform:
    """:raises RegistrationError: it is damaged, or holds a kind of transform other than a matrix and a dense field."""
    from .reading import compose

    format_ = _library()
    try:
        nodes = format_.from_filename(path)
    except (OSError, TypeError, KeyError, ValueError) as error:
        raise RegistrationError(f"{path} cannot be read as X5.") from error
    found = []
    for node in nodes:
        if node.type == "linear" and node.array_length == 1:
            found.append(linearFromRas(np.asarray(node.transform, dtype=float).reshape(4, 4)))
        elif node.type == "nonlinear" and node.subtype == "densefield" and node.domain is not None:
            displacement, affine = np.asarray(node.transform, dtype=float), np.asarray(node.domain.mapping, dtype=float)
            if node.representation == "deformations":
                voxels = np.stack(np.meshgrid(*map(np.arange, displacement.shape[:3]), indexing="ij"), axis=-1)
                displacement = displacement - (voxels @ affine[:3, :3].T + affine[:3, 3])
            found.append(fsl.transformFromRas(displacement, affine))
        else:
            raise RegistrationError(f"{path} holds a transform of type {node.type} that cannot be read yet.")
    # A point goes through the first one first.
    return compose(found[::-1])


def write(transform: SimpleITK.Transform, path: Path, reference: SimpleITK.Image | None) -> None:
    """A matrix, or a dense field on the voxels of ``reference``."""
    format_ = _library()
    if transform.IsLinear():
        node = format_.X5Transform(
            type="linear",
            transform=rasFromLinear(transform),
            dimension_kinds=("space", "space", "space", "vector"),
            metadata={"WrittenBy": "ldr-apply"},
        )
    else:
        if reference is None:
            raise RegistrationError("A dense field needs the voxels of an image: name it by --reference.")
        domain = format_.X5Domain(
            grid=True, size=reference.GetSize(), mapping=ijkToRasOfItk(reference), coordinates="cartesian"
        )
        node = format_.X5Transform(
            type="nonlinear",
            subtype="densefield",
            representation="displacements",
            transform=fsl.displacementRas(transform, reference),
            dimension_kinds=("space", "space", "space", "vector"),
            domain=domain,
            metadata={"WrittenBy": "ldr-apply"},
        )
    format_.to_filename(path, [node])


def linearFromRas(matrix: np.ndarray) -> SimpleITK.Transform:
    """ITK's affine transform from a 4x4 in RAS."""
    import SimpleITK as sitk

    inLps = LPS_FROM_RAS @ matrix @ LPS_FROM_RAS
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(inLps[:3, :3].ravel().tolist())
    affine.SetTranslation(inLps[:3, 3].tolist())
    return affine


def rasFromLinear(transform: SimpleITK.Transform) -> np.ndarray:
    """4x4 in RAS of a linear transform."""
    matrix = np.eye(4)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    for axis in range(3):
        matrix[:3, axis] = np.array(transform.TransformPoint(np.eye(3)[axis].tolist())) - matrix[:3, 3]
    return LPS_FROM_RAS @ matrix @ LPS_FROM_RAS


def _library() -> Any:
    try:
        from nitransforms.io import x5
    except ImportError as error:
        raise DependencyError(MISSING) from error
    return x5
