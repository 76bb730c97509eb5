"""Qt as PythonQt shows it to Slicer modules, on top of PySide6: the module ``qt``.

Every QObject is seen through a proxy, whose class is the attribute of ``qt`` of that name. As in PythonQt, properties
are attributes, unknown attributes cannot be set, and signals can be connected by signature. Stricter than PythonQt: a
property accepts only its own type, and connecting to a signal that does not exist is an error.
"""

from __future__ import annotations

import collections
import inspect
import sys
import traceback
import types
import weakref
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

QT_MODULES = (QtCore, QtGui, QtWidgets, QtUiTools)
PROPERTY_TYPES = {"QString": str, "bool": bool, "int": int, "double": (int, float), "QStringList": (list, tuple)}

# What was raised in slots: Qt prints and forgets such exceptions, tests must not.
slot_errors: list[BaseException] = []
_classes: dict[type, type[QtObject]] = {}
# Like PythonQt, this keeps every slot alive as long as it is connected.
_guards: dict[Callable[..., Any], Callable[..., Any]] = {}
_connected: collections.Counter[Callable[..., Any]] = collections.Counter()
_proxies: weakref.WeakValueDictionary[int, QtObject] = weakref.WeakValueDictionary()
# The .ui files that were loaded, by their text: nothing in them was refused.
_prepared: dict[bytes, _Prepared] = {}


class _QtClass(type):
    """The class of the proxy classes: enums and static methods of the Qt class are attributes."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return wrap(getattr(cls._qtClass, name))

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return wrap(cls._qtClass(*(unwrap(a) for a in args), **{k: unwrap(v) for k, v in kwargs.items()}))


class QtObject(metaclass=_QtClass):
    """A QObject as Slicer's Python sees it."""

    _qtClass: type = QtCore.QObject

    def __getattr__(self, name: str) -> Any:
        qobject = self._qobject
        if not shiboken6.isValid(qobject):
            raise ValueError(f"Trying to call '{name}' on a destroyed {type(self).__name__} object")
        if name == "name":
            return qobject.objectName()
        if _property(qobject, name) is not None:
            return wrap(qobject.property(name))
        if name.startswith("_"):
            raise AttributeError(name)
        return wrap(getattr(qobject, name))

    def __setattr__(self, name: str, value: Any) -> None:
        qobject = self._qobject
        found = _property(qobject, "objectName" if name == "name" else name)
        if found is None:
            raise AttributeError(
                f"Attribute '{name}' does not exist and creation of new attributes on C++ objects is not allowed"
            )
        expected = PROPERTY_TYPES.get(found.typeName())
        if expected and (not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool)):
            raise AttributeError(f"Property '{name}' of type '{found.typeName()}' does not accept {value!r}")
        value = list(value) if isinstance(value, tuple) else unwrap(value)
        if not found.isWritable() or not qobject.setProperty(found.name(), value):
            raise AttributeError(f"Property '{name}' of {type(self).__name__} cannot be set to {value!r}")

    def className(self) -> str:
        return self._qobject.metaObject().className()

    def connect(self, signature: str, slot: Callable[..., Any]) -> bool:
        return self._connection(QtCore.QObject.connect, "connect", signature, slot)

    def disconnect(self, signature: str, slot: Callable[..., Any]) -> bool:
        return self._connection(QtCore.QObject.disconnect, "disconnect", signature, slot)

    def _connection(self, action: Callable[..., Any], name: str, signature: str, slot: Callable[..., Any]) -> bool:
        qobject = self._qobject
        if signature in getattr(qobject, "mrmlSignals", ()):  # its arguments are of types that Qt does not know here
            return getattr(Signal(getattr(qobject, signature.partition("(")[0])), name)(slot)
        normalized = bytes(QtCore.QMetaObject.normalizedSignature(signature)).decode()
        if qobject.metaObject().indexOfSignal(normalized) < 0:
            raise ValueError(f"{self.className()} has no signal {signature}")
        done = bool(action(qobject, QtCore.SIGNAL(normalized), _guarded(slot)))
        _count(slot, 1 if name == "connect" else -1)
        return done


class Signal:
    """A signal as an attribute: ``button.clicked.connect(slot)``."""

    def __init__(self, signal: Any) -> None:
        self._signal = signal

    def connect(self, slot: Callable[..., Any]) -> bool:
        self._signal.connect(_guarded(slot))
        _count(slot, 1)
        return True

    def disconnect(self, slot: Callable[..., Any]) -> bool:
        done = bool(self._signal.disconnect(_guarded(slot)))
        _count(slot, -1)
        return done


class QUiLoader:
    """Loads .ui files and refuses what the real loader would let pass in silence."""

    def load(self, file: Any) -> QtObject:
        text = bytes(unwrap(file).readAll())
        prepared = _prepared.get(text) or _Prepared(ET.fromstring(text))
        loader = QtUiTools.QUiLoader()
        for widgetClass in prepared.standIns:
            loader.registerCustomWidget(widgetClass)
        buffer = QtCore.QBuffer()
        buffer.setData(prepared.text)
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = loader.load(buffer)
        if widget is None:
            raise RuntimeError(loader.errorString())
        if text not in _prepared:
            _refuse_unknown_properties(prepared.root, widget)
            _prepared[text] = prepared
        for name, policy in prepared.policies.items():
            _child(widget, name).setSizeAdjustPolicy(policy)
        for sender, signal, receiver, slot in prepared.connections:
            slotMethod = getattr(wrap(_child(widget, receiver)), slot.partition("(")[0])
            wrap(_child(widget, sender)).connect(signal, slotMethod)
        return wrap(widget)


