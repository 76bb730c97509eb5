"""The panel's ties to the scene, where what Slicer does by itself is not what a user means."""

from __future__ import annotations

from typing import Any

import vtk

# Before the scene model behind the node selectors, which has -10; and after it.
BEFORE_SELECTORS, AFTER_SELECTORS = 100.0, -100.0


class Binding:
    """Widgets bound to a parameter node until ``end``.

    :param choices: the wrapper of a parameter node.
    :param ui: the widgets of LDRRegistration.ui, by name.
    """

    def __init__(self, choices: Any, ui: Any) -> None:
        self._choices = choices
        first = self._nextTag()
        self._guiTag = choices.connectGui(ui)
        self._tags = range(first + 1, self._nextTag())

    def end(self) -> None:
        """Take apart what was bound, all of it.

        In Slicer 5.10 ``disconnectGui`` leaves its observer on the node. That keeps the wrapper alive, and once Python
        has collected it nevertheless, the next change of the node calls what is no longer there.
        """
        self._choices.disconnectGui(self._guiTag)
        for tag in self._tags:
            self._choices.parameterNode.RemoveObserver(tag)

    def _nextTag(self) -> int:
        # An object numbers its observers as they come.
        tag = self._choices.parameterNode.AddObserver(vtk.vtkCommand.UserEvent, lambda *unused: None)
        self._choices.parameterNode.RemoveObserver(tag)
        return int(tag)


def chooseNoneFor(node: Any, ui: Any) -> None:
    """``node`` is about to leave the scene: a selector that shows it shows none, where it would take a neighbour."""
    for widget in vars(ui).values():
        if widget.className() == "qMRMLNodeComboBox" and widget.currentNode() is node:
            widget.setCurrentNode(None)
