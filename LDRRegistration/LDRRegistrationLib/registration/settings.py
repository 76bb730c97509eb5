"""What the user may choose about a registration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypedDict, Unpack

from ..runtime.device import Device
from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from ..space.resampling import Interpolation, Resampling, ScalarType
from .recipes import FOLLOW_UP, RECIPES, Preset, Recipe
from .refinement import Adaptation


class SettingsKeywords(TypedDict, total=False):
    """What a user may write of ``Settings`` as keywords: enums or their values; see ``settingsFrom``."""

    preset: Preset | str
    prealignment: Prealignment | str
    model: str
    refinementSteps: int | None
    adaptationIterations: int
    adaptationSeconds: float
    device: Device | str
    threads: int | None
    interpolation: Interpolation | str
    padding: float | None
    scalarType: ScalarType | str


class Prealignment(Enum):
    NONE = "none"
    RIGID = "rigid"
    AFFINE = "affine"


@dataclass(frozen=True)
class Settings:
    """What the user may choose. ``model`` is the name of a model, or "auto" for the default one, which is free for
    any use.

    ``adaptation``: the network's last layers learn from the pair, for images of a kind that it never saw.
    ``refinementSteps`` stands above the preset: None is what the preset does, 0 is no refinement. ``threads`` None is
    what torch uses anyway. A CUDA ``device`` runs the network and the refinement; all else stays on the CPU.
    ``followUp`` is for two visits of one person, to see what changed: ``recipes.FOLLOW_UP`` in place of a preset. Such
    a pair wants a rigid pre-alignment. ``resampling`` is how the warped volume is made, if ``warp`` asks for one.
    """

    preset: Preset = Preset.FAST
    model: str = "auto"
    prealignment: Prealignment = Prealignment.AFFINE
    warp: bool = True
    adaptation: Adaptation | None = None
    refinementSteps: int | None = None
    device: Device = Device.CPU
    threads: int | None = None
    followUp: bool = False
    resampling: Resampling = field(default_factory=Resampling)

    @property
    def recipe(self) -> Recipe:
        """What comes of the choices after the pre-alignment."""
        if self.followUp:
            return FOLLOW_UP
        recipe = RECIPES[self.preset]
        return recipe if self.refinementSteps is None else recipe.withSteps(self.refinementSteps)


ENUMS: dict[str, type[Enum]] = {
    "preset": Preset,
    "prealignment": Prealignment,
    "device": Device,
    "interpolation": Interpolation,
    "scalarType": ScalarType,
}


def settingsFrom(**keywords: Unpack[SettingsKeywords]) -> Settings:
    """Settings from what a user may write, see ``SettingsKeywords``; what is left out is as in ``Settings``.

    :raises RegistrationError: a value is none of those that there are.
    :raises TypeError: there is no such setting.
    """
    values: dict[str, Any] = dict(keywords)
    unknown = values.keys() - SettingsKeywords.__annotations__.keys()
    if unknown:
        raise TypeError(f"Unknown settings {sorted(unknown)}; there are {list(SettingsKeywords.__annotations__)}.")
    iterations, seconds = values.pop("adaptationIterations", 0), values.pop("adaptationSeconds", 10.0)
    try:
        for name, kind in ENUMS.items():
            if name in values:
                values[name] = kind(values[name])
    except ValueError as error:
        raise RegistrationError(_("A setting is unknown: {error}.").format(error=error)) from error
    shown = {name: values.pop(name) for name in ("interpolation", "padding", "scalarType") if name in values}
    settings = Settings(**values, resampling=Resampling(**shown))
    if iterations < 0 or not seconds > 0:
        raise RegistrationError(_("The iterations of adaptation cannot be negative, and its seconds must be above 0."))
    if iterations:
        settings = replace(settings, adaptation=Adaptation(iterations=iterations, seconds=seconds))
    if settings.refinementSteps is not None and settings.refinementSteps < 0:
        raise RegistrationError(_("The number of refinement steps cannot be negative."))
    if settings.threads is not None and settings.threads < 1:
        raise RegistrationError(_("The number of threads must be at least 1."))
    return settings
