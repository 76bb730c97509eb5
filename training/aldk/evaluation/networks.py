"""From a checkpoint to the network in it: for evaluation, export and teachers alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import checkpoint
from ..errors import TrainingError
from ..models import Architecture, RegistrationNetwork, build_model


def load_network(path: Path, weights: str = "average") -> tuple[RegistrationNetwork, dict[str, Any]]:
    """The network of a run's folder or of a checkpoint file, on the CPU and ready to infer, and the whole checkpoint.

    :param weights: "average", the moving average of the weights, or "model", those after the last step.
    :raises TrainingError: if there is no checkpoint, or its weights are not those of the architecture it names.
    """
    state = checkpoint.load(path)
    if state is None:
        raise TrainingError(f"There is no checkpoint at {path}.")
    try:
        model = build_model(Architecture.from_dict(state["architecture"]))
    except (KeyError, TypeError, TrainingError) as error:
        raise TrainingError(
            f"The checkpoint at {path} is of a network that this version cannot build: {state.get('architecture')}."
        ) from error
    try:
        model.load_state_dict(state[weights])
    except (KeyError, RuntimeError) as error:
        raise TrainingError(
            f"The weights in {path} do not fit the architecture {state['architecture']}: they are of another "
            "architecture, or of an older version."
        ) from error
    return model.eval(), state
