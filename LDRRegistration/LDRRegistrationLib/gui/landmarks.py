"""Checking a registration by landmarks: two lists of points, a button, and beside them what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from ..mrml.landmarks import landmarkNotes, landmarksToFollow
from ..runtime.errors import RegistrationError
from .chosenmarkups import ChosenMarkups
from .hints import say

# A point that is dragged changes all the time.
REST_MS = 100


class LandmarkControl:
    """Says at once, in the panel and not in a dialog, what a comparison of the chosen landmarks would meet with.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param logic: LDRRegistrationLogic.
    :param log: takes a line for the panel's log.
    :param onPoints: called once points that were changed rest.
    """

    def __init__(self, ui: Any, logic: Any, log: Any, onPoints: Callable[[], None] = lambda: None) -> None:
        self._ui, self._logic, self._log, self._onRest = ui, logic, log, onPoints
        self._nodes: tuple[Any, Any, Any] = (None, None, None)
        self._rest = qt.QTimer(ui.landmarksHintLabel)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.connect("timeout()", self._onRested)
        selectors = (ui.fixedLandmarksSelector, ui.movingLandmarksSelector)
        self._chosen = ChosenMarkups(selectors, self.sayWhatIsWrong, self._rest.start)

    def follow(self, nodes: tuple[Any, Any, Any]) -> None:
        """:param nodes: fixed volume, moving volume and their transform; None for each that is not there."""
        self._nodes = nodes
        self._chosen.follow()
        self.sayWhatIsWrong()

    def close(self) -> None:
        """Follow no node any more."""
        self._rest.stop()
        self._chosen.stop()

    def check(self) -> None:
        """Compare the chosen lists, and log the outcome.

        :raises RegistrationError: they cannot be compared.
        """
        self.sayWhatIsWrong()
        self._notes()
        fixed, moving = self.lists
        comparison = self._logic.compareLandmarks(
            fixedMarkupsNode=fixed, movingMarkupsNode=moving, transformNode=self._nodes[2]
        )
        self._log(comparison.summary)

    @property
    def isComplete(self) -> bool:
        """Whether nothing stands in the way of following the landmarks."""
        try:
            self._notes()
            return landmarksToFollow(*self.lists, self._nodes[2]) is not None
        except RegistrationError:
            return False

    @property
    def state(self) -> Any:
        """What the landmarks say, to be compared: it is the same as long as they say the same."""
        found = landmarksToFollow(*self.lists, self._nodes[2])
        return found and tuple(array.tobytes() for array in (found.fixedRas, found.movingRas, found.weights))

    @property
    def lists(self) -> tuple[Any, Any]:
        """The chosen lists of fixed and of moving points, or None."""
        fixed, moving = self._chosen.nodes
        return fixed, moving

    def _notes(self) -> list[str]:
        fixedVolume, movingVolume, transform = self._nodes
        return landmarkNotes(*self.lists, transform, fixedVolume, movingVolume)

    def _onRested(self) -> None:
        self.sayWhatIsWrong()
        self._onRest()

    def sayWhatIsWrong(self, isAsked: bool = False) -> None:
        """Beside the lists; without lists nothing is wrong, unless something ``isAsked`` of them."""
        if self.lists == (None, None) and not isAsked:
            self._say("")
            return
        try:
            self._say(" ".join(self._notes()))
        except RegistrationError as error:
            self._say(str(error))

    def _say(self, sentence: str) -> None:
        say(self._ui.landmarksHintLabel, sentence)
