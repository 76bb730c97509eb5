"""The user's language, for sentences that are made below ``gui/`` and reach the panel.

Slicer translates; without it, as on the command line, sentences stay as they are written. Write
``_("{name} is empty.").format(name=name)``, never an f-string inside ``_()``: what Slicer collects for its translators
are the texts between these brackets.
"""

from __future__ import annotations

import re
import sys

_PLACEHOLDER = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")


def tr(text: str) -> str:
    """``text`` in the language of Slicer, in any thread: what is asked of Qt here, it allows in all of them.

    Slicer's function of this name would have to be imported; this one only looks whether it was.
    """
    i18n = sys.modules.get("slicer.i18n")
    if i18n is None:
        return text
    translated = str(i18n.translate(i18n.getContext(sys._getframe(1).f_code.co_filename), text))
    # A translation that would make ``format`` fail is none.
    return translated if set(_PLACEHOLDER.findall(translated)) == set(_PLACEHOLDER.findall(text)) else text
