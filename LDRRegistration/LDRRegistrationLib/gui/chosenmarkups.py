"""Markups nodes that the user has chosen, and that change while they are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import slicer
import vtk
from slicer import vtkMRMLMarkupsNode
from slicer.util import VTKObservationMixin

# A point, the list, or what the node lies under.
EVENTS = (
    vtk.vtkCommand.ModifiedEvent,
    vtkMRMLMarkupsNode.PointModifiedEvent,
    vtkMRMLMarkupsNode.PointAddedEvent,
    vtkMRMLMarkupsNode.PointRemovedEvent,
    slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
)


class ChosenMarkups(VTKObservationMixin):
    """Tells of another choice, and of every change of the nodes that are chosen, from ``follow`` to ``stop``.

    :param selectors: the widgets that the nodes are chosen in.
    :param onChosen: called when another node is chosen, whether or not nodes are followed.
    :param onChanged: called when a chosen node changes.
    """

    def __init__(self, selectors: Sequence[Any], onChosen: Callable[[], None], onChanged: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._selectors, self._onChosen, self._onChanged = selectors, onChosen, onChanged
        self._follows = False
        for selector in selectors:
            selector.connect("currentNodeChanged(vtkMRMLNode*)", self._onSelected)

    @property
    def nodes(self) -> tuple[Any, ...]:
        """One for each selector; None where none is chosen."""
        return tuple(selector.currentNode() for selector in self._selectors)

    def follow(self) -> None:
        """Begin to follow what is chosen."""
        self._follows = True
        self._observe()

    def stop(self) -> None:
        """Follow no node any more."""
        self._follows = False
        self.removeObservers()

    def _observe(self) -> None:
        self.removeObservers()
        # One node may be chosen twice.
        for node in {id(node): node for node in self.nodes if node is not None}.values():
            for event in EVENTS:
                self.addObserver(node, event, self._onEvent)

    def _onSelected(self, node: Any = None) -> None:
        if self._follows:
            self._observe()
        self._onChosen()

    def _onEvent(self, caller: Any, event: Any) -> None:
        self._onChanged()
