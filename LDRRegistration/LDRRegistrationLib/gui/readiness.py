"""What has to be settled with the user before a run can start: tilted volumes, patients, licences, PyTorch."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from slicer.i18n import tr as _

from ..runtime import pytorch
from ..runtime.errors import RegistrationError
from . import curved, licences
from .pairsection import confirmSamePatient
from .refusals import isRefusal


class Readiness:
    """Asks what has to be asked. A refusal is raised: RegistrationError, or DependencyError without PyTorch.

    :param busy: a context in which the panel says what goes on, and can do nothing else.
    :param onFailed: hears what else went wrong, with its details.
    """

    def __init__(
        self,
        logic: Any,
        busy: Callable[[str], AbstractContextManager[Any]],
        onFailed: Callable[[BaseException, str], None],
    ) -> None:
        self._logic, self._busy, self._onFailed = logic, busy, onFailed

    def isReady(self, choices: Any, shownByNode: Any, missing: Callable[[], str]) -> bool:
        """Whether a run can start.

        :param shownByNode: an earlier result that the moving volume lies under, and that does not count.
        :param missing: says what a run lacks, asked after PyTorch was installed; empty if nothing.
        """
        try:
            if not curved.offerCopies(choices, self._busy, shownByNode):
                return False
            if not confirmSamePatient(choices):
                return False
        except Exception as error:
            if isRefusal(error):
                raise
            self._onFailed(error, traceback.format_exc())
            return False
        return self.canCompute(choices, missing)

    def canCompute(self, choices: Any, missing: Callable[[], str] = lambda: "") -> bool:
        """The part of ``isReady`` that is not about two volumes: the licence of the model, and PyTorch."""
        try:
            if not licences.isAccepted(choices.model, self._logic.models.cards()):
                return False
            if pytorch.torchIsInstalled():
                return True
            # That takes minutes, in which the window lives and nodes may go.
            with self._busy(_("PyTorch is being installed; this is done once.")):
                pytorch.installTorch()
        except Exception as error:
            if isRefusal(error):
                raise
            self._onFailed(error, traceback.format_exc())
            return False
        lacking = missing()
        if lacking:
            raise RegistrationError(lacking)
        return True
