"""A line in every slice view, to be dragged: left of it what lies below, right of it another volume alone."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from ..runtime.errors import RegistrationError
from ..runtime.language import tr as _

# Device pixels: so near to the line the mouse takes hold of it; and its width.
GRAB_PIXELS, LINE_PIXELS = 10, 3
LINE_COLOR = (1.0, 0.82, 0.2)
# Before Slicer's own interaction, which has 0: a press on the line is no change of brightness.
BEFORE_SLICER = 100.0


def sliceWidgets() -> list[Any]:
    """The slice views that are there, as widgets; none without the Slicer application."""
    manager = slicer.app.layoutManager() if hasattr(slicer, "app") and hasattr(slicer.app, "layoutManager") else None
    widgets = [] if manager is None else [manager.sliceWidget(name) for name in manager.sliceViewNames()]
    return [widget for widget in widgets if widget is not None]


class Swipe:
    """Lies over the slice views until ``remove``; the scene does not know of it.

    :param volumeNode: what is shown right of the line, in each view whose foreground volume it is.
    :raises RegistrationError: there are no slice views.
    """

    def __init__(self, volumeNode: Any) -> None:
        self.curtains = [Curtain(widget, volumeNode) for widget in sliceWidgets()]
        if not self.curtains:
            raise RegistrationError(_("There is no slice view to show a line in."))

    def remove(self) -> None:
        """The views as if nothing had been; also of a scene that is closed."""
        for curtain in self.curtains:
            curtain.remove()
        self.curtains = []


class Curtain:
    """The line in one view, and what is drawn right of it: the view's foreground layer, cut off at the line.

    ``share`` is how far to the right the line is, 0 to 1.
    """

    def __init__(self, widget: Any, volumeNode: Any) -> None:
        self._view, self._logic, self._volume = widget.sliceView(), widget.sliceLogic(), volumeNode
        self.share = 0.5
        self._isDragged = False
        window = self._view.renderWindow()
        self._renderer = window.GetRenderers().GetFirstRenderer()
        self._mapper = vtk.vtkImageMapper()
        # The layer's colors are bytes, to be shown as they are.
        self._mapper.SetColorWindow(255.0)
        self._mapper.SetColorLevel(127.5)
        self._mapper.UseCustomExtentsOn()
        self._black, self._line = vtk.vtkPoints(), vtk.vtkPoints()
        self._picture = _actor(self._mapper)
        # Drawn in this order, upon the slice itself and below markups and segmentations. Where the volume ends its
        # layer is transparent: there is nothing of it, and nothing of the other one is to be seen.
        self._actors = (
            _actor(_drawn(self._black, isFilled=True), (0.0, 0.0, 0.0)),
            self._picture,
            _actor(_drawn(self._line, isFilled=False), LINE_COLOR),
        )
        for actor in self._actors:
            self._renderer.AddViewProp(actor)
        self._observed: list[tuple[Any, int]] = []
        interactor, events = window.GetInteractor(), vtk.vtkCommand
        self._observe(self._renderer, events.StartEvent, lambda *unused: self._place(), 0.0)
        for event, slot in (
            (events.LeftButtonPressEvent, self._onPress),
            (events.MouseMoveEvent, self._onMove),
            (events.LeftButtonReleaseEvent, self._onRelease),
        ):
            self._observe(interactor, event, slot, BEFORE_SLICER)
        self._view.scheduleRender()

    def remove(self) -> None:
        """Take everything back."""
        for subject, tag in self._observed:
            subject.RemoveObserver(tag)
        self._observed = []
        for actor in self._actors:
            self._renderer.RemoveViewProp(actor)
        self._mapper.RemoveAllInputs()
        self._view.scheduleRender()

    @property
    def isShown(self) -> bool:
        """Whether the view shows the volume: the user may have chosen other ones for it."""
        layer = self._logic.GetForegroundLayer()
        return layer is not None and layer.GetVolumeNode() is self._volume

    def _observe(self, subject: Any, event: int, slot: Any, priority: float) -> None:
        # Whoever has handled an event keeps it from the others by its own command.
        tags: list[int] = []

        def handle(caller: Any, name: str) -> None:
            if slot(caller, name):
                subject.GetCommand(tags[0]).SetAbortFlag(1)

        tags.append(subject.AddObserver(event, handle, priority))
        self._observed.append((subject, tags[0]))

    def _place(self) -> None:
        """Before each rendering: what is drawn follows the view's size, its volumes and the line."""
        connection = self._logic.GetForegroundLayer().GetImageDataConnection() if self.isShown else None
        columns, rows, _slices = self._logic.GetSliceNode().GetDimensions()
        isDrawn = connection is not None
        for actor in self._actors:
            actor.SetVisibility(isDrawn)
        if not isDrawn:
            return
        x = self._lineAt(columns)
        self._mapper.SetInputConnection(connection)
        self._mapper.SetCustomDisplayExtents((x, columns - 1, 0, rows - 1))
        self._picture.SetPosition(x, 0)
        for points, corners in (
            (self._black, ((x, 0), (columns, 0), (columns, rows), (x, rows))),
            (self._line, ((x, 0), (x, rows))),
        ):
            points.SetNumberOfPoints(len(corners))
            for number, corner in enumerate(corners):
                points.SetPoint(number, *corner, 0.0)
            points.Modified()

    def _lineAt(self, columns: int) -> int:
        return min(max(round(self.share * columns), 0), columns - 1)

    def _onPress(self, interactor: Any, event: str) -> bool:
        columns = self._logic.GetSliceNode().GetDimensions()[0]
        x, _y = interactor.GetEventPosition()
        self._isDragged = self.isShown and abs(x - self._lineAt(columns)) <= GRAB_PIXELS
        return self._isDragged

    def _onMove(self, interactor: Any, event: str) -> bool:
        if self._isDragged:
            columns = self._logic.GetSliceNode().GetDimensions()[0]
            self.share = min(max(interactor.GetEventPosition()[0] / max(columns, 1), 0.0), 1.0)
            self._view.scheduleRender()
        return self._isDragged

    def _onRelease(self, interactor: Any, event: str) -> bool:
        wasDragged, self._isDragged = self._isDragged, False
        return wasDragged


def _actor(mapper: Any, color: tuple[float, float, float] | None = None) -> Any:
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()
    if color is not None:
        actor.GetProperty().SetColor(*color)
        actor.GetProperty().SetLineWidth(LINE_PIXELS)
    # A line that is dragged is not to be picked as something else.
    actor.PickableOff()
    return actor


def _drawn(points: Any, isFilled: bool) -> Any:
    """A mapper that draws points of the view, in pixels, as one line or as one area."""
    count = 4 if isFilled else 2
    cell, shape = vtk.vtkCellArray(), vtk.vtkPolyData()
    cell.InsertNextCell(count, list(range(count)))
    points.SetNumberOfPoints(count)
    shape.SetPoints(points)
    (shape.SetPolys if isFilled else shape.SetLines)(cell)
    mapper = vtk.vtkPolyDataMapper2D()
    mapper.SetInputData(shape)
    return mapper
