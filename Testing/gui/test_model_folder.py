"""The panel opens whatever lies in the folder of models, and says what cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness.panel import Computation, is_idle
from harness.user import click, wait_for
from support.models import write_model


def _folder(place: Path) -> None:
    place.mkdir()


UNREADABLE: dict[str, Any] = {
    "no text": lambda place: place.write_bytes(b"\xff\xfe\x00 no utf-8 \x80"),
    "no json": lambda place: place.write_text("{"),
    "a list": lambda place: place.write_text("[1, 2]"),
    "nothing": lambda place: place.write_text(""),
    "a folder": _folder,
    "a link to nothing": lambda place: place.symlink_to(place.with_name("gone")),
    "brackets without end": lambda place: place.write_text("[" * 100_000),
}


@pytest.fixture
def models(application: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the panel will look for models."""
    from LDRRegistrationLib.logic import RegistrationLogic

    monkeypatch.setattr(RegistrationLogic.__init__, "__defaults__", (tmp_path / "models",))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def open_panel(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("panel")


@pytest.mark.parametrize("write", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_card_leaves_the_others(models: Path, request: pytest.FixtureRequest, write: Any) -> None:
    write_model(models, (0.0, 0.0, 0.0), "good")
    write(models / "bad.json")
    panel = open_panel(request)
    ui = panel.ui
    assert [ui.modelComboBox.itemData(n) for n in range(ui.modelComboBox.count)] == ["auto", "good"]
    assert ui.statusLabel.text == "Choose a fixed and a moving volume."
    assert "bad.json cannot be used" in ui.logTextEdit.toPlainText()
    assert "Test model" in ui.modelCardLabel.text


@pytest.mark.parametrize("what", ["empty", "missing", "only a bad card"])
def test_without_any_model_the_panel_opens_and_says_so(
    models: Path, request: pytest.FixtureRequest, what: str, add_volume: Any
) -> None:
    if what == "missing":
        models.rmdir()
    elif what == "only a bad card":
        (models / "bad.json").write_text("{")
    add_volume("Current")
    add_volume("Prior")
    panel = open_panel(request)
    ui = panel.ui
    assert ui.modelCardLabel.text.startswith("There is no model: ")
    assert ("bad.json" in ui.modelCardLabel.text) is (what == "only a bad card")
    Computation(panel)
    click(ui.applyButton)
    wait_for(lambda: is_idle(panel), "the end of the run")
    assert panel.errors == [], "whoever computes says it, not the panel"
