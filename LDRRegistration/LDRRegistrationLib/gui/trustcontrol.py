"""Where is it off? The map of trust and the local similarity over the fixed volume, and the doubtful places in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..mrml.display import ResultDisplay
from ..mrml.trustnodes import EXPECTED_ERROR, LOCAL_SIMILARITY, publishMaps
from ..mrml.views import jumpTo
from ..registration.doubtfulplaces import DoubtfulPlace, doubtfulPlaces
from .controller import Run
from .hints import say


@dataclass(frozen=True)
class _Found:
    """What was computed of one transform."""

    job: Any
    trust: Any
    transform: Any
    places: list[DoubtfulPlace]


class TrustControl:
    """Computes the maps on request in the worker, shows them with a legend each, and goes to the doubtful places.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param start: takes a Run, its title, and the parameters of its first step.
    :param display: answers the ResultDisplay that the section shows things by.
    :param parameters: answers those of ``prepare`` that the panel's other sections say.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        start: Callable[..., None],
        display: Callable[[], ResultDisplay],
        parameters: Callable[[], dict[str, Any]],
    ) -> None:
        self._ui, self._logic, self._start = ui, logic, start
        self._display, self._parameters = display, parameters
        self._choices: Any = None
        self._found: _Found | None = None
        self._next = 0

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices

    def forget(self) -> None:
        """The scene is about to go."""
        self._found = None
        say(self._ui.doubtfulLabel, "")

    def showError(self) -> None:
        """The expected error over the fixed volume; it is computed first if there is none of this result."""
        self._ask(lambda: self._display().showMap(EXPECTED_ERROR))

    def showSimilarity(self) -> None:
        """The same of the local similarity."""
        self._ask(lambda: self._display().showMap(LOCAL_SIMILARITY))

    def goOn(self) -> None:
        """To the next doubtful place, the most doubtful first."""
        self._ask(self._jump)

    def _jump(self) -> None:
        assert self._found is not None
        places = self._found.places
        self._display().showMap(EXPECTED_ERROR)
        if not places:
            say(self._ui.doubtfulLabel, _("No place is doubtful: the expected error is small everywhere."))
            return
        place = places[self._next % len(places)]
        sentence = _("Doubtful place {number} of {count}: off by about {mm:.1f} mm; local similarity {similarity:.2f}")
        number = self._next % len(places) + 1
        say(
            self._ui.doubtfulLabel,
            sentence.format(number=number, count=len(places), mm=place.expectedErrorMm, similarity=place.similarity),
        )
        self._next += 1
        jumpTo(slicer.mrmlScene, place.ras)

    def _ask(self, then: Callable[[], None]) -> None:
        """Do ``then`` with the maps of the present result, which are computed first where there are none."""
        held, found, choices = self._choices.outputTransform.GetTransformFromParent(), self._found, self._choices
        if found is not None and found.transform is held:
            if self._display().has(EXPECTED_ERROR):
                then()
            else:
                # The views were put back meanwhile.
                self._makeAgain(found, then)
            return

        def compute(job: Any, *, progress: Any, cancelled: Any) -> tuple[Any, list[DoubtfulPlace]]:
            trust = self._logic.computeTrust(job, progress=progress, cancelled=cancelled)
            # Here, not in the window's thread: it imports SciPy, and looks at each voxel.
            return trust, doubtfulPlaces(trust)

        def publish(job: Any, result: tuple[Any, list[DoubtfulPlace]]) -> Any:
            return publishMaps(job, result[0])

        def finished(job: Any, result: tuple[Any, list[DoubtfulPlace]], nodes: Any) -> None:
            self._display().takeMaps(nodes)
            self._found, self._next = _Found(job, result[0], held, result[1]), 0
            then()

        parameters = self._parameters()
        parameters.pop("initialTransformNode", None)
        self._start(
            Run(self._logic.prepareTrust, compute, publish, finished),
            _("Computing how far to believe the result"),
            fixedVolumeNode=choices.fixedVolume,
            movingVolumeNode=choices.movingVolume,
            transformNode=choices.outputTransform,
            preset=choices.preset.value,
            **parameters,
        )

    def _makeAgain(self, found: _Found, then: Callable[[], None]) -> None:
        def fill(job: Any, *, progress: Any, cancelled: Any) -> Any:
            job.fill(found.trust)
            return found.trust

        def finished(job: Any, trust: Any, nodes: Any) -> None:
            self._display().takeMaps(nodes)
            then()

        self._start(Run(lambda: found.job, fill, publishMaps, finished), _("Computing how far to believe the result"))
