"""Volumes under a non-linear transform, such as DICOM import makes of a tilted gantry: a copy is offered."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from ..mrml.nodes import isAbove


def offerCopies(choices: Any, logic: Any, shownByNode: Any) -> bool:
    """Ask for each volume that is bent by its parent, and put a hardened copy in its place; False if declined.

    :param choices: the parameter node, with fixedVolume and movingVolume.
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
        setattr(choices, name, logic.hardenedCopy(volumeNode=node))
    return True
