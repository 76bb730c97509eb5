"""vtkMatrix4x4 to numpy and back, and the linear transforms above a node."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _

SMALLEST_STRETCH = 0.01


def arrayFromMatrix(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def matrixFromArray(array: np.ndarray) -> vtk.vtkMatrix4x4:
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy([float(value) for value in np.asarray(array).ravel()])
    return matrix


def linearMatrix(transform: vtk.vtkAbstractTransform) -> np.ndarray | None:
    """4x4 of a linear transform, composed or not; None if it is not linear."""
    linear = vtk.vtkTransform()
    if not slicer.vtkMRMLTransformNode.IsGeneralTransformLinear(transform, linear):
        return None
    return arrayFromMatrix(linear.GetMatrix())


def localToWorld(node) -> np.ndarray:
    """4x4 from the coordinates a transformable node stores to world RAS.

    :raises RegistrationError: if a parent transform is not linear.
    """
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    chain = vtk.vtkGeneralTransform()
    parent.GetTransformToWorld(chain)
    matrix = linearMatrix(chain)
    if matrix is None:
        raise RegistrationError(
            _("{name} is under the non-linear transform {parent}: harden it (or a copy) first.").format(
                name=node.GetName(), parent=parent.GetName()
            )
        )
    return matrix


def linearFromWorld(transformNode) -> np.ndarray:
    """4x4 of a linear transform node with its parents, in the resampling direction: world to what it is set on.

    :raises RegistrationError: if it, or a parent, is not linear, or nothing could start from it.
    """
    chain = vtk.vtkGeneralTransform()
    transformNode.GetTransformFromWorld(chain)
    matrix = linearMatrix(chain)
    if matrix is None:
        raise RegistrationError(
            _("The initial transform {transform} is not linear; only rigid and affine ones can start.").format(
                transform=transformNode.GetName()
            )
        )
    checkStart(matrix, _("The initial transform {transform}").format(transform=transformNode.GetName()))
    return matrix


def checkStart(matrix: np.ndarray, name: str) -> None:
    """Raise RegistrationError with a sentence about ``name`` if no registration can start from a 4x4."""
    if not np.all(np.isfinite(matrix)):
        raise RegistrationError(_("{name} contains numbers that are not finite.").format(name=name))
    stretches = np.linalg.svd(matrix[:3, :3], compute_uv=False)
    if stretches.min() < SMALLEST_STRETCH or stretches.max() > 1.0 / SMALLEST_STRETCH:
        raise RegistrationError(
            _("{name} scales lengths by {least:.3g} to {most:.3g}: nothing can start from it.").format(
                name=name, least=stretches.min(), most=stretches.max()
            )
        )
    if np.linalg.det(matrix[:3, :3]) < 0:
        raise RegistrationError(
            _("{name} is a mirror image, which exchanges left and right: nothing can start from it.").format(name=name)
        )
