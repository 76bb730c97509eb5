"""The verdict on a registration, as a user sees it."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from ..registration.verdict import Verdict

# Of a bar beside the text, whose own color stays that of the palette: seen on a light and on a dark window.
COLORS = {"good": "#4e9a62", "check": "#b8841c", "failed": "#c0564d"}


def verdictInWords(verdict: Verdict) -> str:
    """One line."""
    if verdict.grade == "failed":
        return _("Failed: {why}").format(why=verdict.sentence or _("the volumes were not brought together."))
    if verdict.grade == "check":
        return _("Check: {why}").format(why=verdict.sentence or _("the result may be wrong."))
    return _("Alignment: good. Check the edges.")


def shortly(verdict: Verdict) -> str:
    """One word."""
    return {"good": _("Good"), "check": _("Check")}.get(verdict.grade) or _("Failed")


def styleOf(verdict: Verdict | None) -> str:
    """The style sheet of the panel's status label, by its name, so that its tool tip keeps its own style."""
    return "" if verdict is None else _barred("statusLabel", COLORS[verdict.grade])


def styleOfNotes(labelName: str) -> str:
    """The same of a label with notes that qualify a result."""
    return _barred(labelName, COLORS["check"])


def _barred(labelName: str, color: str) -> str:
    # Qt draws one side's border only if the others are said to have none, and leaves the text the color that it had in
    # the palette when the style was set.
    return (
        f"#{labelName} {{ border: none; border-left: 4px solid {color}; padding-left: 6px; "
        "color: palette(window-text); }"
    )


def isKept(verdict: Verdict) -> bool:
    """Whether the result is to be used; the user is asked if it failed."""
    if verdict.grade != "failed":
        return True
    question = _("{verdict}\n\nKeep the result anyway? If not, the scene stays as it is.")
    return bool(
        slicer.util.confirmYesNoDisplay(
            question.format(verdict=verdictInWords(verdict)), windowTitle=_("The registration failed")
        )
    )
