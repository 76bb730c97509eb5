"""The verdict on a registration, on the nodes that it made: it stays with them, also in a saved scene."""

from __future__ import annotations

from typing import Any

from ..registration.verdict import Verdict

ATTRIBUTE = "LDRRegistration.Verdict"


def verdictText(verdict: Verdict) -> str:
    """For tables: the grade, and why."""
    return f"{verdict.grade}: {verdict.sentence}" if verdict.sentence else verdict.grade


def noteVerdict(node: Any, verdict: Verdict) -> None:
    """Note on ``node``, which holds a registration's result, what is to be thought of it."""
    node.SetAttribute(ATTRIBUTE, verdictText(verdict))


def notedVerdict(node: Any) -> str:
    """What was noted; nothing if it is of no registration."""
    return node.GetAttribute(ATTRIBUTE) or ""


def copyVerdict(source: Any, node: Any) -> None:
    """``node`` was made of ``source``: what was noted on that holds for it."""
    node.SetAttribute(ATTRIBUTE, source.GetAttribute(ATTRIBUTE))
