"""A stand-in for slicer.parameterNodeWrapper: nodes, enums, text, numbers and flags, bound to Qt widgets.

Storage is Slicer's: a node is a node reference of the parameter's name, an enum a text parameter that holds its name,
whole numbers, text and flags ("True", "False") are text parameters. As in Slicer, the connector of a spin box sets its
range, and as in 5.10, ``disconnectGui`` leaves the observer that ``connectGui`` added.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable
from typing import Any

import qt
import slicer
import vtk


@dataclasses.dataclass
class WithinRange:
    """An annotation: numbers from ``minimum`` to ``maximum``."""

    minimum: float
    maximum: float

    def validate(self, value: float) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"Value must be within [{self.minimum}, {self.maximum}], is {value}")


def parameterNodeWrapper(cls: type) -> type:
    """The class decorator."""
    hints = typing.get_type_hints(cls, include_extras=True)
    ranges = {name: hint.__metadata__[0] for name, hint in hints.items() if typing.get_origin(hint) is typing.Annotated}
    kinds = typing.get_type_hints(cls)
    defaults = {name: getattr(cls, name, None) for name in kinds}
    for name, kind in kinds.items():
        if hasattr(_Wrapper, name):
            raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
        if not issubclass(kind, enum.Enum | slicer.vtkMRMLNode | str | int):
            raise TypeError(f"There is no stand-in for a parameter of type {kind}")
    members = {name: _makeProperty(name, kind, ranges.get(name)) for name, kind in kinds.items()}
    own = {"_kinds": kinds, "_defaults": defaults, "_ranges": ranges, "__doc__": cls.__doc__}
    return type(cls.__name__, (_Wrapper,), {**members, **own})


def _makeProperty(name: str, kind: type, withinRange: WithinRange | None) -> property:
    def read(self: _Wrapper) -> Any:
        text = self.parameterNode.GetParameter(name)
        if issubclass(kind, enum.Enum):
            return kind[text]
        if issubclass(kind, bool):
            return text == "True"
        if issubclass(kind, str | int):
            return kind(text)
        return self.parameterNode.GetNodeReference(name)

    def write(self: _Wrapper, value: Any) -> None:
        if issubclass(kind, enum.Enum):
            if not isinstance(value, kind):
                raise TypeError(f"{name} is a {kind.__name__}, not {value!r}")
            self.parameterNode.SetParameter(name, value.name)
        elif issubclass(kind, str | int):
            if type(value) is not kind:
                raise TypeError(f"{name} is a {kind.__name__}, not {value!r}")
            if withinRange is not None:
                withinRange.validate(value)
            self.parameterNode.SetParameter(name, str(value))
        else:
            if value is not None and not isinstance(value, kind):
                raise TypeError(f"{name} is a {kind.__name__}, not a {type(value).__name__}")
            self.parameterNode.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    return property(read, write)


class _Wrapper:
    _kinds: dict[str, type]
    _defaults: dict[str, Any]
    _ranges: dict[str, WithinRange]

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode
        self._connections: dict[int, list[tuple[Any, Callable[[], None]]]] = {}
        self._nextTag = 0
        self._writingGui = False
        for name, kind in self._kinds.items():
            if issubclass(kind, enum.Enum | str | int) and not parameterNode.GetParameter(name):
                first = next(iter(kind)) if issubclass(kind, enum.Enum) else kind()
                setattr(self, name, first if self._defaults[name] is None else self._defaults[name])

    def StartModify(self) -> int:
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified: int) -> None:
        self.parameterNode.EndModify(wasModified)

    def connectGui(self, ui: Any) -> int:
        """Bind every widget of ``ui`` that has the property SlicerParameterName; returns the tag to undo it."""
        tag = self._nextTag
        self._nextTag += 1
        widgets = {w.property("SlicerParameterName"): w for w in vars(ui).values() if w.property("SlicerParameterName")}
        unknown = set(widgets) - set(self._kinds)
        if unknown:
            raise ValueError(f"Cannot find parameters with the names {sorted(unknown)}")
        self._connections[tag] = [(*self._connect(widget, name), name) for name, widget in widgets.items()]
        self._updateGui()
        self.parameterNode.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *unused: self._updateGui())
        return tag

    def disconnectGui(self, tag: int) -> None:
        for signal, slot, _write, _name in self._connections.pop(tag):
            signal.disconnect(slot)

    def _connect(self, widget: Any, name: str) -> tuple[Any, Callable[[], None], Callable[[Any], None]]:
        kind = self._kinds[name]
        if type(widget) is qt.QComboBox and issubclass(kind, enum.Enum):
            members = list(kind)
            widget.clear()
            for member in members:
                widget.addItem(member.label())
            signal, read = widget.currentIndexChanged, lambda: members[widget.currentIndex]

            def write(value: Any) -> None:
                widget.currentIndex = members.index(value)

        elif type(widget) is qt.QCheckBox and kind is bool:
            signal, read = widget.toggled, lambda: widget.checked

            def write(value: Any) -> None:
                widget.checked = value

        elif type(widget) is qt.QSpinBox and kind is int:
            withinRange = self._ranges.get(name, WithinRange(-(2**31), 2**31 - 1))
            widget.setRange(withinRange.minimum, withinRange.maximum)
            signal, read = widget.valueChanged, lambda: widget.value

            def write(value: Any) -> None:
                widget.value = value

        elif type(widget) is slicer.qMRMLNodeComboBox and issubclass(kind, slicer.vtkMRMLNode):
            widget.nodeTypes = [kind.__name__]
            signal, read, write = widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode
        else:
            raise RuntimeError(f"Unable to create GUI connector from {kind} to {type(widget)}")

        def changed() -> None:
            if not self._writingGui:
                setattr(self, name, read())

        signal.connect(changed)
        return signal, changed, write

    def _updateGui(self) -> None:
        if self._writingGui:
            return
        self._writingGui = True
        try:
            for connections in self._connections.values():
                for _signal, _slot, write, name in connections:
                    write(getattr(self, name))
        finally:
            self._writingGui = False
