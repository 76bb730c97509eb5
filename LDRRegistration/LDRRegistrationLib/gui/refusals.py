"""What the panel will not do is said beside the control that was asked for it, in one sentence and not in a dialog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..runtime.errors import DependencyError, RegistrationError
from .hints import say

# Takes a sentence and shows it; takes an empty one and shows that one no more.
Place = Callable[[str], None]


def isRefusal(error: BaseException) -> bool:
    """Whether the error says all to the user: it is a sentence about what was asked for, and nothing is broken."""
    return isinstance(error, RegistrationError | DependencyError)


class Refusals:
    """Asks for what the panel's controls do; the sentence of one that refuses stays until the next one is asked.

    :param log: takes a line for the panel's log.
    :param update: called before a sentence is shown: the panel has to show its state anew.
    """

    def __init__(self, log: Callable[[str], None], update: Callable[[], None]) -> None:
        self._log, self._update = log, update
        self._places: dict[str, Place] = {}
        self._said: Place | None = None
        # That of the control which is asked at present: a computation that it starts may refuse later.
        self.present: Place | None = None

    def beside(self, label: Any) -> Place:
        """The place that ``label`` is, which may say other things as well."""
        return self._places.setdefault(label.name, _Label(label))

    def ask(self, place: Place, slot: Callable[[], None]) -> None:
        """Do what a control is for, or say at its place why not."""
        self.forget()
        before, self.present = self.present, place
        try:
            slot()
        except (RegistrationError, DependencyError) as error:
            self._update()
            self.say(place, str(error))
        finally:
            self.present = before

    def say(self, place: Place, sentence: str) -> None:
        """Show why something was refused."""
        self.forget()
        self._log(sentence)
        place(sentence)
        self._said = place

    def forget(self) -> None:
        """What was refused last is of no interest any more."""
        if self._said is not None:
            self._said("")
            self._said = None


class _Label:
    """A label that takes no room while it says nothing."""

    def __init__(self, label: Any) -> None:
        self._label, self._said = label, ""

    def __call__(self, sentence: str) -> None:
        # What somebody else has written there since is not ours to take away.
        if sentence or self._label.text == self._said:
            say(self._label, sentence)
        self._said = sentence