class _Prepared:
    """What Qt's loader is given of a .ui file, and what is done in its place; the same for every panel."""

    def __init__(self, root: ET.Element) -> None:
        known = {c.__name__: c for c in _classes}
        used = sorted({element.get("class", "") for element in root.iter("widget")})
        for name in used:
            if name not in known:
                raise RuntimeError(f"The .ui file uses {name}, for which there is no stand-in")
        self.standIns = [known[name] for name in used if not known[name].__module__.startswith("PySide6")]
        self.connections, self.policies = _take_mrml_connections(root), _take_size_policies(root)
        self.root, self.text = root, ET.tostring(root)


def _take_size_policies(root: ET.Element) -> dict[str, QtWidgets.QComboBox.SizeAdjustPolicy]:
    """Of node selectors, by name. C++ finds the enumeration of another class; a class of Python's cannot have one."""
    policies = {}
    for element in root.iter("widget"):
        for found in element.findall("property[@name='sizeAdjustPolicy']"):
            if element.get("class", "").startswith("qMRML"):
                name = found.findtext("enum", "").removeprefix("QComboBox::")
                policies[element.get("name", "")] = QtWidgets.QComboBox.SizeAdjustPolicy[name]
                element.remove(found)
    return policies


def wrap(value: Any) -> Any:
    """``value`` of PySide6 as the panel may see it."""
    if isinstance(value, QtCore.QObject):
        key = shiboken6.getCppPointer(value)[0]
        proxy = _proxies.get(key)
        if proxy is None or not shiboken6.isValid(proxy._qobject):
            proxyClass = next(_classes[c] for c in type(value).__mro__ if c in _classes)
            proxy = object.__new__(proxyClass)
            object.__setattr__(proxy, "_qobject", value)
            _proxies[key] = proxy
        return proxy
    if isinstance(value, QtCore.SignalInstance):
        return Signal(value)
    if isinstance(value, list | tuple):
        return type(value)(wrap(v) for v in value)
    if callable(value) and not isinstance(value, type):
        return lambda *args, **kwargs: wrap(value(*(unwrap(a) for a in args), **kwargs))
    return value


def unwrap(value: Any) -> Any:
    """The opposite of ``wrap``."""
    if isinstance(value, QtObject):
        return value._qobject
    if isinstance(value, type) and issubclass(value, QtObject):
        return value._qtClass
    if isinstance(value, list | tuple):
        return type(value)(unwrap(v) for v in value)
    return value


def add_class(qtClass: type) -> type[QtObject]:
    """The proxy class of a class of PySide6 or of a stand-in; made with its bases when first asked for."""
    if qtClass not in _classes:
        parents = [b for b in qtClass.__bases__ if issubclass(b, QtCore.QObject)]
        bases = tuple(add_class(b) for b in parents) or (QtObject,)
        _classes[qtClass] = _QtClass(qtClass.__name__, bases, {"_qtClass": qtClass})
    return _classes[qtClass]


def make_qt_module() -> types.ModuleType:
    """The module ``qt``, flat as in Slicer: proxies of the QObject classes, everything else as PySide6 has it."""
    module = types.ModuleType("qt")
    for source in QT_MODULES:
        for name in dir(source):
            if name.startswith("Q"):
                item = getattr(source, name)
                is_object_class = isinstance(item, type) and issubclass(item, QtCore.QObject)
                setattr(module, name, add_class(item) if is_object_class else item)
    module.QUiLoader = QUiLoader
    return module


def _property(qobject: QtCore.QObject, name: str) -> QtCore.QMetaProperty | None:
    meta = qobject.metaObject()
    index = meta.indexOfProperty(name)
    return meta.property(index) if index >= 0 else None


def _guarded(slot: Callable[..., Any]) -> Callable[..., Any]:
    """``slot`` with proxies for arguments, as many as it takes, recording what it raises; the same one every time."""
    if slot not in _guards:
        code = getattr(getattr(slot, "__func__", slot), "__code__", None)
        takes_all = code is None or bool(code.co_flags & inspect.CO_VARARGS)
        most = None if takes_all else code.co_argcount - inspect.ismethod(slot)

        def guarded(*args: Any) -> None:
            try:
                slot(*[wrap(a) for a in args][:most])
            except Exception as error:
                slot_errors.append(error)
                traceback.print_exc(file=sys.stderr)

        _guards[slot] = guarded
    return _guards[slot]


def _count(slot: Callable[..., Any], change: int) -> None:
    _connected[slot] += change
    if _connected[slot] <= 0:
        del _connected[slot]
        _guards.pop(slot, None)


def _take_mrml_connections(root: ET.Element) -> list[tuple[str, ...]]:
    """Remove the connections with VTK types, which Qt does not know here, and return them."""
    taken = []
    for connections in root.findall("connections"):
        for connection in list(connections):
            parts = tuple(connection.findtext(tag, "") for tag in ("sender", "signal", "receiver", "slot"))
            if "vtk" in parts[1]:
                connections.remove(connection)
                taken.append(parts)
    return taken


def _refuse_unknown_properties(root: ET.Element, widget: QtWidgets.QWidget) -> None:
    for element in root.iter("widget"):
        child = _child(widget, element.get("name", ""))
        for entry in element.findall("property"):
            if entry.get("stdset") != "0" and _property(child, entry.get("name", "")) is None:
                raise RuntimeError(f"{element.get('class')} has no property {entry.get('name')}")


def _child(widget: QtWidgets.QWidget, name: str) -> QtCore.QObject:
    child = widget if widget.objectName() == name else widget.findChild(QtCore.QObject, name)
    if child is None:
        raise RuntimeError(f"The .ui file names {name}, which does not exist")
    return child
