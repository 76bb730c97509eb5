"""How regular a deformation is: where it folds, and how unevenly it changes volumes; over the grid, and in the body."""

from __future__ import annotations

from typing import TypedDict

from ..numerics.displacement import foldedFraction, sdLogJacobian
from .selfcheck import CheckedFlow, SelfCheck


class Regularity(TypedDict):
    """Percent of cells that fold, and the SD of log J of the others: of the whole grid, and of what the image shows."""

    foldedPercent: float
    sdLogJacobian: float
    foldedPercentInBody: float
    sdLogJacobianInBody: float


def regularity(selfCheck: SelfCheck, found: CheckedFlow) -> Regularity:
    """Of the flow that was ``found``, without the affine part; all 0 where there is none."""
    determinants = found.jacobianDeterminants
    if determinants is None:
        return Regularity(foldedPercent=0.0, sdLogJacobian=0.0, foldedPercentInBody=0.0, sdLogJacobianInBody=0.0)
    inBody = selfCheck.inBody(determinants)
    return Regularity(
        foldedPercent=100.0 * foldedFraction(determinants),
        sdLogJacobian=sdLogJacobian(determinants),
        foldedPercentInBody=100.0 * foldedFraction(inBody),
        sdLogJacobianInBody=sdLogJacobian(inBody),
    )
