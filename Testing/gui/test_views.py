"""What the slice views really show of a result: the pictures that Slicer's own slice logic makes of the scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle
from harness.user import click, wait_for
from harness.views import SliceViews

FAR_AWAY = (-500.0, 300.0, 700.0)


@pytest.fixture
def result(panel: Any, pair: tuple[Any, Any]) -> tuple[Any, Any]:
    """The panel's two volumes, with display nodes and registered; the Result section is open."""
    for volume in pair:
        volume.CreateDefaultDisplayNodes()
        volume.SetOrigin(*FAR_AWAY)
    Computation(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(panel.ui.resultCollapsibleButton)
    return pair


@pytest.mark.parametrize("button", ["afterButton", "checkerboardButton", "differenceButton", "volumeChangeButton"])
def test_the_fixed_volume_is_looked_at_wherever_the_views_were(
    panel: Any, views: SliceViews, result: tuple[Any, Any], add_volume: Any, button: str
) -> None:
    elsewhere = add_volume("Elsewhere")
    elsewhere.CreateDefaultDisplayNodes()
    views.look_at(elsewhere)
    before = views.picture()
    places = views.places()
    click(getattr(panel.ui, button))
    wait_for(lambda: is_idle(panel), "what is to be shown")
    for picture in np.split(views.picture(), 3, axis=1):
        assert (picture.max(axis=2) > 0).mean() > 0.5, "the view is black"
    click(panel.ui.restoreButton)
    np.testing.assert_array_equal(views.picture(), before)
    np.testing.assert_allclose(views.places(), places)
    assert panel.errors == []


def test_views_that_show_the_fixed_volume_stay_where_the_user_zoomed(
    panel: Any, views: SliceViews, result: tuple[Any, Any]
) -> None:
    views.look_at(result[0])
    views.zoom(0.5)
    places = views.places()
    click(panel.ui.afterButton)
    np.testing.assert_allclose(views.places(), places)


def test_views_of_another_shape_keep_square_pixels(
    panel: Any, views: SliceViews, result: tuple[Any, Any], add_volume: Any
) -> None:
    views.look_at(add_volume("Elsewhere"))
    click(panel.ui.afterButton)
    for logic in views.logics:
        logic.ResizeSliceNode(400, 200)
    click(panel.ui.restoreButton)
    for logic in views.logics:
        width, height, _depth = logic.GetSliceNode().GetFieldOfView()
        assert width / 400 == pytest.approx(height / 200)
