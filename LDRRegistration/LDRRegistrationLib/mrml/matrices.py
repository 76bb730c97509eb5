"""vtkMatrix4x4 to numpy and back, and the linear transforms above a node."""

from __future__ import annotations

import numpy as np
import vtk

from ..errors import RegistrationError


def arrayFromMatrix(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def matrixFromArray(array: np.ndarray) -> vtk.vtkMatrix4x4:
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy([float(value) for value in np.asarray(array).ravel()])
    return matrix


def localToWorld(node) -> np.ndarray:
    """4x4 from the coordinates a transformable node stores to world RAS.

    :raises RegistrationError: if a parent transform is not linear.
    """
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    matrix = vtk.vtkMatrix4x4()
    if not parent.IsTransformToWorldLinear() or not parent.GetMatrixTransformToWorld(matrix):
        raise RegistrationError(
            f"{node.GetName()} is under the non-linear transform {parent.GetName()}: harden it (or a copy) first."
        )
    return arrayFromMatrix(matrix)


def linearFromWorld(transformNode) -> np.ndarray:
    """4x4 of a linear transform node with its parents, in the resampling direction: world to what it is set on.

    :raises RegistrationError: if it, or a parent, is not linear.
    """
    matrix = vtk.vtkMatrix4x4()
    if not transformNode.IsTransformToWorldLinear() or not transformNode.GetMatrixTransformFromWorld(matrix):
        raise RegistrationError(
            f"The initial transform {transformNode.GetName()} is not linear; only rigid and affine ones can start."
        )
    return arrayFromMatrix(matrix)
