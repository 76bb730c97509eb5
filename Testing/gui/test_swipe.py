"""A line in the slice views that is dragged between the fixed and the carried moving volume; drawn by VTK itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle, picture
from harness.user import choose, click, wait_for
from harness.windows import Window, Windows

SIZE = 200
# Each volume is of one gray; the moving one ends 40 mm before the fixed one does.
FIXED, MOVING = 51, 204
SHORTER_MM = 40.0
# Beside the line, and where the ruler is.
SOFT = 3


@pytest.fixture
def windows(panel: Any) -> Iterator[Windows]:
    shown = Windows(SIZE)
    yield shown
    shown.close()


@pytest.fixture
def ui(panel: Any, windows: Windows) -> Any:
    """The panel after a registration."""
    import slicer

    for name, value in (("Current", FIXED), ("Prior", MOVING)):
        voxels = np.full((40, 40, 40), value, np.float32)
        # Something to align.
        voxels[:5, :5, :5] = 0
        ijkToRas = np.diag([5.0, 5.0, 5.0, 1.0])
        ijkToRas[:3, 3] = -100.0
        if name == "Prior":
            ijkToRas[0, 3] += SHORTER_MM
        node = slicer.util.addVolumeFromArray(voxels, ijkToRAS=ijkToRas, name=name)
        node.GetDisplayNode().AutoWindowLevelOff()
        node.GetDisplayNode().SetWindowLevel(255.0, 127.5)
        choose(panel.ui.fixedVolumeSelector if name == "Current" else panel.ui.movingVolumeSelector, name)
    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(panel.ui.resultCollapsibleButton)
    return panel.ui


def reds(window: Window) -> np.ndarray:
    """Of a row of the view's picture, which nothing else crosses."""
    return window.picture()[SIZE // 2 + 20, :, 0].astype(int)


def parts(window: Window) -> tuple[int, int]:
    """How many pixels of the row show the fixed, and how many the moving volume."""
    values = reds(window)
    return int((abs(values - FIXED) <= 2).sum()), int((abs(values - MOVING) <= 2).sum())


def check_parts(window: Window, line: int) -> None:
    values, at = reds(window), np.arange(SIZE)
    assert (abs(values[at < line - SOFT] - FIXED) <= 2).all(), "left of the line the fixed volume"
    right = values[at > line + SOFT]
    assert np.isin(right, (0, MOVING)).all(), "right of it the moving one, and nothing where that ends"
    assert values[abs(at - line) <= SOFT].max() == 255, "and the line"


def observers(window: Window) -> tuple[int, ...]:
    """Those that a window has of events that the line hears; an object numbers its observers as they come."""
    events = ("LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent")
    return (
        *(int(window.interactor.HasObserver(event)) for event in events),
        int(window.renderer.HasObserver("StartEvent")),
        window.renderer.GetViewProps().GetNumberOfItems(),
    )


def test_the_line_parts_the_volumes_and_is_dragged(panel: Any, ui: Any, windows: Windows) -> None:
    heard: list[str] = []
    axial, sagittal = windows.windows["Red"], windows.windows["Yellow"]
    for event in ("LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent"):
        axial.interactor.AddObserver(event, lambda caller, name: heard.append(name))
    click(ui.swipeButton)
    assert ui.swipeButton.checked and panel.errors == []
    for window in (axial, sagittal):
        check_parts(window, SIZE // 2)
    assert (reds(axial)[-SIZE // 8 :] == 0).any(), "where the moving volume ends the fixed one is not seen"
    asked = axial.scheduled
    axial.drag(SIZE // 2 + 4, SIZE // 4)
    assert axial.scheduled > asked and heard == [], "Slicer's own interaction is not told"
    check_parts(axial, SIZE // 4)
    check_parts(sagittal, SIZE // 2)
    # Elsewhere the mouse is Slicer's.
    axial.drag(SIZE // 2, SIZE - 10)
    assert {"LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent"} == set(heard)
    check_parts(axial, SIZE // 4)
    # Beyond the border it stays at the border.
    axial.drag(SIZE // 4, SIZE + 40)
    assert parts(axial)[0] >= SIZE - 2 * SOFT and parts(axial)[1] == 0
    axial.drag(SIZE - 1, -40)
    assert parts(axial)[0] == 0 < parts(axial)[1]
    picture(panel, "swipe")


def test_the_line_follows_what_carries_the_moving_volume(panel: Any, ui: Any, windows: Windows) -> None:
    """Before and after are seen by the line, too: the shift of 4 mm moves the end of the moving volume."""
    click(ui.swipeButton)
    axial = windows.windows["Red"]
    states = []
    for _ in range(2):
        states.append(parts(axial)[1])
        click(ui.afterButton)
        assert ui.swipeButton.checked
    assert states[0] != states[1] and parts(axial)[1] == states[0]


@pytest.mark.parametrize("how", ["button", "fade", "restore", "other pair", "deleted", "close", "reload"])
def test_nothing_is_left_behind(panel: Any, ui: Any, windows: Windows, add_volume: Any, how: str) -> None:
    import slicer

    axial = windows.windows["Red"]
    add_volume("Another")
    before = observers(axial)
    click(ui.swipeButton)
    check_parts(axial, SIZE // 2)
    assert observers(axial) != before
    if how == "button":
        click(ui.swipeButton)
        assert slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode").GetForegroundOpacity() == 0.5
    elif how == "fade":
        ui.fadeSlider.value = 80
    elif how == "restore":
        click(ui.restoreButton)
    elif how == "other pair":
        choose(ui.movingVolumeSelector, "Another")
    elif how == "deleted":
        slicer.mrmlScene.RemoveNode(ui.movingVolumeSelector.currentNode())
    elif how == "close":
        slicer.mrmlScene.Clear()
    else:
        panel.cleanup()
    assert observers(axial) == before
    assert how == "reload" or not ui.swipeButton.checked
    axial.picture()
    # A press where the line was is Slicer's again.
    heard: list[str] = []
    axial.interactor.AddObserver("LeftButtonPressEvent", lambda caller, name: heard.append(name))
    axial.drag(SIZE // 2, SIZE // 4)
    assert heard == ["LeftButtonPressEvent"] and panel.errors == []


def test_a_view_that_shows_something_else_has_no_line(panel: Any, ui: Any, windows: Windows) -> None:
    """As when the user chooses another foreground in the view's own bar."""
    click(ui.swipeButton)
    axial = windows.windows["Red"]
    check_parts(axial, SIZE // 2)
    axial.logic.GetSliceCompositeNode().SetForegroundVolumeID(None)
    assert parts(axial) == (SIZE, 0)
    axial.logic.GetSliceCompositeNode().SetForegroundVolumeID(ui.movingVolumeSelector.currentNode().GetID())
    check_parts(axial, SIZE // 2)


def test_what_an_earlier_slicer_saved_with_a_light_box_has_its_line(panel: Any, ui: Any, windows: Windows) -> None:
    """Slicer 5.10 has none any more: of the slices that such a view's node speaks of, the first is drawn."""
    axial = windows.windows["Red"]
    node = axial.logic.GetSliceNode()
    columns, rows, _one = node.GetDimensions()
    node.SetDimensions(columns, rows, 6)
    node.SetLayoutGrid(2, 3)
    click(ui.swipeButton)
    check_parts(axial, SIZE // 2)
    axial.drag(SIZE // 2, SIZE // 4)
    check_parts(axial, SIZE // 4)
    assert node.GetDimensions()[2] == 6 and panel.errors == []


def test_without_slice_views_it_is_a_sentence(panel: Any, ui: Any, windows: Windows) -> None:
    windows.windows.clear()
    click(ui.swipeButton)
    assert "no slice view" in ui.viewsHintLabel.text and not ui.swipeButton.checked and panel.errors == []
