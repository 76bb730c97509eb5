"""Registration methods as the evaluation takes them: functions from a pair to a displacement field."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from LDRRegistrationLib.numerics.dlpack import toArray
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import RegistrationResult, register
from LDRRegistrationLib.registration.settings import Settings
from LDRRegistrationLib.space.catmullrom import interpolateOnGrid
from LDRRegistrationLib.space.grid import Grid
from LDRRegistrationLib.space.transform import Transform

from .pairs import EvaluationPair

SLAB_VOXELS = 2_000_000


@dataclass(frozen=True, eq=False)
class Answer:
    """A displacement field, and what else a method may say about how it came to it.

    ``displacement`` (k, j, i, 3) is u(x) = T(x) - x, mm RAS, on the fixed image's grid. ``aligned``, 4x4 from fixed to
    moving RAS mm, is the linear pre-alignment alone. ``values`` become columns of the pair's row; ``seconds`` among
    them replaces what the evaluation measured around the call, for methods that run elsewhere or ran before.
    """

    displacement: np.ndarray
    aligned: np.ndarray | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


# A bare array is an answer without remarks.
Method = Callable[[EvaluationPair], np.ndarray | Answer]


def no_motion(pair: EvaluationPair) -> np.ndarray:
    """T(x) = x: both images stay where their headers put them."""
    return np.zeros((*pair.fixed.grid.shape, 3), dtype=np.float32)


def displacement_on_grid(transform: Transform, grid: Grid) -> np.ndarray:
    """(k, j, i, 3) float32: T(x) - x in mm RAS at the points of ``grid``.

    The values of ``Transform.displacement``, in a fraction of its time where the field runs parallel to the grid.
    """
    result = np.empty((*grid.shape, 3), dtype=np.float32)
    points, linear = grid.pointsRas(), transform.affine[:3, :3]
    slab = max(1, SLAB_VOXELS // (grid.shape[1] * grid.shape[2]))
    for start in range(0, grid.shape[0], slab):
        rows = slice(start, min(start + slab, grid.shape[0]))
        moved = points[rows] @ (linear - np.eye(3)).T + transform.affine[:3, 3]
        if transform.field is not None:
            vectors = interpolateOnGrid(transform.field.vectors, transform.field.grid, grid, rows.start, rows.stop)
            moved += toArray(vectors.movedim(0, -1)) @ linear.T
        result[rows] = moved
    return result


class EngineMethod:
    """The module's own registration, as a click runs it.

    ``seconds`` are those of ``register`` alone, which ends with a transform ready for use: the dense field on the fixed
    grid is made for the evaluation only. ``grid_folds_percent`` and ``grid_sd_log_j`` are the engine's own report,
    without the affine part, on the model's grid.
    """

    def __init__(self, settings: Settings, models: ModelStore) -> None:
        self.settings, self.models = settings, models

    def run(self, pair: EvaluationPair) -> tuple[RegistrationResult, dict[str, float]]:
        """The registration alone, and what was measured around it.

        :raises RegistrationError: if the pair cannot be registered.
        """
        start = time.perf_counter()
        result = register(pair.fixed, pair.moving, self.settings, self.models)
        return result, {"seconds": time.perf_counter() - start}

    def __call__(self, pair: EvaluationPair) -> Answer:
        """:raises RegistrationError: if the pair cannot be registered."""
        result, values = self.run(pair)
        values |= {"grid_folds_percent": result.foldedPercent, "grid_sd_log_j": result.sdLogJacobian}
        displacement = displacement_on_grid(result.transform, pair.fixed.grid)
        return Answer(displacement, result.transform.affine, values, tuple(result.notes))
