"""How one training step is computed: a small object a strategy, over one training loop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from aldk.errors import TrainingError
from aldk.teachers import Teacher

from .aldk import Aldk, AldkOptions
from .base import Strategy
from .distillation import Distillation
from .guidance import Guidance, GuidanceOptions
from .guidedaldk import GuidedAldk
from .multilevel import Multilevel, MultilevelOptions
from .reconstruction import Reconstruction
from .sar import Sar, SarOptions
from .taught import Taught, TeachingOptions
from .unsupervised import Unsupervised

__all__ = [
    "STRATEGIES",
    "WITH_TEACHER",
    "AldkOptions",
    "GuidanceOptions",
    "MultilevelOptions",
    "Sar",
    "SarOptions",
    "Strategy",
    "StrategyOptions",
    "TeachingOptions",
    "Unsupervised",
    "make_strategy",
]

# What learns from a teacher.
WITH_TEACHER = ("distillation", "aldk", "structures", "conditional-aldk", "structures-aldk")
STRATEGIES = ("unsupervised", *WITH_TEACHER, "ofg", "ofg-aldk", "multilevel", "sar")
WITHOUT_INVERSE = ("multilevel", "sar")


@dataclass(frozen=True)
class StrategyOptions:
    """The options of every strategy; each reads its own.

    Parameters
    ----------
    aldk
        Of "aldk" and "ofg-aldk"; "distillation" takes its gamma.
    teaching
        Of "structures", "conditional-aldk" and "structures-aldk", which leave out what is not theirs.
    ofg
        Of "ofg" and "ofg-aldk".
    level
        Of "multilevel".
    sar
        Of "sar".
    """

    aldk: AldkOptions = field(default_factory=AldkOptions)
    teaching: TeachingOptions = field(default_factory=TeachingOptions)
    ofg: GuidanceOptions = field(default_factory=GuidanceOptions)
    level: MultilevelOptions = field(default_factory=MultilevelOptions)
    sar: SarOptions = field(default_factory=SarOptions)


def make_strategy(
    name: str,
    losses: dict[str, Any] | None = None,
    teacher: Teacher | None = None,
    options: StrategyOptions | None = None,
) -> Strategy:
    """A strategy by name.

    Parameters
    ----------
    losses
        Weights for ``Reconstruction``, as a config gives them.
    teacher
        For ``WITH_TEACHER``, and for "ofg" with the source "teacher".

    :raises TrainingError: for an unknown name or loss, or without the teacher that the strategy needs.
    """
    if name not in STRATEGIES:
        raise TrainingError(f"There is no strategy called {name}; there are {', '.join(STRATEGIES)}.")
    try:
        reconstruction = Reconstruction(**(losses or {}))
    except TypeError as error:
        raise TrainingError(f"The losses of the config are not understood: {error}.") from error
    if reconstruction.inverse and name in WITHOUT_INVERSE:
        raise TrainingError(f"The strategy {name} has no term of inverse consistency: leave --weight inverse out.")
    options = options or StrategyOptions()
    if name == "unsupervised":
        return Unsupervised(reconstruction)
    if name == "ofg":
        return Guidance(reconstruction, options.ofg, teacher)
    if name == "multilevel":
        return Multilevel(reconstruction, options.level)
    if name == "ofg-aldk":
        return GuidedAldk(reconstruction, options.aldk, options.ofg)
    if name == "sar":
        return Sar(reconstruction, options.sar)
    if teacher is None:
        raise TrainingError(f"The strategy {name} needs a teacher.")
    if name == "distillation":
        return Distillation(reconstruction, teacher, options.aldk.gamma)
    if name == "aldk":
        return Aldk(reconstruction, teacher, options.aldk)
    teaching = options.teaching
    if name == "structures":
        teaching = replace(teaching, share=0.0)
    elif name == "conditional-aldk":
        teaching = replace(teaching, weight=0.0)
    return Taught(reconstruction, teacher, teaching)
