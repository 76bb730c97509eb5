"""Model cards: the json file beside each ``.pt`` that says what the model is, and what it may be used for.

A card that cannot be right is left out, with a sentence that says why; the other models stay.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..runtime.language import tr as _
from ..runtime.resources import RESOURCES

MODELS_FOLDER = RESOURCES / "Models"
# mm; what scanners and networks have.
FINEST_MM, COARSEST_MM = 0.2, 20.0
LARGEST_MULTIPLE = 128
MAXIMUM_PASSES = 16
LARGEST_CARD_BYTES = 1_000_000
# What a report says of a model whose card does not say it.
UNTESTED = "nothing that its card names"


@dataclass(frozen=True)
class ModelCard:
    """What a model is, and what it may be used for."""

    name: str
    path: Path
    content: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.content.get("title", self.name))

    @property
    def sha256(self) -> str:
        """Of the model's file, in lower case."""
        return str(self.content["sha256"]).lower()

    @property
    def nonCommercial(self) -> bool:
        return bool(self.content.get("nonCommercial", False))

    @property
    def testedOn(self) -> str:
        """What the model's own figures stand on, in words."""
        return str(self.content.get("testedOn") or UNTESTED)

    @property
    def teacher(self) -> dict[str, Any] | None:
        """What taught the model, with the arms it was compared with; None if nothing did."""
        return self.content.get("teacher")

    @property
    def isDefault(self) -> bool:
        return bool(self.content.get("default", False))

    @property
    def spacingMm(self) -> float:
        return float(self.content["spacingMm"])

    @property
    def passes(self) -> tuple[int, ...]:
        """How many times coarser than the finest grid each pass looks; every one at the moving image as warped so far.

        They are divisors of ``sizeMultiple`` and never grow.
        """
        return tuple(int(reduction) for reduction in self.content.get("passes", (1,)))

    @property
    def sizeMultiple(self) -> int:
        return int(self.content["sizeMultiple"])


def readCards(folder: Path) -> tuple[list[ModelCard], dict[str, str]]:
    """The models of ``folder``, the default first, and why others are left out: a sentence for each, by name."""
    cards, problems = [], {}
    for path in sorted(folder.glob("*.json")):
        try:
            cards.append(ModelCard(path.stem, path.with_suffix(".pt"), _contentOf(path)))
        except (OSError, ValueError, RecursionError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
            problems[path.stem] = _(
                "The model {model} is left out, since its card {card} cannot be used: {reason}."
            ).format(model=path.stem, card=path.name, reason=reason)
    return sorted(cards, key=lambda card: (not card.isDefault, card.nonCommercial, card.name)), problems


def _contentOf(path: Path) -> dict[str, Any]:
    """:raises OSError, ValueError, RecursionError: it is not a model card, or says what cannot be."""
    with path.open("rb") as file:
        data = file.read(LARGEST_CARD_BYTES + 1)
    if len(data) > LARGEST_CARD_BYTES:
        raise ValueError(_("it is too large for a card"))
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise ValueError(_("it is not a json file")) from error
    if not isinstance(content, dict):
        raise ValueError(_("it holds no names and values"))
    _checkContent(content)
    return content


def cardProblem(content: dict[str, Any]) -> str:
    """Why a card with this content would be left out, in words; empty if it would not."""
    try:
        _checkContent(content)
    except ValueError as error:
        return str(error)
    return ""


def _checkContent(content: dict[str, Any]) -> None:
    """:raises ValueError: something is missing, or cannot be."""
    for name in ("sha256", "spacingMm", "sizeMultiple"):
        if name not in content:
            raise ValueError(_("{name} is missing").format(name=name))
    for name, (holds, wanted) in _FIELDS.items():
        if name in content and not holds(content[name]):
            said = json.dumps(content[name])[:60]
            raise ValueError(_("{name} is {said}, not {wanted}").format(name=name, said=said, wanted=wanted))
    _checkPasses(content.get("passes", [1]), content["sizeMultiple"])


def _isNumber(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _isWhole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _isText(value: Any) -> bool:
    return isinstance(value, str)


def _isFlag(value: Any) -> bool:
    return isinstance(value, bool)


# What readers of a card rely on: a test and the words for it.
_FIELDS: dict[str, tuple[Any, str]] = {
    "sha256": (lambda value: _isText(value) and re.fullmatch("[0-9a-fA-F]{64}", value), _("64 hexadecimal digits")),
    "spacingMm": (
        lambda value: _isNumber(value) and FINEST_MM < value <= COARSEST_MM,
        _("between {finest:g} and {coarsest:g}").format(finest=FINEST_MM, coarsest=COARSEST_MM),
    ),
    "sizeMultiple": (
        lambda value: _isWhole(value, 1, LARGEST_MULTIPLE) and value & (value - 1) == 0,
        _("a power of two up to {most}").format(most=LARGEST_MULTIPLE),
    ),
    "passes": (
        lambda value: (
            isinstance(value, list)
            and 0 < len(value) <= MAXIMUM_PASSES
            and all(_isWhole(n, 1, LARGEST_MULTIPLE) for n in value)
        ),
        _("a list of 1 to {most} whole numbers").format(most=MAXIMUM_PASSES),
    ),
    "title": (_isText, _("a text")),
    "licence": (_isText, _("a text")),
    "modality": (_isText, _("a text")),
    "testedOn": (_isText, _("a text")),
    "teacher": (lambda value: value is None or isinstance(value, dict), _("names and values, or null")),
    "nonCommercial": (_isFlag, _("true or false")),
    "default": (_isFlag, _("true or false")),
    "trainingData": (
        lambda value: isinstance(value, list) and all(isinstance(e, dict) and _isText(e.get("name")) for e in value),
        _("a list of named data"),
    ),
}


def _checkPasses(passes: list[int], sizeMultiple: int) -> None:
    """:raises ValueError: if the passes do not go from coarse to fine on grids that the finest one divides into."""
    if any(sizeMultiple % n for n in passes):
        raise ValueError(
            _("passes {passes} are no divisors of {sizeMultiple}").format(passes=passes, sizeMultiple=sizeMultiple)
        )
    if sorted(passes, reverse=True) != passes:
        raise ValueError(_("passes {passes} do not go from coarse to fine").format(passes=passes))
