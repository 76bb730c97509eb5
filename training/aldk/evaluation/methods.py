"""Registration methods as the evaluation takes them: functions from a pair to a displacement field."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from LDRRegistrationLib.registration.models import ModelStore
from LDRRegistrationLib.registration.register import RegistrationResult, register
from LDRRegistrationLib.registration.settings import Settings

from .pairs import EvaluationPair


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
        displacement = result.transform.displacement(pair.fixed.grid)
        return Answer(displacement, result.transform.affine, values, tuple(result.notes))
