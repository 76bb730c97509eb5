"""Which volumes are offered first for another one, and which one is chosen for it unasked."""

from __future__ import annotations

from typing import Any

import pytest
from harness import pythonqt
from harness.user import choose
from test_patients import in_study

SERIES = [
    ("8", "20250101", "5: T2 FLAIR"),
    ("7", "20190203", "3: T2 FLAIR"),
    ("7", "20240506", "7: T1 & contrast"),
    ("7", "20240506", "9: T2 FLAIR"),
    ("7", "20210304", "4: T2 FLAIR"),
]


@pytest.fixture
def series(panel: Any, add_volume: Any) -> list[Any]:
    volumes = []
    for patient, date, name in SERIES:
        volumes.append(add_volume(name))
        in_study(volumes[-1], patient, date)
    return volumes


def offered(button: Any) -> list[str]:
    """The rows of a menu that is opened; a line is empty."""
    menu = pythonqt.unwrap(button.menu())
    menu.aboutToShow.emit()
    return [action.text() for action in menu.actions()]


def pick(button: Any, row: int) -> None:
    offered(button)
    pythonqt.unwrap(button.menu()).actions()[row].trigger()


def test_a_chosen_volume_gets_its_partner(panel: Any, series: list[Any]) -> None:
    ui, choices = panel.ui, panel.logic.getParameterNode()
    choose(ui.fixedVolumeSelector, SERIES[3][2])
    assert (choices.fixedVolume, choices.movingVolume) == (series[3], series[4]), "the last one of its kind before it"
    assert ui.movingVolumeSelector.currentNode() is series[4] and ui.applyButton.enabled
    choose(ui.movingVolumeSelector, "Select a volume")
    assert choices.movingVolume is None, "none is a choice, too"
    choose(ui.movingVolumeSelector, SERIES[0][2])
    choose(ui.fixedVolumeSelector, SERIES[1][2])
    assert choices.movingVolume is series[0], "what the user has chosen stays"


def test_of_other_patients_nothing_is_proposed(panel: Any, add_volume: Any) -> None:
    one, other = add_volume("One"), add_volume("Other")
    in_study(one, "1", "20240506")
    in_study(other, "2", "20240506")
    choose(panel.ui.movingVolumeSelector, "One")
    assert panel.ui.fixedVolumeSelector.currentNode() is None
    assert panel.logic.getParameterNode().movingVolume is one


def test_of_unknown_volumes_only_the_single_other_one_is_proposed(panel: Any, add_volume: Any) -> None:
    first, second = add_volume("First"), add_volume("Second")
    choices = panel.logic.getParameterNode()
    choose(panel.ui.movingVolumeSelector, "First")
    assert (choices.fixedVolume, choices.movingVolume) == (second, first)
    for name in ("fixedVolumeSelector", "movingVolumeSelector"):
        choose(getattr(panel.ui, name), "Select a volume")
    add_volume("Third")
    choose(panel.ui.movingVolumeSelector, "First")
    assert (choices.fixedVolume, choices.movingVolume) == (None, first)


def test_a_result_is_no_partner(panel: Any, add_volume: Any) -> None:
    from LDRRegistrationLib.mrml.verdicts import noteVerdict
    from LDRRegistrationLib.registration.verdict import Verdict

    scan, made = add_volume("Scan"), add_volume("Prior on Scan")
    noteVerdict(made, Verdict("good", ""))
    choose(panel.ui.fixedVolumeSelector, "Scan")
    assert panel.logic.getParameterNode().movingVolume is None
    assert offered(panel.ui.movingFitsButton) == ["There is no other volume."]
    assert offered(panel.ui.fixedFitsButton) == ["Scan"] and scan is panel.ui.fixedVolumeSelector.currentNode()


def test_the_menu_offers_first_what_fits(panel: Any, series: list[Any]) -> None:
    ui = panel.ui
    choose(ui.fixedVolumeSelector, SERIES[3][2])
    rows = offered(ui.movingFitsButton)
    assert rows[0] == "2021-03-04 · 4: T2 FLAIR · 7" and rows[2] == "2024-05-06 · 7: T1 && contrast · 7"
    assert [row[13:15] for row in rows] == ["4:", "3:", "7:", "", "5:"]
    pick(ui.movingFitsButton, 1)
    assert ui.movingVolumeSelector.currentNode() is series[1]
    assert panel.logic.getParameterNode().movingVolume is series[1]
    # Of nothing that is chosen: the newest first.
    for name in ("movingVolumeSelector", "fixedVolumeSelector"):
        choose(getattr(ui, name), "Select a volume")
    assert [row[13:15] for row in offered(ui.fixedFitsButton)] == ["5:", "7:", "9:", "4:", "3:"]


def test_names_without_end_are_elided(panel: Any, add_volume: Any) -> None:
    name = "The beginning " + "x" * 300 + " the end"
    add_volume(name)
    (row,) = offered(panel.ui.fixedFitsButton)
    assert row.startswith("The beginning") and row.endswith("the end") and len(row) < 70


def test_a_row_whose_volume_was_deleted_chooses_nothing(panel: Any, series: list[Any]) -> None:
    import slicer

    choose(panel.ui.fixedVolumeSelector, SERIES[3][2])
    offered(panel.ui.movingFitsButton)
    action = pythonqt.unwrap(panel.ui.movingFitsButton.menu()).actions()[1]
    slicer.mrmlScene.RemoveNode(series[1])
    action.trigger()
    assert panel.ui.movingVolumeSelector.currentNode() is series[4]
