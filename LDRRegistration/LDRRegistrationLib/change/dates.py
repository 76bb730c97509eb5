"""Whether the two visits are given in the order in which they were made."""

from __future__ import annotations

from datetime import date

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _


def checkDates(current: str | None, prior: str | None) -> list[str]:
    """Notes on two ISO dates ("2024-05-31", or with a time after it), either of which may be unknown.

    :raises RegistrationError: a date cannot be read, or the prior was made after the current scan.
    """
    if not current or not prior:
        return []
    days = (_parsed(current) - _parsed(prior)).days
    if days < 0:
        raise RegistrationError(
            _(
                "The prior scan ({prior}) was made after the current one ({current}): swap them, or new "
                "would be called gone."
            ).format(prior=prior, current=current)
        )
    return [_("Both scans have the same date.")] if days == 0 else []


def _parsed(text: str) -> date:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError as error:
        raise RegistrationError(_("The date {text!r} is not of the form 2024-05-31.").format(text=text)) from error
