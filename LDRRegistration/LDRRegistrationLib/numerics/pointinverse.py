"""Where points come from: a map solved for the points that it carries to given ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def solved(
    through: Callable[[np.ndarray], np.ndarray], target: np.ndarray, toleranceMm: float, iterations: int
) -> np.ndarray:
    """The points (n, 3) that ``through`` carries to ``target`` (n, 3), to ``toleranceMm``; NaN where none was found.

    Fixed-point iteration x = y - v(x) from x = y (Chen et al., Med Phys 2008), halving the step of a point whose
    residual grows, so that steep maps without folds converge too.
    """
    x, step, last = np.array(target, dtype=float), np.ones(len(target)), np.full(len(target), np.inf)
    active = np.flatnonzero(np.isfinite(x).all(axis=1))
    for _ in range(iterations):
        residual = through(x[active]) - target[active]
        error = np.linalg.norm(residual, axis=1)
        step[active] = np.where(error > last[active], step[active] * 0.5, step[active])
        last[active] = error
        isOpen = ~(error <= toleranceMm)
        active = active[isOpen]
        if not len(active):
            break
        x[active] -= step[active, None] * residual[isOpen]
    x[active] = np.nan
    return x
