"""How one training step is computed: a small object a strategy, over one training loop."""

from __future__ import annotations

from typing import Any

from aldk.errors import TrainingError
from aldk.teachers import Teacher

from .aldk import Aldk, AldkOptions
from .distillation import Distillation
from .guidance import Guidance, GuidanceOptions
from .guidedaldk import GuidedAldk
from .multilevel import Multilevel, MultilevelOptions
from .reconstruction import Reconstruction
from .sar import Sar, SarOptions
from .unsupervised import Unsupervised

STRATEGIES = ("unsupervised", "distillation", "aldk", "ofg", "ofg-aldk", "multilevel", "sar")


def make_strategy(
    name: str,
    losses: dict[str, Any] | None = None,
    teacher: Teacher | None = None,
    options: AldkOptions | None = None,
    guidance: GuidanceOptions | None = None,
    multilevel: MultilevelOptions | None = None,
    sar: SarOptions | None = None,
) -> Unsupervised:
    """A strategy by name.

    Parameters
    ----------
    losses
        Weights for ``Reconstruction``, as a config gives them.
    teacher
        For "distillation" and "aldk", and for "ofg" with the source "teacher".
    options
        For "aldk" and "ofg-aldk"; "distillation" takes its gamma.
    guidance
        For "ofg" and "ofg-aldk".
    multilevel
        For "multilevel".
    sar
        For "sar".

    :raises TrainingError: for an unknown name or loss, or without the teacher that the strategy needs.
    """
    try:
        reconstruction = Reconstruction(**(losses or {}))
    except TypeError as error:
        raise TrainingError(f"The losses of the config are not understood: {error}.") from error
    options = options or AldkOptions()
    if name == "unsupervised":
        return Unsupervised(reconstruction)
    if name == "ofg":
        return Guidance(reconstruction, guidance or GuidanceOptions(), teacher)
    if name == "multilevel":
        return Multilevel(reconstruction, multilevel or MultilevelOptions())
    if name == "ofg-aldk":
        return GuidedAldk(reconstruction, options, guidance or GuidanceOptions())
    if name == "sar":
        return Sar(reconstruction, sar or SarOptions())
    if name not in STRATEGIES:
        raise TrainingError(f"There is no strategy called {name}; there are {', '.join(STRATEGIES)}.")
    if teacher is None:
        raise TrainingError(f"The strategy {name} needs a teacher.")
    if name == "distillation":
        return Distillation(reconstruction, teacher, options.gamma)
    return Aldk(reconstruction, teacher, options)
