"""Where is it off? In the panel: both maps with their colors, the doubtful places in turn, and all of it put back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness.panel import Computation, is_idle, picture
from harness.user import choose, click, wait_for
from harness.views import SliceViews


class Engine(Computation):
    """Registers by no shift at all."""

    def result(self, job: Any) -> Any:
        from dataclasses import replace

        from LDRRegistrationLib.space.transform import Transform

        return replace(super().result(job), transform=Transform(np.eye(4)))


@pytest.fixture
def ui(panel: Any) -> Any:
    """The panel after a registration of an image to itself, one corner of which is moved by 8 mm."""
    import slicer
    from LDRRegistrationLib.space.image import Image
    from support.phantom import head
    from support.scene import add_volume

    image = head()
    array = image.array.copy()
    k, j, i = (n // 2 for n in array.shape)
    step = round(8.0 / float(image.grid.spacing[0]))
    array[k:, j:, i:] = np.roll(image.array, step, axis=2)[k:, j:, i:]
    for name, voxels in (("Current", image.array), ("Prior", array)):
        add_volume(slicer.mrmlScene, Image(voxels, image.ijkToRas), name).CreateDefaultDisplayNodes()
        choose(panel.ui.fixedVolumeSelector if name == "Current" else panel.ui.movingVolumeSelector, name)
    Engine(panel)
    click(panel.ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    click(panel.ui.resultCollapsibleButton)
    panel.corner = image.grid.ijkToRas[:3, :3] @ (i, j, k) + image.grid.ijkToRas[:3, 3]
    return panel.ui


def test_the_maps_are_shown_the_places_gone_to_and_all_put_back(panel: Any, ui: Any) -> None:
    import slicer

    views = SliceViews()
    try:
        composite = views.logics[0].GetSliceCompositeNode()
        before = len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))
        places = views.places()
        started = []
        compute = panel.logic.computeTrust
        panel.logic.computeTrust = lambda *args, **how: (started.append(1), compute(*args, **how))[1]
        click(ui.trustButton)
        wait_for(lambda: is_idle(panel), "the map of trust", seconds=60.0)
        assert panel.errors == []
        shown = slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID())
        assert "Expected error of Prior in mm" in shown.GetName()
        values = slicer.util.arrayFromVolume(shown)
        assert values.max() > 2.0 and values.min() == 0.0
        display = shown.GetScalarVolumeDisplayNode()
        colors = display.GetColorNode()
        # Nothing is shown up to 1 mm, and 6 mm have the full color.
        low, high = display.GetWindowLevelMin(), display.GetWindowLevelMax()
        assert high == 6.0 and low + 0.2 * (high - low) == pytest.approx(1.0)
        assert [_alpha(colors, n) for n in (0, 40, 255)] == [0.0, 0.0, 1.0]
        assert shown.GetVoxelValueUnits().GetCodeValue() == "mm" and not shown.GetSaveWithScene()

        click(ui.doubtfulButton)
        assert ui.doubtfulLabel.text.startswith("Doubtful place 1 of ") and started == [1]
        assert ui.doubtfulLabel.visible
        first = _crossing(views)
        assert (first > panel.corner - 12.0).all(), "the worst place is in the corner that was moved"
        picture(panel, "doubtful")
        click(ui.similarityButton)
        alike = slicer.mrmlScene.GetNodeByID(composite.GetForegroundVolumeID())
        assert "Local similarity" in alike.GetName() and alike.GetScalarVolumeDisplayNode().GetWindowLevelMin() == 0.0
        assert _alpha(alike.GetScalarVolumeDisplayNode().GetColorNode(), 0) == 1.0
        assert _alpha(alike.GetScalarVolumeDisplayNode().GetColorNode(), 255) == 0.0

        click(ui.restoreButton)
        assert len(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")) == before
        np.testing.assert_allclose(views.places(), places)
        # What was computed is known still; only the volumes are made again.
        click(ui.trustButton)
        wait_for(lambda: is_idle(panel), "the map that is known")
        assert started == [1] and composite.GetForegroundVolumeID() is not None
        # Of another result it is not.
        click(ui.applyButton)
        wait_for(lambda: is_idle(panel), "another run")
        assert ui.doubtfulLabel.text == ""
        click(ui.doubtfulButton)
        wait_for(lambda: is_idle(panel), "the next map of trust", seconds=60.0)
        assert started == [1, 1] and panel.errors == []
    finally:
        views.close()


def _alpha(colors: Any, index: int) -> float:
    color = [0.0] * 4
    colors.GetColor(index, color)
    return color[3]


def _crossing(views: SliceViews) -> np.ndarray:
    import slicer
    from LDRRegistrationLib.mrml.views import crossing

    return crossing(slicer.mrmlScene, np.zeros(3))
