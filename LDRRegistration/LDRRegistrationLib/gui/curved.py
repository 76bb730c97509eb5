"""Volumes under a non-linear transform, such as DICOM import makes of a tilted gantry: a copy is offered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..mrml.carriedcopies import computeCopies, prepareHardened, publishCopies
from ..mrml.nodes import isAbove
from ..runtime.worker import Worker
from .controller import POLL_WAIT_SECONDS


def offerCopies(choices: Any, busy: Callable[[str], AbstractContextManager[Any]], shownByNode: Any) -> bool:
    """Ask for each volume that is bent by its parent, and put a hardened copy in its place; False if declined.

    :param choices: the parameter node, with fixedVolume and movingVolume.
    :param busy: a context in which the panel says what goes on, and can do nothing else.
    :param shownByNode: an earlier result that the moving volume may lie under, and that does not count.
    :raises RegistrationError: a copy cannot be made.
    """
    for name in ("fixedVolume", "movingVolume"):
        node = getattr(choices, name)
        if name == "movingVolume" and shownByNode is not None and isAbove(shownByNode, node):
            continue
        parent = node.GetParentTransformNode()
        if parent is None or parent.IsTransformToWorldLinear():
            continue
        question = _(
            'The volume "{volume}" is under a transform that bends it (of a tilted gantry, perhaps); as it is, '
            "it cannot be registered. Make a copy with that transform hardened, and go on with the copy?"
        ).format(volume=node.GetName())
        if not slicer.util.confirmYesNoDisplay(question):
            return False
        with busy(_('A copy of "{volume}" is made.').format(volume=node.GetName())):
            setattr(choices, name, _hardenedCopy(node))
    return True


def _hardenedCopy(node: Any) -> Any:
    """See ResultsLogic.hardenedCopy; the window lives meanwhile."""
    job, worker = prepareHardened(node), Worker("LDRRegistration copy")
    try:
        task = worker.submit(lambda progress, cancelled: computeCopies(job))
        while not task.wait(POLL_WAIT_SECONDS):
            slicer.app.processEvents()
        if task.error is not None:
            raise task.error
        return publishCopies(job)[0]
    finally:
        worker.close()
