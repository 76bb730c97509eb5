"""Slice views with real render windows, off screen: VTK draws them, and their interactors take mouse events."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support

from .views import SliceViews


class Windows(SliceViews):
    """As ``SliceViews``, and what Slicer's layout manager answers of their widgets."""

    def __init__(self, size: int = 300) -> None:
        super().__init__(size)
        self.windows = {name: Window(logic, size) for name, logic in self._logics.items()}
        slicer.app.layoutManager = lambda: self

    def close(self) -> None:
        del slicer.app.layoutManager
        for window in self.windows.values():
            window.close()
        super().close()

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(self.windows)

    def sliceWidget(self, name: str) -> Any:
        window = self.windows[name]
        return types.SimpleNamespace(sliceView=lambda: window, sliceLogic=lambda: window.logic)


class Window:
    """One view: its slice is drawn behind everything, as Slicer's own image actor does it."""

    def __init__(self, logic: Any, size: int) -> None:
        self.logic = logic
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetSize(size, size)
        self.renderer = vtk.vtkRenderer()
        self._window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkGenericRenderWindowInteractor()
        self.interactor.SetRenderWindow(self._window)
        # VTK's own style would take a press for itself; Slicer's is not of this library.
        self.interactor.SetInteractorStyle(None)
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(self._mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(actor)
        self.scheduled = 0

    def renderWindow(self) -> Any:
        return self._window

    def scheduleRender(self) -> None:
        self.scheduled += 1

    def close(self) -> None:
        self._window.Finalize()

    def picture(self) -> np.ndarray:
        """(rows, columns, 3) uint8, the lowest row first."""
        self.logic.UpdatePipeline()
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())
        self._window.Render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self._window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        image = grabber.GetOutput()
        columns, rows, _one = image.GetDimensions()
        return numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, 3).copy()

    def drag(self, start: int, end: int, height: int | None = None) -> None:
        """With the left button from one column to another."""
        height = self._window.GetSize()[1] // 2 if height is None else height
        self.interactor.SetEventInformation(start, height)
        self.interactor.LeftButtonPressEvent()
        for x in np.linspace(start, end, 4)[1:]:
            self.interactor.SetEventInformation(int(x), height)
            self.interactor.MouseMoveEvent()
        self.interactor.LeftButtonReleaseEvent()
