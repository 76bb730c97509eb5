"""Whether a registration's result can be trusted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """``grade``: "good", "check" or "failed". ``sentence``: why, for the user; may be empty for "good"."""

    grade: str
    sentence: str
