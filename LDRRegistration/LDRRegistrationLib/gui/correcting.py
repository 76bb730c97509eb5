"""Putting a result right: what landmarks and boxes have in common, another run on the result that there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .controller import Run
from .history import HistoryControl
from .refusals import Place, Refusals


class Correction:
    """Goes on from the present result; what comes of it takes its place, and is an attempt more.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param place: where the control says why it refuses.
    :param start: takes a Run, its title, and the parameters of its first step.
    :param finished: called with the job and the result once they are in the scene.
    :param parameters: answers those of ``prepare`` that the panel's other sections say.
    """

    def __init__(
        self,
        ui: Any,
        logic: Any,
        refusals: Refusals,
        history: HistoryControl,
        start: Callable[..., None],
        finished: Callable[[Any, Any], None],
        parameters: Callable[[], dict[str, Any]],
        *,
        place: Place,
    ) -> None:
        self._ui, self._logic, self._refusals, self._history = ui, logic, refusals, history
        self._start, self._finished, self._parameters = start, finished, parameters
        self._place = place
        self._choices: Any = None

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices

    def _connect(self, button: Any, slot: Callable[[], None]) -> None:
        button.connect("clicked(bool)", lambda checked=False: self._ask(slot))

    def _ask(self, slot: Callable[[], None]) -> None:
        self._refusals.ask(self._place, slot)

    def _correct(self, title: str, **constraints: Any) -> None:
        """Start the run; ``constraints`` are those parameters of ``prepare`` that say what is put right, and from what.

        :raises RegistrationError: it is refused.
        """
        choices, parameters = self._choices, self._parameters()
        # The result has been found from it.
        parameters.pop("initialTransformNode", None)
        logic = self._logic
        self._start(
            Run(logic.prepare, logic.compute, logic.publish, lambda job, result, published: self._end(job, result)),
            title,
            fixedVolumeNode=choices.fixedVolume,
            movingVolumeNode=choices.movingVolume,
            outputTransformNode=choices.outputTransform,
            outputVolumeNode=choices.outputVolume,
            startTransformNode=choices.outputTransform,
            preset=choices.preset.value,
            **constraints,
            **parameters,
        )

    def _end(self, job: Any, result: Any) -> None:
        self._finished(job, result)
