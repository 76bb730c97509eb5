"""Models that not everyone may use: the user is asked once for each, and the answer is kept in Slicer's settings."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from ..registration.modelcards import ModelCard

SETTING = "LDRRegistration/AcceptedLicences/"


def isAccepted(model: str, cards: list[ModelCard]) -> bool:
    """Whether ``model`` may be used; asks if it is for non-commercial use only and was never accepted yet.

    :param model: as in the parameter node: a name, or "auto", which never comes to a non-commercial model.
    :param cards: the models that there are. One that is not among them is for the registration to refuse.
    """
    return all(_isAccepted(card) for card in cards if card.nonCommercial and card.name == model)


def _isAccepted(card: ModelCard) -> bool:
    settings: Any = slicer.app.userSettings()
    licence = card.content.get("licence", _("not stated"))
    # The licence is what is kept: under another one the user is asked anew.
    if settings.value(SETTING + card.name) == licence:
        return True
    question = _(
        'The model "{title}" is for non-commercial use only: it was trained on images that allow no other. Licence of '
        "its weights: {licence}.\n\nIs your use non-commercial, and do you accept this licence? You are asked only "
        "once. If not, nothing is computed; the other models are for any use."
    ).format(title=card.title, licence=licence)
    if not slicer.util.confirmYesNoDisplay(question, windowTitle=_("Licence of the model")):
        return False
    settings.setValue(SETTING + card.name, licence)
    return True
