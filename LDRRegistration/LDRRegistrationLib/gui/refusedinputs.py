"""Masks and an initial transform that cannot be used: said beside where they are chosen, before anything is started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import vtk

from ..mrml.maskproblems import checkMask
from ..mrml.starts import checkInitial, notLinear
from ..mrml.worldposition import resultAbove
from ..runtime.errors import RegistrationError
from .hints import hideEmpty, say, whatIsMissing

# The masks, and the volume that each belongs to; the last one matters to comparisons of two visits alone.
VOLUME_OF = {"fixedMask": "fixedVolume", "movingMask": "movingVolume", "changeMask": "fixedVolume"}
OF_COMPARISONS = ("changeMask",)


class RefusedInputs:
    """Judges what can be judged at once; what would take longer is judged when a run starts.

    As long as one is refused its node is followed: who mends it elsewhere finds the panel ready.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param changed: called when a refused node has changed.
    """

    def __init__(self, ui: Any, changed: Callable[[], None]) -> None:
        self._ui, self._changed = ui, changed
        self._choices: Any = None
        self._said: dict[str, str] = {}
        self._followed: list[tuple[Any, int]] = []
        ofRegistrations = ("fixedMask", "movingMask", "initialTransform")
        hideEmpty(ui.advancedCollapsibleButton, *map(self._label, ofRegistrations))
        hideEmpty(ui.changesCollapsibleButton, *map(self._label, OF_COMPARISONS))

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices
        self.update()

    def update(self) -> None:
        """Judge what is chosen, and say it."""
        self._unfollow()
        self._said = {}
        if self._choices is None:
            return
        for name in (*VOLUME_OF, "initialTransform"):
            node = getattr(self._choices, name)
            try:
                self._check(name, node)
            except RegistrationError as error:
                self._said[name] = str(error)
                self._followed.append((node, node.AddObserver(vtk.vtkCommand.AnyEvent, self._onRefusedChanged)))
            say(self._label(name), self._said.get(name, ""))

    @property
    def ofRegistrations(self) -> str:
        """What stands in the way of Apply, or is missing for it; empty if nothing does."""
        missing = whatIsMissing(self._choices)
        return missing or next((said for name, said in self._said.items() if name not in OF_COMPARISONS), "")

    @property
    def ofComparisons(self) -> str:
        """The same of a comparison of two visits, which starts from linear transforms alone."""
        why = whatIsMissing(self._choices) or next(iter(self._said.values()), "")
        start = self._choices.initialTransform
        return why or ("" if start is None or start.IsTransformToWorldLinear() else notLinear(start))

    def _check(self, name: str, node: Any) -> None:
        if node is None:
            return
        if name == "initialTransform":
            checkInitial(node)
            return
        volume = getattr(self._choices, VOLUME_OF[name])
        isMoving, output = VOLUME_OF[name] == "movingVolume", self._choices.outputTransform
        checkMask(node, volume, resultAbove(volume, output) if isMoving and output is not None else None)

    def _label(self, name: str) -> Any:
        return getattr(self._ui, f"{name}HintLabel")

    def _onRefusedChanged(self, caller: Any, event: str) -> None:
        before = dict(self._said)
        self.update()
        if self._said != before:
            self._changed()

    def _unfollow(self) -> None:
        for node, tag in self._followed:
            node.RemoveObserver(tag)
        self._followed = []
