"""The README's pictures of the panel: the tutorial, step by step, with nothing made up.

    python tools/pictures.py [FOLDER]

The panel is real, used with the mouse, with the shipped model on the bundled scans. The slices beside it are what
Slicer's own slice logic makes of the scene at that moment; only the frame of the Slicer application is missing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "Testing" / "gui"), str(ROOT / "LDRRegistration")]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from harness import application, pythonqt
from harness.panel import is_idle
from harness.user import click, wait_for

PANEL_WIDTH = 380
VIEW_SIZE = 400
# Channels that differ by more make a color, of 255.
COLORED = 24


def panel_picture(panel: Any, height: int = 500) -> np.ndarray:
    """(height, width, 3) uint8."""
    import slicer
    from PySide6.QtGui import QImage

    widget = pythonqt.unwrap(panel.parent)
    widget.resize(PANEL_WIDTH, height)
    slicer.app.processEvents()
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def beside(panel: np.ndarray, *views: np.ndarray) -> np.ndarray:
    """The panel, and rows of slices right of it, on black."""
    height = max(panel.shape[0], sum(row.shape[0] for row in views))
    whole = np.zeros((height, panel.shape[1] + views[0].shape[1], 3), np.uint8)
    # What a panel leaves free below is of the color of its last line.
    whole[:, : panel.shape[1]] = panel[-1:, :1]
    whole[: panel.shape[0], : panel.shape[1]] = panel
    for number, row in enumerate(views):
        # Each row in the middle of its share of the height.
        top = (2 * number + 1) * height // (2 * len(views)) - row.shape[0] // 2
        whole[top : top + row.shape[0], panel.shape[1] :] = row
    return whole


def save(picture: np.ndarray, path: Path, kept: Iterable[str] = ()) -> None:
    """With 256 colors, half of them for what is colored; ``kept`` of them, as "#rrggbb", are there to the digit."""
    from PIL import Image, ImageColor

    rgb = picture[..., :3].astype(np.int16)
    colored = picture[rgb.max(axis=-1) - rgb.min(axis=-1) > COLORED, :3]
    # Each color once, however much of it there is.
    distinct = np.unique(colored.reshape(-1, 3) // 4 * 4 + 2, axis=0)
    fixed = [ImageColor.getrgb(color) for color in kept]
    colors = [(gray, gray, gray) for gray in np.linspace(0, 255, 128).astype(int).tolist()]
    if len(distinct):
        few = Image.fromarray(distinct[None].astype(np.uint8)).quantize(128 - len(fixed))
        colors += np.array(few.getpalette(), int).reshape(-1, 3)[: 128 - len(fixed)].tolist()
    colors += fixed
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.array(colors, np.uint8).ravel().tolist())
    image = Image.fromarray(np.ascontiguousarray(picture[..., :3]))
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}  {path.stat().st_size // 1024} kB")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "Resources" / "Screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    application.install()
    import slicer
    from harness.views import SliceViews
    from LDRRegistrationLib.gui.verdicts import COLORS
    from LDRRegistrationLib.mrml.reading import readVolume
    from LDRRegistrationLib.runtime.pytorch import importTorch
    from support.data import CURRENT_FLAIR, PRIOR_FLAIR

    importTorch()
    keep = partial(save, kept=COLORS.values())
    views = SliceViews(VIEW_SIZE)
    volumes = []
    for path, name in ((CURRENT_FLAIR, "Current FLAIR"), (PRIOR_FLAIR, "Prior FLAIR")):
        node = readVolume(slicer.mrmlScene, path)
        node.SetName(name)
        node.CreateDefaultDisplayNodes()
        values = slicer.util.arrayFromVolume(node)
        node.GetDisplayNode().AutoWindowLevelOff()
        node.GetDisplayNode().SetWindowLevelMinMax(0.0, float(np.percentile(values, 99.7)))
        volumes.append(node)
    views.look_at(volumes[0])
    # Slices leave room around them for turned volumes.
    views.zoom(0.8)
    panel = application.open_module(ROOT / "LDRRegistration" / "LDRRegistration.py")
    sys.modules["LDRRegistration"].pytorch.installTorch = lambda askConfirmation=True: None
    ui = panel.ui
    before = views.picture()
    keep(beside(panel_picture(panel), before), folder / "Tutorial-1-choose.png")

    click(ui.applyButton)
    wait_for(lambda: ui.progressBar.value >= 40 or is_idle(panel), "the deformation")
    running = panel_picture(panel)
    wait_for(lambda: is_idle(panel), "the end of the run", seconds=120.0)
    if panel.ui.progressBar.visible or not is_idle(panel):
        raise RuntimeError("the run did not end")
    keep(beside(running, before), folder / "Tutorial-2-apply.png")

    ui.outputsCollapsibleButton.collapsed = True
    # The first result is shown by itself, in an open section.
    click(ui.afterButton)
    placed = views.picture()
    click(ui.afterButton)
    keep(beside(panel_picture(panel, 2 * VIEW_SIZE), placed, views.picture()), folder / "Tutorial-3-see.png")
    click(ui.volumeChangeButton)
    wait_for(lambda: is_idle(panel), "the map of volume change", seconds=60.0)
    keep(views.picture(), folder / "Tutorial-4-volume-change.png")
    keep(panel_picture(panel, 720), folder / "Panel.png")
    click(ui.restoreButton)

    ui.resultCollapsibleButton.collapsed = True
    click(ui.changesCollapsibleButton)
    click(ui.findChangesButton)
    wait_for(lambda: is_idle(panel), "the end of the comparison", seconds=120.0)
    click(ui.nextChangeButton)
    click(ui.acceptChangeButton)
    click(ui.previousChangeButton)
    there = views.picture()
    click(ui.showChangesButton)
    keep(beside(panel_picture(panel, 2 * VIEW_SIZE), there, views.picture()), folder / "Tutorial-5-changes.png")
    slicer.modules.LDRRegistrationWidget.cleanup()
    panel.parent.close()


if __name__ == "__main__":
    main()
