"""Starting a run for a control of the panel, and where what stands in its way is said: at once, and later."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .controller import Run, RunController
from .refusals import Place, Refusals, isRefusal
from .view import RunView


class Starter:
    """Starts runs, and knows for which control.

    :param onStarted: called once a run is under way.
    :param onEnded: called when one that uses the last result has ended well.
    :param onFailed: hears what else than a refusal went wrong before a run began, with its details.
    """

    def __init__(
        self,
        controller: RunController,
        refusals: Refusals,
        view: RunView,
        onStarted: Callable[[], None],
        onEnded: Callable[[], None],
        onFailed: Callable[[BaseException, str], None],
    ) -> None:
        self._controller, self._refusals, self._view = controller, refusals, view
        self._onStarted, self._onEnded, self._onFailed = onStarted, onEnded, onFailed
        self._place: Place = view.refuse

    def start(self, run: Run, title: str, *, forgets: bool = True, **parameters: Any) -> None:
        """Start a run.

        :param title: what happens, for the log and the status line.
        :param forgets: whether the last outcome will no longer count.
        :param parameters: those of ``run.prepare``.
        :raises RegistrationError: it is refused.
        """
        self._place = self._refusals.present or self._view.refuse
        try:
            self._controller.start(run, **parameters)
        except Exception as error:
            if isRefusal(error):
                raise
            self._onFailed(error, traceback.format_exc())
        else:
            self._view.showRunning(title, forgets)
            self._onStarted()

    def startOnResult(self, run: Run, title: str, **parameters: Any) -> None:
        """``start`` of what only uses the last result, which goes on to be told of."""

        def finished(*answers: Any) -> None:
            run.finished(*answers)
            self._onEnded()

        self.start(replace(run, finished=finished), title, forgets=False, **parameters)

    def refuse(self, error: BaseException) -> None:
        """Say that the run which was started last was refused, where its control is."""
        self._refusals.say(self._place, str(error))
