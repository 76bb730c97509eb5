"""A user's own presets, by name: settings of a registration as text, which is kept and passed on as a file.

    {"ldrRegistrationPresets": 1, "presets": {"Livers": {"preset": "accurate", "prealignment": "rigid"}}}

The keys of a preset are keywords of ``registerVolumes``. What is of the computer, device and threads, is none of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _
from .settings import settingsFrom

VERSION_KEY, VERSION = "ldrRegistrationPresets", 1
LONGEST_NAME = 60
# What the panel's spin box can show.
MAXIMUM_STEPS = 200
KINDS: dict[str, tuple[type, ...]] = {
    "preset": (str,),
    "prealignment": (str,),
    "model": (str,),
    "refinementSteps": (int, type(None)),
    "adaptationIterations": (int,),
}

OwnPreset = dict[str, Any]


def presetsText(presets: Mapping[str, OwnPreset]) -> str:
    """The text of a file with these presets, by name."""
    return json.dumps({VERSION_KEY: VERSION, "presets": dict(presets)}, indent=1, ensure_ascii=False) + "\n"


def readPresets(text: str, source: str) -> dict[str, OwnPreset]:
    """The presets in such a text, by name, each with keywords of ``registerVolumes``.

    :param source: what the text is, for error messages.
    :raises RegistrationError: it is no such text, of a newer version, or has a setting or a value that does not exist.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise RegistrationError(_("{source} is no file of presets: it is not JSON.").format(source=source)) from error
    if not isinstance(content, dict) or not isinstance(content.get("presets"), dict):
        raise RegistrationError(_("{source} is no file of presets: it has no list of them.").format(source=source))
    version = content.get(VERSION_KEY)
    if type(version) is not int or version < 1:
        raise RegistrationError(_("{source} is no file of presets: it does not say its version.").format(source=source))
    if version > VERSION:
        raise RegistrationError(
            _("{source} was made by a newer version of this extension: update it to read the file.").format(
                source=source
            )
        )
    _refuseUnknown(set(content) - {VERSION_KEY, "presets"}, source)
    presets = {checkedName(name): values for name, values in content["presets"].items()}
    for name, values in presets.items():
        _check(name, values)
    return presets


def checkedName(name: str) -> str:
    """A preset's name, without spaces around it.

    :raises RegistrationError: it is empty, or too long.
    """
    name = " ".join(name.split())
    if not name:
        raise RegistrationError(_("Give the preset a name first."))
    if len(name) > LONGEST_NAME:
        raise RegistrationError(
            _("The name of a preset has at most {count} letters; this one has {length}.").format(
                count=LONGEST_NAME, length=len(name)
            )
        )
    return name


def added(presets: Mapping[str, OwnPreset], others: Mapping[str, OwnPreset]) -> dict[str, OwnPreset]:
    """``presets`` and ``others``; one of another content gets a number behind a name that is taken."""
    together = dict(presets)
    for name, values in others.items():
        free, number = name, 1
        while free in together and together[free] != values:
            number += 1
            free = f"{name[: LONGEST_NAME - 5]} ({number})"
        together[free] = values
    return together


def _check(name: str, values: Any) -> None:
    if not isinstance(values, dict):
        raise RegistrationError(_("The preset {name} has no settings.").format(name=name))
    _refuseUnknown(set(values) - set(KINDS), _("The preset {name}").format(name=name))
    for key, value in values.items():
        # To Python a bool is an int.
        if not isinstance(value, KINDS[key]) or isinstance(value, bool):
            raise RegistrationError(
                _("The preset {name}: {key} cannot be {value}.").format(name=name, key=key, value=json.dumps(value))
            )
    try:
        settingsFrom(**values)
    except RegistrationError as error:
        raise RegistrationError(_("The preset {name}: {error}").format(name=name, error=error)) from error
    if (values.get("refinementSteps") or 0) > MAXIMUM_STEPS:
        raise RegistrationError(
            _("The preset {name}: there are at most {count} refinement steps.").format(name=name, count=MAXIMUM_STEPS)
        )


def _refuseUnknown(unknown: set[str], where: str) -> None:
    if unknown:
        raise RegistrationError(
            _("{where} has settings that are unknown here: {names}.").format(
                where=where, names=", ".join(sorted(unknown))
            )
        )
