"""Stand-ins for the MRML and CTK widgets of the panel, on a real scene: what Slicer's Python can reach, no more.

Methods are only those that PythonQt exposes (properties, slots, Q_INVOKABLE); all others are private here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Property, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionFocusRect,
    QStylePainter,
    QWidget,
)


class qMRMLWidget(QWidget):
    mrmlSceneChanged = Signal(object)
    mrmlSignals = ("mrmlSceneChanged(vtkMRMLScene*)",)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The frame around a module's own panel; in Slicer, too, it makes the Python widget and makes it anew on reload."""

    def __init__(self, makeWidget: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._makeWidget = makeWidget
        self._entered = False

    isEntered = Property(bool, lambda self: self._entered)

    def reload(self) -> None:
        if self._makeWidget is not None:
            self._makeWidget()


class ctkCollapsibleButton(QAbstractButton):
    contentsCollapsed = Signal(bool)
    HEADER_HEIGHT = 26

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._collapsed = False
        self.setContentsMargins(0, self.HEADER_HEIGHT, 0, 0)
        self.clicked.connect(lambda: self._setCollapsed(not self._collapsed))

    def _setCollapsed(self, collapsed: bool) -> None:
        self._collapsed = collapsed
        for child in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            child.setVisible(not collapsed)
        self.setMaximumHeight(self.HEADER_HEIGHT if collapsed else 16777215)
        self.contentsCollapsed.emit(collapsed)

    collapsed = Property(bool, lambda self: self._collapsed, _setCollapsed)

    def hitButton(self, position: Any) -> bool:
        return position.y() < self.HEADER_HEIGHT

    def sizeHint(self) -> QSize:
        return self.layout().totalSizeHint() if self.layout() else QSize(100, self.HEADER_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        option.initFrom(self)
        option.rect = QRect(0, 0, self.width(), self.HEADER_HEIGHT - 4)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        arrow = QStyleOptionFocusRect()
        arrow.initFrom(self)
        arrow.rect = QRect(6, 5, 12, 12)
        element = QStyle.PrimitiveElement
        painter.drawPrimitive(
            element.PE_IndicatorArrowRight if self._collapsed else element.PE_IndicatorArrowDown, arrow
        )
        text = option.rect.adjusted(24, 0, -4, 0)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.text())
        # Whoever looks at this frame, a profiler perhaps, keeps its painter, and Qt crashes over one that outlives it.
        painter.end()
