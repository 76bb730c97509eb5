"""One Qt application and one scene for all window tests; each test gets a fresh panel on an empty scene.

No display is needed. Besides pip's packages, Qt needs these of a bare Debian 12: libegl1 libgl1 libfontconfig1
libxkbcommon0 libdbus-1-3 libglib2.0-0. With LDR_PICTURES naming a folder, the tests save there what the panel looks
like; with SLICER_SOURCE naming a checkout of Slicer, the panel runs on Slicer's own base classes.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

MODULE = Path(__file__).resolve().parents[2] / "LDRRegistration" / "LDRRegistration.py"


@pytest.fixture(scope="session")
def application() -> None:
    import slicer
    from harness.application import close_module, install, open_module

    install()
    # The first panel imports the library, for all others.
    frame = open_module(MODULE).parent
    slicer.modules.LDRRegistrationWidget.cleanup()
    close_module(frame)
    slicer.mrmlScene.Clear()
    # What it, Qt, VTK and PyTorch made stays: each test's collection of garbage would look through all of it.
    gc.collect()
    gc.freeze()


def said(frame: Any) -> list[Any]:
    """The labels with sentences in the sections that are open."""
    from PySide6.QtWidgets import QLabel

    labels = [label for label in frame.findChildren(QLabel) if label.wordWrap() and label.text()]
    return [label for label in labels if not getattr(label.parent(), "_collapsed", False)]


def library_modules() -> dict[str, Any]:
    """The library as it is imported now, by module name."""
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "LDRRegistrationLib"}


@pytest.fixture
def panel(application: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The panel, open on an empty scene. Error dialogs are collected in ``panel.errors`` instead of shown."""
    import slicer
    from harness import pythonqt
    from harness.application import close_module, open_module

    pythonqt.slot_errors.clear()
    library = library_modules()
    errors: list[str] = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, **unused: errors.append(text))
    widget = open_module(MODULE)
    monkeypatch.setattr(sys.modules["LDRRegistration"].pytorch, "installTorch", lambda askConfirmation=True: None)
    monkeypatch.setattr(sys.modules["LDRRegistration"], "DOUBLE_CLICK_SECONDS", 0.0)
    widget.errors = errors
    # Views that change by themselves have tests of their own, which switch this on again.
    widget.ui.showWhenDoneCheckBox.checked = False
    pythonqt.unwrap(widget.parent).resize(380, 760)
    slicer.app.processEvents()
    yield widget
    frame = widget.parent
    unseen = [label.objectName() for label in said(pythonqt.unwrap(frame)) if label.isHidden()]
    assert not unseen, "a sentence that nobody sees"
    slicer.modules.LDRRegistrationWidget.cleanup()
    close_module(frame)
    # A wrapper that still follows the panel's choices is collected now, and what it left in the node is then called.
    # (No Python variable may hold the node meanwhile: it would keep the wrapper.)
    gc.collect()
    slicer.mrmlScene.GetSingletonNode("LDRRegistration", "vtkMRMLScriptedModuleNode").Modified()
    slicer.mrmlScene.Clear()
    # Where a scene was saved stays known after it is closed.
    slicer.mrmlScene.SetURL("")
    slicer.mrmlScene.SetRootDirectory("")
    # A reload imports the library anew, while the next tests hold the enums and classes of before.
    if any(sys.modules.get(name) is not module for name, module in library.items()):
        for name in library_modules():
            del sys.modules[name]
        sys.modules.update(library)
    assert pythonqt.slot_errors == []


@pytest.fixture
def add_volume(application: None) -> Any:
    """A function that adds a small volume: ``add_volume(name)``; ``value`` makes it constant."""
    import slicer

    def add(name: str, value: float | None = None) -> Any:
        voxels = np.random.default_rng(len(name)).random((8, 9, 10), dtype=np.float32)
        if value is not None:
            voxels[:] = value
        return slicer.util.addVolumeFromArray(voxels, name=name)

    return add


@pytest.fixture
def views(panel: Any) -> Iterator[Any]:
    """Slicer's three slice views, without a screen."""
    from harness.views import SliceViews

    shown = SliceViews()
    yield shown
    shown.close()


@pytest.fixture
def pair(panel: Any, add_volume: Any) -> tuple[Any, Any]:
    """Two volumes, chosen in the panel with the mouse."""
    from harness.user import choose

    volumes = add_volume("Current"), add_volume("Prior")
    choose(panel.ui.fixedVolumeSelector, "Current")
    choose(panel.ui.movingVolumeSelector, "Prior")
    return volumes
